"""What pages tell readers to type to the engine: each word and option is one of its own."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

from tests import shell_lines

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GROUPS = {"config", "plugin", "stack", "state"}
"""Words that another word may follow, which says what is done."""

HIDDEN = {"--plan"}
"""Options that its help leaves out while they are experimental."""


@functools.cache
def says(*words: str) -> str:
    """The engine's help of a command; a word that is none of its own gets its group's."""
    done = subprocess.run(
        ["pulumi", *words, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60
    )
    return done.stdout


def test_every_word_and_option_of_a_page_is_the_engines() -> None:
    wrong = []
    asked = {command for page in PAGES for command in shell_lines.of(page, ROOT) if command.words[0] == "pulumi"}
    for command in asked:
        words = list(command.words[1:])
        path = words[: 2 if words[0] in GROUPS and words[1:] and not words[1].startswith("-") else 1]
        text = says(*path)
        [usage] = re.findall(
            r"^Usage:\n  pulumi((?: [a-z]+)*)", text, re.MULTILINE
        )  # it names `stack init` `stack new`
        if len(usage.split()) != len(path):
            wrong.append(f"{command}: no such command")
        options = [word.partition("=")[0] for word in words if word.startswith("-") and word not in HIDDEN]
        wrong += [
            f"{command}: no {one}" for one in options if not re.search(rf"(^|\s){one}([ ,]|$)", text, re.MULTILINE)
        ]

    assert len(asked) > 30
    assert wrong == []
