"""The filters of ListSecrets and BatchGetSecretValue.

Source: API reference, Filter, and the user guide's "Find secrets", read 2026-11-24. That `description` matches words
and not a prefix was found on AWS by the authors of moto.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from meta_emulator.aws.errors import RefusedError, invalid_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from meta_emulator.aws.secret import Secret

MARKS = frozenset("/-_+=.@")

Filter = dict[str, Any]


def check(filters: Iterable[Filter]) -> None:
    """Refuse a filter by a key that there is none of."""
    for number, wanted in enumerate(filters, 1):
        key = wanted.get("Key")
        if key is None:
            raise invalid_parameter("Invalid filter key")
        if key not in [*_TEXTS, "primary-region"]:
            raise RefusedError(
                "ValidationException",
                f"1 validation error detected: Value '{key}' at 'filters.{number}.member.key' failed to satisfy "
                "constraint: Member must satisfy enum value set: [all, name, tag-key, description, tag-value]",
            )


def matches(secret: Secret, filters: Iterable[Filter]) -> bool:
    """Whether a secret passes all filters, each by one of its values."""
    return all(_passes(secret, wanted["Key"], wanted["Values"]) for wanted in filters)


def _passes(secret: Secret, key: str, values: list[str]) -> bool:
    if key == "primary-region":
        return secret.primary in values
    by_word = key in ("all", "description")
    texts = _TEXTS[key](secret)
    for value in values:
        unwanted = value.startswith("!")
        sought = value.removeprefix("!")
        if any((_has_words(text, sought) if by_word else text.startswith(sought)) != unwanted for text in texts):
            return True
    return False


def _has_words(text: str, sought: str) -> bool:
    """Whether each word that is sought begins a word of the text, whatever its case."""
    words, wanted = _words(text), _words(sought)
    return bool(wanted) and all(any(word.startswith(one) for word in words) for one in wanted)


def _words(text: str) -> list[str]:
    """A text split at its mark, and before capitals; one with two kinds of marks is a word as a whole."""
    marks = MARKS & set(text)
    if len(marks) > 1:
        return [text.lower()]
    parts = text.split(next(iter(marks))) if marks else [text]
    return [word.strip().lower() for part in parts for word in re.split(r"([^a-z][a-z]+)", part) if word]


def _described(secret: Secret) -> list[str]:
    return [secret.description] if secret.description else []


_TEXTS: Mapping[str, Callable[[Secret], list[str]]] = {
    "all": lambda secret: [secret.name, *_described(secret), *itertools.chain(*(secret.tags or {}).items())],
    "name": lambda secret: [secret.name],
    "description": _described,
    "tag-key": lambda secret: list(secret.tags or {}),
    "tag-value": lambda secret: list((secret.tags or {}).values()),
    "owning-service": lambda _: [],  # no service owns a secret here
}
