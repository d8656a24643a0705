"""Assets of the business, as it lists them: its own, those that others share with it, and those it asked others for.

Graph: GET /{business-id}/owned_ad_accounts, client_ad_accounts, pending_client_ad_accounts and their siblings.
Source: https://developers.facebook.com/docs/marketing-api/reference/business (edges), Graph v26.0, read 2026-11. What
is asked for can be listed for ad accounts and Pages alone. Of groups, those of its own have an edge without a side
(business_asset_groups, client_business_asset_groups; read 2026-12-01), and nothing says what may be handed out. The
businesses that share something: GET /{business-id}/clients (read 2026-11).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from meta_access.errors import InvalidRequestError, NotRecordedError, PermissionDeniedError
from meta_access.graph.wire import unusable
from meta_access.ids import AD_ACCOUNT_PREFIX, GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.graph.client import GraphClient
    from meta_access.ids import Asset

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


OWNER = {
    "ad_account": "business",
    "page": "owner_business",
    "catalog": "business",
    "pixel": "owner_business",
    "waba": "owner_business_info",
    GROUP: "owner_business",
}
"""Kind -> the field that names the business of an asset, by the API specification. An Instagram account has none."""


class Row(NamedTuple):
    """An asset in a list of the business.

    Attributes:
        tasks: That the business may hand out, sorted.
        owner: The business that shares it; "" where Meta does not say.
    """

    tasks: tuple[str, ...]
    owner: str = ""


def listed(client: GraphClient, side: str, kind: str) -> dict[str, Row]:
    """Assets of one kind on one side, by Graph id.

    Args:
        client: Of the business.
        side: `owned`, `client` (shared by their owners) or `pending_client` (asked for).
        kind: As `ids.Asset.kind` says it.
    """
    if side == PENDING and kind not in _ASKED_FOR:
        return {}
    held = kind if side == PENDING else None
    fields = [name for name in ("id", held, "permitted_tasks" if kind != GROUP else None) if name]
    path = f"{client.connection.business_id}/{edge(side, kind)}"
    owner = OWNER.get(kind) if side == CLIENT else None
    if owner is not None:
        # The list counts more than whose its assets are: that may be refused, and older snapshots have not asked.
        with contextlib.suppress(PermissionDeniedError, InvalidRequestError, NotRecordedError):
            rows = client.pages(path, {"fields": ",".join([*fields, f"{owner}{{id}}"])})
            return dict(_entry(row, kind, held, owner) for row in rows)
    return dict(_entry(row, kind, held) for row in client.pages(path, {"fields": ",".join(fields)}))


def owner_of(client: GraphClient, asset: Asset) -> str:
    """The business that owns an asset, as the asset says it; "" where it does not say.

    Raises:
        GraphError: Meta does not show the asset: it is gone, or the caller has no access to it.
    """
    field = OWNER.get(asset.kind)
    row = client.get(asset.graph_id, {"fields": f"id,{field}{{id}}" if field else "id"})
    return named(row.get(field)) if field else ""


def named(value: Any) -> str:
    """The id of the business in a field."""
    return str(value.get("id") or "") if isinstance(value, dict) else ""


def clients(client: GraphClient) -> dict[str, frozenset[str]]:
    """The businesses that let this one use something, each with the assets that its row lists, as Graph ids.

    Graph lists ad accounts, Pages and catalogs there, and no other kind.
    """
    fields = ",".join(["id", *_PERMISSIONS])
    rows = client.pages(f"{client.connection.business_id}/clients", {"fields": fields})
    return {str(row.get("id") or ""): frozenset(_permitted(row)) for row in rows}


_PERMISSIONS = ("adaccount_permissions", "page_permissions", "productcatalog_permissions")


def _permitted(row: dict[str, Any]) -> Iterator[str]:
    for name in _PERMISSIONS:
        found = row.get(name)
        entries = found.get("data") if isinstance(found, dict) else found
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("id") and entry.get("access_status") != "PENDING":
                yield str(entry["id"])


def edge(side: str, kind: str) -> str:
    """The edge of a business that lists its assets of a kind on a side."""
    return _EDGES[kind] if (side, kind) == (OWNED, GROUP) else f"{side}_{_EDGES[kind]}"


def _entry(row: dict[str, Any], kind: str, held: str | None, owner: str = "") -> tuple[str, Row]:
    asset = row.get(held) if held else row
    graph_id = str(asset.get("id") or "") if isinstance(asset, dict) else ""
    if not graph_id:
        raise unusable("Meta's list of the business's assets has a row without an id.")
    if kind == "ad_account" and not graph_id.startswith(AD_ACCOUNT_PREFIX):
        graph_id = AD_ACCOUNT_PREFIX + graph_id
    tasks = tuple(sorted(str(task) for task in row.get("permitted_tasks") or ()))
    return graph_id, Row(tasks, named(row.get(owner)))
