"""What a user may use: `GET /{system-user-id}/assigned_ad_accounts` and its siblings, of business users and people.

Source: https://developers.facebook.com/docs/marketing-api/reference/system-user and …/business-user, Graph v26.0, read
2026-11; of people https://developers.facebook.com/docs/graph-api/reference/user/assigned_pages and the specification
(User.json, of 2026-04-15), read 2026-12-01. The specification lists assigned Instagram accounts as accounts of
Instagram (`IGUser`); here the rows are the assets that `assigned_users` takes, under the same ids.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from meta_emulator import holdings
from meta_emulator.fields import Node
from meta_emulator.handlers.assets import TYPES, asset_node
from meta_emulator.handlers.assigned_users import permitted_or_all
from meta_emulator.node_types import APPLICATION
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route, Tag
from meta_emulator.world import Person, SystemUser

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import AssetKind, BusinessUser

    Member = tuple[Person, BusinessUser]

EDGES: dict[str, AssetKind] = {
    "assigned_ad_accounts": "ad_account",
    "assigned_pages": "page",
    "assigned_product_catalogs": "catalog",
    "assigned_ads_pixels": "pixel",
    "assigned_whatsapp_business_accounts": "waba",
    "assigned_instagram_accounts": "instagram",
}
# Instagram accounts are listed of system users only.
OF_PEOPLE = tuple(edge for edge in EDGES if edge != "assigned_instagram_accounts")
# Of a person the specification has no pixels either.
OF_A_PERSON = tuple(edge for edge in OF_PEOPLE if edge != "assigned_ads_pixels")
APP_TASKS = ["MANAGE", "DEVELOP", "TEST", "ANALYZE"]
TASKS = {"tasks": "list<string>", "permitted_tasks": "list<string>"}
ROWS = {kind: TYPES[kind].row("tasks", **TASKS) for kind in EDGES.values()}
APP_ROW = replace(APPLICATION.row(**TASKS, can_be_removed="bool"), default=("id", "name", "tasks"))
PAGE = "marketing-api/reference/system-user"


def assignee(call: GraphCall, user: SystemUser | Member | Person) -> tuple[set[str], tuple[str, ...]]:
    """The ids under which a user is assigned to things, and their businesses; once the caller may look."""
    if isinstance(user, Person):  # nobody else sees a person as such
        return call.world.ids_of(user), tuple(user.businesses)
    itself = call.caller.user or call.caller.person
    found = user if isinstance(user, SystemUser) else user[0]
    if itself is None or itself.id != found.id:
        call.caller.require_scope("business_management")
    business_id = user.business_id if isinstance(user, SystemUser) else user[1].business_id
    return ({found.id} if isinstance(user, SystemUser) else {found.id, user[1].id}), (business_id,)


def list_assets(wanted: AssetKind, call: GraphCall, user: SystemUser | Member | Person) -> Any:
    ids, businesses = assignee(call, user)
    only = call.request.texts("pages") if wanted == "page" else None
    assigned = holdings.by_asset(call.world)
    nodes, keys = [], []
    for kind, asset in call.world.assets():
        if kind != wanted or (only and asset.id not in only):
            continue
        if all(call.world.permitted_tasks(asset, business_id) is None for business_id in businesses):
            continue  # the owner has withdrawn it
        held = holdings.of_asset(call.world, call.rules, kind, asset, assigned)
        for tasks in (given for user_id, given in held.items() if user_id in ids):
            values = {"tasks": tasks, "permitted_tasks": permitted_or_all(kind, call, asset)}
            nodes.append(Node(ROWS[kind], {**asset_node(call, kind, asset).values, **values}))
            keys.append(asset.id)
            break
    return page(nodes, keys, call)


def list_apps(call: GraphCall, user: SystemUser) -> Any:
    assignee(call, user)
    nodes, keys = [], []
    for app in call.world.apps:
        if call.world.has_app_access(user.id, app.id):
            values = {"id": app.id, "name": app.name, "tasks": APP_TASKS, "permitted_tasks": APP_TASKS}
            nodes.append(Node(APP_ROW, {**values, "can_be_removed": True}))
            keys.append(app.id)
    return page(nodes, keys, call)


def _route(node: str, edge: str) -> Route:
    kind = EDGES[edge]
    source, tag = _source(node, edge)
    only = (Param("pages", "list<id>"),) if kind == "page" else ()
    return Route("GET", node, edge, partial(list_assets, kind), source, tag, only, ROWS[kind], many=True)


def _source(node: str, edge: str) -> tuple[str, Tag]:
    if (node, edge) == ("person", "assigned_pages"):
        return "graph-api/reference/user/assigned_pages", "documented"
    if node == "person":
        return f"{SDK}User.json", "SDK"
    if node == "system_user" and edge in ("assigned_pages", "assigned_product_catalogs", "assigned_instagram_accounts"):
        return f"{SDK}SystemUser.json", "SDK"
    return f"marketing-api/reference/{node.replace('_', '-')}/{edge}", "documented"


ROUTES = (
    *(_route("system_user", edge) for edge in EDGES),
    *(_route("business_user", edge) for edge in OF_PEOPLE),
    *(_route("person", edge) for edge in OF_A_PERSON),
    Route("GET", "system_user", "assigned_apps", list_apps, PAGE, returns=APP_ROW, many=True),
)
