"""Other Pythons of the machine that the package is for: on PATH, or where pyenv keeps the ones it has built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engine.projects import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"python3\.\d+")
_WHAT = "import sys; print('%d.%d' % sys.version_info[:2], sys.version_info.releaselevel, sys.implementation.name)"


def declared() -> list[str]:
    """The versions that pyproject.toml names, such as 3.12."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [line.rpartition(" ")[2] for line in project["classifiers"] if ":: Python :: 3." in line]


def others() -> dict[str, Path | None]:
    """Each version that is declared, or found and newer than those, except the running one; None where none is here."""
    running = "{}.{}".format(*sys.version_info[:2])
    oldest = min(map(_numbers, declared()))
    found: dict[str, Path | None] = dict.fromkeys(declared())
    for program in _programs():
        version = program.name.removeprefix("python")
        # A shim of pyenv's bears the name of a version that it may not have.
        if _numbers(version) >= oldest and found.get(version) is None and _is(program, version):
            found[version] = program
    found.pop(running, None)
    return dict(sorted(found.items(), key=lambda item: _numbers(item[0])))


def _programs() -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    on_path = (Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder)
    for folder in chain(on_path, sorted(pyenv.glob("versions/*/bin"))):
        yield from (one for one in sorted(folder.glob("python3.*")) if _NAME.fullmatch(one.name))


def _is(program: Path, version: str) -> bool:
    """Whether it is a released CPython of that version."""
    try:
        done = subprocess.run([program, "-IS", "-c", _WHAT], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return False
    return done.stdout.split() == [version, "final", "cpython"]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
