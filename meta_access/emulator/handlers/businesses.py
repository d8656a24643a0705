"""A business and what belongs to it: `GET /{business-id}` and its `owned_*` and `client_*` lists.

Source: https://developers.facebook.com/docs/marketing-api/reference/business, Graph v26.0, read 2026-11.
Verification is read here; it is never written by a call.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from meta_access.emulator.clock import graph_time
from meta_access.emulator.fields import Node, show
from meta_access.emulator.handlers.apps import app_node
from meta_access.emulator.handlers.assets import TYPES, asset_node
from meta_access.emulator.handlers.assigned_users import permitted_or_all
from meta_access.emulator.node_types import APPLICATION, BUSINESS
from meta_access.emulator.paging import page
from meta_access.emulator.surface import Route

if TYPE_CHECKING:
    from meta_access.emulator.call import GraphCall
    from meta_access.emulator.world import AssetKind, Business

ASSETS: dict[str, AssetKind] = {"ad_accounts": "ad_account", "pages": "page", "product_catalogs": "catalog"}
ROWS = {kind: TYPES[kind].row(permitted_tasks="list<string>") for kind in ASSETS.values()}
PAGE = "marketing-api/reference/business"


def get_business(call: GraphCall, business: Business) -> Any:
    values = {
        "id": business.id,
        "name": business.name,
        "verification_status": business.verification_status,
        "two_factor_type": business.two_factor_type,
        "created_time": None if business.created_time is None else graph_time(business.created_time),
        "link": f"https://business.facebook.com/{business.id}",
        "is_hidden": False,
        "block_offline_analytics": False,
        "timezone_id": 47,
        "vertical": "ADVERTISING",
    }
    return show(Node(BUSINESS, values), call)


def list_apps(call: GraphCall, business: Business) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    apps = [app for app in call.world.apps if app.business_id == business.id]
    return page([app_node(call, app) for app in apps], [app.id for app in apps], call)


def list_assets(wanted: AssetKind, call: GraphCall, business: Business, *, owned: bool) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    nodes, keys = [], []
    for kind, asset in call.world.assets():
        permitted = call.world.permitted_tasks(asset, business.id)
        if kind == wanted and permitted is not None and (asset.business_id == business.id) == owned:
            node = asset_node(call, kind, asset)
            values = {**node.values, "permitted_tasks": permitted_or_all(kind, call, asset)}
            nodes.append(Node(ROWS[kind], values))
            keys.append(asset.id)
    return page(nodes, keys, call)


ROUTES = (
    Route("GET", "business", "", get_business, PAGE, returns=BUSINESS),
    Route("GET", "business", "owned_apps", list_apps, PAGE, returns=APPLICATION, many=True),
    *(
        Route(
            "GET",
            "business",
            f"{side}_{edge}",
            partial(list_assets, kind, owned=side == "owned"),
            f"{PAGE}/{side}_{edge}",
            returns=ROWS[kind],
            many=True,
        )
        for edge, kind in ASSETS.items()
        for side in ("owned", "client")
    ),
)
