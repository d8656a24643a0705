"""`make check`: what must hold before anything is merged. Runs every check, and fails when one did."""

from __future__ import annotations

import sys

from tools.workspace.environment import ROOT, environment, say
from tools.workspace.failures import explained
from tools.workspace.process import stream

CHECKS = {
    "lint": ["ruff", "check", "."],
    "formatting": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports"],
    "workflows": ["python", "-m", "tools.actionlint.lint"],
}


def run() -> list[str]:
    """Run every check and return the names of those that failed."""
    env = environment(None)
    failed = []
    for name, argv in CHECKS.items():
        say(f"check: {name} ({' '.join(argv)})")
        if stream(argv, env, cwd=str(ROOT)) != 0:
            failed.append(name)
    return failed


@explained("A check changes nothing.")
def main() -> int:
    failed = run()
    say(f"check: failed: {', '.join(failed)}" if failed else "check: all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
