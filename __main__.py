"""The program Pulumi runs: the standard one."""

from components import program

program.run()
