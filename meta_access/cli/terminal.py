"""The doors of the commands: what they print, on which stream, and the exit codes they end with.

A terminal shows what is printed, and obeys nothing in it but our own colours; a runner of CI, which reads commands in
the log of a job, obeys nothing. Progress goes to standard error, so that standard output is the answer alone.
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
# What a runner of CI obeys: `::error::…` where a line begins with it (GitHub), blanks in front or not; `##[error]…`
# (GitHub, Azure) and `##vso[…]` (Azure) anywhere.
_AT_BEGINNING = re.compile(r"(?<![^\n])([^\S\n]*):(?=:)")
_ANYWHERE = re.compile(r"#(?=#[a-z]*\[)", re.IGNORECASE)


class Shown:
    """A text stream that writes out what cannot be seen, see `redaction.visible`, and what begins a command.

    It has no `buffer`: what is written as bytes would bypass it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._blank = True
        """Whether the line that is being written holds nothing yet."""

    def write(self, text: str) -> int:
        # Colours are made for terminals only, so elsewhere they are somebody else's.
        parts = _COLOUR.split(text) if self._stream.isatty() else [text]
        seen = "".join(part if at % 2 else visible(part, _KEPT) for at, part in enumerate(parts))
        self._stream.write(self._inert(seen))
        return len(text)

    def _inert(self, text: str) -> str:
        """`text` with the first character of each command written out; JSON keeps its meaning."""
        lead = "" if self._blank else "x"
        self._blank = not (lead + text).rpartition("\n")[2].strip()
        found = _AT_BEGINNING.sub(r"\1<U+003A>", lead + text)[len(lead) :]
        return _ANYWHERE.sub("\\\\u0023" if text.startswith("{") else "<U+0023>", found)

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
