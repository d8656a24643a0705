"""The emulated Meta for tests of one process: a world, the calls it has seen, and what it is to refuse.

One emulator serves a whole test run and begins again for each test. The machine's time stands still for it; a client
that waits moves it on. So dates can be written out, and no test waits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from meta_access import aws, snapshot
from meta_access.clock import SYSTEM_CLOCK
from meta_access.graph import client, patience, reads
from meta_access.graph.client import GraphClient
from meta_access.graph.issuer import issuer_of
from meta_access.stack import credentials
from meta_access.stack.credentials import credentials_for
from meta_access.tokens import store
from meta_access.tokens.store import SecretStore
from meta_emulator.embedded import MetaEmulator
from meta_emulator.world import SystemUser
from meta_emulator.world_files import USUAL
from tests.connections import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    import pytest

    from meta_access.stack.connections import AwsSettings, Connection
    from meta_access.stack.credentials import Credentials
    from meta_emulator.builder import WorldBuilder
    from meta_emulator.world import App, Business, World

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""When each world begins."""


class EmulatedMeta:
    """The emulator, which begins again with a world, and a connection to the world's first app."""

    def __init__(self, emulator: MetaEmulator, world: str | WorldBuilder = USUAL) -> None:
        emulator.load(world)
        self.emulator = emulator
        self.connection: Connection = replace(
            MAIN,
            graph_url=emulator.graph_url,
            business_id=emulator.business_id,
            app_id=emulator.app_id,
            aws=replace(MAIN.aws, endpoint_url=emulator.aws_url),
        )
        self._forgotten = 0

    # A clock for clients.
    def monotonic(self) -> float:
        return (self.emulator.clock.exact() - NOW).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.emulator.clock.advance(seconds)

    def client(self, connection: Connection, given: Credentials | None = None) -> GraphClient:
        """A client that has asked nothing yet; with the connection's own credentials, unless others are given."""
        return GraphClient(connection, given or credentials_for(connection), clock=self)

    def store(self, aws: AwsSettings) -> SecretStore:
        """Secrets Manager of a region, which has been asked nothing yet."""
        return SecretStore(secrets(aws.region, aws.endpoint_url), aws.region, clock=self)

    # --- the world -----------------------------------------------------------------------------

    @property
    def world(self) -> World:
        """A copy."""
        return self.emulator.world

    def edit(self) -> AbstractContextManager[World]:
        """Change the world by nobody's call."""
        return self.emulator.edit()

    @property
    def app(self) -> App:
        return self.world.apps[0]

    @property
    def business(self) -> Business:
        return self.world.businesses[0]

    def change_app(self, **changed: Any) -> None:
        with self.edit() as world:
            for name, value in changed.items():
                setattr(world.apps[0], name, value)

    def change_business(self, **changed: Any) -> None:
        with self.edit() as world:
            for name, value in changed.items():
                setattr(world.businesses[0], name, value)

    def add_system_user(self, id_: str, name: str, role: str = "EMPLOYEE", **more: Any) -> None:
        """Let the business have another system user, which has nothing yet."""
        with self.edit() as world:
            business, app = world.businesses[0].id, world.apps[0].id
            world.system_users.append(SystemUser(id_, name, role, business, app_id=app, **more))

    # --- calls ---------------------------------------------------------------------------------

    @property
    def calls(self) -> list[str]:
        """Calls of Graph, oldest first: `GET 122090000000301/assigned_pages`."""
        seen = (call for call in self.emulator.calls()[self._forgotten :] if call.service == "graph")
        named = ((call.method, call.path.lstrip("/").partition("/")[2]) for call in seen)
        return [f"{method} {path}" for method, path in named if path]  # a batch names none, and each of its calls does

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("GET ")]

    def forget_calls(self) -> None:
        self._forgotten = len(self.emulator.calls())

    # --- faults --------------------------------------------------------------------------------

    def refuse(self, method: str, path: str, code: int, message: str = "No.", **more: Any) -> None:
        """Refuse the calls whose path matches with an error of Meta's, from now on."""
        self.emulator.faults.add(kind="graph", method=method, path=path, code=code, message=message, times=None, **more)

    def pretend(self, method: str, path: str) -> None:
        """Answer success from now on, and do nothing."""
        self.answer(method, path, {"success": True})

    def answer(self, method: str, path: str, body: object, headers: Mapping[str, object] | None = None) -> None:
        """Answer so from now on, and do nothing."""
        told = {"status": 200, "body": body, "headers": dict(headers or {})}
        self.emulator.faults.add(kind="http", method=method, path=path, times=None, **told)

    def cut(self, method: str, path: str, *, applied: bool) -> None:
        """Answer nothing from now on."""
        kind = "drop_after" if applied else "drop_before"
        self.emulator.faults.add(kind=kind, method=method, path=path, times=None)

    def obey(self) -> None:
        """Refuse nothing any more."""
        self.emulator.faults.clear()


secrets = cache(aws.secrets_manager)
"""A client of Secrets Manager, which takes long to make."""


def running() -> Iterator[MetaEmulator]:
    """An emulator whose machine's time stands still; each world begins at `NOW`."""
    with MetaEmulator() as emulator:
        emulator.clock._source = lambda: NOW
        yield emulator


def begin_process(meta: EmulatedMeta, patch: pytest.MonkeyPatch) -> None:
    """Let this process know nothing of Meta and Secrets Manager any more, and wait by the emulator's clock."""
    issuer_of.cache_clear()
    patch.setattr(client, "_clients", {})
    patch.setattr(reads, "_all", {})
    patch.setattr(snapshot, "_given", {})
    patch.setattr(store, "_stores", {})
    patch.setattr(credentials, "_cache", {})
    patch.setattr(patience.RUN, "_until", float("-inf"))
    patch.setattr(patience.RUN, "_spent_s", 0.0)
    patch.setattr(aws, "secrets_manager", secrets)
    patch.setattr(type(SYSTEM_CLOCK), "monotonic", lambda _: meta.monotonic())
    patch.setattr(type(SYSTEM_CLOCK), "sleep", lambda _, seconds: meta.sleep(seconds))
