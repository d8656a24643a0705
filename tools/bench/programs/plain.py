"""A plain provider: one call per object and operation, as one writes it first. It mints no token and shares no read."""

from __future__ import annotations

import functools
import json
import os
from typing import Any

import pulumi
import requests
from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider, UpdateResult

TIMEOUT_S = 30
URL = "BENCH_GRAPH_URL"
TOKEN = "BENCH_ADMIN_TOKEN"  # noqa: S105 - the variable's name


@functools.cache
def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {os.environ[TOKEN]}"
    return session


def _call(method: str, path: str, **parameters: Any) -> dict[str, Any]:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in parameters.items()}
    where = {"data": texts} if method == "POST" else {"params": texts}
    answer = _session().request(method, f"{os.environ[URL]}/v26.0/{path}", timeout=TIMEOUT_S, **where)  # type: ignore[arg-type]
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


class UserProvider(ResourceProvider):
    """A system user; Meta deletes none, so that a delete only forgets it."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        made = _call("POST", f"{props['business']}/system_users", name=props["name"], role="EMPLOYEE")
        return CreateResult(str(made["id"]), props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, {**props, "name": _call("GET", id_, fields="id,name")["name"]})


class AssignmentProvider(ResourceProvider):
    """A system user's tasks on an ad account."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        _assign(props)
        return CreateResult(f"{props['account']}/{props['system_user']}", props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        found = _call(
            "GET", f"{props['account']}/assigned_users", business=props["business"], fields="id,tasks", limit="100"
        )
        tasks: list[str] = next((row["tasks"] for row in found["data"] if row["id"] == props["system_user"]), [])
        return ReadResult(id_, {**props, "tasks": sorted(tasks)})

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        _assign(news)
        return UpdateResult(news)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        _call("DELETE", f"{props['account']}/assigned_users", user=props["system_user"], business=props["business"])


def _assign(props: dict[str, Any]) -> None:
    _call("POST", f"{props['account']}/assigned_users", user=props["system_user"], tasks=props["tasks"])


class User(Resource):
    """A system user."""

    def __init__(self, name: str, business: str) -> None:
        super().__init__(UserProvider(), name, {"name": name, "business": business})


class Assignment(Resource):
    """Tasks of a system user on an ad account."""

    def __init__(self, account: str, user: User, tasks: list[str], business: str) -> None:
        inputs = {"account": account, "system_user": user.id, "tasks": sorted(tasks), "business": business}
        super().__init__(AssignmentProvider(), account, inputs)


def run() -> None:
    """Declare the system users and their assignments, as the stack file under test does."""
    config = pulumi.Config("bench")
    business, changed = config.require("business"), config.get("change") or ""
    users = [User(name, business) for name in config.require_object("users")]
    for number, account in enumerate(config.require_object("accounts")):
        tasks = ["ANALYZE", *([changed] if number == 0 and changed else [])]
        Assignment(account, users[number % len(users)], tasks, business)
