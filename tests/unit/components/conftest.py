"""The program, run to its end against an engine that only writes down what it is asked for."""

from __future__ import annotations

import asyncio
import json
import runpy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.runtime import mocks, set_mocks

from meta_access.stack.files import config_of

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
GATES = frozenset(
    {
        "AppRoles",
        "RedirectUris",
        "LoginConfiguration",
        "PermissionRequest",
        "FeatureRequest",
        "BusinessVerification",
        "Obligation",
        "SystemUserAppAccess",
        "AssetShare",
        "LeadAccess",
    }
)


@dataclass
class Asked:
    """What the program asked for and said.

    Attributes:
        resources: (kind, name) to inputs.
        parents: Components, kind and name.
        said: (level, text) in order.
        last_urns: What the state of the last update holds; given, not asked for.
        last_exports: What it has exported; likewise.
        last_outputs: The outputs of resources in that state, by their URN; likewise.
    """

    resources: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)
    exit_code: int | None = None
    last_urns: tuple[str, ...] = ()
    last_exports: dict[str, Any] = field(default_factory=dict)
    last_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def names(self, kind: str) -> list[str]:
        return sorted(name for found, name in self.resources if found == kind)


class _Engine(mocks.Mocks):
    def __init__(self, asked: Asked) -> None:
        self.asked = asked

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        kind = args.typ.rpartition(":")[2].rpartition("/")[2]
        given = {
            key: value for key, value in args.inputs.items() if key not in {"__provider", "label", "path", "given"}
        }
        self.asked.resources[kind, args.name] = given
        return f"{args.name}-id", {**args.inputs, **_made(kind, args.name)}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"
        found: dict[str, Any] = {urn: {} for urn in self.asked.last_urns}
        found |= {urn: {"outputs": outputs} for urn, outputs in self.asked.last_outputs.items()}
        if self.asked.last_exports:
            project, stack = pulumi.get_project(), pulumi.get_stack()
            urn = f"urn:pulumi:{stack}::{project}::pulumi:pulumi:Stack::{project}-{stack}"
            found[urn] = {"outputs": self.asked.last_exports}
        return {"outputs": found}, []


def _made(kind: str, name: str) -> dict[str, Any]:
    if kind in GATES:
        return {"status": "pending_human", "waiting_on": "us", "next_step": {"what": "act"}}
    if kind == "SystemUserToken":
        return {"arn": f"arn:{name}", "expires_at": "2027-01-23T08:00:00Z"}
    return {"RandomId": {"hex": "0a1b2c3d"}, "RandomPassword": {"result": "unguessable"}}.get(kind, {})


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Asked]:
    """Runs the program of the repository as a stack of it, offline, with changed values if given."""

    def go(
        stack: str,
        changes: dict[str, Any] | None = None,
        last_urns: tuple[str, ...] = (),
        last_exports: dict[str, Any] | None = None,
        last_outputs: dict[str, dict[str, Any]] | None = None,
    ) -> Asked:
        asked = Asked(last_urns=last_urns, last_exports=last_exports or {}, last_outputs=last_outputs or {})
        config = {**config_of(ROOT / "stacks" / f"Pulumi.{stack}.yaml"), **(changes or {})}
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(texts))
        monkeypatch.setenv("META_ACCESS_OFFLINE", "1")
        exported: dict[str, Any] = {}
        monkeypatch.setattr(pulumi, "export", exported.__setitem__)
        for level in ("info", "warn", "error"):
            monkeypatch.setattr(pulumi.log, level, lambda text, level=level: asked.said.append((level, text)))
        asyncio.set_event_loop(asyncio.new_event_loop())
        set_mocks(_Engine(asked), project="meta-access", stack=stack, preview=False)

        def run() -> pulumi.Output[Any]:
            try:
                runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
            except SystemExit as stopped:
                asked.exit_code = int(stopped.code or 0)
            return pulumi.Output.all(**exported).apply(asked.outputs.update)

        mocks.test(run)()  # type: ignore[no-untyped-call]  # pulumi gives it no types
        return asked

    return go
