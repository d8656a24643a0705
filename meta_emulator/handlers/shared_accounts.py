"""The ad accounts that use a pixel: `GET`, `POST`, `DELETE /{pixel-id}/shared_accounts`, and `shared_agencies`.

Source: https://developers.facebook.com/docs/marketing-api/reference/ads-pixel/shared_accounts, Graph v26.0, read
2026-11. Since the end of 2024 the business has to have access to the pixel and to the ad account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.errors import bad_parameter, denied
from meta_emulator.handlers.agencies import AGENCY, list_agencies
from meta_emulator.handlers.assets import asset_node
from meta_emulator.node_types import AD_ACCOUNT
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route
from meta_emulator.world import PixelAccount

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset


def list_accounts(call: GraphCall, pixel: Asset) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management", "ads_management", "ads_read")
    business_id = call.request.required("business")
    linked = {
        row.account_id
        for row in call.world.pixel_accounts
        if (row.pixel_id, row.business_id) == (pixel.id, business_id)
    }
    found = [asset for asset in call.world.ad_accounts if asset.id in linked and business_id in call.caller.businesses]
    return page([asset_node(call, "ad_account", asset) for asset in found], [asset.id for asset in found], call)


def link(call: GraphCall, pixel: Asset) -> Any:
    row = _row(call, pixel)
    account = call.world.asset(row.account_id)
    both = () if account is None else (pixel, account[1])
    if not both or any(call.world.permitted_tasks(asset, row.business_id) is None for asset in both):
        raise denied("The business has to have access to both the pixel and the ad account.")
    if row not in call.world.pixel_accounts:
        call.world.pixel_accounts.append(row)
    return {"success": True}


def unlink(call: GraphCall, pixel: Asset) -> Any:
    row = _row(call, pixel)
    if row not in call.world.pixel_accounts:
        raise bad_parameter("Param account_id must be an ad account that the pixel is shared with.")
    call.world.pixel_accounts.remove(row)
    return {"success": True}


def _row(call: GraphCall, pixel: Asset) -> PixelAccount:
    """What the call is about, once the caller may make it. The ad account comes with or without `act_`."""
    call.require_business_api()
    business_id = call.request.required("business")
    call.caller.require_admin(business_id)
    number = call.request.required("account_id").removeprefix("act_")
    return PixelAccount(pixel.id, f"act_{number}", business_id)


SOURCE = "marketing-api/reference/ads-pixel/shared_accounts"
BUSINESS_ID = Param("business", "id", required=True)
BOTH = (Param("account_id", "id", required=True), BUSINESS_ID)

ROUTES = (
    Route(
        "GET", "pixel", "shared_accounts", list_accounts, SOURCE, params=(BUSINESS_ID,), returns=AD_ACCOUNT, many=True
    ),
    Route("POST", "pixel", "shared_accounts", link, SOURCE, params=BOTH),
    Route("DELETE", "pixel", "shared_accounts", unlink, SOURCE, params=BOTH),
    Route(
        "GET", "pixel", "adaccounts", list_accounts, f"{SDK}AdsPixel.json", "SDK", (BUSINESS_ID,), AD_ACCOUNT, many=True
    ),
    Route("GET", "pixel", "shared_agencies", list_agencies, f"{SDK}AdsPixel.json", "SDK", returns=AGENCY, many=True),
)
