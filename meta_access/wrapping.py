"""How wide text is in the columns of a terminal, and how lines and tables fit a width without breaking a word. Pure."""

from __future__ import annotations

import re
import unicodedata
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_GAP = 2
_NARROW = 12
"""With less for its first column a table is a list."""
# A command between backticks stays on one line, so that it can be copied.
_PIECE = re.compile(r"(\s*)(\S*?`[^`]+`\S*|\S+)")
_WORD = re.compile(r"(\s*)(\S+)")


def columns(text: str) -> int:
    """The columns that a text takes: two for a wide character, none for a mark upon the character before."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def wrapped(line: str, width: int, indent: str = "  ", *, cut: bool = False) -> list[str]:
    """A line as several that fit, those after the first indented by `indent` more than it is.

    A word that is wider than all that is left of a line, such as a link, stays whole unless `cut` says otherwise.
    """
    after = line[: len(line) - len(line.lstrip())] + indent
    if columns(after) >= width:
        after = ""
    found, current = [], ""
    for blanks, word in _words(line, width - columns(after), cut=cut):
        at = columns(current) + columns(blanks)
        # A word that would begin no further to the left on a line of its own stays where it is.
        if current.strip() and at + columns(word) > width and at > columns(after):
            found.append(current)
            current = after + word
        else:
            current += blanks + word
    return [*found, current] if current or not found else found


def _words(line: str, room: int, *, cut: bool) -> Iterator[tuple[str, str]]:
    for blanks, piece in _PIECE.findall(line):
        parts = _WORD.findall(piece) if columns(piece) > room else [("", piece)]
        for number, (within, word) in enumerate(parts):
            before = within if number else blanks
            if not cut or columns(word) <= room:
                yield before, word
                continue
            for at, part in enumerate(_cut(word, room)):
                yield ("" if at else before), part


def _cut(word: str, room: int) -> Iterator[str]:
    part = ""
    for char in word:
        if part and columns(part) + columns(char) > room:
            yield part
            part = ""
        part += char
    yield part


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> list[list[str]]:
    """The lines of the heads, then those of each row.

    Columns that are wider than their share are wrapped between words. Where a word of the first column is too wide for
    that, it has a line of its own; where those of the others are, each row is a list of its cells, and no head is left.
    """
    cells = [tuple(row) for row in rows]
    every = [tuple(heads), *cells]
    wanted = [_longest(row[at] for row in every) for at in range(len(heads))]
    least = [max(_widest(row[at]) for row in every) for at in range(len(heads))]
    gaps = _GAP * (len(heads) - 1)
    room = width - gaps - sum(least[1:])
    if room < min(least[0], max(_widest(heads[0]), _NARROW)):
        return [[], *(list(_listed(heads, row, width)) for row in cells)]
    if least[0] > room:
        within = [row[0] for row in every if _widest(row[0]) <= room]
        wanted[0], least[0] = _longest(within), max(map(_widest, within))
    widths = _shared(wanted, least, width - gaps)
    return [list(_side_by_side(row, widths)) for row in every]


def _longest(cells: Iterable[str]) -> int:
    return max(columns(line) for cell in cells for line in cell.split("\n"))


def _widest(cell: str) -> int:
    return max((columns(word) for word in cell.split()), default=0)


def _shared(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The width of each column: the least, and of what is left most for those that want many times theirs."""
    widths = list(least)
    for _ in range(room - sum(least)):
        short, at = max((wanted[at] / width if width else 0, at) for at, width in enumerate(widths))
        if short <= 1:
            break
        widths[at] += 1
    return widths


def _side_by_side(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    first, *others = (
        [part for line in cell.split("\n") for part in wrapped(line, room, "")]
        for cell, room in zip(row, widths, strict=True)
    )
    while first and columns(first[0]) > widths[0]:
        yield first.pop(0)
    for parts in zip_longest(first, *others, fillvalue=""):
        line = "".join(
            part + " " * (room + _GAP - columns(part)) for part, room in zip(parts, widths, strict=True)
        ).rstrip()
        if line:
            yield line


def _listed(heads: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    yield row[0].replace("\n", " ")
    for head, cell in zip(heads[1:], row[1:], strict=True):
        text = cell.replace("\n", ", ")
        yield from wrapped(f"  {head}: {text}".rstrip(), width)
