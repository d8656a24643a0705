"""Business asset groups: what is in them, who is given tasks on all of it, their name.

`GET /{business-id}/business_asset_groups`, `client_business_asset_groups`, `GET`, `POST`, `DELETE /{group-id}`, its
`contained_…` and `assigned_users`, and `GET /{user-id}/assigned_business_asset_groups`. Source: the specification of
BusinessAssetGroup and
https://developers.facebook.com/docs/business-management-apis/business-asset-management, Graph v26.0, read 2026-11; the
page of client_business_asset_groups, read 2026-12-01. No call makes a group. A world has no custom conversions: no
group contains one, and none can be named to be put in.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from meta_emulator import holdings
from meta_emulator.errors import bad_parameter, not_one_of
from meta_emulator.fields import Node, show
from meta_emulator.handlers.apps import app_node
from meta_emulator.handlers.assets import TYPES, asset_node
from meta_emulator.handlers.assigned_assets import assignee
from meta_emulator.handlers.assigned_users import BUSINESS_ID, USER, checked_tasks, target, user_page
from meta_emulator.node_types import APPLICATION, ASSET_GROUP, ASSIGNED_USER, BUSINESS, CUSTOM_CONVERSION
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route, Tag, params
from meta_emulator.world import GroupAssignment

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.handlers.assigned_assets import Member
    from meta_emulator.world import AssetGroup, AssetKind, Business, Person, SystemUser

CONTAINED: dict[str, AssetKind] = {
    "contained_adaccounts": "ad_account",
    "contained_pages": "page",
    "contained_product_catalogs": "catalog",
    "contained_instagram_accounts": "instagram",
    "contained_pixels": "pixel",
}
APPS = "contained_applications"
CONVERSIONS = "contained_custom_conversions"
OFFLINE = "offline_conversion_data_set_tasks"
OFFLINE_TASKS = ("AA_ANALYZE", "ADVERTISE", "MANAGE", "UPLOAD", "VIEW")
TASK_LISTS = dict.fromkeys((*holdings.GROUP_TASKS.values(), OFFLINE), "list<string>")
ASSIGNED_TO_GROUP = ASSIGNED_USER.row(*TASK_LISTS, **TASK_LISTS)
ASSIGNED_GROUP = ASSET_GROUP.row(*TASK_LISTS, **TASK_LISTS)


def group_node(call: GraphCall, group: AssetGroup) -> Node:
    owner = call.world.business(group.business_id)
    business = None if owner is None else Node(BUSINESS, {"id": owner.id, "name": owner.name})
    return Node(ASSET_GROUP, {"id": group.id, "name": group.name, "owner_business": business})


def list_groups(call: GraphCall, business: Business) -> Any:
    _check_reader(call)
    groups = [group for group in call.world.asset_groups if group.business_id == business.id]
    return page([group_node(call, group) for group in groups], [group.id for group in groups], call)


def list_client_groups(call: GraphCall, business: Business) -> Any:
    """Groups that other businesses share: none, since a world shares no groups."""
    del business
    _check_reader(call)
    return page([], [], call)


def get_group(call: GraphCall, group: AssetGroup) -> Any:
    _check_reader(call)
    return show(group_node(call, group), call)


def rename(call: GraphCall, group: AssetGroup) -> Any:
    _check_admin(call, group)
    if "name" in call.request.params and not (call.request.text("name") or "").strip():
        raise bad_parameter("Param name must be a non-empty string.")
    group.name = (call.request.text("name") or group.name).strip()
    return {"success": True}


def remove(call: GraphCall, group: AssetGroup) -> Any:
    """Remove a group. Its assets stay; what its users could do on them through the group ends."""
    _check_admin(call, group)
    call.world.asset_groups = [row for row in call.world.asset_groups if row is not group]
    call.world.group_assignments = [row for row in call.world.group_assignments if row.group_id != group.id]
    return {"success": True}


def list_contained(wanted: AssetKind, call: GraphCall, group: AssetGroup) -> Any:
    _check_reader(call)
    found = [(kind, asset) for kind, asset in call.world.assets() if kind == wanted and asset.id in group.asset_ids]
    return page([asset_node(call, *one) for one in found], [asset.id for _, asset in found], call)


def list_apps(call: GraphCall, group: AssetGroup) -> Any:
    _check_reader(call)
    apps = [app for app in call.world.apps if app.id in group.app_ids]
    return page([app_node(call, app) for app in apps], [app.id for app in apps], call)


def list_conversions(call: GraphCall, group: AssetGroup) -> Any:
    del group
    _check_reader(call)
    return page([], [], call)


def put_in(wanted: AssetKind, call: GraphCall, group: AssetGroup) -> Any:
    _check_admin(call, group)
    asset_id = call.request.required("asset_id")
    found = call.world.asset(asset_id)
    if found is None or found[0] != wanted or call.world.permitted_tasks(found[1], group.business_id) is None:
        raise bad_parameter(f"Param asset_id must be a {TYPES[wanted].name} that the business has access to.")
    if asset_id not in group.asset_ids:
        group.asset_ids.append(asset_id)
    return {"success": True}


def put_app_in(call: GraphCall, group: AssetGroup) -> Any:
    _check_admin(call, group)
    app = call.world.app(call.request.required("asset_id"))
    if app is None or app.business_id != group.business_id:
        raise bad_parameter("Param asset_id must be an Application that the business has access to.")
    if app.id not in group.app_ids:
        group.app_ids.append(app.id)
    return {"success": True}


def refuse_conversion(call: GraphCall, group: AssetGroup) -> Any:
    _check_admin(call, group)
    call.request.required("asset_id")
    raise bad_parameter("Param asset_id must be a CustomConversion that the business has access to.")


def take_out(call: GraphCall, group: AssetGroup) -> Any:
    _check_admin(call, group)
    asset_id = call.request.required("asset_id")
    if asset_id not in (*group.asset_ids, *group.app_ids):
        raise bad_parameter("Param asset_id must be of an asset in the group.")
    group.asset_ids = [known for known in group.asset_ids if known != asset_id]
    group.app_ids = [known for known in group.app_ids if known != asset_id]
    return {"success": True}


def list_users(call: GraphCall, group: AssetGroup) -> Any:
    business_id = call.request.required("business")
    _check_reader(call)
    rows = [row for row in call.world.group_assignments if row.group_id == group.id]
    if business_id != group.business_id:
        rows = []
    return user_page(call, ASSIGNED_TO_GROUP, {row.user_id: row.tasks for row in rows})


def assign(call: GraphCall, group: AssetGroup) -> Any:
    known = [row for row in call.world.group_assignments if row.group_id == group.id]
    user_id = target(call, group.id, (row.user_id for row in known))
    tasks = {
        param: checked_tasks(kind, call, param)
        for kind, param in holdings.GROUP_TASKS.items()
        if call.request.texts(param) is not None
    }
    if call.request.texts(OFFLINE) is not None:
        tasks[OFFLINE] = _offline(call)
    if not tasks:
        raise bad_parameter(f"One of the parameters {', '.join(TASK_LISTS)} is required")
    call.world.group_assignments = [
        row for row in call.world.group_assignments if (row.group_id, row.user_id) != (group.id, user_id)
    ]
    call.world.group_assignments.append(GroupAssignment(group.id, user_id, tasks))
    return {"success": True}


def unassign(call: GraphCall, group: AssetGroup) -> Any:
    known = [row for row in call.world.group_assignments if row.group_id == group.id]
    user_id = target(call, group.id, (row.user_id for row in known))
    call.world.group_assignments = [
        row for row in call.world.group_assignments if (row.group_id, row.user_id) != (group.id, user_id)
    ]
    return {"success": True}


def list_assigned(call: GraphCall, user: SystemUser | Member | Person) -> Any:
    """The groups that a user was given, with the tasks in them."""
    ids, businesses = assignee(call, user)
    wanted = call.request.text("contained_asset_id")
    nodes, keys = [], []
    for group in call.world.asset_groups:
        row = next((r for r in call.world.group_assignments if r.group_id == group.id and r.user_id in ids), None)
        if row is None or group.business_id not in businesses:
            continue
        if wanted is None or wanted in (*group.asset_ids, *group.app_ids):
            nodes.append(Node(ASSIGNED_GROUP, {**group_node(call, group).values, **row.tasks}))
            keys.append(group.id)
    return page(nodes, keys, call)


def _check_reader(call: GraphCall) -> None:
    call.require_business_api()
    call.caller.require_scope("business_management")


def _check_admin(call: GraphCall, group: AssetGroup) -> None:
    call.require_business_api()
    call.caller.require_admin(group.business_id)


def _offline(call: GraphCall) -> list[str]:
    given = call.request.texts(OFFLINE) or []
    for index, task in enumerate(given):
        if task not in OFFLINE_TASKS:
            raise not_one_of(f"{OFFLINE}[{index}]", task, OFFLINE_TASKS)
    return given


SPEC = f"{SDK}BusinessAssetGroup.json"
GUIDE = "business-management-apis/business-asset-management"
ASSET_ID = (Param("asset_id", "id", required=True),)
LISTS = params(list_of_string=" ".join(TASK_LISTS))


def _contained(edge: str, kind: AssetKind) -> tuple[Route, ...]:
    listed, put = partial(list_contained, kind), partial(put_in, kind)
    return (
        Route("GET", "asset_group", edge, listed, SPEC, "SDK", returns=TYPES[kind], many=True),
        Route("POST", "asset_group", edge, put, SPEC, "SDK", ASSET_ID),
        Route("DELETE", "asset_group", edge, take_out, SPEC, "SDK", ASSET_ID),
    )


def _assigned(node: str) -> Route:
    edge = "assigned_business_asset_groups"
    wanted = (Param("contained_asset_id", "id"),)
    page_of, tag = _assigned_source(node, edge)
    return Route("GET", node, edge, list_assigned, page_of, tag, wanted, ASSIGNED_GROUP, many=True)


def _assigned_source(node: str, edge: str) -> tuple[str, Tag]:
    if node == "person":
        return f"{SDK}User.json", "SDK"
    return f"marketing-api/reference/{node.replace('_', '-')}/{edge}", "documented"


ROUTES = (
    Route(
        "GET",
        "business",
        "business_asset_groups",
        list_groups,
        "marketing-api/reference/business/business_asset_groups",
        returns=ASSET_GROUP,
        many=True,
    ),
    Route(
        "GET",
        "business",
        "client_business_asset_groups",
        list_client_groups,
        "marketing-api/reference/business/client_business_asset_groups",
        returns=ASSET_GROUP,
        many=True,
    ),
    Route("GET", "asset_group", "", get_group, SPEC, "SDK", returns=ASSET_GROUP),
    Route("POST", "asset_group", "", rename, SPEC, "SDK", params(string="name")),
    Route("DELETE", "asset_group", "", remove, SPEC, "SDK"),
    *(route for edge, kind in CONTAINED.items() for route in _contained(edge, kind)),
    Route("GET", "asset_group", APPS, list_apps, SPEC, "SDK", returns=APPLICATION, many=True),
    Route("POST", "asset_group", APPS, put_app_in, SPEC, "SDK", ASSET_ID),
    Route("DELETE", "asset_group", APPS, take_out, SPEC, "SDK", ASSET_ID),
    Route("GET", "asset_group", CONVERSIONS, list_conversions, SPEC, "SDK", returns=CUSTOM_CONVERSION, many=True),
    Route("POST", "asset_group", CONVERSIONS, refuse_conversion, SPEC, "SDK", ASSET_ID),
    Route("DELETE", "asset_group", CONVERSIONS, refuse_conversion, SPEC, "SDK", ASSET_ID),
    Route(
        "GET",
        "asset_group",
        "assigned_users",
        list_users,
        GUIDE,
        params=(BUSINESS_ID,),
        returns=ASSIGNED_TO_GROUP,
        many=True,
    ),
    Route("POST", "asset_group", "assigned_users", assign, GUIDE, params=(*USER, *LISTS)),
    Route("DELETE", "asset_group", "assigned_users", unassign, GUIDE, params=USER),
    _assigned("system_user"),
    _assigned("business_user"),
    _assigned("person"),
)
