"""What a stack left behind: secrets that are tagged as its own and stand in no state, and system users to retire.

A run that was killed can leave a secret whose resource was never recorded. Absence from one state proves nothing: the
state may be the wrong one, another team may use the same names, `pulumi state move` may have taken the token elsewhere.
So a secret is this stack's by the id in its tags, never by a name; other states are looked into; and nothing is ended
that nobody has agreed to. A system user whose resource is gone and whose token was still in grace then is named in the
secret's tags, too, and retired here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from meta_access.cli.pulumi_stack import resources, unfinished
from meta_access.clock import iso
from meta_access.engine_marks import TYPE_PREFIX
from meta_access.errors import MetaAccessError
from meta_access.quota import is_retired
from meta_access.tokens import previous_users, tags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from meta_access.graph.system_users import SystemUserRow
    from meta_access.stack.connections import Connection
    from meta_access.tokens.delete import SecretEnd
    from meta_access.tokens.store import Description

USER = f"{TYPE_PREFIX}SystemUser"
TOKEN = f"{TYPE_PREFIX}SystemUserToken"
ID = "stack_id"
ARN_START = "arn:"
RESTORE = "until then the next `up` that asks for this secret restores it"
NO_RESOURCE = (
    "the state of this stack holds nothing of ours, so that every secret would look left behind. If this is the right "
    "backend and stack, run `pulumi up` first"
)
NO_ID = "its tags have no stack id (an older version made it), so that it may be another stack's of the same name"
NO_ID_HERE = (
    "no resource of this state has a stack id yet (an older version made them), so that it may be another stack's of "
    "the same name"
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the state of the stack holds.

    Attributes:
        arns: Of every secret that a token speaks of: its own, and those it is leaving.
        claims: Of its tokens: a secret that a token of the same user was left carries that one's.
        users: Ids of system users.
        ids: Of the stack, as its resources have them; several after `pulumi state move`.
        resources: Whether anything of ours is there.
    """

    arns: frozenset[str] = frozenset()
    claims: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    resources: bool = True


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the states of the backend's other stacks hold.

    Attributes:
        arns: Of secrets, each with the name of its stack; `users` likewise.
        unread: Stacks that could not be looked into, with the reason.
    """

    arns: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


class SweepActions(Protocol):
    """What is looked at and acted on; the command brings the real one."""

    def elsewhere(self) -> Elsewhere:
        """What the backend's other stacks hold; asked only when something seems to be left behind."""
        ...

    def secrets(self, connection: Connection) -> Iterable[Description]:
        """Secrets tagged with this project and stack, those scheduled for deletion included."""
        ...

    def end(self, connection: Connection, secret: Description) -> SecretEnd:
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
    """One thing and what is to be said about it; `id` is a secret's ARN or a system user's id."""

    name: str
    text: str
    id: str = ""


@dataclass(slots=True)
class SweepResult:
    """The result of a sweep.

    Attributes:
        orphans: Secrets, and users to retire, that nobody has agreed to end yet.
        doubtful: Likewise, but only their name is consent enough: whose they are is not certain.
        ended: Secrets of no state that were ended now.
        left: Secrets of no state that could not be ended, and users that could not be retired.
        withdrawn: System users of no state: those retired now, and those that somebody else has taken.
        foreign: Secrets of another stack with the same project and name.
        elsewhere: Secrets and users that another stack of the backend holds.
        scheduled: Secrets that wait for their deletion.
        retired: System users out of use: Meta has no way to delete one.
        unseen: Connections that could not be looked at.
    """

    orphans: list[Line] = field(default_factory=list)
    doubtful: list[Line] = field(default_factory=list)
    ended: list[Line] = field(default_factory=list)
    left: list[Line] = field(default_factory=list)
    withdrawn: list[Line] = field(default_factory=list)
    foreign: list[Line] = field(default_factory=list)
    elsewhere: list[Line] = field(default_factory=list)
    scheduled: list[Line] = field(default_factory=list)
    retired: list[Line] = field(default_factory=list)
    unseen: list[Line] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether nothing of this stack is left that somebody has to do something about."""
        return not (self.orphans or self.doubtful or self.left or self.unseen)


def known_of(state: Mapping[str, Any]) -> Known:
    """Read what a state holds, operations that a killed run never finished included."""
    arns: set[str] = set()
    entries = [one for one in resources(dict(state)) + unfinished(dict(state)) if _type(one).startswith(TYPE_PREFIX)]
    for entry in entries:
        if _type(entry) == TOKEN:
            _collect(entry.get("outputs"), arns)
            _collect(entry.get("id"), arns)
    outputs = [entry["outputs"] for entry in entries if isinstance(entry.get("outputs"), dict)]
    return Known(
        arns=frozenset(arns),
        claims=frozenset(str(outs["claim"]) for outs in outputs if outs.get("claim")),
        users=frozenset(str(entry["id"]) for entry in entries if _type(entry) == USER and entry.get("id")),
        ids=frozenset(str(outs[ID]) for outs in outputs if outs.get(ID)),
        resources=bool(entries),
    )


def _type(entry: Mapping[str, Any]) -> str:
    return str(entry.get("type", ""))


def _collect(value: Any, into: set[str]) -> None:
    if isinstance(value, str) and value.startswith(ARN_START):
        into.add(value)
    elif isinstance(value, dict):
        for part in value.values():
            _collect(part, into)
    elif isinstance(value, list):
        for part in value:
            _collect(part, into)


def sweep(
    connections: Iterable[Connection], known: Known, actions: SweepActions, agreed: Collection[str] = ()
) -> SweepResult:
    """List what remains, and end of it what was agreed to.

    Args:
        connections: Of the stack.
        known: What its state holds.
        actions: What to look at.
        agreed: ARNs of secrets, and ids of system users, that may be ended. Without one, this only looks.
    """
    run = _Sweep(list(connections), known, actions, frozenset(agreed))
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
    known: Known
    actions: SweepActions
    agreed: frozenset[str]
    found: SweepResult = field(default_factory=SweepResult)
    handled: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    open: list[tuple[Connection, Description]] = field(default_factory=list)
    gone: list[Description] = field(default_factory=list)

    def secrets(self, connection: Connection) -> None:
        for secret in self.actions.secrets(connection):
            if secret.arn in self.handled:
                continue
            self.handled.add(secret.arn)
            if secret.deletes_at is not None:
                text = f"deleted on {iso(secret.deletes_at)}; {RESTORE}"
                self.found.scheduled.append(Line(secret.name, text, secret.arn))
                self.gone.append(secret)
            elif self._kept(secret) or not self._goes(connection, secret):
                self.open.append((connection, secret))
            else:
                self.gone.append(secret)

    def _kept(self, secret: Description) -> bool:
        return secret.arn in self.known.arns or secret.tags.get(tags.CLAIM) in self.known.claims

    def _goes(self, connection: Connection, secret: Description) -> bool:
        """Whether a secret of no state is ended now, or would be once somebody agrees."""
        found, id_ = self.found, secret.tags.get(tags.STACK_ID, "")
        if not self.known.resources:
            found.left.append(Line(secret.name, NO_RESOURCE, secret.arn))
            return False
        if id_ and self.known.ids and id_ not in self.known.ids:
            text = f"another stack of this project and name has it: its stack id, {id_}, is not in this state"
            found.foreign.append(Line(secret.name, text, secret.arn))
            return False
        if stack := self.actions.elsewhere().arns.get(secret.arn):
            text = f"the state of stack {stack} holds it; `pulumi up` there writes the name of that stack into the tags"
            found.elsewhere.append(Line(secret.name, text, secret.arn))
            return False
        if secret.arn in self.agreed:
            return self._end(connection, secret)
        doubt = NO_ID if not id_ else "" if self.known.ids else NO_ID_HERE
        return self._list(secret, doubt or self._unread())

    def _unread(self) -> str:
        unread = "; ".join(f"{stack}: {why}" for stack, why in self.actions.elsewhere().unread.items())
        return f"not every other stack could be looked into, and one may hold it ({unread})" if unread else ""

    def _list(self, secret: Description, doubt: str) -> bool:
        user = secret.tags.get(tags.SYSTEM_USER, "?")
        text = f"no state holds it; ending it ends its tokens, which are system user {user}'s"
        if doubt:
            self.found.doubtful.append(Line(secret.name, f"{text}. But {doubt}", secret.arn))
        else:
            self.found.orphans.append(Line(secret.name, text, secret.arn))
        # While nobody has agreed to anything, what follows is described as if all were ended.
        return not self.agreed

    def _end(self, connection: Connection, secret: Description) -> bool:
        app = secret.tags.get(tags.APP)
        able = next((one for one in self.connections if one.app_id == app and one.aws == connection.aws), None)
        if able is None:
            text = f"no connection of this stack acts for its app {app or '(not tagged)'}"
            self.found.left.append(Line(secret.name, text, secret.arn))
            return False
        try:
            done = self.actions.end(able, secret)
        except MetaAccessError as error:
            self.found.left.append(Line(secret.name, str(error), secret.arn))
            return False
        (self.found.left if done.kept else self.found.ended).append(Line(secret.name, done.sentence, secret.arn))
        return not done.kept

    def former(self, connection: Connection) -> None:
        """Retire the users that a token of this connection's app has left and that no resource describes any more."""
        if not self.known.resources:
            return
        # Of a secret that is going nothing can be written, and nothing needs to be.
        places = [*((secret, home) for home, secret in self.open), *((secret, None) for secret in self.gone)]
        marked = [
            (one, secret, home)
            for secret, home in places
            for one in previous_users.read(secret.tags)
            if one.name and one.id not in self.handled and secret.tags.get(tags.APP) == connection.app_id
        ]
        rows = {row.id: row for row in self.actions.users(connection)} if marked else {}
        for one, secret, home in marked:
            row = rows.get(one.id)
            # One that is not listed may be another business's, which another connection of the app sees.
            if row is None or one.id in self.handled:
                continue
            self.handled.add(one.id)
            if self._withdrawn(connection, row, one.name) and home is not None:
                self.actions.forget(home, secret, one.id)

    def _withdrawn(self, connection: Connection, row: SystemUserRow, name: str) -> bool:
        """Whether nothing is left to do for a user, and that may be noted."""
        if row.id in self.known.users or is_retired(row.name):
            return bool(self.agreed)
        if previous_users.digest(row.name) != name:
            text = f"kept (id {row.id}): it has another name than the one we gave it, so somebody else uses it"
            self.found.withdrawn.append(Line(row.name, text, row.id))
            return bool(self.agreed)
        if stack := self.actions.elsewhere().users.get(row.id):
            self.found.elsewhere.append(Line(row.name, f"the state of stack {stack} holds it (id {row.id})", row.id))
            return False
        return self._retired(connection, row)

    def _retired(self, connection: Connection, row: SystemUserRow) -> bool:
        held = {secret.name: self.actions.held(home, secret, row.id) for home, secret in self.open}
        lives = [f"generation {', '.join(map(str, found))} of secret {name}" for name, found in held.items() if found]
        if lives:
            text = (
                f"kept until its tokens end (id {row.id}): {'; '.join(lives)}. After the grace `pulumi up` or "
                "`meta-access rotate --due` ends them"
            )
            self.found.left.append(Line(row.name, text, row.id))
            return False
        if row.id not in self.agreed:
            text = f"system user of no state (id {row.id}); ending it renames it, so that its slot can be taken again"
            doubt = self._unread()
            line = Line(row.name, f"{text}. But {doubt}" if doubt else text, row.id)
            (self.found.doubtful if doubt else self.found.orphans).append(line)
            return False
        try:
            name = self.actions.retire(connection, row.id)
        except MetaAccessError as error:
            self.found.left.append(Line(row.name, str(error), row.id))
            return False
        self.found.withdrawn.append(Line(row.name, f"retired: id {row.id} is now called {name}", row.id))
        return True

    def users(self, connection: Connection) -> None:
        for user in self.actions.users(connection):
            if user.id in self.listed or not is_retired(user.name):
                continue
            self.listed.add(user.id)
            text = f"id {user.id}, {user.role}, business {connection.business_id}; the next create takes its slot"
            self.found.retired.append(Line(user.name, text, user.id))
