"""A person as their own token sees them: `GET /me`, what they granted, their Pages, their businesses.

Source: https://developers.facebook.com/docs/graph-api/reference/user, its edges `accounts`, `businesses` and
`permissions`, Graph v26.0, read 2026-11. A person's id is another one for each app.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from meta_emulator.errors import GraphFault, bad_parameter
from meta_emulator.fields import Node, show
from meta_emulator.handlers.apps import app_node
from meta_emulator.handlers.assets import page_tasks, page_token
from meta_emulator.node_types import APPLICATION, BUSINESS, PAGE, USER
from meta_emulator.paging import page
from meta_emulator.surface import NodeType, Param, Route, fields, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Person, RoleName, SystemUser

SOURCE = "graph-api/reference/user"
PERMISSION = NodeType("Permission", fields(string="permission status"), ("permission", "status"))
ASSIGNED_APP = APPLICATION.row("tasks", tasks="list<string>")
# What each role is for, in the words of the tasks that Business Manager gives on apps.
ROLE_TASKS: dict[RoleName, tuple[str, ...]] = {
    "administrators": ("MANAGE", "DEVELOP", "TEST", "ANALYZE"),
    "developers": ("DEVELOP", "TEST", "ANALYZE"),
    "testers": ("TEST",),
    "insights users": ("TEST", "ANALYZE"),
}
ACCOUNT = PAGE.row("access_token", "category", "tasks", tasks="list<string>")


def get_person(call: GraphCall, person: Person) -> Any:
    first, _, last = person.name.partition(" ")
    values = {
        "id": call.world.scoped_id(person, call.caller.app.id),
        "name": person.name,
        "first_name": first,
        "last_name": last or None,
        "email": person.email or None if call.caller.holds("email") else None,
        "client_business_id": None if call.caller.token is None else call.caller.token.client_business_id,
    }
    return show(Node(USER, values), call)


def list_permissions(call: GraphCall, person: Person) -> Any:
    consent = call.world.consent(person.id, call.caller.app.id)
    rows = [] if consent is None else [(name, "granted") for name in consent.granted]
    rows += [] if consent is None else [(name, "declined") for name in consent.declined]
    wanted, status = call.request.text("permission"), call.request.text("status")
    rows = [row for row in rows if wanted in (None, row[0]) and status in (None, row[1])]
    nodes = [Node(PERMISSION, {"permission": name, "status": status}) for name, status in rows]
    return page(nodes, [name for name, _ in rows], call)


def withdraw_permissions(call: GraphCall, person: Person) -> Any:
    """Take one permission back, or leave the app altogether, which ends every token of the person for it."""
    app_id = call.caller.app.id
    consent, name = call.world.consent(person.id, app_id), call.request.text("permission")
    mine = [row for row in call.world.tokens if (row.user_id, row.app_id) == (person.id, app_id)]
    if name is None:
        call.world.consents = [row for row in call.world.consents if row is not consent]
        for token in mine:
            token.revoked_at, token.ended_by = token.revoked_at or call.now, "app_removed"
        return {"success": True}
    if consent is None or name not in consent.granted:
        raise bad_parameter(f"Param permission must be one that was granted - got {name!r}.")
    consent.granted.remove(name)
    for token in mine:
        token.scopes = [scope for scope in token.scopes if scope != name]
    return {"success": True}


def list_accounts(call: GraphCall, holder: Person | SystemUser) -> Any:
    """The Pages the caller works on, each with a token of its own."""
    if not call.caller.holds("pages_show_list"):
        return page([], [], call)  # as for somebody without a Page
    nodes, keys = [], []
    for asset in call.world.pages:
        tasks = page_tasks(call, holder, asset)
        if tasks is not None:
            values = {"id": asset.id, "name": asset.name, "category": "Advertising/Marketing", "tasks": tasks}
            nodes.append(Node(ACCOUNT, {**values, "access_token": partial(page_token, call, asset)}))
            keys.append(asset.id)
    return page(nodes, keys, call)


def list_businesses(call: GraphCall, person: Person) -> Any:
    if not call.caller.holds("business_management"):
        raise GraphFault(200, "(#200) Requires business_management permission to manage the object")
    found = [row for row in call.world.businesses if row.id in person.businesses]
    nodes = [
        Node(ROLE, {"id": row.id, "name": row.name, "permitted_roles": [person.businesses[row.id]]}) for row in found
    ]
    return page(nodes, [row.id for row in found], call)


def list_applications(call: GraphCall, person: Person) -> Any:
    """The apps that a person has a role on, with what the role lets them do."""
    call.caller.require_scope("manage_app_solution")
    nodes, keys = [], []
    for app in call.world.apps:
        role = call.world.role_on_app(person.id, app.id)
        if role is not None:
            nodes.append(Node(ASSIGNED_APP, {**app_node(call, app).values, "tasks": list(ROLE_TASKS[role])}))
            keys.append(app.id)
    return page(nodes, keys, call)


# They choose Pages by what the world does not keep, and have no effect.
KINDS = params(id="ad_id", bool="is_place is_promotable")
ROLE = BUSINESS.row(permitted_roles="list<string>")

ROUTES = (
    Route("GET", "person", "", get_person, SOURCE, returns=USER),
    Route(
        "GET",
        "person",
        "permissions",
        list_permissions,
        f"{SOURCE}/permissions",
        params=(Param("permission"), Param("status", "enum", values=("granted", "declined", "expired"))),
        returns=PERMISSION,
        many=True,
    ),
    Route(
        "DELETE",
        "person",
        "permissions",
        withdraw_permissions,
        f"{SOURCE}/permissions",
        params=params(string="permission"),
    ),
    Route("GET", "person", "accounts", list_accounts, f"{SOURCE}/accounts", params=KINDS, returns=ACCOUNT, many=True),
    # The page is about people; users report that a system user's token is answered alike.
    Route("GET", "system_user", "accounts", list_accounts, f"{SOURCE}/accounts", "reported", KINDS, ACCOUNT, many=True),
    Route(
        "GET",
        "person",
        "assigned_applications",
        list_applications,
        f"{SOURCE}/assigned_applications",
        returns=ASSIGNED_APP,
        many=True,
    ),
    Route("GET", "person", "businesses", list_businesses, f"{SOURCE}/businesses", returns=ROLE, many=True),
)
