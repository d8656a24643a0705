"""Lays a pull request's `stacks/` over this checkout of the base branch, as data: nothing of the request is run.

    python -m ci.scripts.overlay --commit SHA

The commit must have been fetched. Only plain YAML files below `stacks/` come out of it, bounded in number and size,
and each stack file without its ties to a secrets provider or an environment of Pulumi Cloud, which would have this
machine ask somebody of the author's choice. Anything else in that folder, such as a link, is named and nothing is laid.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from meta_access.errors import MetaAccessError
from tools.workspace.scratch import independent

FOLDER = "stacks"
FILES = 2_000
BYTES = 4_000_000
GIT_S = 120.0
_PLAIN = frozenset({"100644", "100755"})
_NAME = re.compile(r"stacks/(?:[A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*\.ya?ml")
_STACK_FILE = re.compile(r"stacks/Pulumi\.[^/]+\.ya?ml")
_SHOWN = 10


class OverlayError(Exception):
    """Why nothing was laid over the checkout."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `git ls-tree`."""

    mode: str
    blob: str
    size: int
    path: str


def entries(listing: bytes) -> list[Entry]:
    """Read `git ls-tree -r -l -z`.

    Raises:
        OverlayError: Something in it is no plain YAML file of a stack, or it is too much.
    """
    found, odd = [], []
    for line in filter(None, listing.split(b"\0")):
        meta, _, name = line.partition(b"\t")
        mode, _, blob, size = meta.decode("ascii").split()
        path = name.decode("utf-8", "replace")
        if mode in _PLAIN and size.isdigit() and _NAME.fullmatch(path):
            found.append(Entry(mode, blob, int(size), path))
        else:
            odd.append(path)
    if odd:
        more = f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
        names = ", ".join(map(ascii, sorted(odd)[:_SHOWN]))
        raise OverlayError(f"Only plain .yaml files of stacks are taken from a pull request, and not {names}{more}.")
    if len(found) > FILES or sum(one.size for one in found) > BYTES:
        raise OverlayError(f"{FOLDER}/ has more than {FILES} files or {BYTES} bytes.")
    if not found:
        raise OverlayError(f"The commit has no {FOLDER}/.")
    return found


def lay(root: Path, commit: str) -> int:
    """Put the commit's stack files in the place of those of `root`; how many there are.

    Raises:
        OverlayError: Nothing was laid; says why.
    """
    taken = entries(_git(root, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, f"{FOLDER}/"))
    texts = {one.path: _text(root, one) for one in taken}
    shutil.rmtree(root / FOLDER, ignore_errors=True)
    for path, text in texts.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return len(texts)


def _text(root: Path, entry: Entry) -> str:
    raw = _git(root, "cat-file", "blob", entry.blob)
    try:
        text = raw.decode("utf-8")
        return independent(text)[0] if _STACK_FILE.fullmatch(entry.path) else text
    except UnicodeError:
        raise OverlayError(f"{entry.path} is not UTF-8.") from None
    except MetaAccessError as wrong:
        raise OverlayError(f"{entry.path}: {wrong}") from None


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=root, stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_S, check=False
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise OverlayError(f"git {arguments[0]} failed: {said}")
    return done.stdout


def commit(text: str) -> str:
    """A commit's full name as an option; anything else could be an option of git's."""
    if not re.fullmatch(r"[0-9a-f]{40,64}", text):
        raise argparse.ArgumentTypeError("write a commit's full name in hexadecimal digits")
    return text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ci.scripts.overlay", description=__doc__.partition("\n")[0])
    parser.add_argument("--commit", type=commit, required=True)
    given = parser.parse_args(argv)
    try:
        count = lay(Path.cwd(), given.commit)
    except (OSError, subprocess.TimeoutExpired, OverlayError) as failed:
        print(f"overlay: {ascii(str(failed))[1:-1]}", file=sys.stderr)
        return 1
    print(f"overlay: {count} file(s) of {given.commit[:12]} in {FOLDER}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
