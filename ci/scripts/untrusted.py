"""Reviews the stack files that `overlay` laid over this checkout, without a credential, and prints the review as JSON.

    python -m ci.scripts.untrusted --stack prod > reviews/prod.json

It does what `make preview OFFLINE=1` does: a copy of the project in which no link is followed, an empty home, a backend
of its own, and a few harmless variables.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from pathlib import Path

from meta_access.errors import MetaAccessError
from tools.engine.random_plugin.install import install_stand_in
from tools.workspace import scratch
from tools.workspace.environment import ROOT, engine_folder, environment
from tools.workspace.process import capture
from tools.workspace.stack import StackError

REVIEW_S = 1200.0


def review(stack: str) -> int:
    """Review in a scratch copy; what the command prints goes to our own standard output.

    Raises:
        StackError: The copy cannot be made.
    """
    with scratch.copied(ROOT, stack) as copy:
        with contextlib.redirect_stdout(sys.stderr):  # what getting the engine says
            env = scratch.environment(environment(engine_folder(), stack), copy.folder)
        install_stand_in(Path(env["PULUMI_HOME"]))
        made = capture(
            ["pulumi", "stack", "init", stack, "--secrets-provider", "passphrase", "--non-interactive"],
            env,
            cwd=str(copy.folder),
        )
        if made.returncode != 0:
            raise StackError(f"The scratch copy's stack could not be made: {made.stderr.strip()[-500:]}")
        return subprocess.run(
            ["meta-access", "review", "--stack", stack, "--json"],
            env=env,
            cwd=copy.folder,
            stdin=subprocess.DEVNULL,
            timeout=REVIEW_S,
            check=False,
        ).returncode


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ci.scripts.untrusted", description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True)
    given = parser.parse_args(argv)
    try:
        return review(given.stack)
    except (OSError, subprocess.TimeoutExpired, StackError, MetaAccessError) as failed:
        print(f"untrusted: {ascii(str(failed))[1:-1]}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
