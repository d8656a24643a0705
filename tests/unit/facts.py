"""What a sentence must say, whatever its words are."""

from __future__ import annotations

import re


def missing(text: str, *facts: str) -> list[str]:
    """The facts that a text lacks: names, ids, keys, numbers, commands. Part of a longer word is none."""
    return [fact for fact in facts if not re.search(rf"(?<!\w){re.escape(fact)}(?!\w)", text)]
