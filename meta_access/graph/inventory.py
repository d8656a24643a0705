"""What a business has: its assets and those that others share with it, its apps, system users, people and invitations.

Graph: GET /{business-id}/owned_ad_accounts, client_ad_accounts and their siblings, owned_apps, client_apps,
system_users, business_users, pending_users; GET /{system-user-id}/assigned_ad_accounts and its siblings.
Source: https://developers.facebook.com/docs/marketing-api/reference/business (edges) and the pages of the kinds, Graph
v26.0, read 2026-11; the fields that name an owner are those of the API specification. An Instagram account has none.

Every list is read page by page, to its end or not at all. One that Meta does not show to this token is named among
`unread`, and is never taken for an empty one. Trouble that passes (a throttle, an outage) ends the reading instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from meta_access.graph import assigned_users, business_users, system_users
from meta_access.graph.business_assets import CLIENT, OWNED, OWNER, edge
from meta_access.graph.lists import Lists, row_id
from meta_access.ids import Asset, listed

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from meta_access.graph.business_users import BusinessUserRow
    from meta_access.graph.client import GraphClient
    from meta_access.graph.lists import Unread
    from meta_access.graph.system_users import SystemUserRow

KINDS = tuple(assigned_users.EDGES)
"""Kinds of assets that are read, in the order of the answer."""

_NAME = {"instagram": "ig_username"}
_LISTED = "what a business has"


@dataclass(frozen=True, slots=True)
class Owner:
    """A business, as an asset of it names it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class AssetRow:
    """An asset in a list of the business.

    Attributes:
        owner: None where Meta does not say, as of every Instagram account.
        owned: Whether the list is that of its own assets, and not that of those which others share with it.
    """

    asset: Asset
    name: str
    owner: Owner | None
    owned: bool


@dataclass(frozen=True, slots=True)
class AppRow:
    """An app that the business claimed, or one of another business that it uses."""

    id: str
    name: str
    owner: Owner | None
    owned: bool


@dataclass(frozen=True, slots=True)
class Inventory:
    """What was read of a business.

    Attributes:
        at: Meta's clock when it was read.
        kinds: Kinds of assets that were read.
        people: Those in it, then those who were invited.
        assigned: System user's id -> the asset as typed -> its tasks there, sorted.
        unread: The lists that are not shown; what they hold is in none of the others.
    """

    business_id: str
    at: datetime
    kinds: tuple[str, ...] = KINDS
    system_users: tuple[SystemUserRow, ...] = ()
    assets: tuple[AssetRow, ...] = ()
    assigned: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    people: tuple[BusinessUserRow, ...] = ()
    apps: tuple[AppRow, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def shown(self) -> bool:
        """Whether Meta showed anything of it."""
        return not self.unread or bool(self.system_users or self.assets or self.people or self.apps)


def take(client: GraphClient, kinds: Collection[str] = KINDS) -> Inventory:
    """Read the connection's business.

    Args:
        client: Of the business.
        kinds: Kinds of assets to read.

    Raises:
        GraphError: Meta refused the token, throttles longer than is waited for, or failed.
        GraphUnreachableError: It was not reached.
    """
    business, lists = client.connection.business_id, Lists()
    shown = lists.shown
    users = shown(f"{business}/system_users", partial(system_users.list_, client))
    assets: list[AssetRow] = []
    for kind in kinds:
        for side in (OWNED, CLIENT):
            assets += shown(f"{business}/{edge(side, kind)}", partial(_assets, client, side, kind))
    assigned: dict[str, dict[str, tuple[str, ...]]] = {}
    for user in users:
        held = assigned.setdefault(user.id, {})
        for kind in kinds:
            path = f"{user.id}/{assigned_users.EDGES[kind]}"
            held.update(shown(path, partial(_held, client, user.id, kind)))
    people = shown(f"{business}/business_users", partial(business_users.members, client))
    invited = shown(f"{business}/pending_users", partial(business_users.invitations, client))
    apps = [row for side in (OWNED, CLIENT) for row in shown(f"{business}/{side}_apps", partial(_apps, client, side))]
    return Inventory(
        business,
        client.now(),
        tuple(kinds),
        users,
        tuple(assets),
        assigned,
        (*people, *invited),
        tuple(apps),
        tuple(lists.unread),
    )


def _assets(client: GraphClient, side: str, kind: str) -> list[AssetRow]:
    owner, name = OWNER.get(kind), _NAME.get(kind, "name")
    fields = ["id", name, *([f"{owner}{{id,name}}"] if owner else [])]
    rows = client.pages(f"{client.connection.business_id}/{edge(side, kind)}", {"fields": ",".join(fields)})
    return [
        AssetRow(
            listed(kind, row_id(row, _LISTED)), str(row.get(name) or ""), _owner(row.get(owner or "")), side == OWNED
        )
        for row in rows
    ]


def _held(client: GraphClient, user_id: str, kind: str) -> list[tuple[str, tuple[str, ...]]]:
    rows = assigned_users.assigned(client, user_id, kind).items()
    return [(listed(kind, graph_id).id, tasks) for graph_id, tasks in rows]


def _apps(client: GraphClient, side: str) -> list[AppRow]:
    path = f"{client.connection.business_id}/{side}_apps"
    rows = client.pages(path, {"fields": "id,name,owner_business{id,name}"})
    return [
        AppRow(row_id(row, _LISTED), str(row.get("name") or ""), _owner(row.get("owner_business")), side == OWNED)
        for row in rows
    ]


def _owner(value: Any) -> Owner | None:
    if not isinstance(value, dict) or not value.get("id"):
        return None
    return Owner(str(value["id"]), str(value.get("name") or ""))
