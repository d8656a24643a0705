"""Lints the workflows of `ci/github/`, and of `meta-access init --ci github`, by actionlint.

The Go module proxy brings it in the version that `go.mod` pins.
Built once per version into the user's cache. Without Go the check is left out with a word on it; in CI that fails,
because a check that was left out looks like one that passed.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.engine import cache
from tools.engine.binaries import WayFailedError
from tools.engine.build import Target, go, require_go

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PACKAGE = "github.com/rhysd/actionlint/cmd/actionlint"
LINT_S = 120


def version() -> str:
    """The pinned version."""
    found = re.search(r"rhysd/actionlint v([0-9.]+)", (HERE / "go.mod").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def obtain() -> Path:
    """The linter, built if it is not in the cache.

    Raises:
        WayFailedError: There is no Go, or it cannot build.
    """
    folder = cache.root().parent / "actionlint" / version()
    binary = folder / "actionlint"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.is_file():
            require_go()
            unfinished = folder / "unfinished"
            unfinished.mkdir(exist_ok=True)
            say(f"building {version()} from the Go module proxy")
            target = Target("actionlint", HERE, PACKAGE, version())
            go(["build", "-trimpath", "-v", "-o", f"{unfinished}/", PACKAGE], target, _compiling, say)
            (unfinished / "actionlint").rename(binary)
    return binary


def say(line: str) -> None:
    print(f"actionlint: {line}", file=sys.stderr, flush=True)


def _compiling(lines: Sequence[str]) -> str:
    return f"{len(list(lines))} modules downloaded and packages compiled so far"


def main() -> int:
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "ci" / "github").glob("*.yml"))
    files.append("meta_access/cli/stack/ci_files/github.yml")
    try:
        binary = obtain()
    except WayFailedError as error:
        say(f"{error}: the files of ci/github were not linted")
        return 1 if os.environ.get("CI") else 0
    # Without shellcheck and pyflakes, which are on some machines only: the same files must pass everywhere.
    argv = [str(binary), "-no-color", "-shellcheck=", "-pyflakes=", *files]
    return subprocess.run(argv, cwd=ROOT, timeout=LINT_S, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
