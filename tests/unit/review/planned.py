"""Events as the engine writes them, for what no recorded stream has."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from meta_access.review import judge, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.review.facts import Review
    from meta_access.stack.time_limits import Limit

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
CLIENT = "urn:pulumi:dev::shop::meta:access:ClientAccess::acme"
IDENTITY = "urn:pulumi:dev::shop::meta:access:SystemIdentity::trading"
APP = "urn:pulumi:dev::shop::meta:access:AppAccess::ads"


def urn(kind: str, name: str, parent: str = "") -> str:
    before = f"{steps.type_of(parent)}$" if parent else ""
    of = kind if ":" in kind else f"pulumi-python:dynamic/meta:{kind}"
    return f"urn:pulumi:dev::shop::{before}{of}::{name}"


def side(where: str, parent: str, inputs: dict[str, Any], outputs: dict[str, Any], id_: str) -> dict[str, Any]:
    return {"urn": where, "custom": True, "id": id_, "parent": parent, "inputs": inputs, "outputs": outputs}


def planned(
    op: str,
    kind: str,
    name: str,
    *,
    was: dict[str, Any] | None = None,
    live: dict[str, Any] | None = None,
    wants: dict[str, Any] | None = None,
    parent: str = "",
    id_: str = "1",
    gone: bool = False,
) -> list[dict[str, Any]]:
    """The events of one resource: the refresh, if the state has it, and what is planned.

    Args:
        op: What the engine plans.
        kind: Of the resource; an engine's type where it holds a colon.
        name: Of the resource.
        was: Inputs and outputs in the state.
        live: What the refresh saw, where it differs.
        wants: What the program wants.
        parent: URN of its component.
        id_: At Meta.
        gone: The refresh did not find it.
    """
    where = urn(kind, name, parent)
    found = []
    seen = {**(was or {}), **(live or {})}
    if was is not None:
        after = None if gone else side(where, parent, seen, seen, id_)
        found.append(event("resOutputsEvent", "refresh", where, side(where, parent, was, was, id_), after))
    old = side(where, parent, seen, seen, id_) if was is not None and not gone else None
    new = side(where, parent, wants, {}, "") if wants is not None else None
    return [*found, event("resourcePreEvent", op, where, old, new)]


def event(form: str, op: str, where: str, old: Any, new: Any) -> dict[str, Any]:
    return {form: {"metadata": {"op": op, "urn": where, "old": old, "new": new}}}


END: list[dict[str, Any]] = [{"summaryEvent": {"result": "succeeded"}}, {"cancelEvent": {}}]


def log(*events: list[dict[str, Any]], rules: str = "2026-11", end: bool = True) -> steps.EventLog:
    every: list[dict[str, Any]] = [{"preludeEvent": {"config": {"meta:rules": rules}}}]
    every += [one for part in events for one in part]
    return steps.read(io.BytesIO(written([*every, *(END if end else [])])))


def written(events: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)


def review(*events: list[dict[str, Any]], rules: str = "2026-11", limits: Sequence[Limit] = ()) -> Review:
    return judge.judged(log(*events, rules=rules), [], stack="dev", project="shop", limits=limits)
