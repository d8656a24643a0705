"""Assets of the business, as it lists them: its own, those that others share with it, and those it asked others for.

Graph: GET /{business-id}/owned_ad_accounts, client_ad_accounts, pending_client_ad_accounts and their siblings.
Source: https://developers.facebook.com/docs/marketing-api/reference/business (edges), Graph v26.0, read 2026-11. What
is asked for can be listed for ad accounts and Pages alone. Of groups, those of its own have an edge without a side
(business_asset_groups, client_business_asset_groups; read 2026-12-01), and nothing says what may be handed out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.graph.wire import unusable
from meta_access.ids import AD_ACCOUNT_PREFIX, GROUP

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient

OWNED, CLIENT, PENDING = "owned", "client", "pending_client"

_EDGES = {
    "ad_account": "ad_accounts",
    "page": "pages",
    "catalog": "product_catalogs",
    "pixel": "pixels",
    "waba": "whatsapp_business_accounts",
    "instagram": "instagram_assets",
    GROUP: "business_asset_groups",
}
_ASKED_FOR = ("ad_account", "page")


def listed(client: GraphClient, side: str, kind: str) -> dict[str, tuple[str, ...]]:
    """Assets of one kind on one side: Graph id -> the tasks that the business may hand out, sorted.

    Args:
        client: Of the business.
        side: `owned`, `client` (shared by their owners) or `pending_client` (asked for).
        kind: As `ids.Asset.kind` says it.
    """
    if side == PENDING and kind not in _ASKED_FOR:
        return {}
    held = kind if side == PENDING else None
    fields = ",".join(name for name in ("id", held, "permitted_tasks" if kind != GROUP else None) if name)
    rows = client.pages(f"{client.connection.business_id}/{edge(side, kind)}", {"fields": fields})
    return dict(_entry(row, kind, held) for row in rows)


def edge(side: str, kind: str) -> str:
    """The edge of a business that lists its assets of a kind on a side."""
    return _EDGES[kind] if (side, kind) == (OWNED, GROUP) else f"{side}_{_EDGES[kind]}"


def _entry(row: dict[str, Any], kind: str, held: str | None) -> tuple[str, tuple[str, ...]]:
    asset = row.get(held) if held else row
    graph_id = str(asset.get("id") or "") if isinstance(asset, dict) else ""
    if not graph_id:
        raise unusable("Meta's list of the business's assets has a row without an id.")
    if kind == "ad_account" and not graph_id.startswith(AD_ACCOUNT_PREFIX):
        graph_id = AD_ACCOUNT_PREFIX + graph_id
    return graph_id, tuple(sorted(str(task) for task in row.get("permitted_tasks") or ()))
