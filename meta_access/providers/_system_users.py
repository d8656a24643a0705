"""System users before they are made: what the plan counts, what a create may take, what it began before.

The quota is counted at preview against one reading of what lives. A create that this machine began and never saw
recorded is found again by a note in the local state folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_access import local_state, quota
from meta_access.clock import iso, parse_iso
from meta_access.errors import (
    ConfigError,
    ConflictError,
    GraphUnreachableError,
    InvalidRequestError,
    MetaAccessError,
    NotFoundError,
    PermissionDeniedError,
    TransientError,
)
from meta_access.graph.assigned_users import EDGES
from meta_access.providers._boundary import say
from meta_access.quota import Limit, LiveUser, PlannedUser, counted_as, is_retired

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from meta_access.graph.system_users import SystemUserRow
    from meta_access.providers._live import Live


GOOD_FOR = timedelta(hours=24)
_CLOCKS = timedelta(minutes=5)
"""A note's time is that of an earlier answer of Meta's."""


@dataclass(frozen=True, slots=True)
class Note:
    """One create that was begun.

    Attributes:
        at: When, by Meta's clock.
        id: Of the user, once Meta has answered; "" before.
    """

    at: datetime
    id: str = ""

    def is_about(self, row: SystemUserRow) -> bool:
        """Whether a user of the noted name may be the one: by its id, or where Meta never answered by its age."""
        if self.id:
            return row.id == self.id
        return row.created_time is not None and row.created_time >= self.at - _CLOCKS


@contextlib.contextmanager
def noted(live: Live, props: Mapping[str, Any]) -> Iterator[None]:
    """Note a create while Meta is asked for it. Only what Meta has certainly refused leaves no note."""
    write_note(live, props)
    try:
        yield
    except MetaAccessError as error:
        if not (isinstance(error, TransientError) or (isinstance(error, GraphUnreachableError) and error.sent)):
            forget_note(live, props)
        raise


def write_note(live: Live, props: Mapping[str, Any], id_: str = "") -> None:
    """Note what is begun, or the id that came of it."""
    with contextlib.suppress(OSError, RuntimeError):  # without a folder there is no proof, and nothing else is lost
        file = _file(live, props)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            json.dump({"at": iso(live.now()), "id": id_}, opened)


def forget_note(live: Live, props: Mapping[str, Any]) -> None:
    """There is nothing to prove: Meta refused, or the state knows the user."""
    with contextlib.suppress(OSError, RuntimeError):
        _file(live, props).unlink(missing_ok=True)


def note_of(live: Live, props: Mapping[str, Any]) -> Note | None:
    """What this machine has begun for this very resource and not seen recorded; None when there is nothing."""
    try:
        found = json.loads(_file(live, props).read_text(encoding="utf-8"))
        left = Note(parse_iso(str(found["at"])), str(found["id"]))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError):
        return None
    return left if live.now() - left.at < GOOD_FOR else None


def _file(live: Live, props: Mapping[str, Any]) -> Path:
    whose = [live.connection.graph_url, live.connection.business_id, props.get("stack"), props.get("path")]
    what = [props.get("label"), props["name"], props["role"]]
    digest = hashlib.sha256(json.dumps([*whose, *what]).encode()).hexdigest()
    return local_state.folder("creates") / f"{digest[:32]}.json"


# Kinds whose reading must succeed before a user counts as free; other edges do not answer for every app.
_MUST_READ = frozenset({"ad_account", "page"})

_lock = threading.Lock()
_taken: set[str] = set()


def adopted(rows: Sequence[SystemUserRow], id_: str, role: str, live: Live) -> SystemUserRow:
    """The user to adopt by id.

    Raises:
        ConflictError: There is none, or it has another role.
    """
    row = next((row for row in rows if row.id == id_), None)
    if why := not_adoptable(row, role, live):
        raise ConflictError(f"adopting system user {id_} failed: {why}")
    assert row is not None
    return row


def not_adoptable(row: SystemUserRow | None, role: str, live: Live) -> str:
    """Why a user cannot be adopted; "" when it can."""
    if row is None:
        return (
            f"business {live.connection.business_id} lists no user of that id. Ids are those that app "
            f"{live.connection.app_id} sees, not those of Business settings."
        )
    if row.role != role:
        return (
            f"it is {row.role}, and {role} is declared. Meta cannot change a role; declare role {row.role}, or "
            "another user."
        )
    return ""


def of_name(
    rows: Sequence[SystemUserRow], props: Mapping[str, Any], live: Live, *, replaced: bool
) -> tuple[SystemUserRow, str] | None:
    """The user of that name, if it is ours to take, and why it is; None when there is none.

    Raises:
        ConflictError: It is somebody else's.
    """
    row = next((row for row in rows if row.name == props["name"]), None)
    if row is None:
        return None
    if row.role == props["role"] and replaced:
        return row, "it is the one that is being replaced"
    if own_lost_create(row, props, live):
        return row, "this machine's last run created it and was interrupted before it could note that"
    raise taken(row)


def taken(row: SystemUserRow) -> ConflictError:
    return ConflictError(
        f"creating system user {row.name} failed: one of that name exists (id {row.id}, role {row.role or 'unknown'}).",
        next_step=(
            f'If it is this one, adopt it with adopt: "{row.id}", or, if only the resource was renamed in the program, '
            "give it an alias of its old name. Else choose another name."
        ),
    )


def free_slot(rows: Sequence[SystemUserRow], role: str, live: Live) -> SystemUserRow | None:
    """A retired user of that role to which nothing is assigned, reserved for the caller."""
    for row in rows:
        if not is_retired(row.name) or counted_as(row.role) != counted_as(role) or row.role != role:
            continue
        if _reserve(row.id) and not _has_assets_or_give_back(row, live):
            return row
    return None


def _reserve(system_user_id: str) -> bool:
    with _lock:
        new = system_user_id not in _taken
        _taken.add(system_user_id)
    return new


def _has_assets_or_give_back(row: SystemUserRow, live: Live) -> bool:
    try:
        return has_assets(row.id, live)
    except Exception:
        give_back(row)
        raise


def give_back(row: SystemUserRow) -> None:
    """Undo a reservation: the slot was not taken after all."""
    with _lock:
        _taken.discard(row.id)


def has_assets(system_user_id: str, live: Live) -> bool:
    """Whether anything is assigned to a user, as far as Meta shows."""
    for kind in EDGES:
        try:
            if live.reads.assigned(system_user_id, kind):
                return True
        except (InvalidRequestError, NotFoundError, PermissionDeniedError):
            if kind in _MUST_READ:
                raise
    return False


def own_lost_create(row: SystemUserRow, props: Mapping[str, Any], live: Live) -> bool:
    """Whether a user is what an interrupted create of this very resource has left."""
    note = note_of(live, props)
    if note is None or not note.is_about(row) or row.role != props["role"]:
        return False
    if not note.id and row.created_by != live.issuer.calling_token()[0]:
        return False
    return not has_assets(row.id, live) and not live.reads.assigned_apps(row.id)


@dataclass(slots=True)
class UserPlan:
    """Planned system users by business. Thread-safe."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _planned: dict[str, dict[str, PlannedUser]] = field(default_factory=dict)
    _living: dict[str, tuple[LiveUser, ...]] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def add(self, business_id: str, place: str, user: PlannedUser) -> list[PlannedUser]:
        """Enter a planned user; answers all of the business. A repeated check replaces its own entry."""
        with self._lock:
            planned = self._planned.setdefault(business_id, {})
            planned[place] = user
            return list(planned.values())

    def living(self, live: Live) -> tuple[LiveUser, ...]:
        """System users of the business when they were first read."""
        business_id = live.connection.business_id
        with self._lock:
            if business_id not in self._living:
                self._living[business_id] = self._read(live)
            return self._living[business_id]

    def tell_once(self, text: str) -> None:
        with self._lock:
            new = text not in self._told
            self._told.add(text)
        if new:
            say(text)

    def _read(self, live: Live) -> tuple[LiveUser, ...]:
        if live.offline:
            say("quota: no call was made (META_ACCESS_OFFLINE=1), so the planned system users alone were counted.")
            return ()
        try:
            rows = live.reads.system_users()
        except ConfigError:
            raise
        except MetaAccessError as error:
            say(f"quota: the planned system users alone were counted, because the live ones could not be read: {error}")
            return ()
        return tuple(LiveUser(row.id, row.name, row.role) for row in rows)


USER_PLAN = UserPlan()
"""The one of this process."""


def refusal(live: Live, place: str, user: PlannedUser) -> str | None:
    """Enter a planned create; answers why it does not fit."""
    connection = live.connection
    planned = USER_PLAN.add(connection.business_id, place, user)
    living = USER_PLAN.living(live)
    limit = limit_of(live, user.role)
    found = quota.fit(user.role, limit, living, planned)
    business = f"{connection.business_name} ({connection.business_id})"
    if found.over_already:
        USER_PLAN.tell_once("warning: " + quota.warning(found, business=business))
    if limit.number is None:
        USER_PLAN.tell_once(f"quota of {found.role} system users was not checked: {limit.why}.")
    return None if found.fits else quota.refusal(found, business=business, higher=_higher(live, user.role))


def limit_of(live: Live, role: str) -> Limit:
    """How many users of a role the business may have: an override, else the rule set's number for the app's tier."""
    connection, rules, counted = live.connection, live.rules, quota.counted_as(role)
    if counted in connection.quota_overrides:
        return Limit(connection.quota_overrides[counted], "meta:quota_overrides")
    tier, source = _tier(live)
    number = rules.quota(tier, counted)
    if tier is None or number is None:
        return Limit(None, f"the access tier of app {connection.app_id} is neither observed nor declared")
    where = rules.sources[rules.tiers[tier].source]
    return Limit(number, f"tier {tier}, {source}; rules {rules.name}, published {rules.published}, {where}")


def _tier(live: Live) -> tuple[str | None, str]:
    try:
        header = None if live.offline else live.reads.tier_header()
    except ConfigError:
        raise
    except MetaAccessError:
        header = None
    observed = live.rules.tier_of_header(header) if header else None
    return (observed, "as Meta reports") if observed else (live.connection.tier, "as declared")


def _higher(live: Live, role: str) -> str:
    counted, tiers = quota.counted_as(role), live.rules.tiers
    tier, _ = _tier(live)
    if tier not in tiers:
        return ""
    here = tiers[tier].system_users.get(counted, 0)
    more = [(word, row.system_users[counted]) for word, row in tiers.items() if row.system_users.get(counted, 0) > here]
    return f"reach tier {more[0][0]}, which allows {more[0][1]}" if more else ""
