"""`meta-access doctor`: what is read of this machine and a stack, how it is shown, and what a support file holds."""
