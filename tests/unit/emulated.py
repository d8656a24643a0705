"""The emulated Meta for tests of one process: a world, the calls it has seen, and what it is to refuse.

One emulator serves a whole test run and begins again for each test. The machine's time stands still for it; a client
that waits moves it on. So dates can be written out, and no test waits.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from meta_access.aws import secrets_manager
from meta_access.graph.client import GraphClient
from meta_access.stack.credentials import credentials_for
from meta_access.tokens.store import SecretStore
from meta_emulator.embedded import MetaEmulator
from meta_emulator.world import SystemUser
from tests.connections import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

    from meta_access.stack.connections import AwsSettings, Connection
    from meta_emulator.world import App, Business, World


class EmulatedMeta:
    """The emulator in its starting world, and a connection to it."""

    def __init__(self, emulator: MetaEmulator, began: datetime) -> None:
        self.emulator = emulator
        self._began = began
        aws = replace(MAIN.aws, endpoint_url=emulator.aws_url)
        self.connection: Connection = replace(MAIN, graph_url=emulator.graph_url, aws=aws)
        self._forgotten = 0

    # A clock for clients.
    def monotonic(self) -> float:
        return (self.emulator.clock.exact() - self._began).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.emulator.clock.advance(seconds)

    def client(self, connection: Connection) -> GraphClient:
        """A client that has asked nothing yet."""
        return GraphClient(connection, credentials_for(connection), clock=self)

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


secrets = cache(secrets_manager)
"""A client of Secrets Manager; boto3 takes long to make one."""


def running(began: datetime) -> Iterator[MetaEmulator]:
    """An emulator whose machine's time stands still at a moment; it begins there at its next reset."""
    with MetaEmulator() as emulator:
        emulator.clock._source = lambda: began
        yield emulator
