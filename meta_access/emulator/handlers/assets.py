"""Ad accounts, Pages and catalogs as nodes: `GET /{ad-account-id}`, `GET /{page-id}`, `GET /{catalog-id}`.

Source: https://developers.facebook.com/docs/marketing-api/reference/ad-account, Graph v26.0, read 2026-11. Only what
tells assets apart; campaigns and ads are not emulated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.emulator.errors import GraphFault, denied
from meta_access.emulator.fields import Node, show
from meta_access.emulator.node_types import AD_ACCOUNT, BUSINESS, CATALOG, PAGE
from meta_access.emulator.surface import NodeType, Route

if TYPE_CHECKING:
    from meta_access.emulator.call import GraphCall
    from meta_access.emulator.world import Asset, AssetKind

TYPES: dict[AssetKind, NodeType] = {"ad_account": AD_ACCOUNT, "page": PAGE, "catalog": CATALOG}
PAGE_SCOPES = ("pages_read_engagement", "pages_show_list", "pages_manage_metadata", "pages_manage_ads")
# As users report it.
PAGE_NOT_GRANTED = (
    "(#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature."
)
NOT_GRANTED = (
    "Ad account owner has NOT grant ads_management or ads_read permission, refer to "
    "https://developers.facebook.com/docs/marketing-api/get-started/authorization/#permissions-and-features "
    "for details."
)


def asset_node(call: GraphCall, kind: AssetKind, asset: Asset) -> Node:
    owner = call.world.business(asset.business_id or "")
    business = None if owner is None else Node(BUSINESS, {"id": owner.id, "name": owner.name})
    values: dict[str, Any] = {"id": asset.id, "name": asset.name, "business": business}
    if kind == "ad_account":
        number = asset.id.removeprefix("act_")
        values |= {"account_id": number, "account_status": 1, "disable_reason": 0, "currency": "EUR"}
        values |= {"timezone_name": "Europe/Berlin"}
        return Node(AD_ACCOUNT, values)
    if kind == "page":
        return Node(PAGE, {**values, "category": "Advertising/Marketing"})
    return Node(CATALOG, {**values, "product_count": 0, "vertical": "commerce"})


def _assigned(call: GraphCall, asset: Asset) -> bool:
    """Whether the caller reaches an asset: assigned to it, or an admin of a business that has it."""
    caller, user = call.caller, call.caller.user or call.caller.person
    having = (b for b in caller.businesses if call.world.permitted_tasks(asset, b) is not None)
    if user is None or any(caller.is_admin(business_id) for business_id in having):
        return True
    return any(row.asset_id == asset.id and row.user_id == user.id for row in call.world.assignments)


def get_ad_account(call: GraphCall, asset: Asset) -> Any:
    if not _assigned(call, asset) or not call.caller.holds("ads_read", "ads_management", "business_management"):
        raise denied(NOT_GRANTED)
    return show(asset_node(call, "ad_account", asset), call)


def get_page(call: GraphCall, asset: Asset) -> Any:
    if not _assigned(call, asset):
        message = "(#10) The Page is not assigned to the system user."
        raise GraphFault(10, message, subcode=1341012)
    if not call.caller.holds(*PAGE_SCOPES):
        raise GraphFault(10, PAGE_NOT_GRANTED)
    return show(asset_node(call, "page", asset), call)


def get_catalog(call: GraphCall, asset: Asset) -> Any:
    if not _assigned(call, asset):
        raise denied("Requires catalog_management permission to manage the object")
    call.caller.require_scope("catalog_management")
    return show(asset_node(call, "catalog", asset), call)


ROUTES = (
    Route("GET", "ad_account", "", get_ad_account, "marketing-api/reference/ad-account", returns=AD_ACCOUNT),
    Route("GET", "page", "", get_page, "graph-api/reference/page", returns=PAGE),
    Route("GET", "catalog", "", get_catalog, "marketing-api/reference/product-catalog", returns=CATALOG),
)
