"""A Meta of plain lists: the noun modules' functions are replaced, the snapshot and everything above it are real."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.output import Unknown

from meta_access.graph import (
    app_permissions,
    app_roles,
    app_settings,
    applications,
    assigned_users,
    business_assets,
    business_users,
    businesses,
    lead_access,
    snapshot,
    subscriptions,
    system_users,
    tiers,
)
from meta_access.graph.business_users import BusinessUserRow
from meta_access.graph.businesses import BusinessRow
from meta_access.graph.lead_access import LeadAccess
from meta_access.graph.system_users import SystemUserRow
from meta_access.providers import _ended, _grace, _host, _live, _looked, _record, _system_users, _twins, _unlisted
from meta_access.providers._boundary import Failure, boundary
from meta_access.stack.connections import Connection, Settings
from tests.connections import MAIN
from tests.unit.emulated import EmulatedMeta, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import SecretStr

    from meta_access.errors import MetaAccessError
    from meta_access.graph.app_roles import RoleRow
    from meta_access.graph.subscriptions import Subscription
    from meta_access.ids import Asset
    from meta_access.providers._base import MetaProvider
    from meta_emulator.embedded import MetaEmulator

NOT_KNOWN: Any = Unknown()  # type: ignore[no-untyped-call]
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
CALLER = "122090000000301"
APP = "120480000000201"
BUSINESS = "178000000000101"
UNCLAIMED = replace(MAIN, app_claimed=False)


@dataclass
class FakeMeta:
    """What Meta holds, what was called, and what fails next."""

    connection: Connection = UNCLAIMED
    users: list[SystemUserRow] = field(
        default_factory=lambda: [SystemUserRow(CALLER, "root", "ADMIN", None, NOW - timedelta(days=400))]
    )
    assets: dict[tuple[str, str], dict[str, tuple[str, ...]]] = field(default_factory=dict)
    apps: dict[str, list[str]] = field(default_factory=dict)
    app_tasks: tuple[str, ...] = ("MANAGE", "DEVELOP", "TEST", "ANALYZE")
    roles: list[RoleRow] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    listed: dict[tuple[str, str], dict[str, tuple[str, ...]]] = field(default_factory=dict)
    people: list[BusinessUserRow] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    ignored_settings: tuple[str, ...] = ()
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    handed: list[str] = field(default_factory=list)
    leads: LeadAccess = field(default_factory=lambda: LeadAccess(None))
    verification: str = "not_verified"
    two_factor: str = "none"
    tier: str | None = "development_access"
    fails: dict[str, MetaAccessError] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    server_time: datetime | None = NOW

    def called(self, call: str) -> None:
        self.calls.append(call)
        name = call.split(" ", 1)[0]
        if name in self.fails:
            raise self.fails[name]

    @property
    def writes(self) -> list[str]:
        return [
            call
            for call in self.calls
            if call.split(" ", 1)[0]
            in {
                "create",
                "rename",
                "assign",
                "unassign",
                "install",
                "write",
                "invite",
                "role",
                "remove",
                "subscribe",
                "unsubscribe",
            }
        ]

    # The part of GraphClient that providers use.
    def pages(self, path: str, params: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        self.called(f"pages {path}")
        tasks = list(self.app_tasks)
        yield from ({"id": app, "tasks": tasks} for app in self.apps.get(path.split("/", maxsplit=1)[0], []))

    # The part of TokenIssuer that providers use.
    def calling_token(self) -> tuple[str, str]:
        return CALLER, "sha256:0000000000000000"

    # Nouns.
    def list_users(self, _client: object) -> list[SystemUserRow]:
        self.called("list")
        return list(self.users)

    def create_user(self, _client: object, name: str, role: str, *, known: object = ()) -> str:
        self.called(f"create {name} {role}")
        row = SystemUserRow(f"12209000000{len(self.users):04d}", name, role, CALLER, NOW)
        self.users.append(row)
        return row.id

    def rename_user(self, _client: object, id_: str, name: str) -> None:
        self.called(f"rename {id_} {name}")
        self.users = [
            SystemUserRow(row.id, name, row.role, row.created_by, row.created_time) if row.id == id_ else row
            for row in self.users
        ]

    def assigned(self, _client: object, id_: str, kind: str) -> dict[str, tuple[str, ...]]:
        self.called(f"assigned {id_} {kind}")
        return dict(self.assets.get((id_, kind), {}))

    def assign(self, _client: object, asset: Asset, id_: str, tasks: tuple[str, ...]) -> None:
        self.called(f"assign {asset.id} {id_} {','.join(tasks)}")
        self.assets.setdefault((id_, asset.kind), {})[asset.graph_id] = tuple(tasks)

    def unassign(self, _client: object, asset: Asset, id_: str) -> None:
        self.called(f"unassign {asset.id} {id_}")
        self.assets.get((id_, asset.kind), {}).pop(asset.graph_id, None)

    def read_leads(self, _client: object, page_id: str, id_: str) -> LeadAccess:
        self.called(f"leads {page_id} {id_}")
        return self.leads

    def install(self, _client: object, id_: str) -> None:
        self.called(f"install {id_}")

    def list_roles(self, _client: object) -> list[RoleRow]:
        self.called("roles")
        return list(self.roles)

    def get_settings(self, _client: object, names: Any) -> dict[str, Any]:
        self.called(f"settings {','.join(names)}")
        return {name: self.settings.get(name, [] if name in app_settings.LISTS else "") for name in names}

    def write_settings(self, _client: object, wanted: Any) -> dict[str, Any]:
        self.called(f"write {','.join(wanted)}")
        self.settings |= {name: value for name, value in wanted.items() if name not in self.ignored_settings}
        return self.get_settings(_client, wanted)

    def get_subscription(self, _client: object, object_: str) -> Subscription | None:
        self.called(f"subscription {object_}")
        return self.subscriptions.get(object_)

    def subscribe(
        self, _client: object, wanted: Subscription, *, verify_token: SecretStr, include_values: bool
    ) -> None:
        self.called(f"subscribe {wanted.object} {','.join(wanted.fields)} {include_values}")
        self.handed.append(verify_token.get_secret_value())
        self.subscriptions[wanted.object] = wanted

    def unsubscribe(self, _client: object, object_: str) -> None:
        self.called(f"unsubscribe {object_}")
        self.subscriptions.pop(object_, None)

    def business_assets(self, _client: object, side: str, kind: str) -> dict[str, tuple[str, ...]]:
        self.called(f"{side} {kind}")
        return dict(self.listed.get((side, kind), {}))

    def list_people(self, _client: object) -> list[BusinessUserRow]:
        self.called("people")
        return list(self.people)

    def invite(self, _client: object, email: str, role: str) -> str:
        self.called(f"invite {email} {role}")
        row = BusinessUserRow(f"12209900000{len(self.people):04d}", email, role, pending=True)
        self.people.append(row)
        return row.id

    def change_role(self, _client: object, row: BusinessUserRow, role: str) -> None:
        self.called(f"role {row.id} {role}")
        self.people = [replace(one, role=role) if one.id == row.id else one for one in self.people]

    def remove_person(self, _client: object, row: BusinessUserRow) -> None:
        self.called(f"remove {row.id}")
        self.people = [one for one in self.people if one.id != row.id]

    def list_permissions(self, _client: object) -> dict[str, str]:
        self.called("permissions")
        return dict(self.permissions)

    def business(self, _client: object) -> BusinessRow:
        self.called("business")
        return BusinessRow(BUSINESS, "Lindenhof Media", self.verification, self.two_factor)

    def probe(self, _client: object, ad_account: str) -> str | None:
        self.called(f"probe {ad_account}")
        return self.tier


@pytest.fixture
def meta(monkeypatch: pytest.MonkeyPatch) -> FakeMeta:
    """A process that has been configured and has done nothing yet."""
    fake = FakeMeta()
    monkeypatch.setattr(system_users, "list_", fake.list_users)
    monkeypatch.setattr(system_users, "create", fake.create_user)
    monkeypatch.setattr(system_users, "rename", fake.rename_user)
    monkeypatch.setattr(assigned_users, "assigned", fake.assigned)
    monkeypatch.setattr(assigned_users, "assign", fake.assign)
    monkeypatch.setattr(assigned_users, "unassign", fake.unassign)
    monkeypatch.setattr(applications, "install", fake.install)
    monkeypatch.setattr(app_roles, "list_", fake.list_roles)
    monkeypatch.setattr(app_settings, "get", fake.get_settings)
    monkeypatch.setattr(app_settings, "write", fake.write_settings)
    monkeypatch.setattr(subscriptions, "get", fake.get_subscription)
    monkeypatch.setattr(subscriptions, "subscribe", fake.subscribe)
    monkeypatch.setattr(subscriptions, "unsubscribe", fake.unsubscribe)
    monkeypatch.setattr(app_permissions, "list_", fake.list_permissions)
    monkeypatch.setattr(businesses, "get", fake.business)
    monkeypatch.setattr(business_assets, "listed", fake.business_assets)
    monkeypatch.setattr(business_users, "list_", fake.list_people)
    monkeypatch.setattr(business_users, "invite", fake.invite)
    monkeypatch.setattr(business_users, "change_role", fake.change_role)
    monkeypatch.setattr(business_users, "remove", fake.remove_person)
    monkeypatch.setattr(tiers, "probe", fake.probe)
    monkeypatch.setattr(lead_access, "read", fake.read_leads)
    monkeypatch.setattr(_live, "client_for", lambda _connection: fake)
    monkeypatch.setattr(_live, "issuer_of", lambda _client: fake)
    monkeypatch.setattr(sys, "argv", ["pytest"])
    new_process(monkeypatch, fake)
    configured(monkeypatch, fake)
    return fake


@pytest.fixture(scope="session")
def unit_emulator() -> Iterator[MetaEmulator]:
    yield from running(NOW)


@pytest.fixture
def emulated(unit_emulator: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """The same process before the emulated Meta in its starting world."""
    unit_emulator.reset()
    emulated = EmulatedMeta(unit_emulator, NOW)
    monkeypatch.setattr(sys, "argv", ["pytest"])
    new_process(monkeypatch, emulated)
    configured(monkeypatch, emulated)
    return emulated


def configured(monkeypatch: pytest.MonkeyPatch, meta: FakeMeta | EmulatedMeta, *, offline: bool = False) -> None:
    settings = Settings(environment="dev", rules="2026-05", offline=offline, connections={"main": meta.connection})
    monkeypatch.setattr(_live, "_settings", settings)


def new_process(monkeypatch: pytest.MonkeyPatch, meta: FakeMeta | EmulatedMeta) -> None:
    """Forget what a plugin host's process remembers, as the next deployment's process would not know it."""
    if isinstance(meta, EmulatedMeta):
        client_for = cache(meta.client)
        monkeypatch.setattr(_live, "client_for", client_for)
        monkeypatch.setattr(_live, "snapshot_for", cache(lambda connection: snapshot.Snapshot(client_for(connection))))
    else:
        shown = snapshot.Snapshot(meta)  # type: ignore[arg-type]
        monkeypatch.setattr(_live, "snapshot_for", lambda _connection: shown)
    _record.Record.__init__(_record.RECORD)
    _system_users.UserPlan.__init__(_system_users.USER_PLAN)
    monkeypatch.setattr(_system_users, "_taken", set())
    monkeypatch.setattr(_grace, "_until", {})
    monkeypatch.setattr(_twins, "_kept", {})
    monkeypatch.setattr(_twins, "_secrets", {})
    monkeypatch.setattr(_looked, "_told", {})
    monkeypatch.setattr(_ended, "_users", set())
    monkeypatch.setattr(_unlisted, "_users", set())
    monkeypatch.setattr(_host, "_calls", 0)


def updated(provider: MetaProvider, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """The outputs after an update; `refused` among them when it was."""
    outs = provider.update(id_, olds, news).outs
    assert outs is not None
    return dict(outs)


@pytest.fixture(autouse=True)
def notes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """This machine's notes of creates that were begun, empty."""
    monkeypatch.setenv("META_ACCESS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / "creates"


def printed(error: Exception, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the plugin host sends when a provider raises `error`."""

    @boundary
    def call() -> None:
        raise error

    monkeypatch.setattr(sys, "tracebacklimit", 0, raising=False)
    try:
        call()
    except Failure:
        return traceback.format_exc()
    raise AssertionError
