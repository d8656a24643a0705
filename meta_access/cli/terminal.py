"""The doors of the commands: what they print, on which stream, how wide, in which colours, and their exit codes.

A terminal shows what is printed, and obeys nothing in it but our own colours; a runner of CI, which reads commands in
the log of a job, obeys nothing. Progress goes to standard error, so that standard output is the answer alone. On a
terminal sentences and tables fit its width, and what takes long says so; elsewhere a sentence is a line.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from enum import Enum
from typing import TYPE_CHECKING, Any, TextIO

import click

from meta_access import wrapping
from meta_access.clock import SYSTEM_CLOCK
from meta_access.redaction import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meta_access.clock import Clock


DONE, FAILED, WORK_LEFT, EXPIRING = 0, 1, 2, 3
WIDTH = 80
"""The most columns of a sentence, also on a wider terminal."""
TABLE_WIDTH = 120
"""Of a table where no terminal shows it."""


class Mark(Enum):
    """What a colour means, the same in every command."""

    TITLE = "bold"
    BROKEN = "red"
    PERSON = "yellow"
    UNKNOWN = "cyan"
    WELL = "green"

    def on(self, text: str) -> str:
        return click.style(text, bold=True) if self is Mark.TITLE else click.style(text, fg=self.value)


def width(stream: TextIO) -> int | None:
    """The columns of the terminal that shows a stream; None where none does."""
    if not stream.isatty():
        return None
    if (given := os.environ.get("COLUMNS", "")).isdecimal() and int(given):
        return int(given)
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or WIDTH
    return WIDTH


def obeys(stream: TextIO) -> bool:
    """Whether a terminal shows a stream that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colours(stream: TextIO) -> bool:
    """Whether what a stream shows may have colours (https://no-color.org)."""
    return obeys(stream) and not os.environ.get("NO_COLOR")


def to_person(text: str) -> None:
    """Print sentences that are not the answer."""
    _echo(_fitting(text, sys.stderr), err=True)


def answer(text: str, mark: Mark | None = None, *, indent: str = "  ", plain: int | None = None) -> None:
    """Print sentences of the answer.

    Args:
        text: One or several lines.
        mark: What they mean.
        indent: By how much more the further lines of each are indented where it does not fit.
        plain: The columns where no terminal shows it; None leaves each sentence on its line.
    """
    _marked(_fitting(text, sys.stdout, indent, plain), mark)


def table(heads: Sequence[str], rows: Sequence[tuple[Sequence[str], Mark | None]], plain: int = TABLE_WIDTH) -> None:
    """Print a table of the answer; `plain` as of `answer`."""
    head, *lines = wrapping.table(heads, [cells for cells, _ in rows], width(sys.stdout) or plain)
    if head:
        _marked("\n".join(head), Mark.TITLE)
    for found, (_, mark) in zip(lines, rows, strict=True):
        _marked("\n".join(found), mark)


def _fitting(text: str, stream: TextIO, indent: str = "  ", plain: int | None = None) -> str:
    room = width(stream) or plain
    if room is None:
        return text
    lines = text.split("\n")
    return "\n".join(part for line in lines for part in wrapping.wrapped(line, min(room, WIDTH), indent))


def _marked(text: str, mark: Mark | None) -> None:
    _echo(mark.on(text) if mark is not None and colours(sys.stdout) else text)


def _echo(text: str, *, err: bool = False) -> None:
    click.echo(text, err=err, color=True)  # else click drops escapes of others, which are to be seen


class AtWork:
    """Says on a terminal that a command is at work, on a line that goes before anything else is written.

    Nothing is said behind an unfinished line: that is a question, and a person is at work.

    Args:
        screen: The terminal.
        what: The command.
        clock: Measures.
    """

    AFTER_S = 2.0

    def __init__(self, screen: TextIO, what: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self._screen, self._what, self._clock = screen, what, clock
        self._began = self._last = clock.monotonic()
        self._finished, self._said, self._ended = True, "", False
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def aside(self, text: str) -> Iterator[None]:
        """Make way for a text that is written meanwhile."""
        with self._lock:
            self._erase()
            yield
            if text:
                self._last, self._finished = self._clock.monotonic(), text.endswith("\n")

    def look(self) -> None:
        """Say how long it has been, if for a while nothing else was said."""
        with self._lock:
            now = self._clock.monotonic()
            if self._ended or not self._finished or now - self._last < self.AFTER_S:
                return
            room = (width(self._screen) or WIDTH) - 1
            said = f"{self._what} is at work, {now - self._began:.0f} s"[:room]
            if said != self._said:
                self._erase()
                self._write(said)
                self._said = said

    def answered(self) -> None:
        """A person has ended the line of a question."""
        with self._lock:
            self._last, self._finished = self._clock.monotonic(), True

    def end(self) -> None:
        with self._lock:
            self._erase()
            self._ended = True

    def _erase(self) -> None:
        if self._said:
            self._write("\r\x1b[K")
            self._said = ""

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a closed terminal is not waited at
            self._screen.write(text)
            self._screen.flush()


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

    def __init__(self, stream: TextIO, at_work: AtWork | None = None) -> None:
        self._stream = stream
        self._at_work = at_work
        self._blank = True
        """Whether the line that is being written holds nothing yet."""

    def write(self, text: str) -> int:
        # Colours are made for terminals only, so elsewhere they are somebody else's.
        parts = _COLOUR.split(text) if self._stream.isatty() else [text]
        seen = "".join(part if at % 2 else visible(part, _KEPT) for at, part in enumerate(parts))
        with self._at_work.aside(text) if self._at_work else contextlib.nullcontext():
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


_LOOK_EVERY_S = 0.5
_now: list[AtWork] = []
"""Of the command that runs, if a terminal shows it."""


def agrees(question: str) -> bool:
    """Ask a person."""
    found = click.confirm(question, err=True)
    for one in _now:
        one.answered()
    return found


def asks(question: str) -> str:
    """Ask a person for what nobody may see."""
    found: str = click.prompt(question, hide_input=True, err=True)
    for one in _now:
        one.answered()
    return found


def serves() -> None:
    """The command waits for others from now on, and is not at work."""
    for one in _now:
        one.end()


@contextlib.contextmanager
def shown(what: str = "meta-access") -> Iterator[None]:
    """Put both streams of the process behind the door, and say on a terminal that `what` is at work."""
    at_work = AtWork(sys.stderr, what) if obeys(sys.stderr) else None
    out: Any = Shown(sys.stdout, at_work)
    err: Any = Shown(sys.stderr, at_work)
    over = threading.Event()

    def look(at_work: AtWork) -> None:
        while not over.wait(_LOOK_EVERY_S):
            at_work.look()

    if at_work is not None:
        _now.append(at_work)
        threading.Thread(target=look, args=(at_work,), daemon=True).start()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        over.set()
        if at_work is not None:
            _now.remove(at_work)
            at_work.end()
