"""Keys for what Meta calls by any name: readable, valid, and the same on each run. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import chain, count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_LONGEST = 30
"""Characters of a slug: a name has 63, a word may stand in front and an id behind."""
_DIGITS = (4, 8, 25)
"""How much of an id is put behind a key that is taken, from its end."""


def slug(name: str) -> str:
    """The letters and digits of a name, small and without accents; "" where none is left."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-")


def keys(named: Iterable[tuple[str, str]], taken: Collection[str], word: str) -> dict[str, str]:
    """A key for each id.

    Names that come to one key all get a part of their id behind it, so that no key depends on the order of a list.

    Args:
        named: Ids with the names that Meta has for them.
        taken: Keys that others have.
        word: What stands where a name has no letter, and in front of a digit.
    """
    first = {id_: _begun(slug(name), word) for id_, name in named}
    shared = {key for key, uses in Counter(first.values()).items() if uses > 1 or key in taken or key == word}
    found: dict[str, str] = {}
    for id_, key in sorted(first.items()):
        ways = chain(
            () if key in shared else (key,),
            (f"{key}-{id_[-digits:]}" for digits in _DIGITS),
            (f"{key}-{number}" for number in count(2)),
        )
        found[id_] = next(one for one in ways if one not in taken and one not in found.values())
    return found


def _begun(key: str, word: str) -> str:
    return key if key[:1].isalpha() else f"{word}-{key}".strip("-")
