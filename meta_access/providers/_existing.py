"""What a create of a system user may take instead of asking Meta for a new one.

Names are the only natural key Meta has. So a user of the wanted name is taken only if it was asked for by id, or if a
note of this machine proves that it is our own create whose answer was lost; and a retired slot only if nothing is
assigned to it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from meta_access.errors import ConflictError, InvalidRequestError, NotFoundError, PermissionDeniedError
from meta_access.graph.assigned_users import EDGES
from meta_access.providers import _begun
from meta_access.quota import counted_as, is_retired

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_access.graph.system_users import SystemUserRow
    from meta_access.providers._live import Live

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


def own_lost_create(row: SystemUserRow, props: Mapping[str, Any], live: Live) -> bool:
    """Whether a user is what an interrupted create of this very resource has left."""
    note = _begun.note(live, props)
    if note is None or not note.is_about(row) or row.role != props["role"]:
        return False
    if not note.id and row.created_by != live.issuer.calling_token()[0]:
        return False
    return not has_assets(row.id, live) and not live.snapshot.assigned_apps(row.id)
