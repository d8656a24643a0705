"""The node behind an id in a path, as far as the caller may know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.errors import GraphFault, unsupported

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App

TYPE_NAMES = {
    "business": "Business",
    "app": "Application",
    "system_user": "SystemUser",
    "person": "User",
    "business_user": "BusinessUser",
    "business_role_request": "BusinessRoleRequest",
    "ad_account": "AdAccount",
    "page": "Page",
    "catalog": "ProductCatalog",
    "pixel": "AdsPixel",
    "waba": "WhatsAppBusinessAccount",
    "instagram": "InstagramBusinessAsset",
    "asset_group": "BusinessAssetGroup",
}


def find(call: GraphCall, node_id: str) -> tuple[str, Any]:
    """The node with an id, as far as the caller may know of it."""
    caller, world = call.caller, call.world
    if node_id == "me":
        return _me(call)
    if node_id == "app":
        return "app", world.app(caller.app.id) or caller.app
    found = _user(call, node_id) or _asset(call, node_id)
    business = world.business(node_id)
    if business is not None and (business.id in caller.businesses or _dealing(call, business.id)):
        found = "business", business
    app = world.app(node_id)
    if app is not None and _knows_app(call, app):
        found = "app", app
    found = found or _member(call, node_id) or _group(call, node_id)
    if found is None:
        raise unsupported(call.request.method, node_id)
    if call.request.method != "GET":
        _require_two_factor(call, *found)
    return found


def _knows_app(call: GraphCall, app: App) -> bool:
    """The calling app itself, those of the caller's businesses, and those that one of them is a client of."""
    caller = call.caller
    uses = (row for row in call.world.app_clients if (row.app_id, row.state) == (app.id, "accepted"))
    owned = app.id == caller.app.id or app.business_id in caller.businesses
    return owned or any(row.business_id in caller.businesses for row in uses)


def _dealing(call: GraphCall, business_id: str) -> bool:
    """Whether a call crosses from one business to another: a client lets a partner in, or a partner acts for it."""
    edge = call.request.path[-1]
    if edge == "managed_businesses":
        return True
    rows = call.world.managed_businesses
    return edge == "access_token" and any(
        row.client_id == business_id and row.partner_id in call.caller.businesses for row in rows
    )


def _require_two_factor(call: GraphCall, kind: str, node: Any) -> None:
    """A write to a business, or to its assets, needs a second factor where the business asks for it."""
    business_id = node.id if kind == "business" else getattr(node, "business_id", None)
    call.caller.require_two_factor(call.world.business(business_id or ""))


def _user(call: GraphCall, node_id: str) -> tuple[str, Any] | None:
    user = call.system_user(node_id)
    if user is not None and user.business_id in call.caller.businesses:
        return "system_user", user
    person = call.caller.person
    if person is not None and call.world.person_seen_by(call.caller.app.id, node_id) == person:
        return "person", person
    return None


def _member(call: GraphCall, node_id: str) -> tuple[str, Any] | None:
    """Somebody in a business of the caller's, or invited into one."""
    member = call.world.member(node_id)
    if member is not None and member[1].business_id in call.caller.businesses:
        return "business_user", member
    invited = (row for row in call.world.business_invitations if row.business_id in call.caller.businesses)
    request = next((row for row in invited if row.id == node_id), None)
    return None if request is None else ("business_role_request", request)


def _group(call: GraphCall, node_id: str) -> tuple[str, Any] | None:
    group = call.world.asset_group(node_id)
    return ("asset_group", group) if group is not None and group.business_id in call.caller.businesses else None


def _asset(call: GraphCall, node_id: str) -> tuple[str, Any] | None:
    caller, found = call.caller, call.world.asset(node_id)
    if found is None or (caller.page is not None and caller.page.id == node_id):
        return found
    sees = (call.world.permitted_tasks(found[1], business_id) is not None for business_id in caller.businesses)
    if any(sees):
        return found
    # People see the assets that they have without a business.
    person_id = None if caller.person is None or found[1].business_id is not None else caller.person.id
    has = any((row.asset_id, row.user_id) == (node_id, person_id) for row in call.world.assignments)
    return found if has else None


def _me(call: GraphCall) -> tuple[str, Any]:
    """The caller itself, as it is in the world that the call reads: a stale one may not know it yet."""
    caller, world = call.caller, call.world
    if caller.token is None:
        message = "An active access token must be used to query information about the current user."
        raise GraphFault(2500, message)
    if caller.page is not None:
        found = world.asset(caller.page.id)
        if found is not None:
            return found
    elif caller.person is not None:
        person = world.person(caller.person.id)
        if person is not None:
            return "person", person
    elif caller.user is not None:
        user = world.system_user(caller.user.id)
        if user is not None:
            return "system_user", user
    raise unsupported(call.request.method, "me")
