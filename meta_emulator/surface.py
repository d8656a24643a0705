"""The emulated Graph as data: node types with their fields, routes with their parameters and sources.

Every module of `handlers` declares its routes with these; the router serves what is declared and refuses the rest.
`describe` gives all of it as plain JSON, to test or document the surface without reading its code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DOCS = "https://developers.facebook.com/docs/"
SDK = "https://github.com/facebook/facebook-business-sdk-codegen/tree/main/api_specs/specs/"

Method = Literal["GET", "POST", "DELETE"]
ParamType = Literal[
    "string", "int", "bool", "id", "enum", "object", "list<string>", "list<id>", "list<enum>", "list<object>"
]
Tag = Literal["documented", "SDK", "reported", "inferred"]  # how sure it is that Meta has it


@dataclass(frozen=True, slots=True)
class NodeType:
    """A type of node in Meta's words.

    Attributes:
        name: As in Meta's error texts, such as `AdAccount`.
        fields: What can be asked for, with its type; a node may well have no value for it.
        default: What is shown when nothing is asked for.
    """

    name: str
    fields: Mapping[str, str]
    default: tuple[str, ...] = ("id", "name")

    def row(self, *shown: str, **more: str) -> NodeType:
        """The same type as an edge lists it: with more fields, of which those `shown` are among the default ones."""
        return replace(self, fields={**self.fields, **more}, default=(*self.default, *shown))


def fields(**by_type: str) -> dict[str, str]:
    """Fields grouped by type, as `fields(string="id name", bool="is_hidden")`; `_of_` makes `list_of_string` a list."""
    found = {}
    for kind, names in by_type.items():
        outer, of, inner = kind.partition("_of_")
        found.update(dict.fromkeys(names.split(), f"{outer}<{inner}>" if of else kind))
    return found


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a route.

    Attributes:
        values: Those of an enum, or of an enum's list.
        lists_values: Whether a value that is none of them is refused in the words of insights.
    """

    name: str
    type: ParamType = "string"
    required: bool = False
    values: tuple[str, ...] = ()
    lists_values: bool = False


def params(**by_type: str) -> tuple[Param, ...]:
    """Optional parameters grouped by type, as `params(string="name vertical", list_of_string="app_domains")`."""
    return tuple(Param(name, kind) for name, kind in fields(**by_type).items())  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Route:
    """One call that is served.

    Attributes:
        node: The kind of node in the path; empty for paths that begin with none.
        edge: What follows the node, or the whole path where there is none; empty for the node itself.
        handler: Answers it, given the call and the node.
        page: Where Meta describes it: an address, or the path below `DOCS`.
        returns: The type of node that is answered, None where the answer is none.
        many: Whether it answers a page of them.
        writes: Whether it may change the world, also as a GET.
    """

    method: Method
    node: str
    edge: str
    handler: Callable[..., Any]
    page: str
    tag: Tag = "documented"
    params: tuple[Param, ...] = ()
    returns: NodeType | None = None
    many: bool = False
    writes: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.method, self.node, self.edge

    @property
    def source(self) -> str:
        return self.page if "://" in self.page else DOCS + self.page

    @property
    def accepted(self) -> tuple[Param, ...]:
        """All parameters it takes: its own, those of its answer, and those of every call."""
        shape = ((*FIELDS, *PAGING) if self.many else FIELDS) if self.returns is not None else ()
        return (*self.params, *shape, *COMMON)


# Taken on every call; credentials and `method` are read before a route is chosen.
COMMON = params(
    string="appsecret_proof appsecret_time callback debug format include_headers locale pretty "
    "return_ssl_resources suppress_http_code metadata",
)
FIELDS = params(list_of_string="fields")
PAGING = params(int="limit", string="after before summary")


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """Routes and node types as JSON: `{"nodes": {name: {fields, default}}, "routes": [{method, node, edge, …}]}`."""
    listed = sorted(routes, key=lambda route: (route.node, route.edge, route.method))
    nodes: dict[str, dict[str, Any]] = {}
    for route in listed:
        if route.returns is not None:
            shown = nodes.setdefault(route.returns.name, {"fields": {}, "default": list(route.returns.default)})
            shown["fields"].update(route.returns.fields)
    return {"nodes": nodes, "routes": [_route(route) for route in listed]}


def _route(route: Route) -> dict[str, Any]:
    return {
        "method": route.method,
        "node": route.node,
        "edge": route.edge,
        "source": route.source,
        "tag": route.tag,
        "returns": None if route.returns is None else route.returns.name,
        "many": route.many,
        "params": [
            {"name": one.name, "type": one.type, "required": one.required, "values": list(one.values)}
            for one in route.accepted
        ],
    }
