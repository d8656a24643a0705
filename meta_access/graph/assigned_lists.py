"""What all system users of a business were assigned, in pages of their list instead of one call for each user.

Graph: GET /{business-id}/system_users, each row with edges of the user by field expansion; what a row has no room for,
by the user's own edge from where it ends.
Source: https://developers.facebook.com/docs/graph-api/guides/field-expansion, Graph v26.0, read 2026-11. Of the two
ways to the same rows this is the one with fewer pages: a business has a few system users and may have thousands of
assets, each with a thousand people who would be read as well. That Graph leaves out an expanded edge without rows, and
refuses the call for one that may not be read, is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access.errors import (
    AuthError,
    GraphUnreachableError,
    InvalidRequestError,
    MetaAccessError,
    NotRecordedError,
    RateLimitedError,
)
from meta_access.graph import system_users
from meta_access.graph.paging import PAGE_LIMIT, rest_of
from meta_access.graph.wire import unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.graph.client import GraphClient
    from meta_access.graph.system_users import SystemUserRow

AT_ONCE = 25
"""Users in a page that brings a page of each edge along for every one of them."""

_REST = 500
"""Rows of a page of one user's own edge; Graph sends fewer where it sends no more at once (its page on results)."""

Row = dict[str, Any]


@dataclass(slots=True)
class AssignedLists:
    """As far as it was read.

    Attributes:
        users: System users by id.
        begun: Edge -> user -> the rows that came along, and the cursor after which more follow.
        error: Why the list ends before its end; None when it was read whole.
    """

    users: dict[str, SystemUserRow] = field(default_factory=dict)
    begun: dict[str, dict[str, tuple[list[Row], str | None]]] = field(default_factory=dict)
    error: MetaAccessError | None = None

    @property
    def stops_all(self) -> bool:
        """Whether the error would meet every other read as well: each of many would wait for it again."""
        unreachable = isinstance(self.error, GraphUnreachableError) and not self.error.sent
        return unreachable or isinstance(self.error, (AuthError, RateLimitedError))

    def rows(self, client: GraphClient, user_id: str, edge: str, fields: str) -> list[Row] | None:
        """The rows of a user's edge; None where they have to be read at the user.

        An edge that came with no user at all may be one that is not shown, which is not an empty one.
        """
        shown = self.begun.get(edge)
        if user_id not in self.users or not shown:
            return None
        rows, after = shown.get(user_id, ([], None))
        if after is None:
            return rows
        try:
            more = list(client.pages(f"{user_id}/{edge}", {"fields": fields, "limit": _REST}, after=after))
        except (InvalidRequestError, NotRecordedError):
            return None  # too much at once, or a snapshot that has not followed this list: then from its beginning
        return [*rows, *more]


def read(client: GraphClient, edges: Mapping[str, str]) -> AssignedLists:
    """Read the list of system users with these edges of theirs, by name with the fields of a row.

    What was read before an error counts: one broken page must not hide the users of the others.
    """
    found = AssignedLists()
    expanded = (f"{edge}.limit({PAGE_LIMIT}){{{fields}}}" for edge, fields in edges.items())
    query = {"fields": ",".join([system_users.FIELDS, *expanded]), "limit": AT_ONCE}
    try:
        for row in client.pages(f"{client.connection.business_id}/system_users", query):
            user = system_users.row_of(row)
            held = {edge: _begun(row[edge]) for edge in edges if row.get(edge) is not None}
            found.users[user.id] = user
            for edge, begun in held.items():
                found.begun.setdefault(edge, {})[user.id] = begun
    except MetaAccessError as error:
        found.error = error
    return found


def _begun(value: Any) -> tuple[list[Row], str | None]:
    rows = value.get("data") if isinstance(value, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unusable("Meta's list of what system users hold has something other than rows in it.")
    return rows, rest_of(value, "what system users hold")
