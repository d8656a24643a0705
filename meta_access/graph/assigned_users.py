"""Who may do what on an asset, seen from the system user and written at the asset.

Graph: GET /{system-user-id}/assigned_ad_accounts and its siblings; POST and DELETE /{asset-id}/assigned_users.
Source: https://developers.facebook.com/docs/business-management-apis/business-asset-management, Graph v26.0,
read 2026-11. POST replaces the whole set of tasks, and Meta adds implied ones (MANAGE brings ADVERTISE and ANALYZE).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.errors import GraphUnreachableError, InvalidRequestError
from meta_access.ids import AD_ACCOUNT_PREFIX, Asset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.graph.client import GraphClient

EDGES = {
    "ad_account": "assigned_ad_accounts",
    "page": "assigned_pages",
    "catalog": "assigned_product_catalogs",
    "pixel": "assigned_ads_pixels",
    "waba": "assigned_whatsapp_business_accounts",
    "instagram": "assigned_instagram_accounts",
}
"""Asset kind -> edge of the system user that lists its assets of that kind."""


NOT_TAKEN = frozenset({"pixel"})
"""Kinds whose users no call removes: the specification has POST, and no DELETE (AdsPixel, read 2026-12-01)."""


def assigned(client: GraphClient, system_user_id: str, kind: str) -> dict[str, tuple[str, ...]]:
    """Assets of one kind that a system user is assigned to: Graph id -> its tasks, sorted."""
    if kind not in EDGES:
        raise InvalidRequestError(f"Reading assignments failed: Meta lists none for assets of kind {kind}.")
    rows = client.pages(f"{system_user_id}/{EDGES[kind]}", {"fields": "id,tasks"})
    return dict(_entry(row, kind) for row in rows)


def assign(client: GraphClient, asset: Asset, user_id: str, tasks: Sequence[str]) -> None:
    """Give a user exactly these tasks on an asset, whatever it had before."""

    def landed() -> bool | None:
        # Equal sets only: after an unanswered narrowing the old, wider set would look as if it held all tasks.
        return True if set(assigned(client, user_id, asset.kind).get(asset.graph_id, ())) == set(tasks) else None

    client.post(f"{asset.graph_id}/assigned_users", {"user": user_id, "tasks": list(tasks)}, landed=landed)


def unassign(client: GraphClient, asset: Asset, user_id: str) -> None:
    """Take all of a user's tasks on an asset away; of a kind in `NOT_TAKEN` nothing is sent."""
    if asset.kind in NOT_TAKEN:
        raise InvalidRequestError("Meta's API has no call that removes a user from a pixel, so none was sent.")
    client.delete(f"{asset.graph_id}/assigned_users", {"user": user_id})


def _entry(row: dict[str, Any], kind: str) -> tuple[str, tuple[str, ...]]:
    graph_id, tasks = str(row.get("id", "")), row.get("tasks", [])
    if not graph_id or not isinstance(tasks, list):
        raise GraphUnreachableError("Meta's list of assigned assets has a row without an id or tasks.", sent=True)
    if kind == "ad_account" and not graph_id.startswith(AD_ACCOUNT_PREFIX):
        graph_id = AD_ACCOUNT_PREFIX + graph_id
    return graph_id, tuple(sorted(str(task) for task in tasks))
