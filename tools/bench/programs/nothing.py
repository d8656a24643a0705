"""The floor: dynamic resources that do nothing, as many as the stack under test has; what is left is the engine's."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult


class NothingProvider(ResourceProvider):
    """Keeps its inputs."""

    # As ours: a provider that is encrypted in the state costs the engine more.
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["name"], props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(news)


class Nothing(Resource):
    """A resource without a thing."""

    def __init__(self, name: str, inputs: dict[str, Any]) -> None:
        super().__init__(NothingProvider(), name, {"name": name, **inputs})


def run() -> None:
    """Declare `bench:resources` of them; the first has the inputs of `bench:change`."""
    config = pulumi.Config("bench")
    changed = config.get("change") or ""
    for number in range(config.require_int("resources")):
        tasks = ["ANALYZE", *([changed] if number == 0 and changed else [])]
        Nothing(f"nothing-{number}", {"system_user": f"u{number % 10}", "asset": f"act_{number}", "tasks": tasks})
