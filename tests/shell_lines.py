"""The commands that pages tell readers to type, taken apart as a shell does."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BLOCK = re.compile(r"^( *)```(sh|shell|console|text)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`((?:meta-access|make|pulumi|aws|pip) [^`]+)`")
INSIDE = re.compile(r"\$\(([^()]*)\)")
ENDS = re.compile(r"[|&;()]+")
TO_A_FILE = re.compile(r"[<>]+")
VARIABLE = re.compile(r"\w+=")


class Command(NamedTuple):
    """One command: its program and the words that follow.

    Attributes:
        whole: Whether it can be typed as it is, as in a block; else it names a command within a sentence.
    """

    page: str
    words: tuple[str, ...]
    whole: bool

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def of(page: Path, root: Path) -> Iterator[Command]:
    """All commands of a page: of its shell blocks, the lines of a recorded run after `$`, and those in sentences."""
    text, name = page.read_text(encoding="utf-8"), str(page.relative_to(root))
    for _, kind, block in BLOCK.findall(text):
        lines = [line.lstrip() for line in block.splitlines()]
        if kind == "text":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        for line in typed(lines):
            yield from (Command(name, tuple(words), whole=True) for words in commands(line))
    for found in INLINE.findall(BLOCK.sub("", text)):
        yield Command(name, tuple(shlex.split(found.replace("…", ""))), whole=False)


def typed(lines: Sequence[str]) -> Iterator[str]:
    """What is typed before a command runs: a line, or several where a quote is open or a line ends in a backslash."""
    held = ""
    for line in lines:
        held += line
        if held.endswith("\\"):
            held = held.removesuffix("\\")
            continue
        try:
            shlex.split(held, comments=True)
        except ValueError:
            held += "\n"
            continue
        yield held
        held = ""
    assert held == "", f"it never ends: {held}"


def commands(line: str) -> Iterator[list[str]]:
    """The commands of what is typed at once, also those whose output is a word of another."""
    for inner in INSIDE.findall(line):
        yield from commands(inner)
    split = shlex.shlex(INSIDE.sub("INNER", line), posix=True, punctuation_chars=True)
    split.whitespace_split = True
    words: list[str] = []
    for word in [*split, ";"]:
        if not ENDS.fullmatch(word):
            words.append(word)
            continue
        if command := _without_files_and_variables(words):
            yield command
        words = []


def _without_files_and_variables(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    file_follows = False
    for word in words:
        before = not kept and (word == "!" or VARIABLE.match(word))  # `! grep` runs grep
        if not (file_follows or TO_A_FILE.fullmatch(word) or before):
            kept.append(word)
        file_follows = bool(TO_A_FILE.fullmatch(word))
    return kept
