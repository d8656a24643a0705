"""Whether a connection's admin token is one: what `debug_token` and the list of system users tell of it.

An unfit one passes the first calls and fails later, in the night or in the middle of an `up`. Only what can never act
is refused; a person hears of the rest, since a token that works after all must not be held up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from meta_access.clock import iso
from meta_access.errors import MetaAccessError, NotFoundError, PermissionDeniedError, Problem
from meta_access.graph import system_users
from meta_access.graph.wire import unusable
from meta_access.tokens.issuer import SYSTEM_USER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.connection import Connection
    from meta_access.graph.client import GraphClient
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.tokens.issuer import TokenFacts

ADMIN = "ADMIN"
NEEDED = "business_management"
WARNED_BEFORE = (timedelta(days=3), timedelta(days=14))
"""Before its end: urgent, and for one that a person has to renew."""
_NOT_LISTED = (PermissionDeniedError, NotFoundError)
_BOOTSTRAP = "Make an admin system user's token (`meta-access bootstrap`) and point admin_token to it."


class Doubt(Enum):
    """What is doubtful about an admin token."""

    NOT_SYSTEM_USER = "it ends with a login"
    SCOPE = "it lacks the permission"
    ELSEWHERE = "the permission is for other businesses"
    NOT_ADMIN = "its user is no admin of the business"
    ENDS = "it ends soon"


@dataclass(frozen=True, slots=True)
class Doubts:
    """What a person should know of an admin token.

    Attributes:
        says: Sentences, each with its place; the same from day to day, so that an export of them shows no change.
        ends: When the token ends, where that is near.
        kinds: What each sentence is about.
    """

    says: tuple[str, ...] = ()
    ends: datetime | None = None
    kinds: tuple[Doubt, ...] = ()

    def as_output(self) -> dict[str, Any]:
        return {"says": list(self.says), "ends": None if self.ends is None else iso(self.ends)}


@dataclass(frozen=True, slots=True)
class TokenUser:
    """Whose a token is: a system user, or a person, whom the lists of a business have under another id."""

    id: str
    name: str


def user_of(client: GraphClient) -> TokenUser:
    """Whose the connection's admin token is."""
    me = client.get("me", {"fields": "id,name"})
    if not isinstance(me, dict) or not me.get("id"):
        raise unusable("Meta's answer about the token's own user has no id.")
    return TokenUser(str(me["id"]), str(me.get("name") or ""))


def refused(connection: Connection, info: TokenFacts) -> list[Problem]:
    """What can never act for this connection. Pure."""
    path = f"meta:connections.{connection.name}.admin_token"
    if info.app_id and info.app_id != connection.app_id:
        text = f"is a token of app {info.app_id}, while the connection's app is {connection.app_id}."
        return [Problem(path, text, "mint a token for this app, or name the app it belongs to.")]
    if not info.valid:
        reason = f" ({info.problem.rstrip('.')})" if info.problem else ""
        text = f"Meta says that the token is not valid{reason}."
        return [Problem(path, text, "put a valid admin system user's token where admin_token points.")]
    if info.type in {"PAGE", "APP"}:
        whose = "a Page's" if info.type == "PAGE" else "the app's own"
        text = f"is {whose} token (type {info.type}), which can act for no business."
        return [
            Problem(path, text, "point it to the token of an admin system user; `meta-access bootstrap` makes one.")
        ]
    return []


def examine(client: GraphClient, info: TokenFacts, now: datetime) -> Doubts:
    """What is doubtful about a token that is not refused. Reads the list of system users, if that can tell anything.

    Args:
        client: Calls with the token.
        info: What Meta says of it.
        now: Meta's time.
    """
    rows: Sequence[SystemUserRow] | None = None
    asked = info.type == SYSTEM_USER and NEEDED in info.scopes and not _elsewhere(client.connection, info)
    if asked:
        try:
            rows = system_users.list_(client)
        except _NOT_LISTED:
            rows = None
        except MetaAccessError:
            asked = False  # trouble of another kind says nothing about the token
    return doubts(client.connection, info, now, rows, asked=asked)


def doubts(
    connection: Connection, info: TokenFacts, now: datetime, rows: Sequence[SystemUserRow] | None, *, asked: bool
) -> Doubts:
    """What is doubtful about a token. Pure.

    Args:
        connection: Which acts with it.
        info: What Meta says of it.
        now: Meta's time.
        rows: The system users of the business; None where the token may not list them.
        asked: Whether they were asked for.
    """
    path, business = f"meta:connections.{connection.name}.admin_token", f"business {connection.business_id}"
    found: dict[Doubt, str] = {}
    if info.type != SYSTEM_USER:
        kind = f"of type {info.type}, a person's own" if info.type == "USER" else f"of type {info.type or 'unknown'}"
        text = f"the token is {kind}, not a system user's, and ends with that login."
        found[Doubt.NOT_SYSTEM_USER] = f"{text} {_BOOTSTRAP}"
    if NEEDED not in info.scopes:
        had = ", ".join(info.scopes) or "nothing"
        text = f"the token lacks {NEEDED}, without which it reads and makes no system users; it has {had}."
        found[Doubt.SCOPE] = f"{text} Mint it again with {NEEDED}."
    elif others := _elsewhere(connection, info):
        text = f"{NEEDED} was granted to the token for {', '.join(others)} only, and not for {business}."
        found[Doubt.ELSEWHERE] = f"{text} Mint it again with {NEEDED} for that business."
    if asked and (who := _stranger(info.user_id, rows, business)):
        found[Doubt.NOT_ADMIN] = f"the token is {who}. {_BOOTSTRAP}"
    ends = _near(connection, info, now)
    if ends is not None:
        urgent = ", within 3 days" if ends - now <= WARNED_BEFORE[0] else ""
        text = f"the token ends at {iso(ends)}{urgent}, and nothing of this connection is kept alive after that."
        found[Doubt.ENDS] = f"{text} Put a new one where admin_token points before."
    return Doubts(tuple(f"{path}: {text}" for text in found.values()), ends, tuple(found))


def _elsewhere(connection: Connection, info: TokenFacts) -> tuple[str, ...]:
    """For which other ids the permission was granted; empty where it reaches the connection's business."""
    granted = info.narrowed.get(NEEDED, ())
    return () if connection.business_id in granted else granted


def _stranger(user: str, rows: Sequence[SystemUserRow] | None, business: str) -> str:
    if rows is None:
        return (
            f"of system user {user}, which may not list the system users of {business}: it is an EMPLOYEE there, or "
            "belongs to another business"
        )
    found = next((row for row in rows if row.id == user), None)
    if found is None:
        return f"of system user {user}, which is none of {business}: it belongs to another business"
    return "" if found.role == ADMIN else f"of the {found.role} system user {found.name}, which is not an admin"


def _near(connection: Connection, info: TokenFacts, now: datetime) -> datetime | None:
    # One that this stack rotates is renewed in good time, unless its rotation fails.
    before = WARNED_BEFORE[0] if connection.admin_token.startswith("secret:") else WARNED_BEFORE[1]
    return info.expires_at if info.expires_at is not None and info.expires_at - now <= before else None
