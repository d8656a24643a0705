"""What a command shows of the text that its runs of pulumi print: errors and warnings, each once, and that they go on.

Off a terminal the engine prints up to three lines per resource, and an `up` prints its notices four times.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from typing import TYPE_CHECKING

from meta_access.cli.terminal import to_person
from meta_access.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from meta_access.clock import Clock

KEPT_LINES = 2_000
NEWS_EVERY_S = 15.0
_SECTION = "Diagnostics:"
# Two spaces before the resource that messages are about, four before each line of a message.
_HEADING = re.compile(r"  \S.*:\s*")
_MESSAGE = re.compile(r"(?:    )?(error|warning):")
_DEEPER = " " * 5


class EngineOutput:
    """Writes what is worth reading to standard error; one object for all runs of a command.

    Args:
        verbose: Whether all of it is worth reading.
        clock: Measures.
    """

    def __init__(self, *, verbose: bool = False, clock: Clock = SYSTEM_CLOCK) -> None:
        self._verbose = verbose
        self._clock = clock
        self._said: set[tuple[str, ...]] = set()
        self._shown = ""
        self.begin()

    def begin(self) -> None:
        """Get ready for the next run."""
        self._progress = Progress("The run", self._clock)
        self._kept: deque[str] = deque(maxlen=KEPT_LINES)
        self._inside = self._passed = False
        self._heading = ""
        self._message: list[str] = []

    def out(self, line: str) -> None:
        """A line of the engine's standard output."""
        if self._verbose:
            _pass_through(line)
            return
        self._kept.append(line)
        self._progress.note(line)
        at_margin = bool(line[:1].strip())
        if at_margin or (self._inside and (_HEADING.fullmatch(line) or _MESSAGE.match(line))):
            self._pass_on()
        if at_margin:  # the engine's own words
            self._inside, self._heading = line.strip() == _SECTION, ""
            self._message = [line] if _MESSAGE.match(line) else []
        elif not self._inside:
            return
        elif _HEADING.fullmatch(line):
            self._heading = line
        elif _MESSAGE.match(line) or (self._message and self._continues(line)):
            self._message.append(line)

    def err(self, line: str) -> None:
        """A line of its standard error, on which it prints nothing but errors and warnings."""
        if self._verbose:
            _pass_through(line)
            return
        self._kept.append(line)
        warns = _kind(line) == "warning"
        self._passed = self._passed or not warns
        if not warns or (line,) not in self._said:
            self._said.add((line,))
            _write(line)

    def end(self, *, failed: bool) -> None:
        """The run has ended. One that failed without a word of why is shown as it was."""
        self._pass_on()
        if failed and not self._passed:
            for line in self._kept:
                _write(line)

    def _continues(self, line: str) -> bool:
        """Whether a line belongs to the message above it, which the text does not say.

        A notice may follow, which is indented as a message's own lines are. After an error all of it is worth reading,
        a traceback above all; after a warning, only what is indented deeper.
        """
        return _kind(self._message[0]) == "error" or line.startswith(_DEEPER)

    def _pass_on(self) -> None:
        message, self._message = self._message, []
        while message and not message[-1].strip():
            message.pop()
        if not message:
            return
        self._passed = self._passed or _kind(message[0]) == "error"
        known = (self._heading, *message)
        if known in self._said:
            return
        self._said.add(known)
        if self._heading != self._shown:
            _write(self._heading)
            self._shown = self._heading
        for line in message:
            _write(line)


class Progress:
    """Says now and then that a run goes on.

    Args:
        what: The run, as the subject of a sentence.
        clock: Measures.
    """

    def __init__(self, what: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self._what, self._clock = what, clock
        self._lines, self._at = 0, clock.monotonic()

    def note(self, line: str) -> None:
        """Count a line of the engine."""
        self._lines += bool(line.strip())
        if (now := self._clock.monotonic()) - self._at > NEWS_EVERY_S:
            self._at = now
            to_person(f"{self._what} goes on: {self._lines} lines of the engine so far.")


def _kind(line: str) -> str:
    found = _MESSAGE.match(line)
    return found[1] if found else ""


def _write(line: str) -> None:
    if line:
        to_person(line.removesuffix("\n"))


def _pass_through(line: str) -> None:
    sys.stderr.write(line)
    sys.stderr.flush()
