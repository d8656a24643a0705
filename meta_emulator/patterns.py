"""Patterns of faults: regular expressions whose search takes bounded time.

Every request is matched while a lock is held, and Python's own expressions can take years over a short text
(`(a|a)*b`), which nothing can interrupt. So this is a small matcher of its own: it reads a text once and tracks all the
states that it can be in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_PATTERN = 200
LONGEST_TEXT = 300
"""Characters; no path of Graph is longer, and a longer text matches nothing."""
MOST_TIMES = 32
"""In `{m,n}`."""
DEEPEST = 10
TAKEN = "characters, any one (.), [], |, (), (?:), ^, $, *, +, ?, {m,n}, \\d, \\w, \\s and their opposites"

_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}", re.ASCII)
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_QUANTIFIERS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


MOST_STATES = 1000
_START, _END = "start", "end"


class PatternError(ValueError):
    """It cannot be read; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class _One:
    """One character out of some."""

    of: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Edge:
    """The beginning, or the end."""

    end: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Either:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Times:
    part: _Part
    least: int
    most: int | None


_Part = _One | _Edge | _Row | _Either | _Times


@dataclass(frozen=True, slots=True)
class _State:
    """What a search waits for: one character, an edge of the text, or nothing; and where it then is.

    The first state of all is the one in which the pattern was found.
    """

    to: tuple[int, ...] = ()
    of: re.Pattern[str] | None = None
    edge: str | None = None


class Pattern:
    """A parsed pattern.

    Raises:
        PatternError: It is too long, or holds something that is not supported here.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_PATTERN:
            raise PatternError(f"it has {len(text)} characters; at most {LONGEST_PATTERN}")
        self._states: list[_State] = [_State()]
        self._first = self._enter(_Reader(text).read(), 0)

    def found_in(self, text: str) -> bool:
        """Whether it matches anywhere in a text."""
        if len(text) > LONGEST_TEXT:
            return False
        here: set[int] = set()
        for at in range(len(text) + 1):
            here = self._reached({*here, self._first}, at, len(text))
            if 0 in here:
                return True
            states = [self._states[one] for one in here] if at < len(text) else []
            here = {to for state in states if state.of is not None and state.of.fullmatch(text[at]) for to in state.to}
        return False

    def _reached(self, begun: set[int], at: int, end: int) -> set[int]:
        """The states that cost no character."""
        reached, left = set(begun), list(begun)
        while left:
            state = self._states[left.pop()]
            if state.of is None and state.edge in {None, at == 0 and _START, at == end and _END}:
                new = [to for to in state.to if to not in reached]
                reached.update(new)
                left += new
        return reached

    def _enter(self, part: _Part, then: int) -> int:
        """The state in which a part begins that goes on with `then`."""
        if isinstance(part, _One):
            return self._state(_State((then,), of=part.of))
        if isinstance(part, _Edge):
            return self._state(_State((then,), edge=_END if part.end else _START))
        if isinstance(part, _Either):
            return self._state(_State(tuple(self._enter(one, then) for one in part.parts)))
        if isinstance(part, _Row):
            for one in reversed(part.parts):
                then = self._enter(one, then)
            return then
        if part.most is None:
            again = self._state(_State())
            self._states[again] = _State((self._enter(part.part, again), then))
            then = again
        for _ in range((part.most or part.least) - part.least):
            then = self._state(_State((self._enter(part.part, then), then)))
        for _ in range(part.least):
            then = self._enter(part.part, then)
        return then

    def _state(self, state: _State) -> int:
        if len(self._states) == MOST_STATES:
            raise PatternError("its counts multiply to more than can be searched")
        self._states.append(state)
        return len(self._states) - 1


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    def read(self) -> _Part:
        part = self._either()
        if self._at < len(self._text):
            self._fail("a ) closes nothing")
        return part

    def _either(self) -> _Part:
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(f"it is nested more than {DEEPEST} levels deep")
        rows = [self._row()]
        while self._takes("|"):
            rows.append(self._row())
        self._depth -= 1
        return rows[0] if len(rows) == 1 else _Either(tuple(rows))

    def _row(self) -> _Part:
        return _Row(tuple(self._parts()))

    def _parts(self) -> Iterator[_Part]:
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            yield self._repeated(self._one())

    def _one(self) -> _Part:
        char = self._text[self._at]
        if char == "[":
            return self._class()
        self._at += 1
        if char == "(":
            if self._takes("?") and not self._takes(":"):
                self._fail("a group begins with ( or (?:")
            part = self._either()
            if not self._takes(")"):
                self._fail("a ( is not closed")
            return part
        if char in "^$":
            return _Edge(end=char == "$")
        if char in "*+?":
            self._fail(f"nothing stands before {char}")
        if char == "\\":
            return self._escaped()
        return _One(re.compile("." if char == "." else re.escape(char), re.DOTALL))

    def _escaped(self) -> _Part:
        char = self._text[self._at : self._at + 1]
        self._at += 1
        if char in {"A", "Z"}:
            return _Edge(end=char == "Z")
        if not char or (char.isalnum() and char not in "dDwWsS"):
            self._fail(f"\\{char} is not taken")
        return _One(re.compile("\\" + char))

    def _class(self) -> _Part:
        found = _SET.match(self._text, self._at)
        if found is None:
            self._fail("a [ is not closed")
        if any(sign in found[0][1:] for sign in ("[", "--", "&&", "~~", "||")):
            self._fail("a set inside a set is not taken")
        self._at = found.end()
        try:
            return _One(re.compile(found[0]))
        except re.error as broken:
            self._fail(str(broken))

    def _repeated(self, part: _Part) -> _Part:
        least: int
        most: int | None
        count = _COUNT.match(self._text, self._at)
        if count is not None:
            self._at = count.end()
            least = int(count[1])
            most = least if count[2] is None else int(count[3]) if count[3] else None
            if max(least, most or 0) > MOST_TIMES or (most is not None and most < least):
                self._fail(f"{count[0]} is no count up to {MOST_TIMES}")
        elif self._text[self._at : self._at + 1] in _QUANTIFIERS:
            least, most = _QUANTIFIERS[self._text[self._at]]
            self._at += 1
        else:
            return part
        self._takes("?")  # how much is taken does not matter to whether it matches
        if self._text[self._at : self._at + 1] in {*_QUANTIFIERS}:
            self._fail("a repetition follows a repetition")
        return _Times(part, least, most)

    def _takes(self, char: str) -> bool:
        found = self._text.startswith(char, self._at)
        self._at += found
        return found

    def _fail(self, reason: str) -> NoReturn:
        raise PatternError(reason)
