"""A business that claimed an app and has no system user yet, and mara, its admin, with a token of her login."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from meta_access.aws import secrets_manager
from meta_access.cli.stack.first_token import PersonCredentials, Wanted
from meta_access.graph.client import GraphClient
from meta_access.stack.connections import AwsSettings
from meta_access.stack.plan import IdentityPlan
from meta_access.tokens.store import SecretStore
from meta_emulator.builder import WorldBuilder
from meta_emulator.tokens import PREFIX, fingerprint
from meta_emulator.world import Token
from tests.connections import MAIN

if TYPE_CHECKING:
    from meta_access.stack.connections import Connection
    from meta_emulator.embedded import MetaEmulator

SCOPES = ("ads_management", "business_management")
OWNER = "meta-access/prod"
SECRET = "meta/prod/root"


def world() -> WorldBuilder:
    built = WorldBuilder()
    business = built.business("Nordwind", verification_status="verified")
    app = built.app("Nordwind Reporting", business)
    mara = built.person("mara", {business: "ADMIN"}, two_factor=True)
    built.person("tom", {business: "EMPLOYEE"})
    built.role(mara, app, "administrators")
    built.ad_account("Shop", business)
    return built


def login(
    meta: MetaEmulator,
    person: str = "mara",
    scopes: tuple[str, ...] = SCOPES,
    *,
    person_id: str | None = None,
    **more: Any,
) -> SecretStr:
    """A token of a person's login, that lasts an hour."""
    value, now = PREFIX + secrets.token_hex(24), meta.clock.now()
    with meta.edit() as changed:
        who = next(one for one in changed.people if one.id == person_id or (person_id is None and one.name == person))
        row = Token(fingerprint(value), None, changed.apps[0].id, list(scopes), now, now + timedelta(hours=1))
        row.user_id = who.id
        for name, field in more.items():
            setattr(row, name, field)
        changed.tokens.append(row)
    return SecretStr(value)


def identity(**changes: Any) -> IdentityPlan:
    fields: dict[str, Any] = {
        "key": "root",
        "connection": "main",
        "name": "root",
        "role": "ADMIN",
        "adopt": None,
        "on_destroy": "keep",
        "scopes": SCOPES,
        "secret": SECRET,
        "lifetime": "60d",
        "rotate_before": "20d",
        "grace": "24h",
        "keepers": {},
        "kms_key": None,
        "take_over_from": None,
        "rotation_owner": "pulumi",
        **changes,
    }
    return IdentityPlan(**fields)


def wanted(adopt: str | None = None, owner: str = OWNER, **changes: Any) -> Wanted:
    return Wanted(identity=identity(**changes), owner=owner, adopt=adopt)


def connection(meta: MetaEmulator) -> Connection:
    aws = AwsSettings(region="eu-central-1", endpoint_url=meta.aws_url)
    return replace(MAIN, graph_url=meta.graph_url, business_id=meta.business_id, app_id=meta.app_id, aws=aws)


class Hurry:
    """A clock whose waits move the emulator's time, so that leases end without anybody waiting."""

    def __init__(self, meta: MetaEmulator) -> None:
        self._meta = meta
        self._passed = 0.0

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self._passed += seconds
        self._meta.clock.advance(timedelta(seconds=seconds))


class Hands:
    """What one run has in its hands: its own client and store, as a process of its own would."""

    def __init__(self, meta: MetaEmulator, token: SecretStr) -> None:
        here = connection(meta)
        self.clock = Hurry(meta)
        self.said: list[str] = []
        self.client = GraphClient(here, PersonCredentials(here, token), clock=self.clock, notify=self.said.append)
        self.store = SecretStore(_aws(here.aws.region, here.aws.endpoint_url), "eu-central-1", clock=self.clock)


_aws = cache(secrets_manager)  # making one takes longer than a whole run
