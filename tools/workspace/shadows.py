"""What Python could import from the project's folder, and what of it is meant to be there.

The engine starts the program and the provider process in the project's folder, which comes first on Python's path: a
`requests.py` there would run with the credentials of that run. So would a `simplejson.py`, which no lock names and
`requests` asks for. Hence a list of what may be there, and none of what may not.

The make targets run this file before anything else, by its path and as `python -IS`: neither the project's folder nor
a `sitecustomize` of it is on the path then, so that a `subprocess.py` there is named before it can run. Hence nothing
but the standard library, and no syntax newer than the message about an old Python needs.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "__main__.py"
CODE = frozenset({"ci", "components", "meta_access", "meta_emulator", "tools", "tests"})
# Folders that hold no module of their own, whatever lies deeper in them.
DATA = frozenset({"build", "dist", "docs", "stacks"})
_CACHE = "__pycache__"
# A folder without `__init__.py` is a package too, so each of these suffixes counts at any depth.
_MODULES = (*SOURCE_SUFFIXES, *BYTECODE_SUFFIXES, *EXTENSION_SUFFIXES, ".so", ".pyd", ".dylib")
# What `importlib.metadata` takes for an installed package, with a version and plugins of its own choice.
_METADATA = (".dist-info", ".egg-info")
_OUR_METADATA = "meta_access.egg-info"  # setuptools leaves it where it builds
_NO_SOURCE = tuple(suffix for suffix in _MODULES if suffix not in SOURCE_SUFFIXES)
# The second word of a compiled file: bit 0 says "by hash", bit 1 "compare it"; the first alone runs whatever it holds.
_UNCHECKED = 0b01


def found(root: Path) -> list[str]:
    """Paths below `root` that Python would import and that are not meant to be there."""
    return sorted({str(path.relative_to(root)) for entry in root.iterdir() for path in _of(entry)})


def sentence(paths: list[str]) -> str:
    """What to say of them."""
    return (
        f"Nothing was done: {', '.join(map(ascii, paths))} in the project's folder can be imported in place of a "
        "library, in the process that holds the credentials. Find out who put it there, and remove it; a module of "
        "your own belongs into components/."
    )


def _of(entry: Path) -> Iterator[Path]:
    if entry.name.endswith(_METADATA):
        if entry.name != _OUR_METADATA or entry.is_symlink():
            yield entry
    elif not entry.is_dir():
        if entry.name.endswith(_MODULES) and entry.name != PROGRAM:
            yield entry
    elif entry.name in CODE:
        yield from _without_source(entry)
    elif entry.name in DATA:
        yield from (path for path in entry.iterdir() if path.name.endswith(_MODULES))
    elif entry.name.isidentifier() and entry.name != _CACHE and _is_package(entry):
        yield entry


def _is_package(folder: Path) -> bool:
    """Whether there are modules in it, or behind a link in it, which may lead to them."""
    return folder.is_symlink() or any(
        name.endswith(_MODULES) or os.path.islink(os.path.join(place, name))  # noqa: PTH114, PTH118 - os.walk's texts
        for place, folders, names in os.walk(folder)
        for name in (*folders, *names)
    )


def _without_source(folder: Path) -> Iterator[Path]:
    """Compiled modules that are imported without a source next to them or a look at it, and folders that are links."""
    for path in folder.rglob("*"):
        compiled = path.name.endswith(_NO_SOURCE) and (path.parent.name != _CACHE or _is_unchecked(path))
        if compiled or (path.is_symlink() and path.is_dir() and not _is_ours(path)):
            yield path


def _is_ours(link: Path) -> bool:
    """Whether it is the one link of this repository, which puts the components into the package."""
    return link.parts[-2:] == ("meta_access", "components") and link.readlink() == Path("../components")


def _is_unchecked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            flags = int.from_bytes(file.read(8)[4:], "little")
    except OSError:
        return True
    return flags & 0b11 == _UNCHECKED


def main() -> int:
    paths = found(Path(__file__).resolve().parents[2])
    if paths:
        print(f"environment: {sentence(paths)}", file=sys.stderr)
    return 1 if paths else 0


if __name__ == "__main__":
    sys.exit(main())
