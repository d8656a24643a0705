"""System users that a secret's token has left for another one, and which of them are still to be retired.

A superseded token keeps its user until its grace is over, and by then the user's resource is out of the state. So what
is left to do stands in a tag of the secret: the id of each user that was left, and, once its resource was deleted, a
digest of the name we gave it. `meta-access orphans` reads it and finishes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.clock import SYSTEM_CLOCK
from meta_access.tokens import tags
from meta_access.tokens.secret import Secret
from meta_access.validation import LONGEST_TAG_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meta_access.tokens.store import SecretStore

_HEX = 16


@dataclass(frozen=True, slots=True)
class Former:
    """A user that was left.

    Attributes:
        id: Of the system user.
        name: Digest of the name we gave it, when it is to be retired; "" while nobody has asked for that.
    """

    id: str
    name: str = ""


def digest(name: str) -> str:
    """A name as a tag may hold it: Meta allows characters in names that AWS does not in tags."""
    return hashlib.sha256(name.encode()).hexdigest()[:_HEX]


def read(shown: Mapping[str, str]) -> tuple[Former, ...]:
    """The users in a secret's tags, in the order in which they were left."""
    pairs = (entry.partition("=") for entry in shown.get(tags.FORMER, "").split())
    return tuple(Former(id_, name) for id_, _, name in pairs if id_.isascii() and id_.isdigit())


def left_for(shown: Mapping[str, str], user: str) -> dict[str, str]:
    """What to tag a secret with whose token is a user's from now on."""
    found = [one for one in read(shown) if one.id != user]
    before = shown.get(tags.SYSTEM_USER, user)
    if before != user and before not in {one.id for one in found}:
        found.append(Former(before))
    return _tag(shown, found)


def mark(store: SecretStore, arn: str, user: str, name: str) -> None:
    """Note that a user, called `name`, is to be retired when the secret holds no token of it any more."""
    shown = store.describe(arn).tags
    _write(store, arn, shown, [*(one for one in read(shown) if one.id != user), Former(user, digest(name))])


def forget(store: SecretStore, arn: str, user: str) -> None:
    """Note that nothing is left to do for a user."""
    shown = store.describe(arn).tags
    _write(store, arn, shown, [one for one in read(shown) if one.id != user])


def held(store: SecretStore, arn: str, user: str) -> list[int]:
    """Generations of a user's tokens that the secret still holds."""
    secret = Secret(store, store.describe(arn), SYSTEM_CLOCK)
    known = {*secret.labels.live, *secret.labels.stamps}
    return sorted(g for g in known if (token := secret.token(g)) is not None and token.system_user_id == user)


def _write(store: SecretStore, arn: str, shown: Mapping[str, str], found: Iterable[Former]) -> None:
    if changed := tags.missing(shown, _tag(shown, found)):
        store.tag(arn, changed)


def _tag(shown: Mapping[str, str], found: Iterable[Former]) -> dict[str, str]:
    entries = [f"{one.id}={one.name}" if one.name else one.id for one in found]
    # The oldest go first: their tokens ended long ago, or somebody looks at them by hand.
    while len(" ".join(entries)) > LONGEST_TAG_VALUE:
        del entries[0]
    text = " ".join(entries)
    return {tags.FORMER: text} if text or tags.FORMER in shown else {}
