"""System users of a business: list, create, rename. Meta has no way to delete one or to change its role.

Graph: GET and POST /{business-id}/system_users (POST with `system_user_id` renames), GET /{system-user-id}.
Source: https://developers.facebook.com/docs/business-management-apis/system-users, Graph v26.0, read 2026-11.
Ids are app-scoped: another app sees the same user under another id, and Business settings show a third one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.clock import parse_iso
from meta_access.graph.wire import unusable
from meta_access.quota import UNUSED

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from meta_access.graph.client import GraphClient

_WORDS = ("alder", "birch", "cedar", "elder", "hazel", "larch", "linden", "maple", "rowan", "spruce", "willow", "yew")
FIELDS = "id,name,role,created_by,created_time"
_NODE_FIELDS = "id,name,created_by,created_time"  # asking the node for `role` fails the whole request


@dataclass(frozen=True, slots=True)
class SystemUserRow:
    """A system user as Meta lists it.

    Attributes:
        role: `EMPLOYEE` or `ADMIN`; empty when the node itself was read, which does not say.
        created_by: Id of the user who made it; None when Meta does not say.
    """

    id: str
    name: str
    role: str
    created_by: str | None = None
    created_time: datetime | None = None


def list_(client: GraphClient) -> list[SystemUserRow]:
    """All system users of the business."""
    path = f"{client.connection.business_id}/system_users"
    return [row_of(row) for row in client.pages(path, {"fields": FIELDS})]


def get(client: GraphClient, system_user_id: str) -> SystemUserRow:
    """One system user, by its app-scoped id."""
    return row_of(client.get(system_user_id, {"fields": _NODE_FIELDS}))


def create(client: GraphClient, name: str, role: str, *, known: Collection[str] = ()) -> str:
    """Create a system user and return its id.

    Args:
        client: Of the business.
        name: Its name, the only natural key there is.
        role: `EMPLOYEE` or `ADMIN`.
        known: Ids seen before this call; after an unanswered one, none of them is taken for the new user.

    Raises:
        LimitReachedError: No room (3949, 3965), or the name is taken (3972).
    """

    def landed() -> dict[str, str] | None:
        found = (row for row in list_(client) if row.name == name and row.role == role and row.id not in known)
        return next(({"id": row.id} for row in found), None)

    path = f"{client.connection.business_id}/system_users"
    return _id(client.post(path, {"name": name, "role": role}, landed=landed))


def rename(client: GraphClient, system_user_id: str, name: str) -> None:
    """Rename a system user in place; its tokens and assignments stay."""

    def landed() -> bool | None:
        return True if get(client, system_user_id).name == name else None

    path = f"{client.connection.business_id}/system_users"
    client.post(path, {"system_user_id": system_user_id, "name": name}, landed=landed)


def retire(client: GraphClient, system_user_id: str) -> str:
    """Give a system user a name that says that it is out of use; answers that name."""
    name = f"{UNUSED}{secrets.choice(_WORDS)}-{secrets.token_hex(2)}"
    rename(client, system_user_id, name)
    return name


def row_of(row: Any) -> SystemUserRow:
    """A row of the list, or the node."""
    if not isinstance(row, dict):
        raise unusable("Meta's answer about a system user is not one.")
    creator = row.get("created_by")
    created_by = creator.get("id") if isinstance(creator, dict) else creator
    return SystemUserRow(
        id=_id(row),
        name=str(row.get("name", "")),
        role=str(row.get("role", "")),
        created_by=str(created_by) if created_by else None,
        created_time=_moment(row.get("created_time")),
    )


def _id(answer: Any) -> str:
    if not isinstance(answer, dict) or not answer.get("id"):
        raise unusable("Meta's answer about a system user has no id.")
    return str(answer["id"])


def _moment(text: object) -> datetime | None:
    try:
        return parse_iso(str(text)) if text else None
    except ValueError:
        return None
