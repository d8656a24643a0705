"""The doors of the commands: what they print, on which stream, and the exit codes they end with.

A terminal shows what is printed, and obeys nothing in it but our own colours. Progress goes to standard error, so that
standard output is the answer alone.
"""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from meta_access.redaction import visible

if TYPE_CHECKING:
    from collections.abc import Iterator


DONE, FAILED, WORK_LEFT, EXPIRING = 0, 1, 2, 3


def to_person(text: str) -> None:
    """Print one line."""
    click.echo(text, err=True)


_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
_KEPT = "\n\t"


class Shown:
    """A text stream that writes out what cannot be seen, see `redaction.visible`.

    It has no `buffer`: what is written as bytes would bypass it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        # Colours are made for terminals only, so elsewhere they are somebody else's.
        parts = _COLOUR.split(text) if self._stream.isatty() else [text]
        self._stream.write("".join(part if at % 2 else visible(part, _KEPT) for at, part in enumerate(parts)))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        if name in {"buffer", "detach"}:
            raise AttributeError(name)
        return getattr(self._stream, name)


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Put both streams of the process behind the door."""
    out: Any = Shown(sys.stdout)
    err: Any = Shown(sys.stderr)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield
