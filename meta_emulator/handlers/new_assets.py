"""The assets that a call can make: `POST /{business-id}/adspixels` and `POST /{business-id}/owned_product_catalogs`.

Source: the specification of Business, API v26.0, read 2026-11, and of AdAccount (its `adspixels`), of 2026-04-15, read
2026-12-01. What a catalog or pixel is for (settings, feeds, events) is taken and has no effect.
`GET /{business-id}/adspixels` lists what the business owns and what is shared with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.errors import bad_parameter
from meta_emulator.fields import Node, show
from meta_emulator.handlers.assets import TYPES, asset_node, require_use
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route, params
from meta_emulator.world import Asset, PixelAccount

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import AssetKind, Business

VERTICALS = (
    "adoptable_pets", "apps_and_software", "articles_and_publications", "commerce", "destinations", "flights",
    "generic", "home_listings", "hotels", "local_service_businesses", "media_titles", "offer_items",
    "offline_commerce", "professional_services", "transactable_items", "vehicles",
)  # fmt: skip


def list_pixels(call: GraphCall, business: Business) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management", "ads_management", "ads_read")
    wanted, part = call.request.text("id_filter"), (call.request.text("name_filter") or "").lower()
    found = [
        asset
        for asset in call.world.pixels
        if call.world.permitted_tasks(asset, business.id) is not None
        and wanted in (None, asset.id)
        and part in asset.name.lower()
    ]
    if call.request.text("sort_by") == "NAME":
        found.sort(key=lambda asset: asset.name)
    return page([asset_node(call, "pixel", asset) for asset in found], [asset.id for asset in found], call)


def make_pixel(call: GraphCall, business: Business) -> Any:
    _check_admin(call, business)
    asset = Asset(call.new_ids()[0], call.request.text("name") or "Pixel", business.id)
    call.world.pixels.append(asset)
    return _made(call, "pixel", asset)


def make_catalog(call: GraphCall, business: Business) -> Any:
    _check_admin(call, business)
    call.caller.require_scope("catalog_management")
    asset = Asset(call.new_ids()[0], call.request.required("name"), business.id)
    call.world.product_catalogs.append(asset)
    return _made(call, "catalog", asset)


def list_pixels_of(call: GraphCall, account: Asset) -> Any:
    """The pixels that an ad account may use."""
    require_use("ad_account", call, account)
    linked = {row.pixel_id for row in call.world.pixel_accounts if row.account_id == account.id}
    found = [pixel for pixel in call.world.pixels if pixel.id in linked]
    if call.request.text("sort_by") == "NAME":
        found.sort(key=lambda pixel: pixel.name)
    return page([asset_node(call, "pixel", pixel) for pixel in found], [pixel.id for pixel in found], call)


def make_pixel_of(call: GraphCall, account: Asset) -> Any:
    """Make a pixel for an ad account; that it belongs to the account's business is inferred."""
    owner = call.world.business(account.business_id or "")
    if owner is None:
        raise bad_parameter("An ad account of no business can have no pixel here.")
    _check_admin(call, owner)
    pixel = Asset(call.new_ids()[0], call.request.text("name") or "Pixel", owner.id)
    call.world.pixels.append(pixel)
    call.world.pixel_accounts.append(PixelAccount(pixel.id, account.id, owner.id))
    return _made(call, "pixel", pixel)


def _check_admin(call: GraphCall, business: Business) -> None:
    call.require_business_api()
    call.caller.require_admin(business.id)


def _made(call: GraphCall, kind: AssetKind, asset: Asset) -> Any:
    node: Node = asset_node(call, kind, asset)
    return show(node, call) if call.request.text("fields") else {"id": asset.id}


SPEC = f"{SDK}Business.json"
FILTER = (*params(string="id_filter name_filter"), Param("sort_by", "enum", values=("LAST_FIRED_TIME", "NAME")))
CATALOG = (
    Param("name", required=True),
    Param("vertical", "enum", values=VERTICALS),
    *params(
        object="business_metadata catalog_segment_filter da_display_settings destination_catalog_settings "
        "flight_catalog_settings partner_integration store_catalog_settings",
        id="catalog_segment_product_set_id parent_catalog_id",
    ),
    Param("additional_vertical_option", "enum", values=("LOCAL_DA_CATALOG", "LOCAL_PRODUCTS")),
)

NAMED = (Param("name", required=True), *params(bool="is_crm"))
PIXEL_TYPE, CATALOG_TYPE = TYPES["pixel"], TYPES["catalog"]

ACCOUNT_SPEC = f"{SDK}AdAccount.json"
SORT = (Param("sort_by", "enum", values=("LAST_FIRED_TIME", "NAME")),)

ROUTES = (
    Route("GET", "ad_account", "adspixels", list_pixels_of, ACCOUNT_SPEC, "SDK", SORT, PIXEL_TYPE, many=True),
    Route("POST", "ad_account", "adspixels", make_pixel_of, ACCOUNT_SPEC, "SDK", params(string="name"), PIXEL_TYPE),
    Route("GET", "business", "adspixels", list_pixels, SPEC, "SDK", FILTER, PIXEL_TYPE, many=True),
    Route("POST", "business", "adspixels", make_pixel, SPEC, "SDK", NAMED, PIXEL_TYPE),
    Route("POST", "business", "owned_product_catalogs", make_catalog, SPEC, "SDK", CATALOG, CATALOG_TYPE),
)
