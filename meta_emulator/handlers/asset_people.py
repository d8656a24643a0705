"""Users of an asset as the asset's own lists have them: `GET /{ad-account-id}/users` and `GET /{page-id}/roles`.

Unlike `assigned_users` they take no business. Source: the specification (AdAccount.json, Page.json, of 2026-04-15),
read 2026-12-01. Who may read them is inferred, and that system users are listed of an ad account and not of a Page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator import holdings
from meta_emulator.fields import Node
from meta_emulator.handlers.assets import require_use
from meta_emulator.node_types import AD_ACCOUNT_USER, USER
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Route, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset

ROLE = USER.row("tasks", tasks="list<string>")


def list_users(call: GraphCall, account: Asset) -> Any:
    require_use("ad_account", call, account)
    nodes, keys = [], []
    for user_id, tasks in holdings.of_asset(call.world, call.rules, "ad_account", account).items():
        system_user = call.world.system_user(user_id)
        user = system_user or call.world.human(user_id)
        if user is not None:
            shown = user_id if system_user is None else call.own_id(system_user)
            nodes.append(Node(AD_ACCOUNT_USER, {"id": shown, "name": user.name, "tasks": tasks}))
            keys.append(user_id)
    return page(nodes, keys, call)


def list_roles(call: GraphCall, asset: Asset) -> Any:
    require_use("page", call, asset)
    call.caller.require_scope("pages_manage_metadata", "pages_show_list")
    wanted = call.request.text("uid")
    nodes, keys = [], []
    for user_id, tasks in holdings.of_asset(call.world, call.rules, "page", asset).items():
        person = call.world.human(user_id)
        shown = None if person is None else call.world.scoped_id(person, call.caller.app.id)
        if person is not None and shown is not None and wanted in (None, shown):
            nodes.append(Node(ROLE, {"id": shown, "name": person.name, "tasks": tasks}))
            keys.append(user_id)
    return page(nodes, keys, call)


ROUTES = (
    Route(
        "GET",
        "ad_account",
        "users",
        list_users,
        f"{SDK}AdAccount.json",
        "SDK",
        returns=AD_ACCOUNT_USER,
        many=True,
    ),
    Route(
        "GET",
        "page",
        "roles",
        list_roles,
        f"{SDK}Page.json",
        "SDK",
        params=params(bool="include_deactivated", id="uid"),
        returns=ROLE,
        many=True,
    ),
)
