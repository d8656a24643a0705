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

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from meta_access.graph.client import GraphClient

_AT_ONCE = 25
"""Users in a page that brings a page of each kind of asset along for every one of them."""

INSTAGRAM = "instagram"
_OF_SYSTEM_USERS = tuple(assigned_users.EDGES)
_OF_PEOPLE = tuple(kind for kind in assigned_users.EDGES if kind != INSTAGRAM)
_SHARED = ("ad_account", "page", "catalog", "pixel", INSTAGRAM)
"""Kinds whose partners have an edge."""
_CONTAINED = {"contained_adaccounts": "ad_account", "contained_pages": "page", "contained_pixels": "pixel"}
_PENDING = "PENDING"
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


def read(client: GraphClient, kinds: Collection[str] = _OF_SYSTEM_USERS) -> Holdings:
    """Read the holders of the assets of the connection's business, in as many calls as their lists have pages.

    Args:
        client: Of the business.
        kinds: Kinds of assets whose partners are read. What users have is read of all kinds.

    Raises:
        GraphError: Meta refused the token, throttles longer than is waited for, or failed.
        GraphUnreachableError: It was not reached.
    """
    return _Reading(client).of(kinds)


class _Reading:
    def __init__(self, client: GraphClient) -> None:
        self._client, self._business = client, client.connection.business_id
        self._lists = Lists()
        self._shown = self._lists.shown

    def of(self, kinds: Collection[str]) -> Holdings:
        grants = [
            *self._users("system_users", ("id", "name"), _OF_SYSTEM_USERS, HolderKind.SYSTEM_USER),
            *self._users("business_users", ("id", "name", "email"), _OF_PEOPLE, HolderKind.PERSON),
        ]
        if INSTAGRAM in kinds:
            grants += self._people_of_instagram()
        for kind in (kind for kind in _SHARED if kind in kinds):
            path = f"{self._business}/{edge(OWNED, kind)}"
            grants += self._shown(f"{path}, agencies", partial(self._partners, path, kind))
        contained = dict(self._shown(f"{self._business}/{edge(OWNED, GROUP)}", self._contained))
        # A list that changes while it is read may bring a row on two pages.
        return Holdings(self._business, tuple(dict.fromkeys(grants)), contained, tuple(self._lists.unread))

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
        fields = "id,name,access_status,permitted_tasks"
        for row in self._pages(path, "id", _expanded("agencies", (fields,))):
            asset = listed(kind, row_id(row, _LISTED))
            agencies = _all_rows(row.get("agencies"))
            path_of_one = f"{asset.graph_id}/agencies"
            for one in self._client.pages(path_of_one, {"fields": fields}) if agencies is None else agencies:
                holder = Holder(HolderKind.PARTNER, row_id(one, _LISTED), str(one.get("name") or ""))
                tasks = tuple(sorted(str(task) for task in one.get("permitted_tasks") or ()))
                yield Grant(holder, asset, tasks, pending=one.get("access_status") == _PENDING)

    def _people_of_instagram(self) -> Iterator[Grant]:
        users = f"assigned_users.business({self._business})"
        for side in (OWNED, CLIENT):
            path = f"{self._business}/{edge(side, INSTAGRAM)}"
            reading = partial(self._pages, path, "id", _expanded(users, ("id", "name", "user_type", "tasks")))
            for row in self._shown(f"{path}, assigned_users", reading):
                asset, found = listed(INSTAGRAM, row_id(row, _LISTED)), _all_rows(row.get("assigned_users"))
                if found is None:
                    query = {"business": self._business, "fields": "id,name,user_type,tasks"}
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
