"""Who or what leaves a stack, what Meta shows of it, and all that it holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_access import undeclared
from meta_access.audit import VARIABLE
from meta_access.cli import current, pulumi_stack
from meta_access.cli.graph_client import client_for
from meta_access.cli.people import access_holdings, holdings
from meta_access.cli.people.holdings import Everything, Member, Seen
from meta_access.cli.tokens import audit
from meta_access.errors import MetaAccessError
from meta_access.graph import app_roles, business_users, system_users
from meta_access.graph.business_assets import CLIENT
from meta_access.graph.business_users import is_last_admin, same
from meta_access.graph.debug_token import inspect
from meta_access.graph.reads import reads_for
from meta_access.ids import parse_asset
from meta_access.stack.connections import settings_of
from meta_access.stack.credentials import credentials_for
from meta_access.stack.files import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from meta_access.cli.people.holdings import Holding
    from meta_access.cli.tokens.stack_tokens import StackTokens
    from meta_access.graph.client import GraphClient
    from meta_access.stack.connections import Connection
    from meta_access.stack.load import Stack
    from meta_access.stack.models import PersonSpec

    _Read = Callable[[PersonSpec, GraphClient, Seen], None]

USER = "USER"


class Kind(StrEnum):
    """What leaves."""

    PERSON = "person"
    CLIENT = "client"
    IDENTITY = "identity"
    ASSET = "asset"


@dataclass(frozen=True, slots=True)
class Leaver:
    """Who or what leaves, by its key in the stack."""

    kind: Kind
    name: str

    @property
    def table(self) -> str:
        return f"{NAMESPACE}{TABLES[self.kind]}"


TABLES = {Kind.PERSON: "people", Kind.CLIENT: "clients", Kind.IDENTITY: "identities", Kind.ASSET: "clients"}


def look(leaver: Leaver, stack: Stack, state: Mapping[str, Any]) -> Seen:
    """What Meta shows of somebody or something; what cannot be read is named and hides nothing else."""
    connections = settings_of(stack.spec).connections.values()
    person = stack.spec.people.get(leaver.name) if leaver.kind is Kind.PERSON else None
    seen = Seen() if person is None else _look_at(person, connections)
    try:
        clients = [client_for(one) for one in settings_of(stack.spec).of_businesses]
        judged = undeclared.look(stack, clients, pulumi_stack.system_users(state))
    except MetaAccessError as error:
        seen.unseen.append(f"who may touch the assets: {error}")
        return seen
    seen.access = judged.rows
    seen.unseen += [f"{one.path}: {one.why}" for one in judged.unread]
    if leaver.kind is Kind.CLIENT and leaver.name in stack.spec.clients:
        seen.shared = frozenset(_shared(stack.spec.clients[leaver.name].assets, connections, seen))
    elif leaver.kind is Kind.ASSET:
        seen.shared = frozenset(_shared([leaver.name], connections, seen))
    return seen


def _shared(assets: Iterable[str], connections: Iterable[Connection], seen: Seen) -> Iterator[str]:
    for connection in {one.business_id: one for one in connections}.values():
        for asset in map(parse_asset, assets):
            try:
                if asset.graph_id in reads_for(connection).business_assets(CLIENT, asset.kind):
                    yield asset.id
            except MetaAccessError as error:
                text = f"what others share with business {connection.business_name}: {error}"
                seen.unseen += [text] if text not in seen.unseen else []


def _look_at(person: PersonSpec, connections: Iterable[Connection]) -> Seen:
    seen = Seen()
    apps: set[str] = set()
    businesses: set[str] = set()
    for connection in connections:
        client = client_for(connection)
        reads: list[tuple[str, _Read]] = [("whose token it acts with", _credential)]
        if connection.app_id not in apps:
            reads.append(("the roles on its app", _role))
        if connection.business_id not in businesses:
            reads += [("the people of its business", _member), ("who made its system users", _created)]
        apps.add(connection.app_id)
        businesses.add(connection.business_id)
        for what, read in reads:
            try:
                read(person, client, seen)
            except MetaAccessError as error:
                seen.unseen.append(f"connection {connection.name}, {what}: {error}")
    return seen


def _role(person: PersonSpec, client: GraphClient, seen: Seen) -> None:
    rows = app_roles.list_(client)
    if person.user_id is None:
        app = client.connection.app_name
        seen.unseen.append(
            f"their role on app {app}: Meta lists ids, and meta:people has no user_id of theirs. Write it there, or "
            "look at the app's roles yourself."
        )
    for row in rows:
        if row.user == person.user_id:
            seen.roles[client.connection.app_name] = row.word


def _member(person: PersonSpec, client: GraphClient, seen: Seen) -> None:
    rows = business_users.list_(client)
    for row in rows:
        if person.email and same(row.email, person.email):
            seen.members[client.connection.business_name] = Member(
                role=row.role, pending=row.pending, last_admin=is_last_admin(rows, row)
            )


def _created(person: PersonSpec, client: GraphClient, seen: Seen) -> None:
    seen.created |= {
        row.id for row in system_users.list_(client) if row.created_by and row.created_by == person.user_id
    }


def _credential(person: PersonSpec, client: GraphClient, seen: Seen) -> None:
    info = inspect(client, credentials_for(client.connection).admin_token())
    if info.type == USER and info.user_id == person.user_id:
        seen.credentials.append(client.connection.name)


def minted(person: str, email: str | None) -> dict[str, frozenset[int]]:
    """What the audit says they minted: secret's name to generations; nothing where there is no audit to read."""
    file = os.environ.get(VARIABLE, "")
    if not file or not Path(file).is_file():
        return {}
    lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    found: dict[str, frozenset[int]] = {}
    for entry in audit.read(lines, audit.Filter(step="mint")).entries:
        if entry.get("who") in {person, email} and isinstance(entry.get("generation"), int):
            secret = str(entry.get("secret"))
            found[secret] = found.get(secret, frozenset()) | {entry["generation"]}
    return found


def everything(leaver: Leaver, typed: Stack, read: StackTokens, seen: Seen) -> Everything:
    """What its holdings are worked out from, the state read anew."""
    person = typed.spec.people.get(leaver.name) if leaver.kind is Kind.PERSON else None
    return Everything(
        stack=current.today(typed),
        typed=typed,
        state=pulumi_stack.export(read.stack),
        tokens=read.tokens,
        seen=seen,
        minted=minted(leaver.name, person.email) if person is not None else {},
    )


def held(leaver: Leaver, found: Everything) -> list[Holding]:
    """Everything that it has of the stack."""
    of = {
        Kind.PERSON: holdings.held,
        Kind.CLIENT: access_holdings.of_client,
        Kind.IDENTITY: access_holdings.of_identity,
        Kind.ASSET: access_holdings.of_asset,
    }
    return of[leaver.kind](leaver.name, found)
