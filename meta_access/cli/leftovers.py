"""What a stack left behind: secrets that are tagged as its own and stand in no state, and system users to retire.

A run that was killed can leave a secret whose resource was never recorded. Nothing here is taken for ours by its name:
the tags say whose a secret is, and a live claim of another run is waited for before anything is ended. A system user
whose resource is gone and whose token was still in grace then is named in the secret's tags, too, and retired here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from meta_access.cli.stack import resources, unfinished
from meta_access.clock import iso
from meta_access.errors import MetaAccessError
from meta_access.quota import is_retired
from meta_access.vault import former, tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meta_access.connections import Connection
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.vault.description import Description

USER = "pulumi-python:dynamic/meta:SystemUser"
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

    def held(self, connection: Connection, secret: Description, user: str) -> list[int]:
        """Generations of a system user's tokens that a secret still holds."""
        ...

    def retire(self, connection: Connection, user: str) -> str:
        """Give a system user a name that says that it is out of use; answers the name.

        Raises:
            ConflictError: The credential in use is its own.
        """
        ...

    def forget(self, connection: Connection, secret: Description, user: str) -> None:
        """Take a system user out of a secret's tags: nothing is left to do for it."""
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
        left: Secrets of no state that could not be ended, and users that could not be retired; while there is one, the
            work is not done.
        withdrawn: System users of no state: those retired now, and those that somebody else has taken.
        scheduled: Secrets that wait for their deletion.
        retired: System users out of use: Meta has no way to delete one.
        unseen: Connections that could not be looked at.
    """

    ended: list[Line] = field(default_factory=list)
    left: list[Line] = field(default_factory=list)
    withdrawn: list[Line] = field(default_factory=list)
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


def users_in_state(state: Mapping[str, Any]) -> set[str]:
    """Return the id of every system user that a resource of this state stands for."""
    entries = resources(dict(state)) + unfinished(dict(state))
    return {str(entry["id"]) for entry in entries if entry.get("type") == USER and entry.get("id")}


def _collect(value: Any, into: set[str]) -> None:
    if isinstance(value, str) and value.startswith(ARN_START):
        into.add(value)
    elif isinstance(value, dict):
        for part in value.values():
            _collect(part, into)
    elif isinstance(value, list):
        for part in value:
            _collect(part, into)


def sweep(connections: Iterable[Connection], kept: set[str], world: World, users: Iterable[str] = ()) -> Leftovers:
    """End what stands in no state, and list what remains.

    Args:
        connections: Of the stack.
        kept: ARNs that stand in its state.
        world: What to look at.
        users: Ids of system users that stand in its state.
    """
    run = _Sweep(list(connections), kept, world, set(users))
    for connection in run.connections:
        # One connection's trouble does not keep the others from being looked at.
        try:
            run.secrets(connection)
            run.former(connection)
            run.users(connection)
        except MetaAccessError as error:
            run.found.unseen.append(Line(connection.name, str(error)))
    return run.found


@dataclass(slots=True)
class _Sweep:
    connections: list[Connection]
    kept: set[str]
    world: World
    used: set[str]
    found: Leftovers = field(default_factory=Leftovers)
    handled: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    open: list[tuple[Connection, Description]] = field(default_factory=list)
    gone: list[Description] = field(default_factory=list)

    def secrets(self, connection: Connection) -> None:
        for secret in self.world.secrets(connection):
            if secret.arn in self.handled:
                continue
            self.handled.add(secret.arn)
            if secret.deletes_at is not None:
                self.found.scheduled.append(Line(secret.name, f"deleted on {iso(secret.deletes_at)}; {RESTORE}"))
                self.gone.append(secret)
            elif secret.arn in self.kept or not self._end(connection, secret):
                self.open.append((connection, secret))
            else:
                self.gone.append(secret)

    def _end(self, connection: Connection, secret: Description) -> bool:
        app = secret.tags.get(tags.APP)
        able = next((one for one in self.connections if one.app_id == app and one.aws == connection.aws), None)
        if able is None:
            text = f"no connection of this stack acts for its app {app or '(not tagged)'}"
            self.found.left.append(Line(secret.name, text))
            return False
        try:
            self.found.ended.append(Line(secret.name, self.world.end(able, secret)))
        except MetaAccessError as error:
            self.found.left.append(Line(secret.name, str(error)))
            return False
        return True

    def former(self, connection: Connection) -> None:
        """Retire the users that a token of this connection's app has left and that no resource stands for any more."""
        # Of a secret that is going nothing can be written, and nothing needs to be.
        places = [*((secret, home) for home, secret in self.open), *((secret, None) for secret in self.gone)]
        marked = [
            (one, secret, home)
            for secret, home in places
            for one in former.read(secret.tags)
            if one.name and one.id not in self.handled and secret.tags.get(tags.APP) == connection.app_id
        ]
        rows = {row.id: row for row in self.world.users(connection)} if marked else {}
        for one, secret, home in marked:
            row = rows.get(one.id)
            # One that is not listed may be another business's, which another connection of the app sees.
            if row is None or one.id in self.handled:
                continue
            self.handled.add(one.id)
            if self._withdrawn(connection, row, one.name) and home is not None:
                self.world.forget(home, secret, one.id)

    def _withdrawn(self, connection: Connection, row: SystemUserRow, name: str) -> bool:
        """Whether nothing is left to do for a user."""
        if row.id in self.used or is_retired(row.name):
            return True
        if former.digest(row.name) == name:
            return self._retired(connection, row)
        text = f"kept (id {row.id}): it has another name than the one we gave it, so somebody else uses it"
        self.found.withdrawn.append(Line(row.name, text))
        return True

    def _retired(self, connection: Connection, row: SystemUserRow) -> bool:
        held = {secret.name: self.world.held(home, secret, row.id) for home, secret in self.open}
        lives = [f"generation {', '.join(map(str, found))} of secret {name}" for name, found in held.items() if found]
        if lives:
            text = (
                f"kept until its tokens end (id {row.id}): {'; '.join(lives)}. After the grace `pulumi up` or "
                "`meta-access rotate --due` ends them"
            )
            self.found.left.append(Line(row.name, text))
            return False
        try:
            name = self.world.retire(connection, row.id)
        except MetaAccessError as error:
            self.found.left.append(Line(row.name, str(error)))
            return False
        self.found.withdrawn.append(Line(row.name, f"retired: id {row.id} is now called {name}"))
        return True

    def users(self, connection: Connection) -> None:
        for user in self.world.users(connection):
            if user.id in self.listed or not is_retired(user.name):
                continue
            self.listed.add(user.id)
            text = f"id {user.id}, {user.role}, business {connection.business_id}; the next create takes its slot"
            self.found.retired.append(Line(user.name, text))
