"""Exported states, as the engine writes them, cut down to what the commands read."""

from __future__ import annotations

from typing import Any

DYNAMIC = "pulumi-python:dynamic/meta:"


def resource(kind: str, name: str, *, id_: str = "1", payload: Any = "frozen", **outputs: Any) -> dict[str, Any]:
    """A resource of ours; `payload` None leaves its provider out."""
    carried = {} if payload is None else {"__provider": payload}
    return {
        "urn": f"urn:pulumi:dev::meta-access::meta:access:SystemIdentity${DYNAMIC}{kind}::{name}",
        "custom": True,
        "id": id_,
        "type": f"{DYNAMIC}{kind}",
        "inputs": dict(carried),
        "outputs": {**carried, **outputs},
    }


def other(kind: str, name: str, **outputs: Any) -> dict[str, Any]:
    """A resource of somebody else's package."""
    return {
        "urn": f"urn:pulumi:dev::meta-access::{kind}::{name}",
        "type": kind,
        "inputs": {},
        "outputs": outputs,
    }


def state(*resources: dict[str, Any], pending: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    operations = [{"resource": entry, "type": "creating"} for entry in pending or []]
    return {"version": 3, "deployment": {"resources": list(resources), "pending_operations": operations}}
