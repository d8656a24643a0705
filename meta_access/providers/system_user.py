"""SystemUser: a non-human member of the business. Meta creates and renames it; it has no delete and no change of role.

So a role change is refused, a delete retires (renames to `unused …`), and a create takes a retired slot before it asks
for a new one: https://developers.facebook.com/docs/business-management-apis/system-users, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckFailure, ReadResult

from meta_access import validation
from meta_access.errors import (
    AuthError,
    ConflictError,
    GraphError,
    HumanNeededError,
    LimitReachedError,
    MetaAccessError,
    QuotaError,
)
from meta_access.graph import reads, system_users
from meta_access.graph.system_users import SystemUserRow
from meta_access.providers import _system_users
from meta_access.providers._base import MetaProvider
from meta_access.providers._boundary import say, will_be_refused
from meta_access.providers._declaration import GraphId, Rule, TextMap, one_of
from meta_access.providers._deployment import DEPLOYMENT, place_of
from meta_access.providers._gate import app_shown, business_shown
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import unknown
from meta_access.quota import PlannedUser, is_retired
from meta_access.tokens import previous_users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

ON_DESTROY = ("retire", "keep")
NAME_TAKEN = 3972


class SystemUserProvider(MetaProvider):
    kind = "system user"
    own: ClassVar[Mapping[str, Any]] = {"stack": None}
    ends_access = True
    identified_by = ("connection", "role", "name")

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        before, after = olds.get("role"), props["role"]
        if unknown(after):
            return []
        why = validation.one_of(after, self.live(props).rules.system_user_roles)
        if not why and before and before != after:
            name = props["label"] if unknown(props.get("name")) else props["name"]
            why = _role_change(str(name), before, after)
        return [CheckFailure("role", why)] if why else []

    def key(self, props: Mapping[str, Any]) -> Key:
        # A state may say the name that somebody gave by hand; this resource is known by the name we gave.
        return (props["connection"], props["role"], props.get("given_name", props["name"]))

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        """Say what Meta will refuse, and which name an adopted user loses; the create, or the update, refuses."""
        live, adopt = self.live(props), props.get("adopt")
        if unknown([props["name"], props["role"], adopt]):
            return
        held = self.held(props)
        there = held if held and not self.lost(held.outs) else None
        if olds or there:
            if there and adopt and adopt != there.id:
                will_be_refused(self.kind, props["label"], _another(props["name"], there.id, adopt))
            elif there and not live.offline and there.outs.get("name") != props["name"]:
                self._look_at_rename(live, there.id, props)
            if not live.offline:
                return
        why = _system_users.refusal(live, place_of(props), PlannedUser(props["name"], props["role"], adopt))
        writes = DEPLOYMENT.writes and not adopt
        if not why and not live.offline and not writes and not self._stands_in(props):
            why = _at_meta(live, props)
        if why:
            will_be_refused(self.kind, props["label"], why)

    def _look_at_rename(self, live: Live, id_: str, props: Mapping[str, Any]) -> None:
        name = props["name"]
        namesake = next((row for row in live.reads.system_users() if row.name == name and row.id != id_), None)
        # One of this stack's own may get another name in the same update.
        if namesake is not None and not DEPLOYMENT.holds(type(self).__name__, namesake.id):
            will_be_refused(self.kind, props["label"], _namesake(id_, name))

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        live, name, role = self.live(props), props["name"], props["role"]
        rows = live.reads.system_users()
        if adopt := props.get("adopt"):
            row = _system_users.adopted(rows, adopt, role, live)
            if row.name != name:
                _rename(live, row.id, name)
            return row.id, _facts(name, adopted=True)
        held = self.held(props)
        if held and (same := next((row for row in rows if row.id == held.id and row.role == role), None)):
            if same.name != name:
                _rename(live, same.id, name)
            return same.id, _facts(name, adopted=bool(held.outs["adopted"]))
        if found := _system_users.of_name(rows, props, live, replaced=self._stands_in(props)):
            row, why = found
            say(f"system user {name}: exists (id {row.id}) and is taken, since {why}.")
            return row.id, _facts(name)
        while slot := _system_users.free_slot(rows, role, live):
            if reused := self._reuse(live, slot, props):
                return reused
            rows = live.reads.system_users()
        return _create(live, props, rows), _facts(name)

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        live = self.live(outs)
        try:
            row = _listed(live, id_)
        except (AuthError, HumanNeededError):
            raise
        except GraphError as error:
            return self.not_looked_at(id_, outs, error)  # its tokens may be due, and a failed refresh skips them
        if row is None:
            # It stays in the state: a list that lacks it once is no proof, and `pulumi refresh` would forget it.
            DEPLOYMENT.note_unlisted(id_)
            say(_gone(id_, outs, live))
            return ReadResult(id_, {**outs, "gone": True}, self.inputs_of(outs))
        _system_users.forget_note(live, {**outs, "name": outs["given_name"]})
        if outs.get("stack"):
            live.list_secrets_ahead(outs["stack"])
        return ReadResult(id_, {**outs, "name": row.name, "gone": False}, self.inputs_of(outs, name=row.name))

    def lost(self, outs: Mapping[str, Any]) -> bool:
        return bool(outs["gone"])

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        adopt = props.get("adopt")
        if adopt and adopt != id_:
            raise ConflictError(_another(props["name"], id_, adopt))
        if "name" in changed:
            _rename(self.live(props), id_, props["name"])
        return {
            "given_name": props["name"],
            "adopted": bool(adopt) or bool(outs.get("adopted")),
            "slot_reused": bool(outs.get("slot_reused")),
            "gone": False,
        }

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        given, live = outs["given_name"], self.live(outs)
        _system_users.forget_note(live, {**outs, "name": given})
        if why := self._why_kept(id_, outs):
            return f"{_kept(live, id_)}, because {why}."
        row = _listed(live, id_)
        if row is None:
            return f"id {id_} is no longer listed in the business; there is nothing to retire."
        if is_retired(row.name):
            return f"retired already, as {row.name} (id {id_}); a later create takes its slot."
        if row.name != given:
            return f"kept: id {id_} is called {row.name} now and not {given}, so somebody else uses it."
        return _retire(live, row)

    def upgrade(self, outs: Mapping[str, Any]) -> dict[str, Any]:
        today = super().upgrade(outs)
        return {"given_name": today.get("name", ""), "adopted": False, "slot_reused": False, "gone": False, **today}

    def _why_kept(self, id_: str, outs: Mapping[str, Any]) -> str:
        if outs.get("adopted"):
            return "it was adopted"
        if outs["on_destroy"] == "keep":
            return "on_destroy is keep"
        held = self.held(outs)
        if held and held.id == id_ and DEPLOYMENT.declares(type(self).__name__, place_of(outs)):
            # A refused replacement has left it under this id, and its run ended before this delete was dropped.
            return "its replacement was refused and it is in use"
        return ""

    def _stands_in(self, props: Mapping[str, Any]) -> bool:
        """Whether a create takes the place of a user that is still there, by whatever name."""
        held = self.held(props)
        return self.replaced(props) and not (held and self.lost(held.outs))

    def _reuse(self, live: Live, slot: SystemUserRow, props: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """Take a retired slot; None when another stack has taken it meanwhile.

        Meta renames without a condition, so two that have both read the slot as free an instant before may still take
        one: the later rename wins, and the other stack's next refresh shows the name as drift.
        """
        name = props["name"]
        live.reads.invalidate(reads.SYSTEM_USERS)
        if (row := _listed(live, slot.id)) is None or row.name != slot.name:
            say(f"system user {name}: the retired slot {slot.name} (id {slot.id}) was taken by another one meanwhile.")
            return None
        _system_users.write_note(live, props, slot.id)
        try:
            _rename(live, slot.id, name)
        except BaseException:
            _system_users.give_back(slot)
            raise
        row = None
        with contextlib.suppress(MetaAccessError):  # the slot is renamed; a look that fails takes nothing back
            row = _listed(live, slot.id)
        # A list that lags shows the old name yet; only a third one is somebody else's.
        if row is not None and row.name not in (name, slot.name):
            _system_users.forget_note(live, props)
            say(f"system user {name}: the retired slot {slot.name} (id {slot.id}) was taken by {row.name} meanwhile.")
            return None
        say(f"system user {name}: takes the retired slot {slot.name} (id {slot.id}); no new user was needed.")
        return slot.id, _facts(name, slot_reused=True)


def _facts(name: str, *, adopted: bool = False, slot_reused: bool = False) -> dict[str, Any]:
    return {"given_name": name, "adopted": adopted, "slot_reused": slot_reused, "gone": False}


def _gone(id_: str, outs: Mapping[str, Any], live: Live) -> str:
    return (
        f"system user {outs.get('label', '')}: {business_shown(live)} lists no user of id {id_} any more. Somebody "
        f"removed it, or {app_shown(live)} no longer sees it. `pulumi up` makes another one, gives it what is "
        "declared, and rotates its tokens."
    )


def _listed(live: Live, id_: str) -> SystemUserRow | None:
    # Absence from a list that could be read is proof; an error on the node itself would not be.
    return next((row for row in live.reads.system_users() if row.id == id_), None)


def _kept(live: Live, id_: str) -> str:
    """A user that is kept, by the name that Meta has for it: another resource may have renamed it a moment ago."""
    try:
        row = _listed(live, id_)
    except MetaAccessError:
        row = None  # nothing is to be done to it, so that nothing needs to be known
    return f"kept at Meta as {row.name} (id {id_})" if row is not None else f"kept at Meta (id {id_})"


def _another(name: str, id_: str, adopt: str) -> str:
    return (
        f"system user {name} has the id {id_}, and adopt names {adopt}. To use that one, declare it as a resource of "
        "its own and move the work to it."
    )


def _at_meta(live: Live, props: Mapping[str, Any]) -> str:
    """Why the business as it is will refuse a create; says what an adoption renames."""
    rows, name, role, adopt = live.reads.system_users(), props["name"], props["role"], props.get("adopt")
    namesake = next((row for row in rows if row.name == name), None)
    if not adopt:
        if namesake is None or _system_users.own_lost_create(namesake, props, live):
            return ""
        return str(_system_users.taken(namesake))
    row = next((row for row in rows if row.id == adopt), None)
    if why := _system_users.not_adoptable(row, role, live):
        return f"adopting system user {adopt}: {why}"
    if row is not None and row.name != name:
        if namesake is not None:
            return _namesake(adopt, name)
        say(f"system user {props['label']}: id {adopt} is called {row.name} => {name}.")
    return ""


def _namesake(id_: str, name: str) -> str:
    return f"renaming system user {id_} to {name}: the business has another one of that name. Choose another."


def _create(live: Live, props: Mapping[str, Any], rows: list[SystemUserRow]) -> str:
    name, role = props["name"], props["role"]
    try:
        with _system_users.noted(live, props):
            id_ = system_users.create(live.client, name, role, known={row.id for row in rows})
        live.reads.user_made(SystemUserRow(id_, name, role))
        _system_users.write_note(live, props, id_)
    except LimitReachedError as error:
        refused = _refused(error, live, name, role, rows)
    except BaseException:
        live.reads.invalidate(reads.SYSTEM_USERS)
        raise
    else:
        return id_
    raise refused


def _rename(live: Live, id_: str, name: str) -> None:
    try:
        system_users.rename(live.client, id_, name)
    except LimitReachedError:
        refused = ConflictError(
            f"renaming system user {id_} to {name} failed: the business has another one of that name.",
            next_step="Choose another.",
        )
    else:
        return
    finally:
        live.reads.invalidate(reads.SYSTEM_USERS)
    raise refused


def _refused(
    error: LimitReachedError, live: Live, name: str, role: str, rows: list[SystemUserRow]
) -> ConflictError | QuotaError:
    live.reads.invalidate(reads.SYSTEM_USERS)
    if error.code == NAME_TAKEN:
        found = next((row for row in live.reads.system_users() if row.name == name), None)
        return _system_users.taken(found) if found else ConflictError(f"creating system user {name} failed: {error}")
    names = ", ".join(row.name for row in rows) or "none"
    limit = _system_users.limit_of(live, role)
    known = f"{limit.number} ({limit.why})" if limit.number is not None else f"not known ({limit.why})"
    return QuotaError(
        f"creating system user {name} failed: Meta has no room for another {role} in business "
        f"{live.connection.business_id} (code {error.code}). The limit is {known}; the business has: {names}. Nothing "
        "was created.",
        next_step="Adopt one of them by its id, or retire one that is not needed.",
    )


def _retire(live: Live, row: SystemUserRow) -> str:
    if row.id == live.issuer.calling_token()[0]:
        return f"kept as {row.name} (id {row.id}), because the credential in use belongs to it."
    if grace := DEPLOYMENT.grace_of(row.id):
        previous_users.mark(live.store(grace.arn.split(":")[3]), grace.arn, row.id, row.name)
        return (
            f"kept as {row.name} (id {row.id}) while a superseded token of it is in grace, until {grace.ends_at}. "
            "`meta-access orphans` retires it afterwards."
        )
    try:
        word = system_users.retire(live.client, row.id)
    finally:
        live.reads.invalidate(reads.SYSTEM_USERS)
    return (
        f"retired: {row.name} (id {row.id}) is now called {word}. Meta cannot delete it; a later create takes its slot."
    )


def _role_change(name: str, before: str, after: str) -> str:
    return (
        f"system user {name} is {before}, and Meta cannot make it {after}. Declare a second user with role {after}, "
        "move its tokens and assignments there, and remove this one after the grace of its tokens."
    )


class SystemUser(MetaResource, provider=SystemUserProvider):
    """A system user of the connection's business. Its id is the one that the connection's app sees.

    Args:
        name: Its name in Business settings; a change renames it in place.
        role: `EMPLOYEE` or `ADMIN`; Meta cannot change it afterwards.
        adopt: Id of an existing user to take over, instead of creating one. It is then kept, whatever `on_destroy`
            says.
        on_destroy: `retire` (rename it to `unused …`, so that its slot can be taken again) or `keep`.
        requires: Gate to status, read in block mode: a create waits until every one is satisfied.

    Attributes:
        given_name: The name that this resource has given it.
        adopted: Whether it was taken over, and is kept therefore.
        slot_reused: Whether it was a retired user before.
        gone: Whether the business no longer lists it.
    """

    name: Output[str]
    role: Output[str]
    given_name: Output[str]
    adopted: Output[bool]
    slot_reused: Output[bool]
    gone: Output[bool]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        name: Annotated[Input[str], Rule(validation.system_user_name)],
        role: Input[str] = "EMPLOYEE",
        adopt: GraphId | None = None,
        on_destroy: Annotated[Input[str], one_of(ON_DESTROY)] = "retire",
        requires: TextMap | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        # The plugin host knows no stack, and a note of a create must say whose it is.
        stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"
        super().__init__(resource_name, locals(), opts, stack=stack)
        if isinstance(adopt, str) and pulumi.runtime.is_dry_run():
            self.__dict__["id"] = _foreseen(self.id, adopt)


def _foreseen(id_: Output[str], adopt: str) -> Output[str]:
    """The id in a preview: that of the state, else the one to adopt, which an update will answer.

    So a preview can look at what an adopted user holds already, and say what its assignments will change.
    """

    async def value() -> str:
        return str(await id_.future()) if await id_.is_known() else adopt

    async def known() -> bool:
        return True

    return pulumi.Output(id_.resources(), asyncio.ensure_future(value()), asyncio.ensure_future(known()))
