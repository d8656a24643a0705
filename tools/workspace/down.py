"""`make down [VERBOSE=1]`: ends what the dev stack made, and says what remains and why."""

from __future__ import annotations

import argparse
import sys

from tools.workspace import ready, stack
from tools.workspace.environment import DEV, say
from tools.workspace.failures import explained
from tools.workspace.process import quiet_engine, stream


@explained("make down can be repeated.")
def main() -> int:
    parser = argparse.ArgumentParser(prog="make down", description=__doc__)
    parser.add_argument("--verbose", action="store_true")
    verbose = parser.parse_args().verbose
    with stack.unchanged(stack.dev_file()):
        env = ready.dev()
        code = 0
        # On an empty stack `destroy` runs the program all the same, and makes its components (measured, 3.259.0).
        if stack.empty():
            say(f"stack {DEV} is empty: there is nothing to destroy")
        else:
            words = ["--yes", "--non-interactive", "--suppress-outputs"]
            say(f"pulumi destroy --stack {DEV}")
            code = quiet_engine(["pulumi", "destroy", *words, "--stack", DEV], env, verbose=verbose)
        say("")
        left = stream(["meta-access", "orphans", "--stack", DEV], env)
    return code or left


if __name__ == "__main__":
    sys.exit(main())
