"""The tokens that lie in secrets already, and the lines of an identity that takes one over. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access.discovery.finding import About
from meta_access.rules.permissions import not_held
from meta_access.stack.use_cases import permissions_of
from meta_access.stack.yaml_additions import Entry
from meta_access.tokens.in_secrets import Whose

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from meta_access.discovery.known import Known
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.tokens.in_secrets import Found

_LOOK_AGAIN = timedelta(days=90)
"""For how long a token that never expires is taken over as it is, before a person looks at it again."""
_UNKNOWN = {Whose.ENDED: About.TOKEN_ENDED, Whose.NOT_SHOWN: About.TOKEN_OF_ANOTHER_APP}


class Tokens:
    """The tokens of the system users of a business.

    Attributes:
        adoptions: Identity to the token that it takes over before its first update.
    """

    def __init__(self, known: Known, today: date, find: Callable[..., None]) -> None:
        """`find` gets what is not written, as `Finding` takes it."""
        self._known, self._today, self._find = known, today, find
        self.adoptions: dict[str, Found] = {}

    def lines(self, key: str, row: SystemUserRow) -> dict[str, Entry]:
        """The lines of an identity that takes over its token; none where it has none that can be taken over."""
        found = self._of(key, row)
        if len(found) != 1:
            return {}
        (one,) = found
        scopes = self._scopes(one)
        if lacking := [scope for scope in scopes if not self._may_have(scope, row)]:
            self._find(About.TOKEN_SCOPES, row.id, key, there=(one.secret,), declared=tuple(lacking))
            return {}
        self.adoptions[key] = one
        lines = {"scopes": Entry(list(scopes)), "secret": Entry(one.secret)}
        if not one.expires:
            again = self._today + _LOOK_AGAIN
            never = {"reason": Entry("as it was found"), "until": Entry(again.isoformat())}
            lines["lifetime"] = Entry(below={"never": Entry(below=never)})
        return lines

    def look_at(self, key: str, row: SystemUserRow) -> None:
        """Name the token of an identity that is declared without one."""
        declared = self._known.spec.identities[key]
        if not declared.has_token:
            for one in self._of(key, row):
                scopes = tuple(self._scopes(one))
                self._find(About.TOKEN_NONE, row.id, key, there=(one.secret,), declared=scopes)

    def _of(self, key: str, row: SystemUserRow) -> list[Found]:
        """Of the tokens of a user, the one that can be taken over; the rest is said."""
        mine = [one for one in self._known.tokens if one.user == row.id]
        for one in mine:
            if one.whose is Whose.A_STACKS and one.owner != self._known.owner:
                self._find(About.TOKEN_OF_STACK, row.id, key, there=(one.secret,), declared=(one.owner,))
            elif one.whose is Whose.AMONG_OTHERS:
                self._find(About.TOKEN_AMONG_OTHERS, row.id, key, there=(one.secret,))
        free = [one for one in mine if one.whose is Whose.USERS]
        if len(free) > 1:
            self._find(About.TOKEN_TWICE, row.id, key, there=tuple(one.secret for one in free))
            return []
        return free

    def _scopes(self, one: Found) -> list[str]:
        """Without those that Meta grants by itself and mints for nobody."""
        rows = self._known.rules.permissions
        return [scope for scope in one.scopes if scope not in rows or rows[scope].system_user is not False]

    def _may_have(self, scope: str, row: SystemUserRow) -> bool:
        app = self._known.spec.connections[self._known.connection].app
        covered = self._known.rules.with_dependencies(permissions_of(self._known.spec, self._known.rules, app))
        return (
            scope in self._known.rules.permissions
            and not not_held(self._known.rules, scope, row.role)
            and scope in covered
        )

    def look_at_secrets(self) -> None:
        """Name the tokens of which nobody can tell whose they are."""
        for one in self._known.tokens:
            if about := _UNKNOWN.get(one.whose):
                self._find(about, one.secret)
