"""Whether a text tells what it has to: its facts (ids, keys, counts, commands), not its wording."""

from __future__ import annotations


def lacks(text: object, *facts: str) -> list[str]:
    """The facts that a text does not tell."""
    return [fact for fact in facts if fact not in str(text)]
