"""Who may do what on an asset: `GET`, `POST` and `DELETE /{asset-id}/assigned_users`. A POST replaces the tasks.

Source: https://developers.facebook.com/docs/business-management-apis/business-asset-management/guides and
https://developers.facebook.com/docs/marketing-api/reference/ad-account/assigned_users, Graph v26.0, read 2026-11. The
guide says that tasks which come with a business asset group cannot be lowered here; code and text of that are ours. Of
a pixel the page says that nothing can be written; the specification has the POST, which is served, and no DELETE.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from meta_emulator import holdings, levels, sharing
from meta_emulator.errors import GraphFault, bad_parameter, denied, not_one_of, unsupported
from meta_emulator.fields import Node
from meta_emulator.node_types import ASSIGNED_USER, BUSINESS
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route, Tag
from meta_emulator.world import Assignment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meta_emulator.call import GraphCall
    from meta_emulator.surface import NodeType
    from meta_emulator.world import Asset, AssetKind

WHATSAPP = "whatsapp_business_management"
READ_SCOPES = ("business_management", "ads_management", "ads_read")


def list_users(kind: AssetKind, call: GraphCall, asset: Asset) -> Any:
    business_id = call.request.required("business")
    call.require_business_api()
    if kind == "page" and call.strict:
        # The Page's own edge asks for this one, while the guide goes by business_management alone.
        call.caller.require_scope("pages_manage_metadata")
    call.caller.require_scope(*((WHATSAPP,) if kind == "waba" else READ_SCOPES))
    held: Mapping[str, list[str]] = {}
    # Another business gets an empty list rather than an error, as users report.
    if call.world.permitted_tasks(asset, business_id) is not None and business_id in call.caller.businesses:
        held = holdings.of_asset(call.world, call.rules, kind, asset)
    permitted = permitted_or_all(kind, call, asset)
    rows = {user_id: {"tasks": tasks, "permitted_tasks": permitted} for user_id, tasks in held.items()}
    return user_page(call, ASSIGNED_USER, rows)


def user_page(call: GraphCall, row_type: NodeType, rows: Mapping[str, Mapping[str, Any]]) -> Any:
    """Users who were assigned to something, by id, each with what was assigned."""
    business = call.world.business(call.caller.business_id or "")
    shown = None if business is None else Node(BUSINESS, {"id": business.id, "name": business.name})
    nodes, keys = [], []
    for user_id, given in rows.items():
        system_user = call.world.system_user(user_id)
        user = system_user or call.world.human(user_id)
        if user is not None:
            values = {
                "id": user_id if system_user is None else call.own_id(system_user),
                "name": user.name,
                "user_type": "BUSINESS_USER" if system_user is None else "SYSTEM_USER",
                "business": shown,
            }
            nodes.append(Node(row_type, {**values, **given}))
            keys.append(user_id)
    return page(nodes, keys, call)


def permitted_or_all(kind: AssetKind, call: GraphCall, asset: Asset) -> list[str]:
    """The tasks the caller's business may hand out on an asset; all of the kind on its own."""
    permitted = call.world.permitted_tasks(asset, call.caller.business_id or "")
    return permitted or list(call.rules.task_enums[kind].allowed)


def assign(kind: AssetKind, call: GraphCall, asset: Asset) -> Any:
    user_id = _target(call, asset)
    tasks = checked_tasks(kind, call)
    permitted = call.world.permitted_tasks(asset, call.caller.business_id or "") or []
    beyond = [task for task in tasks if permitted and task not in permitted]
    if beyond:
        raise denied(f"The owner of the asset does not permit your business the tasks {', '.join(beyond)}.")
    _keep_group_tasks(kind, call, asset, user_id, tasks)
    existing = next((r for r in call.world.assignments if r.asset_id == asset.id and r.user_id == user_id), None)
    if existing is None:
        call.world.assignments.append(Assignment(asset.id, user_id, tasks))
    else:
        existing.tasks = tasks
    return {"success": True}


def unassign(kind: AssetKind, call: GraphCall, asset: Asset) -> Any:
    user_id = _target(call, asset)
    _keep_group_tasks(kind, call, asset, user_id, [])
    # Removing someone who is not there is taken as done; Meta documents no error for it.
    call.world.assignments = [
        row for row in call.world.assignments if (row.asset_id, row.user_id) != (asset.id, user_id)
    ]
    return {"success": True}


def _keep_group_tasks(kind: AssetKind, call: GraphCall, asset: Asset, user_id: str, tasks: list[str]) -> None:
    held = holdings.by_groups(call.world, kind, asset, user_id)
    if not held <= set(tasks):
        raise bad_parameter(
            "The user has tasks on this object through a business asset group: remove the user from the group first."
        )


def _target(call: GraphCall, asset: Asset) -> str:
    return target(call, asset.id, (row.user_id for row in call.world.assignments if row.asset_id == asset.id))


def target(call: GraphCall, object_id: str, known: Iterable[str]) -> str:
    """The user to change, once the caller may: the id under which they are assigned to an object, or are to be.

    `known` are the ids under which users are assigned to it by now.
    """
    caller = call.caller
    business_id = call.request.text("business") or caller.business_id
    if business_id is None or business_id not in caller.businesses:
        raise unsupported(call.request.method, object_id)
    call.require_business_api()
    caller.require_admin(business_id)
    found = call.world.asset(object_id)
    if found is not None:
        scope = WHATSAPP if found[0] == "waba" else "business_management"
        if not levels.permits(call, *found, scope):
            raise denied(f"Requires {scope} permission to manage the object")
    given = call.request.required("user")
    user = call.system_user(given)
    if user is not None and user.business_id == business_id:
        return user.id
    member = call.world.member(given)
    if member is not None and member[1].business_id == business_id:
        # The person's own id where the world names it so.
        return member[0].id if member[0].id in set(known) else member[1].id
    person = call.world.person(given)
    if person is None or business_id not in person.businesses:
        raise bad_parameter("Param user must be a business user or a system user of the business.")
    return person.id


def checked_tasks(kind: AssetKind, call: GraphCall, param: str = "tasks") -> list[str]:
    """The tasks of a parameter, with those below them; GraphFault for unknown ones and for sets that are not listed."""
    rule, given = call.rules.task_enums[kind], call.request.texts(param) or []
    for index, task in enumerate(given):
        # Pages also have task names of the new Pages experience, which are not listed one by one.
        if task not in rule.allowed and not (kind == "page" and task.startswith("PROFILE_PLUS_")):
            raise not_one_of(f"{param}[{index}]", task, rule.allowed)
    in_sets = {task for allowed in rule.sets for task in allowed}
    ladder = set(given) & in_sets
    if not given or (rule.sets and ladder and ladder not in [set(allowed) for allowed in rule.sets]):
        raise GraphFault(100, "(#100) The tasks given are not a combination that can be assigned.", subcode=1752129)
    return sharing.with_implied(call.rules, kind, given)


READ: dict[AssetKind, tuple[str, Tag]] = {
    "ad_account": ("marketing-api/reference/ad-account/assigned_users", "documented"),
    "page": ("graph-api/reference/page/assigned_users", "documented"),
    "catalog": ("marketing-api/reference/product-catalog/assigned_users", "documented"),
    "pixel": ("marketing-api/reference/ads-pixel/assigned_users", "documented"),
    "waba": ("graph-api/reference/whats-app-business-account/assigned_users", "documented"),
    "instagram": (f"{SDK}InstagramBusinessAsset.json", "SDK"),
}
WRITE: dict[AssetKind, tuple[str, Tag]] = {**READ, "pixel": (f"{SDK}AdsPixel.json", "SDK")}
BUSINESS_ID = Param("business", "id", required=True)
USER = (Param("user", "id", required=True), Param("business", "id"))
# Of these the specification requires the tasks; of the others a set that is missing is one that cannot be assigned.
NEED_TASKS: tuple[AssetKind, ...] = ("catalog", "pixel", "waba")


def _routes(kind: AssetKind) -> tuple[Route, ...]:
    listed, given, taken = partial(list_users, kind), partial(assign, kind), partial(unassign, kind)
    (source, tag), (write_source, write_tag) = READ[kind], WRITE[kind]
    tasks = Param("tasks", "list<string>", required=kind in NEED_TASKS)
    read = Route("GET", kind, "assigned_users", listed, source, tag, (BUSINESS_ID,), ASSIGNED_USER, many=True)
    write = Route("POST", kind, "assigned_users", given, write_source, write_tag, (*USER, tasks))
    end = Route("DELETE", kind, "assigned_users", taken, write_source, write_tag, USER)
    return (read, write) if kind == "pixel" else (read, write, end)


ROUTES = tuple(route for kind in READ for route in _routes(kind))
