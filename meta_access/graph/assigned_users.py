"""Who may do what on an asset, seen from the system user and written at the asset.

Graph: GET /{system-user-id}/assigned_ad_accounts and its siblings; POST and DELETE /{asset-id}/assigned_users.
Source: https://developers.facebook.com/docs/business-management-apis/business-asset-management, Graph v26.0,
read 2026-11. POST replaces the whole set of tasks, and Meta adds implied ones (MANAGE brings ADVERTISE and ANALYZE).

A business asset group has a list of tasks for each kind of asset in it (the specification's BusinessAssetGroup; read by
https://developers.facebook.com/documentation/ads-commerce/marketing-api/reference/system-user/assigned_business_asset_groups,
both read 2026-12-01). Here they are one set, in which each task names its kind: `page:ANALYZE`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.errors import InvalidRequestError
from meta_access.graph.wire import unusable
from meta_access.ids import AD_ACCOUNT_PREFIX, GROUP, Asset

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meta_access.graph.client import GraphClient

EDGES = {
    "ad_account": "assigned_ad_accounts",
    "page": "assigned_pages",
    "catalog": "assigned_product_catalogs",
    "pixel": "assigned_ads_pixels",
    "waba": "assigned_whatsapp_business_accounts",
    "instagram": "assigned_instagram_accounts",
    GROUP: "assigned_business_asset_groups",
}
"""Asset kind -> edge of the system user that lists its assets of that kind."""


NOT_TAKEN = frozenset({"pixel"})
"""Kinds whose users no call removes: the specification has POST, and no DELETE (AdsPixel, read 2026-12-01)."""


LISTS = {
    "ad_account": "adaccount_tasks",
    "page": "page_tasks",
    "pixel": "pixel_tasks",
    "offline_conversion_data_set": "offline_conversion_data_set_tasks",
}
"""Kind of asset in a group -> Graph's name of the list of its tasks, read and written."""


def assigned(client: GraphClient, system_user_id: str, kind: str) -> dict[str, tuple[str, ...]]:
    """Assets of one kind that a system user is assigned to: Graph id -> its tasks, sorted."""
    if kind not in EDGES:
        raise InvalidRequestError(f"Reading assignments failed: Meta lists none for assets of kind {kind}.")
    rows = client.pages(f"{system_user_id}/{EDGES[kind]}", {"fields": ",".join(fields(kind))})
    return entries(rows, kind)


def entries(rows: Iterable[dict[str, Any]], kind: str) -> dict[str, tuple[str, ...]]:
    """Such a list: Graph id -> tasks, sorted."""
    return dict(entry(row, kind) for row in rows)


def fields(kind: str) -> tuple[str, ...]:
    """What is asked of a row of that list."""
    return ("id", *LISTS.values()) if kind == GROUP else ("id", "tasks")


def entry(row: dict[str, Any], kind: str) -> tuple[str, tuple[str, ...]]:
    """Graph id and tasks of such a row."""
    graph_id, tasks = str(row.get("id", "")), _read(row) if kind == GROUP else row.get("tasks", [])
    if not graph_id or not isinstance(tasks, list):
        raise unusable("Meta's list of assigned assets has a row without an id or tasks.")
    if kind == "ad_account" and not graph_id.startswith(AD_ACCOUNT_PREFIX):
        graph_id = AD_ACCOUNT_PREFIX + graph_id
    return graph_id, tuple(sorted(str(task) for task in tasks))


def assign(client: GraphClient, asset: Asset, user_id: str, tasks: Sequence[str]) -> None:
    """Give a user exactly these tasks on an asset, whatever it had before."""

    def landed() -> bool | None:
        # Equal sets only: after an unanswered narrowing the old, wider set would look as if it held all tasks.
        return True if set(assigned(client, user_id, asset.kind).get(asset.graph_id, ())) == set(tasks) else None

    client.post(f"{asset.graph_id}/assigned_users", {"user": user_id, **_written(asset.kind, tasks)}, landed=landed)


def unassign(client: GraphClient, asset: Asset, user_id: str) -> None:
    """Take all of a user's tasks on an asset away; of a kind in `NOT_TAKEN` nothing is sent."""
    if asset.kind in NOT_TAKEN:
        raise InvalidRequestError("Meta's API has no call that removes a user from a pixel, so none was sent.")
    client.delete(f"{asset.graph_id}/assigned_users", {"user": user_id})


def _written(kind: str, tasks: Sequence[str]) -> dict[str, list[str]]:
    """The tasks as parameters; of a group, kinds without a task are left out, since Meta takes no empty list."""
    if kind != GROUP:
        return {"tasks": list(tasks)}
    named = [task.partition(":")[::2] for task in tasks]
    lists = {name: [task for of, task in named if of == held] for held, name in LISTS.items()}
    return {name: given for name, given in lists.items() if given}


def _read(row: dict[str, Any]) -> list[str] | None:
    """The tasks of a group; None for what is no list."""
    found = {held: row.get(name, []) for held, name in LISTS.items()}
    if not all(isinstance(tasks, list) for tasks in found.values()):
        return None
    return [f"{held}:{task}" for held, tasks in found.items() for task in tasks]
