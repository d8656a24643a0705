"""What a stack left behind: secrets that are tagged as its own and stand in no state, and system users out of use.

A run that was killed can leave a secret whose resource was never recorded. Nothing here is taken for ours by its name:
the tags say whose a secret is, and a live claim of another run is waited for before anything is ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from meta_access.cli.stack import resources, unfinished
from meta_access.clock import iso
from meta_access.errors import MetaAccessError
from meta_access.quota import is_retired
from meta_access.vault import tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meta_access.connections import Connection
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.vault.description import Description

TOKEN = "pulumi-python:dynamic/meta:SystemUserToken"  # noqa: S105 - a type token of Pulumi
ARN_START = "arn:"
RESTORE = "until then the next `up` that asks for this secret restores it"


class World(Protocol):
    """What is looked at and acted on; the command brings the real one."""

    def secrets(self, connection: Connection) -> Iterable[Description]:
        """Secrets tagged with this project and stack, those scheduled for deletion included."""
        ...

    def end(self, connection: Connection, secret: Description) -> str:
        """End a secret's tokens and schedule its deletion; wait for another run's lease first."""
        ...

    def users(self, connection: Connection) -> Iterable[SystemUserRow]:
        """All system users of the connection's business."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One thing and what is to be said about it."""

    name: str
    text: str


@dataclass(slots=True)
class Leftovers:
    """The result of a sweep.

    Attributes:
        ended: Secrets of no state that were ended now.
        left: Secrets of no state that could not be ended; while there is one, the work is not done.
        scheduled: Secrets that wait for their deletion.
        retired: System users out of use: Meta has no way to delete one.
        unseen: Connections that could not be looked at.
    """

    ended: list[Line] = field(default_factory=list)
    left: list[Line] = field(default_factory=list)
    scheduled: list[Line] = field(default_factory=list)
    retired: list[Line] = field(default_factory=list)
    unseen: list[Line] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return not self.left and not self.unseen


def arns_in_state(state: Mapping[str, Any]) -> set[str]:
    """Return every ARN that a token of this state speaks of: its secret's, and those of secrets it is leaving."""
    found: set[str] = set()
    for resource in resources(dict(state)) + unfinished(dict(state)):
        if resource.get("type") == TOKEN:
            _collect(resource.get("outputs"), found)
            _collect(resource.get("id"), found)
    return found


def _collect(value: Any, into: set[str]) -> None:
    if isinstance(value, str) and value.startswith(ARN_START):
        into.add(value)
    elif isinstance(value, dict):
        for part in value.values():
            _collect(part, into)
    elif isinstance(value, list):
        for part in value:
            _collect(part, into)


def sweep(connections: Iterable[Connection], kept: set[str], world: World) -> Leftovers:
    """End what stands in no state, and list what remains.

    Args:
        connections: Of the stack.
        kept: ARNs that stand in its state.
        world: What to look at.
    """
    run = _Sweep(list(connections), kept, world)
    for connection in run.connections:
        # One connection's trouble does not keep the others from being looked at.
        try:
            run.secrets(connection)
            run.users(connection)
        except MetaAccessError as error:
            run.found.unseen.append(Line(connection.name, str(error)))
    return run.found


@dataclass(slots=True)
class _Sweep:
    connections: list[Connection]
    kept: set[str]
    world: World
    found: Leftovers = field(default_factory=Leftovers)
    handled: set[str] = field(default_factory=set)

    def secrets(self, connection: Connection) -> None:
        for secret in self.world.secrets(connection):
            if secret.arn in self.handled:
                continue
            self.handled.add(secret.arn)
            if secret.deletes_at is not None:
                self.found.scheduled.append(Line(secret.name, f"deleted on {iso(secret.deletes_at)}; {RESTORE}"))
            elif secret.arn not in self.kept:
                self._end(connection, secret)

    def _end(self, connection: Connection, secret: Description) -> None:
        app = secret.tags.get(tags.APP)
        able = next((one for one in self.connections if one.app_id == app and one.aws == connection.aws), None)
        if able is None:
            text = f"no connection of this stack acts for its app {app or '(not tagged)'}"
            self.found.left.append(Line(secret.name, text))
            return
        try:
            self.found.ended.append(Line(secret.name, self.world.end(able, secret)))
        except MetaAccessError as error:
            self.found.left.append(Line(secret.name, str(error)))

    def users(self, connection: Connection) -> None:
        for user in self.world.users(connection):
            if user.id in self.handled or not is_retired(user.name):
                continue
            self.handled.add(user.id)
            text = f"id {user.id}, {user.role}, business {connection.business_id}; the next create takes its slot"
            self.found.retired.append(Line(user.name, text))
