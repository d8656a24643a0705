"""Who is taken off what is held exclusively: everybody whom no line keeps, as far as software may take them off. Pure.

Only what a list shows is taken, and never what is missing in one. Whoever may be declared under another name stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from meta_access.graph.assigned_users import NOT_TAKEN
from meta_access.graph.holders import Grant, Holder, HolderKind
from meta_access.ids import GROUP, parse_asset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meta_access.graph.holders import Holdings

ANYBODY = "*"
"""In the place of a holder, or of an asset, of what is kept."""


class Stays(StrEnum):
    """Why somebody whom no line keeps has access still."""

    OWN_USER = "own user"
    LAST_ADMIN = "last admin"
    BY_GROUP = "by group"
    NO_CALL = "no call"
    PENDING = "pending"
    GROUPS_UNREAD = "groups unread"


WHYS = {
    Stays.OWN_USER: "a connection acts as this user, and would lose its own access",
    Stays.LAST_ADMIN: "it is the only admin of its kind in the business",
    Stays.BY_GROUP: "the access comes with an asset group; take the holder, or the asset, out of the group",
    Stays.NO_CALL: "Meta's API has no call that takes a user off a pixel; do it in Business settings",
    Stays.PENDING: "nobody has agreed to it yet; decline it in Business settings",
    Stays.GROUPS_UNREAD: "the asset groups were not shown, and it may come with a declared one",
}
"""As clauses, for people."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is held exclusively.

    Attributes:
        assets: As typed; every asset where there are none.
        system_user_id: Whose assets; everybody's where it is "".
        kept: What stays, as `HOLDER/ASSET`: the holder by id, e-mail address or, for a system user, name; `*` in the
            place of either is any.
    """

    assets: frozenset[str]
    system_user_id: str
    kept: tuple[str, ...]

    def holds(self, grant: Grant) -> bool:
        """Whether a grant is within it."""
        return (not self.assets or grant.asset.id in self.assets) and self.system_user_id in {"", grant.holder.id}


@dataclass(frozen=True, slots=True)
class Protected:
    """Who is never taken off.

    Attributes:
        own_ids: Of the users whose tokens the connections act with; `own_names` are their names, by which a person is
            known, since Graph does not say which business user a person is.
        last_admins: Ids of those without whom a business would have no admin of that kind.
        businesses: The stack's own, which share among themselves.
    """

    own_ids: frozenset[str] = frozenset()
    own_names: frozenset[str] = frozenset()
    last_admins: frozenset[str] = frozenset()
    businesses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of access that nothing keeps."""

    removed: tuple[Grant, ...] = ()
    stays: tuple[tuple[Grant, Stays], ...] = ()


def beyond(scope: Scope, seen: Holdings) -> tuple[Grant, ...]:
    """The grants within a scope that nothing keeps."""
    keeps = _Kept(scope.kept)
    return tuple(
        grant
        for grant in seen.grants
        if scope.holds(grant)
        and not keeps.has(grant.holder, grant.asset.id)
        and not any(keeps.has(grant.holder, group) for group in seen.contained if _is_in(grant, group, seen))
    )


def decided(grants: Iterable[Grant], scope: Scope, seen: Holdings, protected: Protected) -> Verdict:
    """What becomes of grants that nothing keeps."""
    removed: list[Grant] = []
    stays: list[tuple[Grant, Stays]] = []
    for grant in grants:
        if grant.holder.kind is HolderKind.PARTNER and grant.holder.id in protected.businesses:
            continue
        why = _why_it_stays(grant, scope, seen, protected)
        if why is None:
            removed.append(grant)
        else:
            stays.append((grant, why))
    return Verdict(tuple(removed), tuple(stays))


def _why_it_stays(grant: Grant, scope: Scope, seen: Holdings, protected: Protected) -> Stays | None:
    holder, is_user = grant.holder, grant.holder.kind is not HolderKind.PARTNER
    named = holder.name.casefold() in {name.casefold() for name in protected.own_names}
    whys = {
        Stays.OWN_USER: is_user and (holder.id in protected.own_ids or named),
        Stays.LAST_ADMIN: is_user and holder.id in protected.last_admins,
        Stays.PENDING: grant.pending,
        Stays.BY_GROUP: is_user and any(_is_in(grant, group, seen) for group in _groups_of(holder, seen)),
        Stays.NO_CALL: is_user and grant.asset.kind in NOT_TAKEN,
        Stays.GROUPS_UNREAD: grant.asset.kind != GROUP and seen.groups_unread and is_user and _keeps_groups(scope),
    }
    return next((why for why, holds in whys.items() if holds), None)


def _is_in(grant: Grant, group: str, seen: Holdings) -> bool:
    return grant.asset.id in seen.contained.get(group, ())


def _groups_of(holder: Holder, seen: Holdings) -> Iterator[str]:
    return (one.asset.id for one in seen.grants if one.holder.id == holder.id and one.asset.kind == GROUP)


def _keeps_groups(scope: Scope) -> bool:
    return any(one.rpartition("/")[2].startswith(f"{GROUP}:") for one in scope.kept)


class _Kept:
    def __init__(self, kept: Sequence[str]) -> None:
        pairs = (one.rpartition("/")[::2] for one in kept)
        self._pairs = {(holder.casefold(), asset) for holder, asset in pairs}

    def has(self, holder: Holder, asset: str) -> bool:
        names = {holder.id, holder.email.casefold(), ANYBODY}
        if holder.kind is HolderKind.SYSTEM_USER:
            names.add(holder.name.casefold())
        return any((name, at) in self._pairs for name in names - {""} for at in (asset, ANYBODY))


def as_row(grant: Grant, why: Stays | None = None) -> dict[str, Any]:
    """A grant as a resource's input has it, with why it stays."""
    holder = grant.holder
    row: dict[str, Any] = {"asset": grant.asset.id, "tasks": list(grant.tasks)}
    row |= {"holder": holder.id, "kind": str(holder.kind), "name": holder.name, "email": holder.email}
    return row if why is None else {**row, "why": str(why)}


def of_row(row: Mapping[str, Any]) -> Grant:
    """The grant of such a row."""
    holder = Holder(HolderKind(row["kind"]), str(row["holder"]), str(row["name"]), str(row.get("email", "")))
    return Grant(holder, parse_asset(str(row["asset"])), tuple(str(task) for task in row["tasks"]))


def named(holder: Holder) -> str:
    """A holder as people read it: `Ines Roth (person 122098276016875)`."""
    return f"{holder.name or holder.email or 'without a name'} ({holder.kind} {holder.id})"
