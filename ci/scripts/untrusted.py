"""Reviews the stack files that `overlay` laid over this checkout, without a credential, and prints the review as JSON.

    python -m ci.scripts.untrusted --stack prod [--snapshot snapshots/prod.json] > reviews/prod.json

It does what `make preview OFFLINE=1` and `make preview SNAPSHOT=FILE` do: a copy of the project in which no link is
followed, an empty home, a backend of its own, and a few harmless variables. A snapshot that is not there means offline.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from meta_access import snapshot
from meta_access.errors import MetaAccessError
from tools.workspace import scratch
from tools.workspace.environment import ROOT
from tools.workspace.stack import StackError

REVIEW_S = 1200.0


def review(stack: str, file: Path | None) -> int:
    """Review in a scratch copy; what the command prints goes to our own standard output.

    Raises:
        StackError: The copy cannot be made.
        MetaAccessError: The snapshot cannot be used.
    """
    held = None if file is None else snapshot.load(file, datetime.now(UTC))
    with scratch.copied(ROOT, stack) as copy:
        with contextlib.redirect_stdout(sys.stderr):  # what getting the engine says
            env = scratch.prepared(copy, stack, file, held)
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
    parser.add_argument("--snapshot", type=Path)
    given = parser.parse_args(argv)
    file = given.snapshot if given.snapshot is not None and given.snapshot.is_file() else None
    try:
        return review(given.stack, file)
    except (OSError, subprocess.TimeoutExpired, StackError, MetaAccessError) as failed:
        print(f"untrusted: {ascii(str(failed))[1:-1]}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
