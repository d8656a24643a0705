"""Files that their owner alone may read, replaced in one step: a reader, or a kill, meets the old one or the new."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

MODE = 0o600


def replace(path: Path, data: bytes) -> None:
    """Write a file whole. The lock of the state folder allows one writer at a time."""
    draft = path.with_name(f".{path.name}.draft")
    with os.fdopen(_open(draft, os.O_TRUNC), "wb") as file:
        file.write(data)
    draft.replace(path)


def start_text(path: Path) -> TextIO:
    """Begin a text file to which a process appends, such as its log."""
    return os.fdopen(_open(path, os.O_TRUNC), "w", encoding="utf-8")


def _open(path: Path, how: int) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, MODE)
    # A file that was there keeps its mode.
    os.fchmod(descriptor, MODE)
    return descriptor
