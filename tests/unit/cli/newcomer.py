"""A business that claimed an app and has no system user yet, and mara, its admin, with a token of her login."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from meta_access.cli.stack.first_token import PersonCredentials, Wanted
from meta_access.stack.plan import IdentityPlan
from meta_emulator.builder import WorldBuilder
from meta_emulator.tokens import PREFIX, fingerprint
from meta_emulator.world import Token

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient
    from tests.unit.emulated import EmulatedMeta

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
    meta: EmulatedMeta,
    person: str = "mara",
    scopes: tuple[str, ...] = SCOPES,
    *,
    person_id: str | None = None,
    **more: Any,
) -> SecretStr:
    """A token of a person's login, that lasts an hour."""
    value, now = PREFIX + secrets.token_hex(24), meta.emulator.clock.now()
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


def client(meta: EmulatedMeta, token: SecretStr) -> GraphClient:
    """What a run of a person's asks Meta with; it has asked nothing yet."""
    return meta.client(meta.connection, PersonCredentials(meta.connection, token))
