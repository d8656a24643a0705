"""People in a business: its `business_users` and `pending_users`, the business user and the request as nodes.

Source: https://developers.facebook.com/docs/marketing-api/reference/business/business_users and
https://developers.facebook.com/docs/marketing-api/reference/business-user, Graph v26.0, read 2026-11. How many
invitations fit into a day is not published: the number is ours. Texts are ours where the pages give a code only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from meta_emulator import business_acts
from meta_emulator.clock import graph_time
from meta_emulator.errors import GraphFault, bad_parameter, denied
from meta_emulator.fields import Node, show
from meta_emulator.handlers.system_users import ROLES
from meta_emulator.node_types import BUSINESS, BUSINESS_ROLE_REQUEST, BUSINESS_USER
from meta_emulator.paging import page
from meta_emulator.surface import Param, Route, params
from meta_emulator.world import BusinessInvitation, BusinessUser

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Business, Person

    Member = tuple[Person, BusinessUser]

DAY = timedelta(hours=24)
MOST_A_DAY = 50
LASTS = timedelta(days=30)  # an invitation; ours
ADMIN_ROLES = ("ADMIN", "MANAGE")
FINANCE_ROLES = {
    "FINANCE_EDITOR": "EDITOR",
    "FINANCE_EDIT": "EDITOR",
    "FINANCE_ANALYST": "ANALYST",
    "FINANCE_VIEW": "ANALYST",
}
INVITED_TYPES = ("FB", "MWA")
TASKS = ("ADMIN", "ADS_RIGHTS_REVIEWER", "DEFAULT", "DEVELOPER", "EMPLOYEE", "FINANCE_ANALYST", "FINANCE_EDIT",
         "FINANCE_EDITOR", "FINANCE_VIEW", "MANAGE", "PARTNER_CENTER_ADMIN", "PARTNER_CENTER_ANALYST",
         "PARTNER_CENTER_EDUCATION", "PARTNER_CENTER_MARKETING", "PARTNER_CENTER_OPERATIONS")  # fmt: skip


def user_node(call: GraphCall, member: Member) -> Node:
    person, kept = member
    first, _, last = person.name.partition(" ")
    values: dict[str, Any] = {
        "id": kept.id,
        "name": " ".join(name for name in (kept.first_name, kept.last_name) if name) or person.name,
        "first_name": kept.first_name or first,
        "last_name": kept.last_name or last or None,
        "email": person.email or None,
        "pending_email": kept.pending_email,
        "role": person.businesses[kept.business_id],
        "title": kept.title or None,
        "finance_permission": kept.finance_role,
        "two_fac_status": "ENABLED" if person.two_factor else "DISABLED",
        "marked_for_removal": False,
        "business": _business(call, kept.business_id),
    }
    return Node(BUSINESS_USER, values)


def _request_node(call: GraphCall, row: BusinessInvitation) -> Node:
    values: dict[str, Any] = {
        "id": row.id,
        "email": row.email,
        "role": row.role,
        "finance_role": row.finance_role,
        "status": "PENDING",
        "created_time": None if row.created_at is None else graph_time(row.created_at),
        "expiration_time": None if row.created_at is None else graph_time(row.created_at + LASTS),
        "owner": _business(call, row.business_id),
    }
    return Node(BUSINESS_ROLE_REQUEST, values)


def _business(call: GraphCall, business_id: str) -> Node | None:
    found = call.world.business(business_id)
    return None if found is None else Node(BUSINESS, {"id": found.id, "name": found.name})


def list_users(call: GraphCall, business: Business) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    members = list(call.world.members(business.id))
    return page([user_node(call, one) for one in members], [kept.id for _, kept in members], call)


def list_pending(call: GraphCall, business: Business) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    wanted = call.request.text("email")
    rows = [row for row in call.world.business_invitations if row.business_id == business.id]
    rows = [row for row in rows if wanted is None or row.email.lower() == wanted.lower()]
    return page([_request_node(call, row) for row in rows], [row.id for row in rows], call)


def invite(call: GraphCall, business: Business) -> Any:
    _check_admin(call, business.id)
    email = call.request.required("email").strip()
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        raise bad_parameter("Param email must be a valid email address.")
    if any(person.email.lower() == email.lower() for person, _ in call.world.members(business.id)):
        raise bad_parameter("This person is already in the business.")
    rows = call.world.business_invitations
    if any((row.business_id, row.email.lower()) == (business.id, email.lower()) for row in rows):
        raise bad_parameter("This person has been invited to the business already.")
    since = call.now - DAY
    sent = [r for r in rows if r.business_id == business.id and r.created_at is not None and r.created_at > since]
    if len(sent) >= MOST_A_DAY:
        message = "The limit of invitations has been reached. Try again in 24 hours."
        raise GraphFault(17, f"(#17) {message}", title=message)
    role = call.request.text("role") or "EMPLOYEE"
    scoped, _ = call.new_ids()
    rows.append(
        BusinessInvitation(scoped, business.id, email, _base_role(role), FINANCE_ROLES.get(role), call.now),
    )
    return {"id": scoped}


def _base_role(role: str) -> Literal["ADMIN", "EMPLOYEE"]:
    """Apart from ADMIN, a role is EMPLOYEE with something more."""
    return "ADMIN" if role in ADMIN_ROLES else "EMPLOYEE"


def _check_admin(call: GraphCall, business_id: str) -> None:
    call.require_business_api()
    call.caller.require_admin(business_id)
    call.caller.require_two_factor(call.world.business(business_id))


def get_user(call: GraphCall, member: Member) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    return show(user_node(call, member), call)


def change_user(call: GraphCall, member: Member) -> Any:
    person, kept = member
    itself = call.caller.person is not None and call.caller.person.id == person.id
    role = call.request.text("role")
    if role is not None or not itself:
        _check_admin(call, kept.business_id)
    else:
        call.caller.require_scope("business_management")
        call.caller.require_two_factor(call.world.business(kept.business_id))
    if role is not None:
        _change_role(call, person, kept.business_id, role)
    row = _kept(call, kept)
    if role in FINANCE_ROLES:
        row.finance_role = FINANCE_ROLES[str(role)]
    for name in ("title", "first_name", "last_name", "pending_email"):
        if name in call.request.params:
            setattr(row, name, call.request.text(name) or ("" if name == "title" else None))
    if call.request.text("email") is not None:
        # A new address counts once its owner has confirmed it.
        row.pending_email = call.request.text("email")
    if call.request.flag("clear_pending_email"):
        row.pending_email = None
    return {"success": True}


def _change_role(call: GraphCall, person: Person, business_id: str, role: str) -> None:
    base = _base_role(role)
    if base != "ADMIN":
        _check_last_admin(call, person, business_id)
    person.businesses[business_id] = base


def _check_last_admin(call: GraphCall, person: Person, business_id: str) -> None:
    if business_acts.is_last_admin(call.world, person, business_id):
        message = "The last admin of a business cannot be removed or lose this role. Make somebody else an admin first."
        raise GraphFault(3914, f"(#3914) {message}", title=message)


def _kept(call: GraphCall, kept: BusinessUser) -> BusinessUser:
    """The row of a business user, made where the world has none yet; its id stays the same."""
    if kept not in call.world.business_users:
        call.world.business_users.append(kept)
    return kept


def remove_user(call: GraphCall, member: Member) -> Any:
    person, kept = member
    _check_admin(call, kept.business_id)
    _check_last_admin(call, person, kept.business_id)
    business_acts.remove_member(call.world, person, kept.business_id)
    return {"success": True}


def get_request(call: GraphCall, row: BusinessInvitation) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    return show(_request_node(call, row), call)


def change_request(call: GraphCall, row: BusinessInvitation) -> Any:
    _check_admin(call, row.business_id)
    role = call.request.text("role")
    if role is None:
        raise denied("Requires a role to change the invitation to")
    row.role, row.finance_role = _base_role(role), FINANCE_ROLES.get(role)
    return {"success": True}


def withdraw_request(call: GraphCall, row: BusinessInvitation) -> Any:
    _check_admin(call, row.business_id)
    call.world.business_invitations = [other for other in call.world.business_invitations if other is not row]
    return {"success": True}


PAGE = "marketing-api/reference/business/business_users"
NODE = "marketing-api/reference/business-user"
REQUEST = "marketing-api/reference/business-role-request"
ROLE = Param("role", "enum", values=ROLES)
TASK_LIST = Param("tasks", "list<enum>", values=TASKS)
CHANGES = params(string="email pending_email first_name last_name title", bool="clear_pending_email "
                 "skip_verification_email")  # fmt: skip

ROUTES = (
    Route("GET", "business", "business_users", list_users, PAGE, returns=BUSINESS_USER, many=True),
    Route(
        "POST",
        "business",
        "business_users",
        invite,
        PAGE,
        params=(
            Param("email", required=True),
            ROLE,
            TASK_LIST,
            Param("invited_user_type", "list<enum>", values=INVITED_TYPES),
        ),
    ),
    Route(
        "GET",
        "business",
        "pending_users",
        list_pending,
        "marketing-api/reference/business/pending_users",
        params=params(string="email"),
        returns=BUSINESS_ROLE_REQUEST,
        many=True,
    ),
    Route("GET", "business_user", "", get_user, NODE, returns=BUSINESS_USER),
    Route("POST", "business_user", "", change_user, NODE, params=(ROLE, TASK_LIST, *CHANGES)),
    Route("DELETE", "business_user", "", remove_user, NODE),
    Route("GET", "business_role_request", "", get_request, REQUEST, returns=BUSINESS_ROLE_REQUEST),
    Route("POST", "business_role_request", "", change_request, REQUEST, params=(ROLE, TASK_LIST)),
    Route("DELETE", "business_role_request", "", withdraw_request, REQUEST),
)
