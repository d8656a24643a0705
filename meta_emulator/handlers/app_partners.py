"""Businesses and ad accounts that an app has to do with: `GET /{app-id}/agencies` and its siblings.

Source: the specification (Application.json, of 2026-04-15), read 2026-12-01. What each list holds is inferred, as is
who may read it: `agencies` are the businesses that use the app as clients, `connected_client_businesses` those whose
people connected one with Login for Business, `authorized_adaccounts` the ad accounts of the app's owner and its
agencies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.fields import Node
from meta_emulator.handlers.assets import asset_node
from meta_emulator.node_types import AD_ACCOUNT, BUSINESS
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route

if TYPE_CHECKING:
    from collections.abc import Collection

    from meta_emulator.call import GraphCall
    from meta_emulator.world import App


def list_agencies(call: GraphCall, app: App) -> Any:
    _check_reader(call, app)
    return _businesses(call, _agencies(call, app))


def list_connected(call: GraphCall, app: App) -> Any:
    _check_reader(call, app)
    consents = (row.client_business_id for row in call.world.consents if row.app_id == app.id)
    living = (row for row in call.world.tokens if row.app_id == app.id and row.revoked_at is None)
    return _businesses(call, {*consents, *(row.client_business_id for row in living)})


def list_ad_accounts(call: GraphCall, app: App) -> Any:
    _check_reader(call, app)
    owners = {app.business_id, *_agencies(call, app)} - {None}
    wanted = call.request.text("business")
    found = [row for row in call.world.ad_accounts if row.business_id in owners and wanted in (None, row.business_id)]
    return page([asset_node(call, "ad_account", row) for row in found], [row.id for row in found], call)


def _agencies(call: GraphCall, app: App) -> set[str]:
    return {row.business_id for row in call.world.app_clients if (row.app_id, row.state) == (app.id, "accepted")}


def _businesses(call: GraphCall, ids: Collection[str | None]) -> Any:
    found = [row for row in call.world.businesses if row.id in ids]
    return page([Node(BUSINESS, {"id": row.id, "name": row.name}) for row in found], [row.id for row in found], call)


def _check_reader(call: GraphCall, app: App) -> None:
    """The app itself, or somebody of its business who manages it."""
    if call.caller.token is None:
        call.caller.require_app_token(app.id)
    else:
        call.require_business_api()
        call.caller.require_scope("business_management")


SPEC = f"{SDK}Application.json"

ROUTES = (
    Route("GET", "app", "agencies", list_agencies, SPEC, "SDK", returns=BUSINESS, many=True),
    Route("GET", "app", "connected_client_businesses", list_connected, SPEC, "SDK", returns=BUSINESS, many=True),
    Route(
        "GET",
        "app",
        "authorized_adaccounts",
        list_ad_accounts,
        SPEC,
        "SDK",
        (Param("business", "id"),),
        AD_ACCOUNT,
        many=True,
    ),
)
