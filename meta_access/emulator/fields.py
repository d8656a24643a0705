"""The `fields` parameter: what to show of a node.

Source: https://developers.facebook.com/docs/graph-api/overview (field expansion), Graph v26.0, read 2026-11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from meta_access.emulator.errors import GraphFault

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Node:
    """A node as a handler offers it.

    Attributes:
        kind: Meta's name of the type, for its error texts.
        values: All fields it knows; None is known and empty, and left out of answers as Graph does.
        default: Fields shown when none are asked for.
    """

    kind: str
    values: dict[str, Any]
    default: tuple[str, ...] = ("id", "name")


def show(node: Node, fields: str | None) -> dict[str, Any]:
    """A node's fields, `id` always among them; GraphFault for one it does not have."""
    wanted: list[tuple[str, str | None]] = [(name, None) for name in node.default] if not fields else split(fields)
    shown: dict[str, Any] = {}
    for name, inner in wanted:
        if name not in node.values:
            raise GraphFault(100, f"(#100) Tried accessing nonexistent field ({name}) on node type ({node.kind})")
        value = node.values[name]
        if isinstance(value, Node):
            value = show(value, inner)
        if value is not None:
            shown[name] = value
    if "id" in node.values:
        shown.setdefault("id", node.values["id"])
    return shown


def split(text: str, depth: int = 0) -> list[tuple[str, str | None]]:
    """`id,business{id,name}` as `[("id", None), ("business", "id,name")]`."""
    found = []
    rest = text.strip()
    while rest:
        name = _NAME.match(rest)
        if name is None or depth > DEEPEST:
            raise GraphFault(2500, '(#2500) Syntax error in the parameter "fields".')
        rest = rest[name.end() :].lstrip()
        inner = None
        if rest.startswith("{"):
            end = _closing(rest)
            inner, rest = rest[1:end], rest[end + 1 :].lstrip()
            split(inner, depth + 1)
        found.append((name.group(), inner))
        if rest and not rest.startswith(","):
            raise GraphFault(2500, '(#2500) Syntax error in the parameter "fields".')
        rest = rest[1:].lstrip()
    return found


def _closing(text: str) -> int:
    depth = 0
    for index, char in enumerate(text):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0:
            return index
    raise GraphFault(2500, '(#2500) Syntax error in the parameter "fields": a brace is not closed.')
