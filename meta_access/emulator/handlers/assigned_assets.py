"""What a system user may use: `GET /{system-user-id}/assigned_ad_accounts`, `_pages`, `_product_catalogs`, `_apps`.

Source: https://developers.facebook.com/docs/marketing-api/reference/system-user, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from meta_access.emulator.fields import Node
from meta_access.emulator.handlers.assets import TYPES, asset_node
from meta_access.emulator.handlers.assigned_users import permitted_or_all
from meta_access.emulator.node_types import APPLICATION
from meta_access.emulator.paging import page
from meta_access.emulator.surface import Route

if TYPE_CHECKING:
    from meta_access.emulator.call import GraphCall
    from meta_access.emulator.world import AssetKind, SystemUser

EDGES: dict[str, AssetKind] = {
    "assigned_ad_accounts": "ad_account",
    "assigned_pages": "page",
    "assigned_product_catalogs": "catalog",
}
APP_TASKS = ["MANAGE", "DEVELOP", "TEST", "ANALYZE"]
TASKS = {"tasks": "list<string>", "permitted_tasks": "list<string>"}
ROWS = {kind: TYPES[kind].row("tasks", **TASKS) for kind in EDGES.values()}
APP_ROW = replace(APPLICATION.row(**TASKS, can_be_removed="bool"), default=("id", "name", "tasks"))
PAGE = "marketing-api/reference/system-user"


def _check_caller(call: GraphCall, user: SystemUser) -> None:
    if call.caller.user is None or call.caller.user.id != user.id:
        call.caller.require_scope("business_management")


def list_assets(wanted: AssetKind, call: GraphCall, user: SystemUser) -> Any:
    _check_caller(call, user)
    nodes, keys = [], []
    for row in call.world.assignments:
        found = call.world.asset(row.asset_id)
        if row.user_id != user.id or found is None or found[0] != wanted:
            continue
        kind, asset = found
        if call.world.permitted_tasks(asset, user.business_id) is None:
            continue  # the owner has withdrawn it
        node = asset_node(call, kind, asset)
        values = {**node.values, "tasks": row.tasks, "permitted_tasks": permitted_or_all(kind, call, asset)}
        nodes.append(Node(ROWS[kind], values))
        keys.append(asset.id)
    return page(nodes, keys, call)


def list_apps(call: GraphCall, user: SystemUser) -> Any:
    _check_caller(call, user)
    nodes, keys = [], []
    for app in call.world.apps:
        if call.world.has_app_access(user.id, app.id):
            values = {"id": app.id, "name": app.name, "tasks": APP_TASKS, "permitted_tasks": APP_TASKS}
            nodes.append(Node(APP_ROW, {**values, "can_be_removed": True}))
            keys.append(app.id)
    return page(nodes, keys, call)


ROUTES = (
    *(
        Route("GET", "system_user", edge, partial(list_assets, kind), PAGE, returns=ROWS[kind], many=True)
        for edge, kind in EDGES.items()
    ),
    Route("GET", "system_user", "assigned_apps", list_apps, PAGE, returns=APP_ROW, many=True),
)
