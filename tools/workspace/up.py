"""`make up [VERBOSE=1]`: from a bare clone to a provisioned dev stack, and what exists and what people still do."""

from __future__ import annotations

import argparse
import sys

from tools.workspace import next_step, ready, stack
from tools.workspace.environment import DEV, say
from tools.workspace.failures import explained
from tools.workspace.process import quiet_engine, stream

AGAIN = "make up can be interrupted and repeated at any point."


@explained(AGAIN)
def main() -> int:
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--verbose", action="store_true")
    verbose = parser.parse_args().verbose
    with stack.unchanged(stack.dev_file()):
        env = ready.dev()
        # A preview that nobody is asked about would run program and provider once more, for half of the time. The
        # summary below tells the outputs; the engine's print of them would hide what it did.
        words = ["--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"]
        say(f"pulumi up --stack {DEV}")
        code = quiet_engine(["pulumi", "up", *words, "--stack", DEV], env, verbose=verbose)
        if code != 0:
            say(f"make up: the engine reported errors above; what it could do is done and recorded. {AGAIN}")
            return code
        say("")
        code = stream(["meta-access", "report", "--stack", DEV], env)
    say(f"\n{next_step.suggest(stack.outputs().get('gates', {}))}")
    return code


if __name__ == "__main__":
    sys.exit(main())
