"""The program Pulumi runs: the standard one. What you add below it runs with it."""

import pulumi  # noqa: F401 - at hand for what is added

from components import program

program.run()
