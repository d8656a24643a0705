"""What a stack lacks of a business as it is: additions alone, and findings about the rest. Pure.

Nothing that people wrote is changed: where Meta has something else than the files say, that is a finding, since the
files say what is meant. What is there already is known by ids, so people may rename and regroup what was added.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meta_access.discovery.finding import About, Finding
from meta_access.discovery.keys import keys
from meta_access.discovery.known import Wanted
from meta_access.discovery.tokens import Tokens
from meta_access.graph.business_assets import CLIENT, OWNED, edge
from meta_access.graph.business_users import same
from meta_access.graph.inventory import KINDS, Owner
from meta_access.ids import parse_asset
from meta_access.quota import is_retired
from meta_access.stack import ignores
from meta_access.stack.fields import looks_secret
from meta_access.stack.plan import assignments, businesses_in_use, connection_of
from meta_access.stack.yaml_additions import Entry
from meta_access.validation import email_address, plain_text, system_user_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from meta_access.discovery.known import Known
    from meta_access.graph.inventory import AssetRow, Inventory
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.stack.models import IdentitySpec
    from meta_access.tokens.in_secrets import Found

ROLES = ("EMPLOYEE", "ADMIN")
_DEFAULT_ROLE = ROLES[0]
OWN, PARTNER = "own", "partner"


@dataclass(frozen=True, slots=True)
class Additions:
    """What the files lack.

    Attributes:
        identities: By key; of one that is there, what it lacks.
        people: By key.
        clients: By key; of one that is there, the assets alone.
        new_clients: Keys of those that are not there yet.
        adoptions: Identity to the token that it takes over before its first update.
        findings: What is not written.
        matched: What was asked for, as far as there is any.
    """

    identities: dict[str, Entry] = field(default_factory=dict)
    people: dict[str, Entry] = field(default_factory=dict)
    clients: dict[str, dict[str, Entry]] = field(default_factory=dict)
    new_clients: frozenset[str] = frozenset()
    adoptions: dict[str, Found] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    matched: frozenset[str] = frozenset()


def additions(known: Known, found: Inventory, wanted: Wanted | None = None) -> Additions:
    """What the stack lacks of what was found, as far as it is wanted."""
    work = _Work(known, found, wanted or Wanted())
    work.match_users()
    work.place_assets()
    if work.wanted.everything:
        work.look_at_tokens()
        work.match_people()
        work.look_at_apps()
    return work.done()


class _Work:
    def __init__(self, known: Known, found: Inventory, wanted: Wanted) -> None:
        self.known, self.found, self.wanted = known, found, wanted
        self._spec, self._rules = known.spec, known.rules
        self._mine = {
            key: one
            for key, one in self._spec.identities.items()
            if self._spec.connections[connection_of(self._spec, one) or ""].business == known.business
        }
        self._declared = {asset: key for key, client in self._spec.clients.items() for asset in client.assets}
        self._rows = {row.asset.id: row for row in reversed(found.assets)}  # of one in both lists, our own
        self._ignores = ignores.of_stack(self._spec)
        self._names = {row.id: row.name for row in found.system_users}
        self._client_of = self._find_clients()
        self._user_keys: dict[str, str] = {}
        self._identities: dict[str, Entry] = {}
        self._people: dict[str, Entry] = {}
        self._clients: dict[str, dict[str, Entry]] = {}
        self._new_clients: set[str] = set()
        self._findings: list[Finding] = []
        self._tokens = Tokens(known, found.at.date(), self._find)
        self._matched: set[str] = set()

    def done(self) -> Additions:
        return Additions(
            identities=self._identities,
            people=self._people,
            clients=self._clients,
            new_clients=frozenset(self._new_clients),
            adoptions=self._tokens.adoptions,
            findings=tuple(self._findings),
            matched=frozenset(self._matched),
        )

    def _find(self, about: About, subject: str, name: str = "", **more: tuple[str, ...]) -> None:
        self._findings.append(Finding(about, subject, name, **more))

    # --- system users ---

    def match_users(self) -> None:
        """Give each system user its identity: one that is there, or a new one."""
        rows = {row.id: row for row in self.found.system_users}
        self._match_declared(rows)
        names = _Names((one.name or key, one.adopt is not None) for key, one in self._mine.items())
        fresh = []
        for row in rows.values():
            if row.id in self._user_keys:
                if self._is_wanted_user(key := self._user_keys[row.id], row) and self._holds_wanted(row.id):
                    self._tokens.look_at(key, row)
            elif self._is_wanted_user("", row) and self._holds_wanted(row.id) and self._may_be_declared(row, names):
                names.add(row.name, adopted=True)
                fresh.append(row)
        for id_, key in keys([(row.id, row.name) for row in fresh], self._spec.identities, "user").items():
            self._user_keys[id_] = key
            self._identities[key] = self._identity(key, rows[id_])

    def _match_declared(self, rows: Mapping[str, SystemUserRow]) -> None:
        for key, one in self._mine.items():
            name = one.name or key
            called = next((row for row in rows.values() if row.name == name and row.role == one.role), None)
            id_ = self.known.users.get(key) or one.adopt
            if self._seen_by_another_app(one):
                id_ = called.id if called is not None else None
            elif id_ is None and called is not None:
                if self._is_wanted_user(key, called):
                    self._identities[key] = Entry(below={"adopt": Entry(called.id)})
                id_ = called.id
            elif id_ is not None and id_ not in rows and rows and self._is_about_user(key, id_):
                self._find(About.GONE, id_, key)
            if id_ is not None:
                self._user_keys[id_] = key

    def _seen_by_another_app(self, one: IdentitySpec) -> bool:
        """Whether an identity's id is that of another app, which sees each user under an id of its own."""
        connections = self._spec.connections
        return connections[connection_of(self._spec, one) or ""].app != connections[self.known.connection].app

    def _may_be_declared(self, row: SystemUserRow, names: _Names) -> bool:
        about = None
        if self._is_ignored(row.id, (row.id,)):
            return False
        if is_retired(row.name):
            about = About.RETIRED
        elif row.role not in ROLES:
            about = About.ROLE
        elif row.name in names:
            about = About.NAME_TWICE
        elif not row.name or system_user_name(row.name) or looks_secret(row.name):
            about = About.NAME
        if about is not None:
            self._find(about, row.id, row.name, there=(row.role,) if about is About.ROLE else ())
        return about is None

    def _is_wanted_user(self, key: str, row: SystemUserRow) -> bool:
        if not self.wanted.users:
            return True
        named = self.wanted.users & {key, row.id, row.name}
        self._matched |= named
        return bool(named)

    def _holds_wanted(self, id_: str) -> bool:
        """Whether a user is one of a narrower question: it has something of what is asked for."""
        if not self.wanted.clients and not self.wanted.kinds:
            return True
        return any(asset in self._client_of and self._is_wanted(asset) for asset in self.found.assigned.get(id_, {}))

    def _identity(self, key: str, row: SystemUserRow) -> Entry:
        below = {} if row.name == key else {"name": Entry(row.name)}
        if row.role != _DEFAULT_ROLE:
            below["role"] = Entry(row.role)
        if len(self._spec.connections) > 1:
            below["connection"] = Entry(self.known.connection)
        since = f", made on {row.created_time.date()}" if row.created_time is not None else ""
        below |= {"adopt": Entry(row.id), **(self._tokens.lines(key, row) or {"token": Entry("none")})}
        return Entry(below=below, comment=f"{row.role} system user{since}")

    def _is_about_user(self, key: str, id_: str) -> bool:
        """Whether a narrower question is about an identity whose user is gone."""
        if self.wanted.users:
            self._matched |= (named := self.wanted.users & {key, id_})
            return bool(named)
        return self.wanted.everything

    # --- assets ---

    def place_assets(self) -> None:
        """Put each asset under the client that owns it, with the tasks that our identities have."""
        given = {
            (work.asset, work.identity): work.tasks
            for client in self._spec.clients
            for work in assignments(self._spec, self._rules, client)
        }
        for asset, row in self._rows.items():
            client = self._client_of.get(asset)
            if client is None:
                if not self.wanted.clients and not self.wanted.users:
                    self._find(About.OWNER, asset, row.name)
            elif self._is_wanted(asset):
                below = dict(self._holders(row, given))
                if asset in self._declared:
                    if below:
                        self._assets_of(client)[asset] = Entry(below=below)
                elif (below or not self.wanted.users) and not self._is_ignored(asset, (), asset, name=row.name):
                    self._declare(client, self._owner(row))
                    self._assets_of(client)[asset] = Entry(below=below, comment=row.name)
        self._gone()

    def _find_clients(self) -> dict[str, str]:
        """Asset to its client, those of assets that no client can be chosen for left out."""
        owners = {
            asset: owner
            for asset, row in self._rows.items()
            if asset not in self._declared and (owner := self._owner(row)) is not None
        }
        fresh = self._client_keys(owners.values())
        return {
            asset: self._declared.get(asset) or fresh[owners[asset].id]
            for asset in self._rows
            if asset in self._declared or asset in owners
        }

    def _is_wanted(self, asset: str) -> bool:
        if not self.wanted.clients:
            return True
        owner = self._owner(self._rows[asset])
        named = self.wanted.clients & {self._client_of[asset], *((owner.id, owner.name) if owner is not None else ())}
        self._matched |= named
        return bool(named)

    def _owner(self, row: AssetRow) -> Owner | None:
        if row.owned:
            ours = self._spec.businesses[self.known.business]
            return Owner(ours.id, ours.name or self.known.business)
        return row.owner

    def _client_keys(self, owners: Collection[Owner]) -> dict[str, str]:
        """Id of each business that owns something to its client; one that is there, or a new key."""
        found: dict[str, str] = {}
        for owner in owners:
            there = (key for key in self._spec.clients if self._business_of(key) == owner.id)
            if (key := next(there, None)) is not None:
                found[owner.id] = key
        ours = {typed.id: key for key, typed in self._spec.businesses.items()}
        named = {owner.id: ours.get(owner.id, owner.name) for owner in owners if owner.id not in found}
        return {**found, **keys(named.items(), self._spec.clients, "client")}

    def _business_of(self, client: str) -> str | None:
        """Id of the business that a client's assets belong to; of our own assets it may be left out."""
        typed = self._spec.clients[client]
        if typed.business is None and typed.access == OWN and len(self._spec.businesses) == 1:
            (only,) = self._spec.businesses.values()
            return only.id
        return typed.business

    def _declare(self, client: str, owner: Owner | None) -> None:
        if client in self._spec.clients or client in self._new_clients or owner is None:
            return
        ours = any(typed.id == owner.id for typed in self._spec.businesses.values())
        self._new_clients.add(client)
        self._clients[client] = {
            "business": Entry(owner.id),
            **({"name": Entry(owner.name)} if owner.name and plain_text(owner.name) is None else {}),
            "access": Entry(OWN if ours else PARTNER),
            "assets": Entry(below={}),
        }

    def _is_ignored(self, subject: str, holders: Collection[str], asset: str = "", *, name: str = "") -> bool:
        """Whether a line of an ignore list is about a holder, an asset, or that holder on that asset."""
        client = self._client_of.get(asset, "")
        for one in self._ignores:
            if one.fits(client, asset, holders) and not one.ended(self.found.at.date()):
                entry = one.entry
                why, until = (entry.reason,), (entry.person, str(entry.until))
                self._find(About.IGNORED, subject, name, there=why, declared=until)
                return True
        return False

    def _assets_of(self, client: str) -> dict[str, Entry]:
        below = self._clients.setdefault(client, {"assets": Entry(below={})})["assets"].below
        assert isinstance(below, dict)
        return below

    def _holders(self, row: AssetRow, given: Mapping[tuple[str, str], tuple[str, ...]]) -> Iterator[tuple[str, Entry]]:
        for id_, held in self.found.assigned.items():
            key, tasks = self._user_keys.get(id_), held.get(row.asset.id)
            if key is None or not tasks or not self._is_asked(id_, key):
                continue
            known = [task for task in self._rules.task_enums[row.asset.kind].allowed if task in tasks]
            if unknown := tuple(task for task in tasks if task not in known):
                self._find(About.TASKS, row.asset.id, key, there=unknown)
            before = given.get((row.asset.id, key))
            if before is None and self._is_ignored(row.asset.id, (id_,), row.asset.id, name=key):
                continue
            if before is None and known:
                yield key, Entry(known)
            elif before is not None:
                expand = self._rules.expand_tasks
                if set(expand(row.asset.kind, tasks)) != set(expand(row.asset.kind, before)):
                    self._find(About.DIFFERS, row.asset.id, key, there=tasks, declared=before)

    def _is_asked(self, id_: str, key: str) -> bool:
        return not self.wanted.users or bool(self.wanted.users & {id_, key, self._names.get(id_, "")})

    def _gone(self) -> None:
        """What is declared and no list has, or is assigned and no list has; of lists that were read alone."""
        listed, declared = self._rows.keys(), self._declared
        unread = {one.path for one in self.found.unread}
        lists = {kind: {f"{self.found.business_id}/{edge(side, kind)}" for side in (OWNED, CLIENT)} for kind in KINDS}
        read = {kind for kind in self.found.kinds if not lists[kind] & unread}
        for asset, client in declared.items():
            if asset not in listed and parse_asset(asset).kind in read and self._is_ours(client, asset):
                self._find(About.GONE, asset, client)
        if self.wanted.clients:
            return
        for id_, held in self.found.assigned.items():
            for asset, tasks in held.items():
                if asset in listed or asset in declared or parse_asset(asset).kind not in read:
                    continue
                if (key := self._user_keys.get(id_)) is not None and self._is_asked(id_, key):
                    self._find(About.NOT_LISTED, asset, key, there=tasks)

    def _is_ours(self, client: str, asset: str) -> bool:
        """Whether an asset that is in no list is used through the business that was read, and is asked about."""
        typed = self._spec.clients[client]
        asked = {client, typed.business, typed.name}
        if self.wanted.clients:
            self._matched |= (named := self.wanted.clients & asked)
            if not named:
                return False
        if self.wanted.users:
            return any(key in self.wanted.users for key in typed.assets[asset])
        return any(key in self._mine for choices in typed.assets.values() for key in choices)

    # --- tokens, people and apps ---

    def look_at_tokens(self) -> None:
        """Name the secrets with tokens of which nobody can tell whose they are."""
        self._tokens.look_at_secrets()

    def match_people(self) -> None:
        """Declare who is in the business; who was only invited is not in it yet."""
        known = [typed.email for typed in self._spec.people.values() if typed.email]
        fresh: dict[str, Entry] = {}
        named = []
        for row in self.found.people:
            if not row.email:
                self._find(About.NO_ADDRESS, row.id, there=(row.role,))
            elif any(same(row.email, email) for email in known) or self._is_ignored(row.id, (row.id, row.email)):
                continue
            elif row.pending:
                self._find(About.INVITED, row.id, row.email, there=(row.role,))
            elif email_address(row.email):
                self._find(About.ADDRESS, row.id, row.email, there=(row.role,))
            elif row.role not in ROLES:
                self._find(About.ROLE, row.id, row.email, there=(row.role,))
            else:
                known.append(row.email)
                named.append((row.id, row.email.partition("@")[0]))
                fresh[row.id] = Entry(
                    below={"email": Entry(row.email), "business": self._place(row.role), "on_destroy": Entry("keep")}
                )
        for id_, key in keys(named, self._spec.people, "person").items():
            self._people[key] = fresh[id_]

    def _place(self, role: str) -> Entry:
        if len(businesses_in_use(self._spec)) == 1:
            return Entry(role)
        return Entry(below={self.known.business: Entry(role)})

    def look_at_apps(self) -> None:
        """Name the apps of other businesses, whose people, roles and settings are not ours to declare."""
        for app in self.found.apps:
            if not app.owned:
                whose = (app.owner.name, app.owner.id) if app.owner is not None else ()
                self._find(About.APP_OF_ANOTHER, app.id, app.name, there=whose)


class _Names:
    """Names of system users: two that differ in capitals alone are two only where both exist at Meta."""

    def __init__(self, named: Iterable[tuple[str, bool]]) -> None:
        self._adopted, self._meant = set[str](), set[str]()
        for name, adopted in named:
            self.add(name, adopted=adopted)

    def add(self, name: str, *, adopted: bool) -> None:
        if adopted:
            self._adopted.add(name)
        else:
            self._meant.add(name.casefold())

    def __contains__(self, name: str) -> bool:
        return name in self._adopted or name.casefold() in self._meant
