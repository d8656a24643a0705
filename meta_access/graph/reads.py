"""Reads that many resources share: each is made once per process, however many threads ask for it.

A write invalidates the list it changed. A failed read is remembered like a good one, because a hundred resources behind
one dead connection would otherwise wait out a hundred timeouts.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from meta_access.errors import MetaAccessError, RateLimitedError
from meta_access.graph import (
    admin_token,
    app_permissions,
    app_roles,
    applications,
    assigned_lists,
    assigned_users,
    business_assets,
    business_users,
    businesses,
    holders,
    patience,
    system_users,
    tiers,
)
from meta_access.graph.client import client_for
from meta_access.parallel import together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_access.graph.admin_token import TokenUser
    from meta_access.graph.app_roles import RoleRow
    from meta_access.graph.assigned_lists import AssignedLists
    from meta_access.graph.business_assets import Row
    from meta_access.graph.business_users import BusinessUserRow
    from meta_access.graph.businesses import BusinessRow
    from meta_access.graph.client import GraphClient
    from meta_access.graph.holders import Holdings
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.ids import Asset
    from meta_access.stack.connections import Connection

T = TypeVar("T")

SYSTEM_USERS = "system_users"
ASSIGNED = "assigned"
ASSIGNED_BEFORE = "assigned_before"
ASSIGNED_APPS = "assigned_apps"
APP_ROLES = "app_roles"
APP_PERMISSIONS = "app_permissions"
BUSINESS = "business"
BUSINESS_ASSETS = "business_assets"
BUSINESS_USERS = "business_users"
HOLDERS = "holders"
OWNER = "owner"
CLIENTS = "clients"
TOKEN_USER = "token_user"  # noqa: S105 - a name
TIER = "tier_header"
_LISTS = "lists"
_USUAL = {
    assigned_users.EDGES["ad_account"]: ",".join(assigned_users.fields("ad_account")),
    applications.EDGE: applications.FIELDS,
}
"""Edges that come along with the list of system users: of most stacks they are all that is asked about its users."""

HOLDERS_BOUND_S = 60.0
"""For all lists of who holds what, of one connection."""


class Reads:
    """What one connection's Graph showed when it was first asked.

    Attributes:
        many: Whether many users are going to be asked about, so that what they were assigned is read for all of them
            together. A user that a write of this process concerns is read by itself from then on.
    """

    def __init__(self, client: GraphClient) -> None:
        self.client = client
        self.many = False
        self._lock = threading.Lock()
        self._reads: dict[tuple[str, str], _Read[Any]] = {}
        self._written: set[tuple[str, str | None]] = set()
        self._asked: dict[str, set[str]] = {}
        self._made: set[str] = set()
        self._bounded: GraphClient | None = None

    def ahead(self, noun: str, key: str = "") -> None:
        """Begin a read beside all others: who asks for it waits for this one.

        Resources ask one after another, as the engine gets to them, and each would wait for a list of its own.

        Args:
            noun: Name of the method.
            key: Its argument; empty where it takes none.
        """
        threading.Thread(target=self._ahead, args=(noun, key), daemon=True, name=f"ahead-{noun}").start()

    def _ahead(self, noun: str, key: str) -> None:
        argument = [key] if key else []
        try:
            with patience.on_behalf_of(patience.NOBODY_WAITS):
                getattr(self, noun)(*argument)
        except RateLimitedError:
            # Who needs the list waits for the throttle, as long as its own patience lasts.
            with self._lock:
                for held in [(noun, key), *([(_LISTS, "")] if noun == SYSTEM_USERS else [])]:
                    self._reads.pop(held, None)
        except MetaAccessError:
            pass  # remembered, and told by whoever asks for it

    def system_users(self) -> list[SystemUserRow]:
        """All system users of the business."""
        return list(self._once(SYSTEM_USERS, "", self._system_users))

    def _system_users(self) -> list[SystemUserRow]:
        if self.many and not self._is_written(SYSTEM_USERS, ""):
            lists = self._lists("", _USUAL)
            if lists.error is None:
                return list(lists.users.values())
            if lists.stops_all:
                raise lists.error
        return system_users.list_(self.client)

    def user_made(self, row: SystemUserRow) -> None:
        """Enter a user that this process has made: it stands in the list from now on, and had nothing before."""
        with self._lock:
            self._made.add(row.id)
            self._written.add((SYSTEM_USERS, None))
            slot = self._reads.pop((SYSTEM_USERS, ""), None)
            if slot is not None and (rows := slot.known()) is not None:
                self._reads[SYSTEM_USERS, ""] = _Read([*(known for known in rows if known.id != row.id), row])

    def assigned(self, system_user_id: str, kind: str) -> dict[str, tuple[str, ...]]:
        """Assets of a kind that a system user is assigned to: Graph id -> tasks."""
        key = f"{system_user_id}/{kind}"
        return dict(self._once(ASSIGNED, key, lambda: self._assigned(system_user_id, kind)))

    def _assigned(self, user: str, kind: str) -> dict[str, tuple[str, ...]]:
        edge = assigned_users.EDGES.get(kind)
        rows = self._of_all(ASSIGNED, user, edge, ",".join(assigned_users.fields(kind))) if edge else None
        return assigned_users.assigned(self.client, user, kind) if rows is None else assigned_users.entries(rows, kind)

    def assigned_before(self, system_user_id: str, kind: str) -> dict[str, tuple[str, ...]]:
        """As `assigned`, and kept as first read: what was there before this process wrote anything."""
        if system_user_id in self._made:
            return {}
        key = f"{system_user_id}/{kind}"
        return dict(self._once(ASSIGNED_BEFORE, key, lambda: self.assigned(system_user_id, kind)))

    def tasks(self, system_user_id: str, asset: Asset) -> tuple[str, ...]:
        """Tasks of a system user on an asset, as first read until this process writes them.

        An update looks at some assignments of a user while it writes others, and those writes change nothing of these.
        """
        written = self._is_written(ASSIGNED, f"{system_user_id}/{asset.graph_id}")
        read = self.assigned if written else self.assigned_before
        return read(system_user_id, asset.kind).get(asset.graph_id, ())

    def assignment_written(self, system_user_id: str, asset: Asset) -> None:
        """Read anew what the user is assigned to: this process wrote its tasks on the asset."""
        with self._lock:
            self._written.add((ASSIGNED, f"{system_user_id}/{asset.graph_id}"))
        self.invalidate(ASSIGNED, system_user_id)

    def assigned_apps(self, system_user_id: str) -> dict[str, tuple[str, ...]]:
        """Apps that a system user was given: app id -> tasks."""
        return dict(self._once(ASSIGNED_APPS, system_user_id, lambda: self._assigned_apps(system_user_id)))

    def _assigned_apps(self, user: str) -> dict[str, tuple[str, ...]]:
        rows = self._of_all(ASSIGNED_APPS, user, applications.EDGE, applications.FIELDS)
        return applications.assigned(self.client, user) if rows is None else applications.entries(rows)

    def _of_all(self, noun: str, user: str, edge: str, fields: str) -> list[dict[str, Any]] | None:
        """The rows of a user's edge, out of what was read for all users; None where the user is to be asked."""
        if not self.many or self._is_written(noun, user):
            return None
        with self._lock:
            asked = self._asked.setdefault(edge, set())
            asked.add(user)
            begun = (_LISTS, "") in self._reads
            if not begun and len(asked) == 1:
                return None  # for one user its own list is the shortest
        for name, edges in (*([("", _USUAL)] if begun and edge in _USUAL else []), (edge, {edge: fields})):
            lists = self._lists(name, edges)
            rows = lists.rows(self.client, user, edge, fields)
            if rows is not None or lists.error is None:
                return rows
            if lists.stops_all:
                raise lists.error
        return None

    def _lists(self, name: str, edges: Mapping[str, str]) -> AssignedLists:
        return self._once(_LISTS, name, lambda: assigned_lists.read(self.client, edges))

    def app_roles(self) -> list[RoleRow]:
        """Everybody with a role on the app."""
        return list(self._once(APP_ROLES, "", lambda: app_roles.list_(self.client)))

    def app_permissions(self) -> dict[str, str]:
        """Permissions approved by App Review -> status."""
        return dict(self._once(APP_PERMISSIONS, "", lambda: app_permissions.list_(self.client)))

    def business(self) -> BusinessRow:
        """The business."""
        return self._once(BUSINESS, "", lambda: businesses.get(self.client))

    def business_assets(self, side: str, kind: str) -> dict[str, tuple[str, ...]]:
        """Assets of a kind on one side of the business (see `business_assets.listed`): Graph id -> permitted tasks."""
        return {graph_id: row.tasks for graph_id, row in self._listed(side, kind).items()}

    def asset_owners(self, kind: str) -> dict[str, str]:
        """The businesses that share assets of a kind with this one: Graph id -> owner, "" where Meta does not say."""
        return {graph_id: row.owner for graph_id, row in self._listed(business_assets.CLIENT, kind).items()}

    def _listed(self, side: str, kind: str) -> dict[str, Row]:
        key = f"{side}/{kind}"
        return self._once(BUSINESS_ASSETS, key, lambda: business_assets.listed(self.client, side, kind))

    def owner_of(self, asset: Asset) -> str:
        """The business that owns an asset, as the asset itself says it; "" where it does not say."""
        return self._once(OWNER, asset.id, lambda: business_assets.owner_of(self.client, asset))

    def clients(self) -> dict[str, frozenset[str]]:
        """The businesses that share something with this one, each with the assets in its row."""
        return dict(self._once(CLIENTS, "", lambda: business_assets.clients(self.client)))

    def business_users(self) -> list[BusinessUserRow]:
        """Everybody in the business, and those who were invited."""
        return list(self._once(BUSINESS_USERS, "", lambda: business_users.list_(self.client)))

    def holders(self, *kinds: str) -> Holdings:
        """Who holds the assets of the business; partners of these kinds."""
        reads = [partial(self._once, HOLDERS, one, partial(self._holders, one)) for one in holders.parts(kinds)]
        return holders.joined(together(reads))

    def _holders(self, part: str) -> Holdings:
        with self._lock:
            # Nothing that keeps access alive may wait behind these lists: the plugin host has few threads.
            self._bounded = self._bounded or self.client.within(HOLDERS_BOUND_S)
        return holders.read_part(self._bounded, part)

    def token_user(self) -> TokenUser:
        """Whose the connection's admin token is."""
        return self._once(TOKEN_USER, "", lambda: admin_token.user_of(self.client))

    def tier_header(self) -> str | None:
        """The app's tier in Meta's word; None when no probe is configured or Meta does not say."""
        account = self.client.connection.tier_probe
        return self._once(TIER, "", lambda: tiers.probe(self.client, account)) if account else None

    def invalidate(self, noun: str, key: str | None = None) -> None:
        """Read anew at the next call.

        Args:
            noun: Name of the method whose read a write has made old.
            key: For `assigned`: the system user's id, to keep the reads about others; None drops all of the noun.
        """
        with self._lock:
            self._written.add((noun, key and key.partition("/")[0]))
            for held in [held for held in self._reads if held[0] == noun]:
                if key is None or held[1] == key or held[1].startswith(f"{key}/"):
                    # A read under way ends in the dropped slot: who asked before the write gets the old
                    # answer, who asks after it starts another.
                    del self._reads[held]

    def _is_written(self, noun: str, key: str) -> bool:
        with self._lock:
            return not self._written.isdisjoint({(noun, key), (noun, None)})

    def _once(self, noun: str, key: str, read: Callable[[], T]) -> T:
        with self._lock:
            slot: _Read[T] = self._reads.setdefault((noun, key), _Read())
        return slot.get(read)


class _Read(Generic[T]):
    """A read, made by the first who asks; or, with a value, one that was made."""

    def __init__(self, value: T | None = None) -> None:
        self._lock = threading.Lock()
        self._value = value
        self._error: MetaAccessError | None = None
        self._done = value is not None

    def known(self) -> T | None:
        """What was read; None while it is under way, and after a failure."""
        return self._value if self._done else None

    def get(self, read: Callable[[], T]) -> T:
        with self._lock:
            if not self._done:
                try:
                    self._value = read()
                except MetaAccessError as error:
                    self._error = error
                self._done = True
        if self._error is not None:
            # The same object is raised in many threads: without this its traceback grows with every one of them.
            raise self._error.with_traceback(None)
        return cast("T", self._value)


_all: dict[Connection, Reads] = {}
_all_lock = threading.Lock()


def reads_for(connection: Connection) -> Reads:
    """The coalesced reads of a connection, one object per process."""
    with _all_lock:
        if connection not in _all:
            _all[connection] = Reads(client_for(connection))
        return _all[connection]
