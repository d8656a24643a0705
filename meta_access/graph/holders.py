"""Who holds the assets of a business: its system users, its people, and the businesses that it shares its own with.

Graph: GET /{business-id}/system_users and business_users, each row with the assets assigned to it (assigned_ad_accounts
and its siblings) by field expansion; GET /{business-id}/owned_ad_accounts and its siblings, each row with its agencies.
Source: https://developers.facebook.com/docs/graph-api/guides/field-expansion,
https://developers.facebook.com/docs/marketing-api/reference/business-user and
https://developers.facebook.com/docs/marketing-api/reference/ad-account/agencies, Graph v26.0, read 2026-11. Users of
Instagram accounts who are people are listed at the account alone. Of WhatsApp accounts and groups no edge lists who
else has them. That Graph leaves out an expanded edge without rows, and refuses the call for one that may not be read,
is inferred. Who else works on an asset that another business owns, its owner alone may see.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from meta_access.errors import NotRecordedError
from meta_access.graph import assigned_users
from meta_access.graph.business_assets import CLIENT, OWNED, edge
from meta_access.graph.lists import NOT_SHOWN, Lists, Unread, row_id
from meta_access.graph.paging import PAGE_LIMIT
from meta_access.graph.wire import unusable
from meta_access.ids import GROUP, Asset, listed
from meta_access.parallel import together

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from meta_access.graph.client import GraphClient

_AT_ONCE = 25
"""Users in a page that brings a page of each kind of asset along for every one of them."""

INSTAGRAM = "instagram"
_OF_SYSTEM_USERS = tuple(assigned_users.EDGES)
_OF_PEOPLE = tuple(kind for kind in assigned_users.EDGES if kind != INSTAGRAM)
_SHARED = ("ad_account", "page", "catalog", "pixel", INSTAGRAM)
"""Kinds whose partners have an edge."""
_CONTAINED = {"contained_adaccounts": "ad_account", "contained_pages": "page", "contained_pixels": "pixel"}
_PARTNER_FIELDS = "id,name,access_status,permitted_tasks"
_USER_FIELDS = "id,name,user_type,tasks"
_PENDING = "PENDING"
_USERS, _PEOPLE, _PEOPLE_OF_INSTAGRAM = "system_users", "business_users", "people of Instagram accounts"
_LISTED = "who holds assets"
_SYSTEM_USER = "SYSTEM_USER"


class HolderKind(StrEnum):
    """What a holder is."""

    SYSTEM_USER = "system user"
    PERSON = "person"
    PARTNER = "partner business"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an asset.

    Attributes:
        email: Of a person; empty where Meta does not show it.
    """

    kind: HolderKind
    id: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a holder may do on an asset.

    Attributes:
        tasks: Sorted; of a partner, those that it may hand out.
        pending: A partner has asked for it, or was offered it, and nobody has agreed yet.
    """

    holder: Holder
    asset: Asset
    tasks: tuple[str, ...]
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Holdings:
    """What was read of a business.

    Attributes:
        contained: Group as typed -> the assets in it, as typed.
        unread: The lists that are not shown; what they hold is in none of the others.
    """

    business_id: str
    grants: tuple[Grant, ...] = ()
    contained: dict[str, frozenset[str]] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()

    @property
    def groups_unread(self) -> bool:
        """Whether nobody knows which assets are in which groups, or who has a group."""
        edges = (edge(OWNED, GROUP), assigned_users.EDGES[GROUP])
        return any(one.path.endswith(edges) for one in self.unread)


def read(client: GraphClient, kinds: Collection[str] = _OF_SYSTEM_USERS) -> Holdings:
    """Read the holders of the assets of the connection's business, in as many calls as their lists have pages.

    Args:
        client: Of the business.
        kinds: Kinds of assets whose partners are read. What users have is read of all kinds.

    Raises:
        GraphError: Meta refused the token, throttles longer than is waited for, or failed.
        GraphUnreachableError: It was not reached.
    """
    return joined(together([partial(read_part, client, part) for part in parts(kinds)]))


def parts(kinds: Collection[str]) -> tuple[str, ...]:
    """What there is to read, by names for `read_part`, so that each is read once whatever kinds are asked for."""
    people = (_PEOPLE_OF_INSTAGRAM,) if INSTAGRAM in kinds else ()
    return (_USERS, _PEOPLE, *people, *(kind for kind in _SHARED if kind in kinds), GROUP)


def read_part(client: GraphClient, part: str) -> Holdings:
    """Read one part; raises as `read` does."""
    return _Reading(client).of(part)


def joined(found: Sequence[Holdings]) -> Holdings:
    """The parts of one business as one."""
    return Holdings(
        found[0].business_id,
        # A list that changes while it is read may bring a row on two pages.
        tuple(dict.fromkeys(grant for one in found for grant in one.grants)),
        {group: assets for one in found for group, assets in one.contained.items()},
        tuple(unread for one in found for unread in one.unread),
    )


def tasks_now(client: GraphClient, holder: Holder, asset: Asset) -> tuple[str, ...]:
    """What a holder may do on an asset, read anew at the one of them that lists it; nothing once it is gone."""
    if holder.kind is HolderKind.PARTNER:
        rows = client.pages(f"{asset.graph_id}/agencies", {"fields": _PARTNER_FIELDS})
        found = [_permitted(row) for row in rows if str(row.get("id")) == holder.id]
    elif holder.kind is HolderKind.PERSON and asset.kind == INSTAGRAM:
        query = {"business": client.connection.business_id, "fields": _USER_FIELDS}
        rows = client.pages(f"{asset.graph_id}/assigned_users", query)
        found = [assigned_users.entry(row, INSTAGRAM)[1] for row in rows if str(row.get("id")) == holder.id]
    else:
        return assigned_users.assigned(client, holder.id, asset.kind).get(asset.graph_id, ())
    return next(iter(found), ())


def remove(client: GraphClient, holder: Holder, asset: Asset) -> None:
    """Take a holder off an asset: a user's tasks, or a partner's share with all that it has handed out."""
    if holder.kind is HolderKind.PARTNER:
        client.delete(f"{asset.graph_id}/agencies", {"business": holder.id})
    else:
        assigned_users.unassign(client, asset, holder.id)


class _Reading:
    def __init__(self, client: GraphClient) -> None:
        self._client, self._business = client, client.connection.business_id
        self._lists = Lists()
        self._shown = self._lists.shown

    def of(self, part: str) -> Holdings:
        grants, contained = list[Grant](), dict[str, frozenset[str]]()
        if part == _USERS:
            grants = list(self._users(part, ("id", "name"), _OF_SYSTEM_USERS, HolderKind.SYSTEM_USER))
        elif part == _PEOPLE:
            grants = list(self._users(part, ("id", "name", "email"), _OF_PEOPLE, HolderKind.PERSON))
        elif part == GROUP:
            contained = dict(self._shown(f"{self._business}/{edge(OWNED, GROUP)}", self._contained))
        elif part == _PEOPLE_OF_INSTAGRAM:
            grants = list(self._people_of_instagram())
        else:
            path = f"{self._business}/{edge(OWNED, part)}"
            grants = list(self._shown(f"{path}, agencies", partial(self._partners, path, part)))
        return Holdings(self._business, tuple(grants), contained, tuple(self._lists.unread))

    def _users(self, users: str, fields: tuple[str, ...], kinds: tuple[str, ...], what: HolderKind) -> Iterator[Grant]:
        path = f"{self._business}/{users}"
        expanded = [_expanded(assigned_users.EDGES[kind], assigned_users.fields(kind)) for kind in kinds]
        try:
            rows, whole = tuple(self._pages(path, *fields, *expanded, limit=_AT_ONCE)), True
        except NOT_SHOWN:
            # One list that is not shown hides all of them: each by itself then.
            rows, whole = self._shown(path, partial(self._pages, path, *fields)), False
        except NotRecordedError as unknown:
            self._lists.unread.append(Unread(path, str(unknown)))
            return
        for row in rows:
            holder = Holder(what, row_id(row, _LISTED), str(row.get("name") or ""), str(row.get("email") or ""))
            for kind in kinds:
                for asset, tasks in self._held(holder.id, kind, row if whole else None):
                    yield Grant(holder, asset, tasks)

    def _held(self, user_id: str, kind: str, row: dict[str, Any] | None) -> Iterator[tuple[Asset, tuple[str, ...]]]:
        name = assigned_users.EDGES[kind]
        found = None if row is None else _all_rows(row.get(name))
        if found is None:
            reading = partial(assigned_users.assigned, self._client, user_id, kind)
            held = self._shown(f"{user_id}/{name}", lambda: reading().items())
        else:
            held = tuple(assigned_users.entry(one, kind) for one in found)
        for graph_id, tasks in held:
            yield listed(kind, graph_id), tasks

    def _partners(self, path: str, kind: str) -> Iterator[Grant]:
        for row in self._pages(path, "id", _expanded("agencies", (_PARTNER_FIELDS,))):
            asset = listed(kind, row_id(row, _LISTED))
            agencies = _all_rows(row.get("agencies"))
            path_of_one = f"{asset.graph_id}/agencies"
            for one in self._client.pages(path_of_one, {"fields": _PARTNER_FIELDS}) if agencies is None else agencies:
                holder = Holder(HolderKind.PARTNER, row_id(one, _LISTED), str(one.get("name") or ""))
                yield Grant(holder, asset, _permitted(one), pending=one.get("access_status") == _PENDING)

    def _people_of_instagram(self) -> Iterator[Grant]:
        users = f"assigned_users.business({self._business})"
        for side in (OWNED, CLIENT):
            path = f"{self._business}/{edge(side, INSTAGRAM)}"
            reading = partial(self._pages, path, "id", _expanded(users, (_USER_FIELDS,)))
            for row in self._shown(f"{path}, assigned_users", reading):
                asset, found = listed(INSTAGRAM, row_id(row, _LISTED)), _all_rows(row.get("assigned_users"))
                if found is None:
                    query = {"business": self._business, "fields": _USER_FIELDS}
                    path = f"{asset.graph_id}/assigned_users"
                    found = self._shown(path, partial(self._client.pages, path, query))
                for one in found:
                    if one.get("user_type") != _SYSTEM_USER:
                        holder = Holder(HolderKind.PERSON, row_id(one, _LISTED), str(one.get("name") or ""))
                        yield Grant(holder, asset, assigned_users.entry(one, INSTAGRAM)[1])

    def _contained(self) -> Iterator[tuple[str, frozenset[str]]]:
        path = f"{self._business}/{edge(OWNED, GROUP)}"
        for row in self._pages(path, "id", *(_expanded(name, ("id",)) for name in _CONTAINED)):
            group, found = listed(GROUP, row_id(row, _LISTED)), set[str]()
            for name, kind in _CONTAINED.items():
                rows = _all_rows(row.get(name))
                more = self._client.pages(f"{group.graph_id}/{name}", {"fields": "id"}) if rows is None else rows
                found |= {listed(kind, row_id(one, _LISTED)).id for one in more}
            yield group.id, frozenset(found)

    def _pages(self, path: str, *fields: str, limit: int = PAGE_LIMIT) -> Iterator[dict[str, Any]]:
        return self._client.pages(path, {"fields": ",".join(fields), "limit": limit})


def _permitted(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(str(task) for task in row.get("permitted_tasks") or ()))


def _expanded(name: str, fields: Iterable[str]) -> str:
    return f"{name}.limit({PAGE_LIMIT}){{{','.join(fields)}}}"


def _all_rows(value: Any) -> tuple[dict[str, Any], ...] | None:
    """The rows of an expanded edge; None where that is not all of them."""
    if value is None:
        return ()
    rows = value.get("data") if isinstance(value, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unusable("Meta's list of what users hold has something other than rows in it.")
    paging = value.get("paging")
    return None if isinstance(paging, dict) and paging.get("next") else tuple(rows)
