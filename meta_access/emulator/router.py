"""From a path to the handler that serves it.

Every module of `handlers` offers `ROUTES`: (method, kind of node, edge) for nodes, (method, "", path) for the rest.
A new noun is one new module there.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from meta_access.emulator import handlers
from meta_access.emulator.errors import GraphFault, bad_parameter, unknown_path, unsupported
from meta_access.emulator.versions import served_marketing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_access.emulator.call import GraphCall

TYPE_NAMES = {
    "business": "Business",
    "app": "Application",
    "system_user": "SystemUser",
    "person": "User",
    "ad_account": "AdAccount",
    "page": "Page",
    "catalog": "ProductCatalog",
}
WRITING_ROOTS = ("oauth/access_token", "oauth/revoke")  # they change the world, also as a GET


@cache
def routes() -> Mapping[tuple[str, str, str], Callable[..., Any]]:
    """All routes, collected from the handlers."""
    found: dict[tuple[str, str, str], Callable[..., Any]] = {}
    for module in pkgutil.iter_modules(handlers.__path__):
        offered = importlib.import_module(f"{handlers.__name__}.{module.name}").ROUTES
        twice = found.keys() & offered.keys()
        if twice:
            raise RuntimeError(f"two handlers for {sorted(twice)}")
        found.update(offered)
    return found


def writes(call: GraphCall) -> bool:
    """Whether a call may change the world."""
    return call.request.method != "GET" or "/".join(call.request.path) in WRITING_ROOTS


def dispatch(call: GraphCall) -> Any:
    """Answer a call, or raise the GraphFault that Meta would."""
    method, path = call.request.method, call.request.path
    name = "/".join(path)
    root = routes().get((method, "", name))
    if root is not None:
        return root(call)
    if any(key[1:] == ("", name) for key in routes()):
        raise unsupported(method, name)
    call.caller  # noqa: B018 - the token is judged before the path is
    if len(path) not in (1, 2):
        raise unknown_path("/".join(path[2:])) if path else bad_parameter("An object id is required.")
    kind, node = _find(call, path[0])
    if kind == "ad_account":
        call.served = served_marketing(call.request, call.rules, call.now.date(), strict=call.strict)
    edge = path[1] if len(path) > 1 else ""
    handler = routes().get((method, kind, edge))
    if handler is None:
        raise _no_route(method, kind, path[0], edge)
    return handler(call, node)


def has_edge(call: GraphCall, node_id: str, name: str) -> bool:
    """Whether a node that the caller may see has an edge to read."""
    if not any(method == "GET" and name == edge for method, _, edge in routes()):
        return False
    try:
        kind, _ = _find(call, node_id)
    except GraphFault:
        return False
    return ("GET", kind, name) in routes()


def edge(call: GraphCall, node_id: str, name: str, params: Mapping[str, str]) -> Any:
    """Read an edge on behalf of a call that asks for it among its fields."""
    return dispatch(call.within((node_id, name), params))


def _no_route(method: str, kind: str, node_id: str, edge: str) -> GraphFault:
    if method != "GET":
        return unsupported(method, node_id)
    if any(key[2] == edge for key in routes()):
        return GraphFault(100, f"(#100) Tried accessing nonexistent field ({edge}) on node type ({TYPE_NAMES[kind]})")
    return unknown_path(edge)


def _find(call: GraphCall, node_id: str) -> tuple[str, Any]:
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
