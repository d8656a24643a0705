"""What `pulumi import --file` needs to take over what is declared and exists at Meta just so. Pure.

The engine reads a resource that it imports by its id alone, and a dynamic provider is a part of the inputs, which it
does not have then (https://github.com/pulumi/pulumi/issues/16175). A file may bring inputs and outputs along instead
(Pulumi 3.254 and newer): then the provider is not asked, and what is written here is what the state says. So only what
was just read at Meta, and is just as declared, stands in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi.dynamic.dynamic import serialize_provider

from meta_access.engine_marks import TYPE_PREFIX
from meta_access.graph.business_users import same
from meta_access.providers.asset_assignment import AssetAssignment
from meta_access.providers.business_user import ACCEPTED, BusinessUser
from meta_access.providers.system_user import SystemUser
from meta_access.stack import plan

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from meta_access.discovery.known import Known
    from meta_access.graph.inventory import Inventory
    from meta_access.providers._resource import MetaResource

Rows = list[dict[str, Any]]


def resources(known: Known, found: Inventory, owner: str, there: Collection[str]) -> tuple[Rows, dict[str, str]]:
    """The entries of an import file, and the URNs of the parents among them that a state has already.

    Args:
        known: The stack; `users` is not needed for who is imported here.
        found: What was read through its connection.
        owner: `project/stack`.
        there: The URNs of the state.
    """
    file = _File(owner, there)
    users = _users(known, found, file)
    _assignments(known, found, users, file)
    _people(known, found, file)
    return [*file.parents.values(), *file.rows], file.names


class _File:
    def __init__(self, owner: str, there: Collection[str]) -> None:
        project, _, stack = owner.partition("/")
        self.owner, self._urn, self._there = owner, f"urn:pulumi:{stack}::{project}::", there
        self.rows: Rows = []
        self.parents: dict[str, dict[str, Any]] = {}
        self.names: dict[str, str] = {}

    def has(self, component: str, made: type[MetaResource], name: str) -> bool:
        """Whether the state has a resource."""
        return self._urn + _path(component, made, name) in self._there

    def add(
        self,
        made: type[MetaResource],
        name: str,
        id_: str,
        parent: tuple[str, str],
        *,
        inputs: Mapping[str, Any],
        facts: Mapping[str, Any],
    ) -> None:
        """Enter a resource, and the component that it belongs to."""
        component, key = parent
        if self.has(component, made, name):
            return
        own = f"{component.rpartition(':')[2]}-{key}"
        urn = f"{self._urn}{component}::{key}"
        if urn in self._there:
            self.names[own] = urn
        else:
            self.parents[own] = {"type": component, "name": own, "logicalName": key, "component": True}
        given = {
            **inputs,
            "__provider": serialize_provider(made.provider()),
            "path": _path(component, made, name),
        }
        self.rows.append(
            {
                "type": f"{TYPE_PREFIX}{made.__name__}",
                "name": f"{made.__name__}-{name}",
                "logicalName": name,
                "id": id_,
                "parent": own,
                "inputs": given,
                "outputs": {**given, **facts},
            }
        )


IDENTITY, CLIENT, APP = (f"meta:access:{name}" for name in ("SystemIdentity", "ClientAccess", "AppAccess"))


def _path(component: str, made: type[MetaResource], name: str) -> str:
    return f"{component}${TYPE_PREFIX}{made.__name__}::{name}"


def _users(known: Known, found: Inventory, file: _File) -> dict[str, str]:
    """Enter the adopted users; answers identity to user, of those that the state has or is to have."""
    rows, users = {row.id: row for row in found.system_users}, {}
    for one in plan.identities(known.spec, known.rules):
        if known.spec.connections[one.connection].business != known.business:
            continue
        if file.has(IDENTITY, SystemUser, one.key):
            if one.key in known.users:
                users[one.key] = known.users[one.key]
            continue
        row = rows.get(one.adopt or "")
        if row is None or (row.name, row.role) != (one.name, one.role):
            continue
        users[one.key] = row.id
        inputs = {
            "connection": one.connection,
            "name": one.name,
            "role": one.role,
            "adopt": row.id,
            "on_destroy": one.on_destroy,
            "stack": file.owner,
        }
        facts = {"given_name": one.name, "adopted": True, "slot_reused": False, "gone": False}
        file.add(SystemUser, one.key, row.id, (IDENTITY, one.key), inputs=inputs, facts=facts)
    return users


def _assignments(known: Known, found: Inventory, users: Mapping[str, str], file: _File) -> None:
    connections = {one.key: one.connection for one in plan.identities(known.spec, known.rules)}
    for client, typed in known.spec.clients.items():
        for work in plan.assignments(known.spec, known.rules, client):
            user, kind = users.get(work.identity), plan.kind_of(work.asset) or ""
            held = found.assigned.get(user or "", {}).get(work.asset)
            if user is None or held is None:
                continue
            if set(known.rules.expand_tasks(kind, held)) != set(known.rules.expand_tasks(kind, work.tasks)):
                continue
            inputs = {
                "connection": connections[work.identity],
                "system_user_id": user,
                "asset": work.asset,
                "tasks": sorted(work.tasks),
                "access": typed.access,
                **({"replace_existing": True} if work.replace_existing else {}),
            }
            file.add(
                AssetAssignment, work.key, f"{user}/{work.asset}", (CLIENT, client), inputs=inputs, facts={"kept": []}
            )


def _people(known: Known, found: Inventory, file: _File) -> None:
    business = known.spec.businesses[known.business].id
    for app in plan.apps(known.spec):
        for member in app.members:
            if member.business != known.business:
                continue
            row = next((row for row in found.people if not row.pending and same(row.email, member.email)), None)
            if row is None or row.role != member.role:
                continue
            inputs = {
                "connection": member.connection,
                "email": member.email,
                "role": member.role,
                "adopt": True,
                "on_destroy": member.on_destroy,
            }
            facts = {"member_id": row.id, "state": ACCEPTED}
            file.add(BusinessUser, member.key, f"{business}/{member.email}", (APP, app.key), inputs=inputs, facts=facts)
