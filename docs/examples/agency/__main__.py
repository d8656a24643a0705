"""The program Pulumi runs: the standard one of the installed package."""

from meta_access.components import program

program.run()
