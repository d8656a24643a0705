"""Who may do what on an asset: `GET`, `POST` and `DELETE /{asset-id}/assigned_users`. A POST replaces the tasks.

Source: https://developers.facebook.com/docs/business-management-apis/business-asset-management/guides and
https://developers.facebook.com/docs/marketing-api/reference/ad-account/assigned_users, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from meta_access.emulator.errors import GraphFault, bad_parameter, denied, not_one_of, unsupported
from meta_access.emulator.fields import Node
from meta_access.emulator.node_types import ASSIGNED_USER, BUSINESS
from meta_access.emulator.paging import page
from meta_access.emulator.surface import Param, Route, params
from meta_access.emulator.world import Assignment

if TYPE_CHECKING:
    from meta_access.emulator.call import GraphCall
    from meta_access.emulator.world import Asset, AssetKind, BusinessUser, Person, SystemUser

KINDS: tuple[AssetKind, ...] = ("ad_account", "page", "catalog")


def list_users(kind: AssetKind, call: GraphCall, asset: Asset) -> Any:
    business_id = call.request.required("business")
    call.require_business_api()
    call.caller.require_scope("business_management", "ads_management", "ads_read")
    permitted = call.world.permitted_tasks(asset, business_id)
    rows = []
    if permitted is not None and business_id in call.caller.businesses:
        rows = [row for row in call.world.assignments if row.asset_id == asset.id]
    # Another business gets an empty list rather than an error, as users report.
    nodes, keys = [], []
    for row in rows:
        user = call.world.system_user(row.user_id) or call.world.human(row.user_id)
        if user is not None:
            nodes.append(_row(kind, call, asset, user, row))
            keys.append(row.user_id)
    return page(nodes, keys, call)


def _row(kind: AssetKind, call: GraphCall, asset: Asset, user: SystemUser | Person, row: Assignment) -> Node:
    system_user = call.world.system_user(user.id)
    business = call.world.business(call.caller.business_id or "")
    values: dict[str, Any] = {
        "id": row.user_id if system_user is None else call.own_id(system_user),
        "name": user.name,
        "user_type": "BUSINESS_USER" if system_user is None else "SYSTEM_USER",
        "tasks": row.tasks,
        "permitted_tasks": permitted_or_all(kind, call, asset),
        "business": None if business is None else Node(BUSINESS, {"id": business.id, "name": business.name}),
    }
    return Node(ASSIGNED_USER, values)


def permitted_or_all(kind: AssetKind, call: GraphCall, asset: Asset) -> list[str]:
    """The tasks the caller's business may hand out on an asset; all of the kind on its own."""
    permitted = call.world.permitted_tasks(asset, call.caller.business_id or "")
    return permitted or list(call.rules.task_enums[kind].allowed)


def assign(kind: AssetKind, call: GraphCall, asset: Asset) -> Any:
    user_id = _target(call, asset)
    tasks = _tasks(kind, call)
    permitted = call.world.permitted_tasks(asset, call.caller.business_id or "") or []
    beyond = [task for task in tasks if permitted and task not in permitted]
    if beyond:
        raise denied(f"The owner of the asset does not permit your business the tasks {', '.join(beyond)}.")
    existing = next((r for r in call.world.assignments if r.asset_id == asset.id and r.user_id == user_id), None)
    if existing is None:
        call.world.assignments.append(Assignment(asset.id, user_id, tasks))
    else:
        existing.tasks = tasks
    return {"success": True}


def unassign(call: GraphCall, asset: Asset) -> Any:
    user_id = _target(call, asset)
    # Removing someone who is not there is taken as done; Meta documents no error for it.
    call.world.assignments = [
        row for row in call.world.assignments if (row.asset_id, row.user_id) != (asset.id, user_id)
    ]
    return {"success": True}


def _target(call: GraphCall, asset: Asset) -> str:
    """The user to change, once the caller may."""
    caller = call.caller
    business_id = call.request.text("business") or caller.business_id
    if business_id is None or business_id not in caller.businesses:
        raise unsupported(call.request.method, asset.id)
    call.require_business_api()
    caller.require_admin(business_id)
    given = call.request.required("user")
    user = call.system_user(given)
    if user is not None and user.business_id == business_id:
        return user.id
    member = call.world.member(given)
    if member is not None and member[1].business_id == business_id:
        return _known_as(call, asset, *member)
    person = call.world.person(given)
    if person is None or business_id not in person.businesses:
        raise bad_parameter("Param user must be a business user or a system user of the business.")
    return person.id


def _known_as(call: GraphCall, asset: Asset, person: Person, member: BusinessUser) -> str:
    """The id an assignment of a business user has, or is to have: the person's own where the world names it so."""
    named = any((row.asset_id, row.user_id) == (asset.id, person.id) for row in call.world.assignments)
    return person.id if named else member.id


def _tasks(kind: AssetKind, call: GraphCall) -> list[str]:
    rule = call.rules.task_enums[kind]
    given = call.request.texts("tasks") or []
    for index, task in enumerate(given):
        # Pages also have task names of the new Pages experience, which are not listed one by one.
        if task not in rule.allowed and not (kind == "page" and task.startswith("PROFILE_PLUS_")):
            raise not_one_of(f"tasks[{index}]", task, rule.allowed)
    in_sets = {task for allowed in rule.sets for task in allowed}
    ladder = set(given) & in_sets
    if not given or (rule.sets and ladder and ladder not in [set(allowed) for allowed in rule.sets]):
        raise GraphFault(100, "(#100) The tasks given are not a combination that can be assigned.", subcode=1752129)
    implied = call.rules.expand_tasks(kind, given)
    return [task for task in rule.allowed if task in implied] + [task for task in implied if task not in rule.allowed]


PAGES: dict[AssetKind, str] = {
    "ad_account": "marketing-api/reference/ad-account/assigned_users",
    "page": "graph-api/reference/page/assigned_users",
    "catalog": "marketing-api/reference/product-catalog/assigned_users",
}
USER = (Param("user", "id", required=True), Param("business", "id"))


def _routes(kind: AssetKind) -> tuple[Route, ...]:
    listing = (Param("business", "id", required=True),)
    return (
        Route(
            "GET",
            kind,
            "assigned_users",
            partial(list_users, kind),
            PAGES[kind],
            params=listing,
            returns=ASSIGNED_USER,
            many=True,
        ),
        Route(
            "POST",
            kind,
            "assigned_users",
            partial(assign, kind),
            PAGES[kind],
            params=(*USER, *params(list_of_string="tasks")),
        ),
        Route("DELETE", kind, "assigned_users", unassign, PAGES[kind], params=USER),
    )


ROUTES = tuple(route for kind in KINDS for route in _routes(kind))
