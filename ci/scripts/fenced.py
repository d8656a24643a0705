"""Writes text of others into a job's summary: in a fence that it cannot leave, without control characters, bounded.

pulumi preview --diff … | python -m ci.scripts.fenced --title prod >> "$GITHUB_STEP_SUMMARY"
"""

from __future__ import annotations

import argparse
import re
import sys

# GitHub takes 1 MiB per step and shows nothing of a longer summary.
BYTES = 900_000
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")


def fenced(text: str, title: str) -> str:
    """The text as a folded block of Markdown."""
    clean = "".join(_shown(char) for char in _ESCAPE.sub("", text.replace("\r\n", "\n")))
    raw = clean.encode("utf-8")
    if len(raw) > BYTES:
        clean = f"{raw[:BYTES].decode('utf-8', 'ignore')}\n… {len(raw) - BYTES} more bytes: see the job's log"
    fence = fence_of(clean)
    heading = "".join(char for char in title if char.isalnum() or char in " ._-")
    return f"<details><summary>{heading}</summary>\n\n{fence}text\n{clean.rstrip()}\n{fence}\n\n</details>\n"


def fence_of(text: str) -> str:
    """Backticks that a text in their block cannot close it with: more than stand there in a row."""
    return "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))


def _shown(char: str) -> str:
    return char if char in "\n\t" or char.isprintable() else ascii(char)[1:-1]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ci.scripts.fenced", description=__doc__.partition("\n")[0])
    parser.add_argument("--title", required=True)
    given = parser.parse_args(argv)
    sys.stdout.write(fenced(sys.stdin.buffer.read().decode("utf-8", "replace"), given.title))
    return 0


if __name__ == "__main__":
    sys.exit(main())
