"""The `fields` parameter: what to show of a node, its edges included.

`id,owner{name},owned_pages.limit(2).as(pages){id}`: names, subfields in braces, and after a dot either an alias or a
parameter of the edge. An edge among the fields is read by the handler that serves it as a call of its own.
Source: https://developers.facebook.com/docs/graph-api/guides/field-expansion, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_emulator import router
from meta_emulator.errors import GraphFault, no_field
from meta_emulator.request import lenient_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_emulator.call import GraphCall
    from meta_emulator.surface import NodeType

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Node:
    """A node as a handler offers it.

    Attributes:
        type: The fields that it has, and those shown by default.
        values: What there is to show. A field of the type without a value, or with None, is left out as Graph does. A
            function is called only when its field is asked for, with the field's parameters.
    """

    type: NodeType
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field that is asked for.

    Attributes:
        alias: The key it is answered under; its name unless `.as()` says otherwise.
        params: Parameters of an edge: `.limit(2)` is `{"limit": "2"}`, and `fields` is the content of its braces.
        inner: What is asked of a node in its braces, None without braces.
    """

    name: str
    alias: str
    params: dict[str, str] = field(default_factory=dict)
    inner: tuple[Field, ...] | None = None


def show(node: Node, call: GraphCall) -> dict[str, Any]:
    """The fields of a node that a call asks for; GraphFault for one it does not have."""
    return show_all([node], call)[0]


def show_all(nodes: Iterable[Node], call: GraphCall) -> list[dict[str, Any]]:
    """The same of several nodes."""
    text = call.request.text("fields")
    wanted = None if text is None else split(text)
    return [_show(node, wanted, call) for node in nodes]


def _show(node: Node, wanted: tuple[Field, ...] | None, call: GraphCall) -> dict[str, Any]:
    call.count_shown()
    shown: dict[str, Any] = {}
    for asked in wanted or [Field(name, name) for name in node.type.default]:
        value = _value(node, asked, call)
        if value is not None:
            shown[asked.alias] = value
    if "id" in node.values:
        shown.setdefault("id", node.values["id"])
    return shown


def _value(node: Node, asked: Field, call: GraphCall) -> Any:
    if asked.name not in node.type.fields:
        if "id" in node.values and router.has_edge(call, node.values["id"], asked.name):
            return router.edge(call, node.values["id"], asked.name, asked.params)
        raise no_field(asked.name, node.type.name)
    value = node.values.get(asked.name)
    if callable(value):
        value = value(asked.params)
    if isinstance(value, Node):
        return _show(value, asked.inner, call)
    if asked.inner is not None and value is not None and not isinstance(value, dict | list):
        # As users report it; PHP's SDK of old asked so for a picture.
        raise GraphFault(2500, f"Subfields are not supported by {asked.name}")
    return value


def split(text: str, depth: int = 0) -> tuple[Field, ...]:
    """The fields of a text, or of a JSON list of such texts; GraphFault when it cannot be read."""
    if text.lstrip().startswith("["):
        listed = lenient_json("Param fields", text)
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise _syntax()
        text = ",".join(listed)
    found: list[Field] = []
    rest = text.strip()
    while rest:
        name = _NAME.match(rest)
        if name is None or depth > DEEPEST:
            raise _syntax()
        params, rest = _modifiers(rest[name.end() :].lstrip())
        alias, inner = params.pop("as", name.group()), None
        if rest.startswith("{"):
            end = _closing(rest, "{", "}")
            params["fields"], rest = rest[1:end], rest[end + 1 :].lstrip()
        if "fields" in params:
            inner = split(params["fields"], depth + 1)
        found.append(Field(name.group(), alias, params, inner))
        if rest and not rest.startswith(","):
            raise _syntax()
        rest = rest[1:].lstrip()
    return tuple(found)


def _modifiers(rest: str) -> tuple[dict[str, str], str]:
    """`.limit(2).as(x){id}` as its parameters, and what follows them."""
    params: dict[str, str] = {}
    while rest.startswith("."):
        rest = rest[1:].lstrip()
        name = _NAME.match(rest)
        if name is None or not rest[name.end() :].lstrip().startswith("("):
            raise _syntax()
        rest = rest[name.end() :].lstrip()
        end = _closing(rest, "(", ")")
        given = rest[1:end].strip()
        if name.group() == "as" and not _NAME.fullmatch(given):
            raise _syntax()
        params[name.group()] = given.strip("\"'")
        rest = rest[end + 1 :].lstrip()
    return params, rest


def _closing(text: str, opening: str, closing: str) -> int:
    depth = 0
    for index, char in enumerate(text):
        depth += {opening: 1, closing: -1}.get(char, 0)
        if depth == 0:
            return index
    raise GraphFault(2500, f'(#2500) Syntax error in the parameter "fields": a "{opening}" is not closed.')


def _syntax() -> GraphFault:
    return GraphFault(2500, '(#2500) Syntax error in the parameter "fields".')
