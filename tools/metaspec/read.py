"""Meta's API specification as it is published, read into the terms of the emulator's route table.

A folder holds one file per type of node (`AdAccount.json`: `{"apis": [{method, endpoint, name, return, params}],
"fields": [...]}`) and `enum_types.json` with the values of the enums that parameters name.
Source: https://github.com/facebook/facebook-business-sdk-codegen, folder api_specs/specs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.errors import MetaAccessError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ENUMS = "enum_types.json"
# What the names of types mean to a caller who writes them into a request. What is not here is an object.
PLAIN = {
    "string": "text",
    "Permission": "text",
    "datetime": "text",
    "file": "text",
    "int": "number",
    "unsigned int": "number",
    "float": "number",
    "bool": "bool",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a route: `kind` is text, number, id, bool, enum or object; `many` makes it a list."""

    name: str
    kind: str
    many: bool = False
    required: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A call on a type of node; `edge` is empty for the node itself."""

    node: str
    method: str
    edge: str
    parameters: Mapping[str, Parameter]

    def __str__(self) -> str:
        return f"{self.method} {self.node}{'/' if self.edge else ''}{self.edge}"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.node, self.edge, self.method


def calls(folder: Path, nodes: Iterable[str]) -> dict[tuple[str, str, str], Call]:
    """The calls on some types of nodes, by type, edge and method.

    Raises:
        MetaAccessError: The folder lacks a file, or one is not what it should be.
    """
    enums = {row["name"]: tuple(row["values"]) for row in _load(folder / ENUMS)}
    found: dict[tuple[str, str, str], Call] = {}
    for node in nodes:
        for api in _load(folder / f"{node}.json")["apis"]:
            rows = (_parameter(row, enums) for row in api["params"])
            call = Call(node, api["method"], api.get("endpoint", ""), {row.name: row for row in rows})
            found[call.key] = call
    return found


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MetaAccessError(
            f"{path.parent}: has no {path.name}; name the folder api_specs/specs of a checkout of "
            "https://github.com/facebook/facebook-business-sdk-codegen."
        ) from None
    except ValueError:
        raise MetaAccessError(f"{path}: is not JSON; take a fresh checkout.") from None


def _parameter(row: Mapping[str, Any], enums: Mapping[str, tuple[str, ...]]) -> Parameter:
    kind, many = str(row["type"]), str(row["type"]).startswith("list<")
    if many:
        kind = kind[len("list<") : -1]
    if kind in enums:
        return Parameter(row["name"], "enum", many, row["required"], enums[kind])
    return Parameter(row["name"], PLAIN.get(kind, "object"), many, row["required"])
