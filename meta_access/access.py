"""Who may act on what: what Meta shows of a business against what a stack declares and ignores. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from meta_access.findings import Undeclared
from meta_access.graph.business_users import same
from meta_access.graph.holders import Grant, Holder, HolderKind
from meta_access.ids import GROUP, parse_asset
from meta_access.stack import ignores, plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from meta_access.graph.holders import Holdings
    from meta_access.graph.lists import Unread
    from meta_access.stack.ignores import Ignore
    from meta_access.stack.load import Stack
    from meta_access.stack.models import IgnoreSpec


class Standing(StrEnum):
    """What a stack says to somebody's access."""

    UNDECLARED = "undeclared"
    MISSING = "declared, not given"
    IGNORED = "ignored"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may do on an asset, or should.

    Attributes:
        client: Whose the asset is; "" of one that no client has.
        key: The identity or person of the stack; "" of somebody it does not name.
        tasks: What Meta shows; of one that is not given, what is declared.
        undeclared: Of these, what no line declares.
        ignored: The entry that lets it stay.
    """

    client: str
    asset: str
    holder: Holder
    key: str
    tasks: tuple[str, ...]
    standing: Standing
    undeclared: tuple[str, ...] = ()
    ignored: IgnoreSpec | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """Everybody's access.

    Attributes:
        unread: Lists that were not shown; whether anything undeclared is in them, nobody knows.
        unused: Entries of `ignore` that fit no access, by their place; none where a list was not shown.
        expired: Entries whose day has come, by their place.
    """

    rows: tuple[Access, ...]
    unread: tuple[Unread, ...] = ()
    unused: Mapping[str, IgnoreSpec] = field(default_factory=dict)
    expired: Mapping[str, IgnoreSpec] = field(default_factory=dict)

    @property
    def undeclared(self) -> dict[str, int]:
        """How much is undeclared, by client."""
        return dict(Counter(row.client for row in self.rows if row.standing is Standing.UNDECLARED))


_NAMED = 3
"""So many lists or entries are named; of more, their number is said."""


def in_brief(judged: Judged) -> Undeclared:
    """What a preview says of it: counts, and the entries of `ignore` that somebody should look at."""
    unread = dict.fromkeys(one.path for one in judged.unread)
    return Undeclared(judged.undeclared, tuple(judged.expired), tuple(judged.unused), tuple(unread))


def sentence(found: Undeclared) -> str:
    """It in one line; "" when there is nothing to say."""
    if found.why:
        return f"Undeclared access was not looked for: {found.why}"
    parts = []
    if found.clients:
        told = ", ".join(
            f"{client or 'assets of no client'} {count}" for client, count in sorted(found.clients.items())
        )
        parts.append(f"Undeclared access: {found.count} ({told}).")
    if found.ended:
        parts.append(f"Entries of ignore that have ended: {_some(found.ended)}.")
    if found.unused:
        parts.append(f"Entries of ignore that fit nothing: {_some(found.unused)}.")
    if found.unread:
        parts.append(
            f"Lists of who has access that were not shown, so nothing in them is counted: {_some(found.unread)}."
        )
    return " ".join([*parts, "`meta-access who` shows more."] if parts else [])


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)}"


def judge(stack: Stack, seen: Sequence[Holdings], users: Mapping[str, str], today: date) -> Judged:
    """Compare what was read of the stack's businesses with the stack.

    Args:
        stack: As it is today: without what has ended.
        seen: Of each business.
        users: Identity to the id of its system user, as the state has it.
        today: By Meta's clock.
    """
    return _Judge(stack, seen, users, today).judged()


class _Judge:
    def __init__(self, stack: Stack, seen: Sequence[Holdings], users: Mapping[str, str], today: date) -> None:
        self._stack, self._seen, self._today = stack, seen, today
        self._plans = {one.key: one for one in plan.identities(stack.spec, stack.rules)}
        self._ids = {one.adopt: key for key, one in self._plans.items() if one.adopt}
        # A state from before a rename knows an identity by its key of then.
        known = {one.renamed_from or "": key for key, one in self._plans.items()} | {key: key for key in self._plans}
        self._ids |= {id_: known[key] for key, id_ in users.items() if key in known}
        # A user has another id for each app: elsewhere, and before it is in the state, the name tells.
        self._names = {one.name.casefold(): key for key, one in self._plans.items()}
        works = (one for client in stack.spec.clients for one in plan.assignments(stack.spec, stack.rules, client))
        self._declared = {(one.identity, one.asset): one for one in works}
        self._clients: dict[str, str] = {}
        for key, client in stack.spec.clients.items():
            for asset in client.assets:
                self._clients.setdefault(asset, key)
        self._ignores = ignores.of_stack(stack.spec)

    def judged(self) -> Judged:
        rows = [row for one in self._seen for grant in one.grants if (row := self._row(grant, one)) is not None]
        unread = tuple(refused for one in self._seen for refused in one.unread)
        if not unread:
            rows += self._missing(rows)
        grants = [(grant, self._clients.get(grant.asset.id, "")) for one in self._seen for grant in one.grants]
        unused, expired = {}, {}
        for one in self._ignores:
            if one.ended(self._today):
                expired[one.place] = one.entry
            elif not unread and not any(_fits(one, grant, of) for grant, of in grants):
                unused[one.place] = one.entry
        order = list(Standing)
        rows.sort(key=lambda row: (row.client == "", row.client, row.asset, order.index(row.standing), row.holder.name))
        return Judged(tuple(rows), unread, unused, expired)

    def _row(self, grant: Grant, of: Holdings) -> Access | None:
        asset, identity, person = grant.asset, self._identity(grant.holder), self._person(grant.holder)
        client = self._clients.get(asset.id, "")
        if not (client or identity or person):
            return None
        declared = self._declared.get((identity, asset.id))
        client = declared.client if declared is not None else client
        rules = self._stack.rules
        if self._is_our_own(grant):
            return Access(client, asset.id, grant.holder, "", grant.tasks, Standing.DECLARED, pending=grant.pending)
        given = [*(declared.tasks if declared else ()), *self._by_groups(identity, grant, of)]
        covered = rules.expand_tasks(asset.kind, given)
        beyond = tuple(sorted(set(rules.expand_tasks(asset.kind, grant.tasks)) - set(covered)))
        entry = self._ignored(grant, client) if beyond else None
        standing = Standing.DECLARED if not beyond else Standing.UNDECLARED if entry is None else Standing.IGNORED
        key = identity or person
        return Access(client, asset.id, grant.holder, key, grant.tasks, standing, beyond, entry, grant.pending)

    def _is_our_own(self, grant: Grant) -> bool:
        """Whether it is the share by which identities of another business of the stack work on the asset."""
        spec, holder = self._stack.spec, grant.holder
        ours = {key for key, one in spec.connections.items() if spec.businesses[one.business].id == holder.id}
        works = (self._plans[identity] for identity, asset in self._declared if asset == grant.asset.id)
        return holder.kind is HolderKind.PARTNER and any(one.connection in ours for one in works)

    def _identity(self, holder: Holder) -> str:
        if holder.kind is not HolderKind.SYSTEM_USER:
            return ""
        if holder.id in self._ids:
            return self._ids[holder.id]
        named = self._names.get(holder.name.casefold(), "")
        connections = self._stack.spec.connections
        apps = {one.app for one in connections.values()}
        return named if named and (named not in self._ids.values() or len(apps) > 1) else ""

    def _person(self, holder: Holder) -> str:
        if holder.kind is not HolderKind.PERSON or not holder.email:
            return ""
        people = self._stack.spec.people.items()
        return next((key for key, one in people if one.email and same(one.email, holder.email)), "")

    def _by_groups(self, identity: str, grant: Grant, of: Holdings) -> Iterator[str]:
        """The tasks that an identity has on an asset because it is in a group that the identity was given."""
        for group, assets in of.contained.items():
            work = self._declared.get((identity, group))
            if work is not None and grant.asset.id in assets and grant.asset.kind != GROUP:
                named = (task.partition(":")[::2] for task in work.tasks)
                yield from (task for kind, task in named if kind == grant.asset.kind)

    def _ignored(self, grant: Grant, client: str) -> IgnoreSpec | None:
        live = (one for one in self._ignores if not one.ended(self._today))
        return next((one.entry for one in live if _fits(one, grant, client)), None)

    def _missing(self, rows: Iterable[Access]) -> Iterator[Access]:
        there = {(row.key, row.asset) for row in rows}
        ids = {key: id_ for id_, key in self._ids.items()}
        for (identity, asset), work in self._declared.items():
            if (identity, asset) not in there:
                holder = Holder(HolderKind.SYSTEM_USER, ids.get(identity, ""), self._plans[identity].name)
                tasks = tuple(sorted(work.tasks))
                yield Access(work.client, parse_asset(asset).id, holder, identity, tasks, Standing.MISSING)


def _fits(one: Ignore, grant: Grant, client: str) -> bool:
    """Whether an entry is about this access to an asset of a client."""
    names = [name for name in (grant.holder.id, grant.holder.email) if name]
    return one.fits(client, grant.asset.id, names)
