"""A call's parameters against what its route declares. A value of another type is refused.

An undeclared parameter is ignored: no page says that Graph refuses it, and it takes the `id` that Meta's SDK for Node
sends with every create and delete, the `breakdown` of guides and the `_` of jQuery. A strict world refuses it, so that
a slip shows.

Source: https://developers.facebook.com/docs/graph-api/guides/error-handling, Graph v26.0, read 2026-11, which gives the
code (100). Texts about enums, ids and arrays are as users report them; for an unknown parameter and for types that no
report names they are ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meta_emulator.errors import GraphFault, bad_parameter, missing_parameter, not_one_of

if TYPE_CHECKING:
    from meta_emulator.request import GraphRequest
    from meta_emulator.surface import Param, Route

_ID = re.compile(r"(act_)?[0-9]{1,20}")
_INT = re.compile(r"-?[0-9]{1,18}")
_BOOL = ("true", "false", "1", "0", "yes", "no", "on", "off")


def check(route: Route, request: GraphRequest, *, strict: bool) -> None:
    """Refuse missing parameters, wrong types and enum values, and in a strict world parameters nobody declared."""
    known = {param.name: param for param in route.accepted}
    unknown = [name for name in request.params if name not in known] if strict else []
    if unknown:
        raise GraphFault(
            100,
            f"(#100) Unknown parameters: {', '.join(unknown)}.",
            data={"blame_field_specs": [[name] for name in unknown]},
        )
    for param in known.values():
        value = request.params.get(param.name)
        if value is None or value == "":
            if param.required:
                raise missing_parameter(param.name)
            continue
        _check_type(param, request)


def _check_type(param: Param, request: GraphRequest) -> None:
    if param.type.startswith("list<"):
        if param.type == "list<object>":
            if not isinstance(request.decoded(param.name), list):
                raise bad_parameter(f"Param {param.name} must be an array.")
            return
        for index, item in enumerate(request.texts(param.name) or []):
            name = f"{param.name}[{index}]"
            if param.lists_values and item not in param.values:
                # As users report it of insights, which words it otherwise than the rest of Graph.
                raise bad_parameter(f"{name} must be one of the following values: {', '.join(param.values)}")
            _check_one(name, param.type[5:-1], item, param.values)
    elif param.type == "object":
        if not isinstance(request.decoded(param.name), dict):
            raise bad_parameter(f"Param {param.name} must be an object.")
    else:
        _check_one(param.name, param.type, request.params[param.name], param.values)


def _check_one(name: str, kind: str, value: Any, values: tuple[str, ...]) -> None:
    if isinstance(value, list | dict):
        raise bad_parameter(f"Param {name} must be a string.")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "enum" and text not in values:
        raise not_one_of(name, text, values)
    if kind == "id" and not _ID.fullmatch(text):
        raise bad_parameter(f'Param {name} must be a valid ID string (e.g., "123")')
    if kind == "int" and not _INT.fullmatch(text):
        raise bad_parameter(f"Param {name} must be an integer")
    if kind == "bool" and text.lower() not in _BOOL:
        raise bad_parameter(f"Param {name} must be a boolean")
