"""A business and what belongs to it: `GET /{business-id}` and its `owned_*` and `client_*` lists.

Source: https://developers.facebook.com/docs/marketing-api/reference/business, Graph v26.0, read 2026-11.
Verification is read here; no call writes it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from meta_emulator.clock import graph_time
from meta_emulator.errors import bad_parameter
from meta_emulator.fields import Node, show
from meta_emulator.handlers.assets import TYPES, asset_node
from meta_emulator.handlers.assigned_users import permitted_or_all
from meta_emulator.node_types import BUSINESS
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route, Tag, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import AssetKind, Business

ASSETS: dict[str, AssetKind] = {
    "ad_accounts": "ad_account",
    "pages": "page",
    "product_catalogs": "catalog",
    "pixels": "pixel",
    "whatsapp_business_accounts": "waba",
    "instagram_assets": "instagram",
}
ROWS = {kind: TYPES[kind].row(permitted_tasks="list<string>") for kind in ASSETS.values()}
PAGE = "marketing-api/reference/business"
TWO_FACTOR: tuple[Literal["none", "admin_required", "all_required"], ...] = ("admin_required", "all_required", "none")
VERTICALS = (
    "ADVERTISING", "AUTOMOTIVE", "CONSUMER_PACKAGED_GOODS", "ECOMMERCE", "EDUCATION", "ENERGY_AND_UTILITIES",
    "ENTERTAINMENT_AND_MEDIA", "FINANCIAL_SERVICES", "GAMING", "GOVERNMENT_AND_POLITICS", "HEALTH", "LUXURY",
    "MARKETING", "NON_PROFIT", "NOT_SET", "ORGANIZATIONS_AND_ASSOCIATIONS", "OTHER", "PROFESSIONAL_SERVICES",
    "RESTAURANT", "RETAIL", "TECHNOLOGY", "TELECOM", "TRAVEL",
)  # fmt: skip
CHANGES = (
    *params(string="name entry_point", id="primary_page", int="timezone_id"),
    Param("two_factor_type", "enum", values=TWO_FACTOR),
    Param("vertical", "enum", values=VERTICALS),
)


def get_business(call: GraphCall, business: Business) -> Any:
    primary = call.world.asset(business.primary_page or "")
    values = {
        "id": business.id,
        "name": business.name,
        "verification_status": business.verification_status,
        "two_factor_type": business.two_factor_type,
        "created_time": None if business.created_time is None else graph_time(business.created_time),
        "link": f"https://business.facebook.com/{business.id}",
        "is_hidden": False,
        "block_offline_analytics": False,
        "timezone_id": business.timezone_id,
        "vertical": business.vertical,
        "primary_page": None if primary is None else asset_node(call, *primary),
    }
    return show(Node(BUSINESS, values), call)


def change_business(call: GraphCall, business: Business) -> Any:
    call.require_business_api()
    call.caller.require_admin(business.id)
    call.caller.require_two_factor(business)
    request = call.request
    if "name" in request.params and not (request.text("name") or "").strip():
        raise bad_parameter("Param name must be a non-empty string.")
    page_id = request.text("primary_page")
    if page_id is not None:
        found = call.world.asset(page_id)
        if found is None or found[0] != "page" or found[1].business_id != business.id:
            raise bad_parameter("Param primary_page must be a Page that the business owns.")
        business.primary_page = page_id
    business.name = (request.text("name") or business.name).strip()
    business.vertical = request.text("vertical") or business.vertical
    business.timezone_id = int(request.text("timezone_id") or business.timezone_id)
    rule = request.text("two_factor_type")
    business.two_factor_type = next((one for one in TWO_FACTOR if one == rule), business.two_factor_type)
    return {"id": business.id}


def list_assets(wanted: AssetKind, call: GraphCall, business: Business, *, owned: bool) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    wanted_text, shared = (call.request.text("search_query") or "").lower(), call.request.flag(SHARED_TOO)
    nodes, keys = [], []
    for kind, asset in call.world.assets():
        if wanted_text not in asset.name.lower() and wanted_text not in asset.id:
            continue
        permitted = call.world.permitted_tasks(asset, business.id)
        if kind == wanted and permitted is not None and (shared or (asset.business_id == business.id) == owned):
            node = asset_node(call, kind, asset)
            values = {**node.values, "permitted_tasks": permitted_or_all(kind, call, asset)}
            nodes.append(Node(ROWS[kind], values))
            keys.append(asset.id)
    return page(nodes, keys, call)


SHARED_TOO = "include_shared_ad_accounts"
# That a search looks into names and ids is inferred.
SEARCH = {
    "owned_ad_accounts": params(string="search_query", bool=SHARED_TOO),
    "client_ad_accounts": params(string="search_query"),
}


def _source(edge: str) -> tuple[str, Tag]:
    """Meta's page on an edge; of some no page was found, and the specification lists them."""
    if edge in ("owned_pages", "owned_product_catalogs", "client_pixels") or edge.endswith("instagram_assets"):
        return f"{SDK}Business.json", "SDK"
    return f"{PAGE}/{edge}", "documented"


ROUTES = (
    Route("GET", "business", "", get_business, PAGE, returns=BUSINESS),
    Route("POST", "business", "", change_business, PAGE, params=CHANGES),
    *(
        Route(
            "GET",
            "business",
            f"{side}_{edge}",
            partial(list_assets, kind, owned=side == "owned"),
            *_source(f"{side}_{edge}"),
            params=SEARCH.get(f"{side}_{edge}", ()),
            returns=ROWS[kind],
            many=True,
        )
        for edge, kind in ASSETS.items()
        for side in ("owned", "client")
    ),
)
