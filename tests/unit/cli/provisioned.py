"""What stacks have made at the emulated Meta and in the emulated Secrets Manager, besides any state."""

from __future__ import annotations

import json
import secrets as random
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from meta_access.graph.issuer import TokenIssuer
from meta_access.tokens.run import ensure
from meta_access.tokens.spec import TokenSpec
from meta_emulator.tokens import PREFIX, fingerprint
from meta_emulator.world import AppAccess, Installation, SystemUser, Token
from tests.unit.emulated import secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.stack.connections import Connection
    from tests.unit.emulated import EmulatedMeta

SCOPES = ("ads_read", "business_management")


def users(meta: EmulatedMeta, named: Mapping[str, str]) -> None:
    """System users that have the app: their names, by their ids."""
    with meta.edit() as world:
        app, business = world.apps[0].id, world.businesses[0].id
        for id_, name in named.items():
            world.system_users.append(SystemUser(id_, name, "EMPLOYEE", business, app_id=app))
            world.app_access.append(AppAccess(id_, app))
            world.installations.append(Installation(id_, app))


def names(meta: EmulatedMeta) -> dict[str, str]:
    """The system users' names, by their ids."""
    return {one.id: one.name for one in meta.world.system_users}


def configuration(meta: EmulatedMeta) -> dict[str, str]:
    """What pulumi tells of the configuration of a stack with one connection."""
    typed: dict[str, Any] = {
        "connections": {
            "main": {
                "business": "lindenhof",
                "app": "ads",
                "graph_url": meta.connection.graph_url,
                "api_version": "v26.0",
                "app_secret": "emulator:",
                "admin_token": "emulator:",
                "aws": {"region": "eu-central-1", "endpoint_url": meta.connection.aws.endpoint_url},
            }
        },
        "businesses": {"lindenhof": {"id": meta.business.id}},
        "apps": {"ads": {"id": meta.app.id}},
    }
    written = {f"meta:{key}": json.dumps(value) for key, value in typed.items()}
    return {"meta:environment": "dev", "meta:rules": "2026-05", **written}


def admin_token(meta: EmulatedMeta, user_id: str, app_id: str) -> SecretStr:
    """A token of an admin system user that was made by hand."""
    value = PREFIX + random.token_hex(24)
    with meta.edit() as world:
        now = meta.emulator.clock.now()
        world.tokens.append(Token(fingerprint(value), user_id, app_id, ["business_management", "ads_read"], now))
    return SecretStr(value)


def token(
    meta: EmulatedMeta, name: str, user_id: str, *, connection: Connection | None = None, **asked: Any
) -> tuple[str, str]:
    """Let stack meta-access/dev make a token, or renew it under its claim: the ARN of its secret, and the claim."""
    by = connection or meta.connection
    claim = asked.pop("claim", None)
    spec = TokenSpec(
        project="meta-access",
        stack="dev",
        secret_name=name,
        app_id=by.app_id,
        business_id=by.business_id,
        system_user_id=user_id,
        api_version=by.api_version,
        scopes=SCOPES,
        expires=True,
        grace_s=86_400,
        rotate_before_s=1_728_000,
        **asked,
    )
    store, issuer = meta.store(by.aws), TokenIssuer(meta.client(by))
    made = ensure(store, issuer, spec, claim=claim, engine_alive=lambda: True, clock=meta, notify=print)
    return made.arn, made.claim


def retag(meta: EmulatedMeta, arn: str, tags: Mapping[str, str]) -> None:
    meta.store(meta.connection.aws).tag(arn, {f"meta-tokens:{key}": value for key, value in tags.items()})


def tags(meta: EmulatedMeta, arn: str) -> dict[str, str]:
    """The tags of a secret, their prefix left out."""
    shown = meta.store(meta.connection.aws).describe(arn).tags
    return {key.removeprefix("meta-tokens:"): value for key, value in shown.items()}


def schedule_deletion(meta: EmulatedMeta, arn: str) -> None:
    """Let somebody delete a secret by hand; AWS keeps it for seven days."""
    aws = meta.connection.aws
    secrets(aws.region, aws.endpoint_url).delete_secret(SecretId=arn, RecoveryWindowInDays=7)


def goes(meta: EmulatedMeta, arn: str) -> bool:
    """Whether a secret waits for its deletion."""
    return meta.store(meta.connection.aws).describe(arn).deletes_at is not None


def living(meta: EmulatedMeta, user_id: str) -> int:
    """How many tokens of a system user work."""
    return sum(one.system_user_id == user_id and one.revoked_at is None for one in meta.world.tokens)
