"""Which node an id in a path stands for, as far as the caller may know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.emulator.errors import GraphFault, unsupported

if TYPE_CHECKING:
    from meta_access.emulator.call import GraphCall

TYPE_NAMES = {
    "business": "Business",
    "app": "Application",
    "system_user": "SystemUser",
    "ad_account": "AdAccount",
    "page": "Page",
    "catalog": "ProductCatalog",
}


def find(call: GraphCall, node_id: str) -> tuple[str, Any]:
    """The node with an id, as far as the caller may know of it."""
    caller, world = call.caller, call.world
    if node_id == "me":
        if caller.user is None:
            message = "An active access token must be used to query information about the current user."
            raise GraphFault(2500, message)
        return "system_user", caller.user
    if node_id == "app":
        return "app", caller.app
    user = call.system_user(node_id)
    if user is not None and user.business_id == caller.business_id:
        return "system_user", user
    business = world.business(node_id)
    if business is not None and business.id == caller.business_id:
        return "business", business
    app = world.app(node_id)
    if app is not None and (app.id == caller.app.id or (app.business_id and app.business_id == caller.business_id)):
        return "app", app
    found = world.asset(node_id)
    if found is not None and caller.business_id is not None:
        kind, asset = found
        if world.permitted_tasks(asset, caller.business_id) is not None:
            return kind, asset
    raise unsupported(call.request.method, node_id)
