"""What a create of a system user may take instead of asking Meta for a new one.

Names are the only natural key Meta has. So a user of the wanted name is taken only if it was asked for by id, or if it
is the result of our own create whose answer was lost; and a retired slot only if nothing is assigned to it.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access.errors import ConflictError, InvalidRequestError, NotFoundError, PermissionDeniedError
from meta_access.graph.assigned_users import EDGES
from meta_access.quota import counted_as, is_retired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.graph.system_users import SystemUserRow
    from meta_access.providers._live import Live

LOST_CREATE_WITHIN = timedelta(hours=24)

# Kinds whose reading must succeed before a user counts as free; other edges do not answer for every app.
_MUST_READ = frozenset({"ad_account", "page"})

_lock = threading.Lock()
_taken: set[str] = set()


def adopted(rows: Sequence[SystemUserRow], id_: str, role: str, live: Live) -> SystemUserRow:
    """The user to adopt by id."""
    row = next((row for row in rows if row.id == id_), None)
    business = live.connection.business_id
    if row is None:
        raise ConflictError(
            f"adopting system user {id_} failed: business {business} lists no user of that id. Ids are those that "
            f"app {live.connection.app_id} sees, not those of Business settings."
        )
    if row.role != role:
        raise ConflictError(
            f"adopting system user {id_} failed: it is {row.role}, and {role} is declared. Meta cannot change a role; "
            f"declare role {row.role}, or another user."
        )
    return row


def of_name(rows: Sequence[SystemUserRow], name: str, role: str, live: Live, *, replaced: bool) -> SystemUserRow | None:
    """The user of that name, if it is ours to take; None when there is none.

    Raises:
        ConflictError: It is somebody else's.
    """
    row = next((row for row in rows if row.name == name), None)
    if row is None:
        return None
    if row.role == role and (replaced or _own_lost_create(row, live)):
        return row
    raise taken(row)


def taken(row: SystemUserRow) -> ConflictError:
    return ConflictError(
        f"creating system user {row.name} failed: one of that name exists (id {row.id}, role {row.role or 'unknown'}). "
        f'If it is this one, adopt it with adopt: "{row.id}", or, if only the resource was renamed in the program, '
        "give it an alias of its old name. Else choose another name."
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
            if live.snapshot.assigned(system_user_id, kind):
                return True
        except (InvalidRequestError, NotFoundError, PermissionDeniedError):
            if kind in _MUST_READ:
                raise
    return False


def _own_lost_create(row: SystemUserRow, live: Live) -> bool:
    if row.created_by is None or row.created_time is None:
        return False
    if row.created_by != live.issuer.calling_token()[0]:
        return False
    if live.now() - row.created_time >= LOST_CREATE_WITHIN:
        return False
    return not has_assets(row.id, live) and not live.snapshot.assigned_apps(row.id)
