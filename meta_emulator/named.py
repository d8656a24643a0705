"""Finding what a person means by a name, an id or an e-mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_emulator.world import App, Asset, AssetKind, Business, Person, SystemUser, World


class ActError(ValueError):
    """An act cannot be done; the message says why."""


def check_word(key: str, word: object, known: Iterable[str]) -> None:
    """ActError unless a word that was given under a key is one of the known ones."""
    listed = tuple(known)
    if word not in listed:
        raise ActError(f"{key}: {word!r} is not one of {', '.join(listed)}.")


def words(given: str | list[str]) -> list[str]:
    """The items of a list, or of a text with commas."""
    return [word for word in (given.split(",") if isinstance(given, str) else map(str, given)) if word]


def _one(kind: str, rows: list[Any], wanted: str | None) -> Any:
    """The row with an id, a name or an e-mail address; the only one, or the first, when nothing is named."""
    if wanted is None:
        if not rows:
            raise ActError(f"{kind}: this world has none.")
        return rows[0]
    text = wanted.lower()
    for row in rows:
        if text in (row.id, row.name.lower(), getattr(row, "email", "").lower()):
            return row
    raise ActError(f"{kind}: {wanted!r} is none of {', '.join(row.name for row in rows)}.")


def person(world: World, wanted: str) -> Person:
    found: Person = _one("person", world.people, wanted)
    return found


def app(world: World, wanted: str | None) -> App:
    found: App = _one("app", world.apps, wanted)
    return found


def business(world: World, wanted: str | None) -> Business:
    found: Business = _one("business", world.businesses, wanted)
    return found


def system_user(world: World, wanted: str) -> SystemUser:
    found: SystemUser = _one("user", world.system_users, wanted)
    return found


def asset(world: World, wanted: str) -> tuple[AssetKind, Asset]:
    rows = list(world.assets())
    number = wanted.partition(":")[2] or wanted  # page:123 and 123 are one
    found: Asset = _one("asset", [asset for _, asset in rows], number)
    return next(row for row in rows if row[1] is found)
