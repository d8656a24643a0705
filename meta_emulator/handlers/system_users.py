"""System users: `GET` and `POST /{business-id}/system_users`, `GET /{system-user-id}`. No delete, no change of role.

Source: https://developers.facebook.com/docs/business-management-apis/system-users/create-retrieve-update and
https://developers.facebook.com/docs/marketing-api/reference/business/system_users, Graph v26.0, read 2026-11.
Titles and subcodes of the quota errors are not documented; title and message are given the same text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.clock import graph_time
from meta_emulator.errors import GraphFault, bad_parameter
from meta_emulator.fields import Node, show
from meta_emulator.node_types import SYSTEM_USER, USER
from meta_emulator.paging import page
from meta_emulator.surface import Param, Route
from meta_emulator.world import SystemUser

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Business, Person

# The API specification's enum; Meta's guide uses the first two. For quotas there are admins and all others.
ROLES = (
    "ADMIN",
    "EMPLOYEE",
    "FINANCE_EDITOR",
    "FINANCE_ANALYST",
    "ADS_RIGHTS_REVIEWER",
    "DEVELOPER",
    "PARTNER_CENTER_ADMIN",
    "PARTNER_CENTER_ANALYST",
    "PARTNER_CENTER_OPERATIONS",
    "PARTNER_CENTER_MARKETING",
    "PARTNER_CENTER_EDUCATION",
    "MANAGE",
    "DEFAULT",
    "FINANCE_EDIT",
    "FINANCE_VIEW",
)

ROW = SYSTEM_USER.row("role", role="string")


def user_node(call: GraphCall, user: SystemUser) -> Node:
    values: dict[str, Any] = {
        "id": call.own_id(user),
        "name": user.name,
        "created_by": _creator(call, user),
        "created_time": None if user.created_time is None else graph_time(user.created_time),
        "client_business_id": _client(call, user),
        "finance_permission": None,
        "ip_permission": None,
    }
    return Node(SYSTEM_USER, values)


def _row(call: GraphCall, user: SystemUser) -> Node:
    return Node(ROW, {**user_node(call, user).values, "role": user.role})


def _client(call: GraphCall, user: SystemUser) -> str | None:
    """The client whose business a Login for Business token was made for, as the token's own user sees it."""
    own = call.caller.user is not None and call.caller.user.id == user.id
    return call.caller.token.client_business_id if own and call.caller.token is not None else None


def _creator(call: GraphCall, user: SystemUser) -> Node | None:
    if user.created_by is None:
        return None
    creator = call.world.system_user(user.created_by)
    if creator is not None:
        return Node(USER, {"id": call.own_id(creator), "name": creator.name})
    person = call.world.person(user.created_by)
    return None if person is None else Node(USER, {"id": person.id, "name": person.name})


def list_users(call: GraphCall, business: Business) -> Any:
    call.caller.require_admin(business.id)
    users = [user for user in call.world.system_users if user.business_id == business.id]
    nodes = [_row(call, user) for user in users]
    return page(nodes, [user.id for user in users], call)


def create_or_rename(call: GraphCall, business: Business) -> Any:
    admin = call.caller.require_admin(business.id)
    name = call.request.required("name").strip()
    role = call.request.text("role")
    existing = call.request.text("system_user_id")
    if existing is not None:
        user = _rename(call, business, existing, name, role)
    else:
        user = _create(call, business, name, role or "EMPLOYEE", admin)
    return show(user_node(call, user), call) if call.request.text("fields") else {"id": call.own_id(user)}


def _rename(call: GraphCall, business: Business, user_id: str, name: str, role: str | None) -> SystemUser:
    user = call.system_user(user_id)
    if user is None or user.business_id != business.id:
        raise bad_parameter("Param system_user_id must be a system user of this business.")
    if role is not None and role != user.role:
        # Not documented as a parameter of an update; Meta's pages say that a role cannot be changed.
        raise bad_parameter("The role of a system user cannot be changed.")
    _check_name(call, business, name, user)
    user.name = name
    return user


def _create(call: GraphCall, business: Business, name: str, role: str, admin: SystemUser | Person) -> SystemUser:
    app = call.caller.app
    if app.business_id != business.id:
        raise GraphFault(
            104001,
            "In order to create a system user, an app must be part of this business. Please add an app and then "
            "try again.",
            title="App Required",
        )
    _check_name(call, business, name, None)
    _check_quota(call, business, role)
    scoped, canonical = call.new_ids()
    user = SystemUser(scoped, name, role, business.id, admin.id, call.now, app.id, canonical)
    call.world.system_users.append(user)
    return user


def _check_name(call: GraphCall, business: Business, name: str, unless: SystemUser | None) -> None:
    taken = [user.name for user in call.world.system_users if user.business_id == business.id and user is not unless]
    if name in taken:
        # Reported by one user; the wording is ours.
        message = "A system user with this name already exists in this business."
        raise GraphFault(3972, f"(#3972) {message}", title=message)


def _check_quota(call: GraphCall, business: Business, role: str) -> None:
    admin = role == "ADMIN"
    limit = call.rules.quota(call.tier(call.caller.app), "ADMIN" if admin else "EMPLOYEE")
    users = [user for user in call.world.system_users if user.business_id == business.id]
    count = sum((user.role == "ADMIN") == admin for user in users)
    if limit is None or count < limit:
        return
    kind, code = ("admin system user", 3965) if admin else ("system user", 3949)
    message = f"This Business Manager has reached maximum number of {kind} limit."
    raise GraphFault(code, message, title=message)


def get_user(call: GraphCall, user: SystemUser) -> Any:
    if call.caller.user is not None and call.caller.user.id != user.id:
        call.caller.require_scope("business_management")
    return show(user_node(call, user), call)


ROUTES = (
    Route(
        "GET",
        "business",
        "system_users",
        list_users,
        "marketing-api/reference/business/system_users",
        returns=ROW,
        many=True,
    ),
    Route(
        "POST",
        "business",
        "system_users",
        create_or_rename,
        "business-management-apis/system-users/create-retrieve-update",
        params=(Param("name", required=True), Param("role", "enum", values=ROLES), Param("system_user_id", "id")),
        returns=SYSTEM_USER,
    ),
    Route("GET", "system_user", "", get_user, "marketing-api/reference/system-user", returns=SYSTEM_USER),
)
