"""People in the business: those who are in it, and those who were invited and have not accepted.

Graph: GET and POST /{business-id}/business_users, GET /{business-id}/pending_users, POST and DELETE of the rows' nodes,
GET /me.
Source: https://developers.facebook.com/docs/marketing-api/reference/business/business_users and
https://developers.facebook.com/docs/marketing-api/reference/business-user, Graph v26.0, read 2026-11.
A person who accepts gets another id than the invitation had; the e-mail address is what stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from meta_access.graph.wire import unusable
from meta_access.parallel import together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.graph.client import GraphClient

ADMIN = "ADMIN"

_INVITE_S = 15.0
"""Bound of an invitation, in seconds: its limit is lifted after a day, so that the client's waits for throttles are in
vain here."""


@dataclass(frozen=True, slots=True)
class BusinessUserRow:
    """A person in the business, or invited into it.

    Attributes:
        id: Of the business user, or of the invitation.
        email: Empty where Meta does not show it.
        role: `ADMIN`, `EMPLOYEE` or another word of Meta's.
        pending: Invited, and not accepted.
    """

    id: str
    email: str
    role: str
    pending: bool = False


def list_(client: GraphClient) -> list[BusinessUserRow]:
    """Everybody in the connection's business, then everybody invited into it."""
    inside, invited = together([partial(members, client), partial(invitations, client)])
    return inside + invited


def members(client: GraphClient) -> list[BusinessUserRow]:
    """Everybody in the connection's business."""
    path = f"{client.connection.business_id}/business_users"
    return [_row(row, pending=False) for row in client.pages(path, {"fields": "id,email,role"})]


def invitations(client: GraphClient) -> list[BusinessUserRow]:
    """Everybody who was invited into the connection's business and has not accepted."""
    path = f"{client.connection.business_id}/pending_users"
    return [_row(row, pending=True) for row in client.pages(path, {"fields": "id,email,role"})]


def invite(client: GraphClient, email: str, role: str) -> str:
    """Invite a person and return the invitation's id; the person has to accept.

    Raises:
        RateLimitedError: With code 17 when the invitations of the day are used up.
    """

    def landed() -> dict[str, str] | None:
        return next(({"id": row.id} for row in list_(client) if same(row.email, email)), None)

    path = f"{client.connection.business_id}/business_users"
    answer = client.post(path, {"email": email, "role": role}, landed=landed, deadline_s=_INVITE_S)
    if not isinstance(answer, dict) or not answer.get("id"):
        raise unusable("Meta's answer to an invitation has no id.")
    return str(answer["id"])


def change_role(client: GraphClient, row: BusinessUserRow, role: str) -> None:
    """Give a person, or an invitation, another role."""

    def landed() -> bool | None:
        return True if any(found.id == row.id and found.role == role for found in list_(client)) else None

    client.post(row.id, {"role": role}, landed=landed)


def remove(client: GraphClient, row: BusinessUserRow) -> None:
    """Take a person out of the business, or an invitation back."""
    client.delete(row.id)


def second_factor(client: GraphClient) -> bool | None:
    """Whether the person whose token calls signs in with a second factor; None when it is unknown.

    Graph does not say which business user a person is. The name tells, where only one has it.
    """
    me = client.get("me", {"fields": "name"})
    rows = client.pages(f"{client.connection.business_id}/business_users", {"fields": "id,name,two_fac_status"})
    mine = [row for row in rows if isinstance(me, dict) and row.get("name") == me.get("name")]
    return {"ENABLED": True, "DISABLED": False}.get(str(mine[0].get("two_fac_status"))) if len(mine) == 1 else None


def is_last_admin(rows: Sequence[BusinessUserRow], row: BusinessUserRow) -> bool:
    """Whether a person is the only admin of the business who has accepted."""
    return [one.id for one in rows if one.role == ADMIN and not one.pending] == [row.id]


def same(one: str, other: str) -> bool:
    """Whether two addresses are one: Meta keeps the letters as typed, and compares them whatever the case."""
    return one.casefold() == other.casefold()


def _row(row: dict[str, Any], *, pending: bool) -> BusinessUserRow:
    if not row.get("id"):
        raise unusable("Meta's list of people in the business has a row without an id.")
    return BusinessUserRow(str(row["id"]), str(row.get("email") or ""), str(row.get("role") or ""), pending)
