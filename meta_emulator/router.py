"""From a path to the handler that serves it.

Every module of `handlers` offers `ROUTES`, a tuple of `surface.Route`. What no route declares is refused here: paths,
methods, and parameters by name, type and value. A new noun is one new module there.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from meta_emulator import handlers, ids, legacy, nodes, parameters, usage
from meta_emulator.errors import GraphFault, bad_parameter, no_field, unknown_path, unsupported
from meta_emulator.versions import served_marketing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_emulator.call import GraphCall
    from meta_emulator.request import GraphRequest
    from meta_emulator.surface import Route


@cache
def routes() -> Mapping[tuple[str, str, str], Route]:
    """All routes, collected from the handlers."""
    found: dict[tuple[str, str, str], Route] = {}
    for module in pkgutil.iter_modules(handlers.__path__):
        for route in importlib.import_module(f"{handlers.__name__}.{module.name}").ROUTES:
            if route.key in found:
                raise RuntimeError(f"two handlers for {route.key}")
            found[route.key] = route
    return found


@cache
def edges() -> frozenset[str]:
    """The names that follow a node somewhere."""
    return frozenset(route.edge for route in routes().values() if route.node)


@cache
def _roots() -> frozenset[str]:
    return frozenset(route.edge for route in routes().values() if not route.node)


def writes(request: GraphRequest) -> bool:
    """Whether a call may change the world; what one without `writes` changes is not saved."""
    root = routes().get((request.method, "", "/".join(request.path)))
    return request.method != "GET" or (root is not None and root.writes)


def dispatch(call: GraphCall) -> Any:
    """Answer a call and count it on its quotas, or raise the GraphFault that Meta would."""
    return _answer(call, counted=True)


def _answer(call: GraphCall, *, counted: bool) -> Any:
    method, path = call.request.method, call.request.path
    legacy.check(call)
    if ids.asked(call):
        return ids.read(call, dispatch)
    name = "/".join(path)
    root = routes().get((method, "", name))
    if root is not None:
        parameters.check(root, call.request, strict=call.strict)
        return root.handler(call)
    if name in _roots():
        raise unsupported(method, name)
    call.caller  # noqa: B018 - the token is judged before the path is
    if len(path) not in (1, 2):
        raise unknown_path("/".join(path[2:])) if path else bad_parameter("An object id is required.")
    kind, node = nodes.find(call, path[0])
    if kind == "ad_account":
        call.served = served_marketing(call.served, call.request, call.rules, call.now.date(), strict=call.strict)
    edge = path[1] if len(path) > 1 else ""
    if counted:
        usage.count(call, kind, node, edge)
    route = routes().get((method, kind, edge))
    if route is None:
        raise _no_route(method, kind, path[0], edge)
    parameters.check(route, call.request, strict=call.strict)
    return route.handler(call, node)


def has_edge(call: GraphCall, node_id: str, name: str) -> bool:
    """Whether a node that the caller may see has an edge to read."""
    if not any(method == "GET" and name == edge for method, _, edge in routes()):
        return False
    try:
        kind, _ = nodes.find(call, node_id)
    except GraphFault:
        return False
    return ("GET", kind, name) in routes()


def edge(call: GraphCall, node_id: str, name: str, params: Mapping[str, str]) -> Any:
    """Read an edge on behalf of a call that asks for it among its fields: part of that call, not counted again."""
    return _answer(call.within((node_id, name), params), counted=False)


def _no_route(method: str, kind: str, node_id: str, edge: str) -> GraphFault:
    if method != "GET":
        return unsupported(method, node_id)
    if edge in edges():
        return no_field(edge, nodes.TYPE_NAMES[kind])
    return unknown_path(edge)
