"""A stack as the doctor reads it: files, state and tokens, each by itself. Nothing is changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meta_access.cli import pulumi_stack
from meta_access.cli.stack.state import verify
from meta_access.cli.stack.summary import gates_of
from meta_access.doctor.stack_checks import StackSeen, StateSeen
from meta_access.engine_marks import TYPE_PREFIX, name_of
from meta_access.errors import ConfigError, MetaAccessError
from meta_access.providers.payloads import PAYLOADS
from meta_access.stack.connections import Settings, settings_from_config, settings_of
from meta_access.stack.files import (
    NAMESPACE,
    config_of,
    meta_values,
    project_config,
    secret_keys,
    secret_problems,
    stack_files,
)
from meta_access.stack.load import load_stack
from meta_access.stack.plan import SUFFIX
from meta_access.stack.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from meta_access.cli.pulumi_stack import Project
    from meta_access.doctor.look import Look, TokenSeen
    from meta_access.errors import Problem
    from meta_access.stack.connections import Connection

_TOKEN = f"{TYPE_PREFIX}SystemUserToken"
_NEEDED = ("arn", "connection", "secret_name", "version_id", "claim")
"""Outputs without which nothing can be looked at."""
_TABLES = ("connections", "businesses", "apps")


class Stack:
    """What was read of a stack.

    Attributes:
        seen: What is judged.
        values: The configuration by full key, as texts; empty where it could not be read.
        connections: Those that could be made of it, whatever else of it is wrong.
        state: As exported; empty where it could not be read.
    """

    def __init__(self, name: str, project: Project, *, backend: bool) -> None:
        """Read it.

        Args:
            name: Its name.
            project: Whose stack it is.
            backend: Whether an engine, or a snapshot in its place, can be asked; else the stack file alone tells.
        """
        self.name = name
        self.project = project
        self.values, problems, unread = _values(name, project, backend=backend)
        self.seen = StackSeen(name, tuple(problems), rules_typed=self.values.get(f"{NAMESPACE}rules", ""))
        self.connections: dict[str, Connection] = {}
        self.state: dict[str, Any] = {}
        if unread is not None:
            self.seen = replace(self.seen, unread=unread)
        if self.values:
            self._load()
        if backend:
            self._export()
            self._look_back()

    def _load(self) -> None:
        problems = list(self.seen.problems)
        try:
            loaded = load_stack(self.values, self.name, self.project.stacks, project=self.project.name)
        except ConfigError as error:
            problems += error.problems
            self.connections = dict(_connections(self.values))
            known = frozenset(one.path for one in problems if one.unknown_key)
            self.seen = replace(self.seen, problems=tuple(dict.fromkeys(problems)), unknown_keys=known)
            return
        self.connections = dict(settings_of(loaded.spec).connections)
        self.seen = replace(self.seen, spec=loaded.spec, rules=loaded.rules)

    def _export(self) -> None:
        try:
            self.state = pulumi_stack.export(self.name)
            failed = pulumi_stack.seen(self.name).failed_since
        except MetaAccessError as error:
            # The engine that could not read the configuration says the same of the state.
            if self.seen.unread is None:
                self.seen = replace(self.seen, state_error=error)
            return
        self.seen = replace(self.seen, state=_state_seen(self.state, failed=failed))

    def _look_back(self) -> None:
        """Where the file makes no connection, take those of the newest update that succeeded."""
        if self.connections:
            return
        try:
            good = pulumi_stack.last_good_config(self.name)
            if good is not None:
                self.connections = dict(settings_from_config(good.values.get).connections)
                self.seen = replace(self.seen, earlier=good.at)
        except MetaAccessError:
            return  # what is wrong with the file, or with the backend, has been said

    @property
    def needs_random(self) -> bool:
        """Whether a name has a random suffix: that of a secret of the file, or of anything in the state."""
        typed = any(SUFFIX in text for key, text in self.values.items() if key.startswith(NAMESPACE))
        return typed or any(
            str(one.get("type", "")).startswith("random:") for one in pulumi_stack.resources(self.state)
        )

    def tokens(self, look: Look) -> Iterator[tuple[TokenSeen, Connection]]:
        """Look at each token of the state whose connection is still there."""
        whole = [one for one in pulumi_stack.resources(self.state) if one.get("type") == _TOKEN and _is_whole(one)]
        if not whole:
            return
        # What it imports takes a third of a second, which a stack without a token need not wait for.
        from meta_access.cli.tokens import stack_tokens  # noqa: PLC0415

        settings = Settings("", "", offline=False, connections=self.connections)
        owner = f"{self.project.name}/{self.name}"
        all_ = stack_tokens.StackTokens(
            stack=self.name, owner=owner, settings=settings, tokens=stack_tokens.tokens_of({"resources": whole})
        )
        for token in all_.tokens:
            connection = self.connections.get(str(token.outputs["connection"]))
            if connection is not None:
                observe = lambda token=token: (all_.store(token), all_.look(token))  # noqa: E731
                yield look.token(token.name, token.secret, connection, observe), connection


def _values(
    name: str, project: Project, *, backend: bool
) -> tuple[dict[str, str], list[Problem], MetaAccessError | None]:
    """The configuration as the engine gives it, or as the file has it: much can be said without an engine."""
    problems: list[Problem] = []
    unread: MetaAccessError | None = None
    if backend:
        try:
            return pulumi_stack.config(name), [], None
        except ConfigError as error:
            problems += error.problems
        except MetaAccessError as error:
            unread = error
    short = name.rpartition("/")[2]  # a stack may be named with its organization
    file = project.stacks / f"Pulumi.{short}.yaml"
    if not file.is_file():
        near = nearest(short, stack_files(project.stacks))
        missing = pulumi_stack.StackReadError(
            f"There is no file {project.stacks.name}/{file.name}.",
            next_step=f"Did you mean {near}?" if near else "Name a stack of this project.",
        )
        return {}, problems, unread or (None if problems else missing)
    try:
        typed = {**project_config(project.stacks), **config_of(file)}
    except ConfigError as error:
        return {}, [*problems, *error.problems], unread
    if not problems:  # else the engine has named them
        problems = secret_problems(secret_keys(typed), file)
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in typed.items()}, problems, unread


def _connections(values: Mapping[str, str]) -> Iterator[tuple[str, Connection]]:
    """Each connection that can be made by itself, without what else of the configuration is wrong."""
    try:
        typed = meta_values(values)
    except ConfigError:
        return
    tables = {name: typed.get(name) for name in _TABLES}
    connections = tables["connections"]
    for name, one in connections.items() if isinstance(connections, dict) else ():
        for without in ((), ("identities", "token_defaults", "quota_overrides")):
            alone = {**typed, "connections": {name: one}}
            for table, key in (("businesses", "business"), ("apps", "app")):
                rows, row = tables[table], one.get(key) if isinstance(one, dict) else None
                alone[table] = (
                    {row: rows[row]} if isinstance(rows, dict) and isinstance(row, str) and row in rows else {}
                )
            texts = {f"{NAMESPACE}{key}": json.dumps(value) for key, value in alone.items() if key not in without}
            texts |= {
                key: text for key, text in values.items() if key in {f"{NAMESPACE}environment", f"{NAMESPACE}rules"}
            }
            try:
                yield name, settings_from_config(texts.get).connections[name]
            except ConfigError:
                continue
            break


def _state_seen(state: Mapping[str, Any], *, failed: bool) -> StateSeen:
    here = pulumi_stack.resources(dict(state))
    types = {str(one.get("type", "")) for one in here}
    unknown = tuple(sorted(one for one in types if one.startswith(TYPE_PREFIX) and one not in PAYLOADS))
    found = [one for one in verify(state, PAYLOADS) if not one.foreign and one.type not in unknown]
    foreign = [(name_of(one.resource), one.reason) for one in found]
    deployment = state.get("deployment")
    manifest = deployment.get("manifest") if isinstance(deployment, dict) else None
    foreign += [one for one in _without_outputs(here) if one not in foreign]
    return StateSeen(
        resources=sum(bool(one.get("custom")) for one in here),
        engine=str(manifest.get("version", "")) if isinstance(manifest, dict) else "",
        foreign=tuple(foreign),
        unknown_types=tuple(one.removeprefix(TYPE_PREFIX) for one in unknown),
        pending=tuple(name_of(str(one.get("urn", ""))) for one in pulumi_stack.unfinished(dict(state))),
        last_failed=failed,
        gates=gates_of(pulumi_stack.known(pulumi_stack.outputs_in(state)), state, {}),
    )


def _without_outputs(resources: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in resources:
        if one.get("type") == _TOKEN and not _is_whole(one):
            yield name_of(str(one.get("urn", ""))), f"its outputs lack one of {', '.join(_NEEDED)}"


def _is_whole(token: Mapping[str, Any]) -> bool:
    outputs = token.get("outputs")
    return isinstance(outputs, dict) and all(isinstance(outputs.get(name), str) for name in _NEEDED)


def named(stack: str | None) -> str | None:
    """The stack that is meant; None where none is selected."""
    if stack is not None:
        return stack
    try:
        return pulumi_stack.selected()
    except MetaAccessError:  # of the engine, or of a snapshot that cannot be used
        return None


def project(folder: Path) -> Project | None:
    """The project here or above; None without one, or with one that cannot be read."""
    try:
        return pulumi_stack.find(folder)
    except (pulumi_stack.StackReadError, ConfigError):
        return None
