"""The connections of a stack, made from its configuration.

Frozen values. Providers make them in `configure`, the program after validation;
both read the same texts through the models, so a name means the same thing on both sides of the plugin's wire.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from meta_access.connection import AwsSettings, Connection
from meta_access.errors import ConfigError, OfflineError, Problem
from meta_access.stack.fields import IDENTITY
from meta_access.stack.files import NAMESPACE, meta_values
from meta_access.stack.models import StackSpec
from meta_access.stack.plan import secret_of
from meta_access.stack.problems import dotted, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "AwsSettings", "Connection", "Settings", "is_offline", "refuse_offline", "settings_from_config", "settings_of",
]  # fmt: skip

OFFLINE_VARIABLE = "META_ACCESS_OFFLINE"
PARTS = (
    "environment",
    "rules",
    "connections",
    "businesses",
    "apps",
    "identities",
    "token_defaults",
    "quota_overrides",
)
"""What connections are made of; identities, since one of them may hold the admin token."""
IDENTITIES, ROLES, BUSINESS, TIER = "identities", "roles", "business", "tier"
"""What resources of the standard program compare with lists of Meta's that they share."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a stack's configuration says to providers.

    Attributes:
        declares: Connection to what is declared of its app and its business, of what is compared with lists of Meta's.
    """

    environment: str
    rules: str
    offline: bool
    connections: Mapping[str, Connection]
    declares: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def of_businesses(self) -> list[Connection]:
        """One connection for each business, the first that is declared."""
        first: dict[str, Connection] = {}
        for connection in self.connections.values():
            first.setdefault(connection.business_id, connection)
        return list(first.values())


def settings_from_config(get: Callable[[str], str | None]) -> Settings:
    """Build the settings from config texts, as `req.config.get` and the program's own config answer them.

    Only what connections are made of is read: whether the rest of the stack is sound is the program's to say, and a
    client's mistake must not keep a token from being ended.

    Raises:
        ConfigError: With every problem of those parts.
    """
    values = {key: text for key in PARTS if (text := get(f"{NAMESPACE}{key}")) is not None}
    try:
        spec = StackSpec.model_validate(meta_values({f"{NAMESPACE}{key}": text for key, text in values.items()}))
    except ValidationError as error:
        found = problems_of(error, StackSpec, lambda loc: f"{NAMESPACE}{dotted(loc)}")
        raise ConfigError([problem for _, problem in found]) from None
    return settings_of(spec)


def settings_of(spec: StackSpec) -> Settings:
    """The settings of a parsed configuration.

    Raises:
        ConfigError: A connection names what is not there.
    """
    problems: list[Problem] = []
    connections = {}
    for name, connection in spec.connections.items():
        for key, table in ((connection.business, "businesses"), (connection.app, "apps")):
            if key not in getattr(spec, table):
                path = f"{NAMESPACE}connections.{name}"
                problems.append(Problem(path, f'there is no "{key}" in {NAMESPACE}{table}.', "add it, or correct it."))
        token = connection.admin_token.removeprefix(IDENTITY)
        if connection.admin_token.startswith(IDENTITY) and token not in spec.identities:
            path = f"{NAMESPACE}connections.{name}.admin_token"
            problems.append(Problem(path, f'there is no "{token}" in {NAMESPACE}identities.', "add it, or correct it."))
        if not problems:
            connections[name] = _connection(spec, name)
    if problems:
        raise ConfigError(problems)
    declares = {name: _declared(spec, name) for name in connections}
    return Settings(spec.environment, spec.rules, is_offline(), connections, declares)


def is_offline() -> bool:
    """Whether the runner asks for no call at all."""
    return os.environ.get(OFFLINE_VARIABLE) == "1"


def refuse_offline(why: str) -> None:
    """Raise OfflineError where the runner asks for no call at all; `why` is what cannot be done then, as a clause."""
    if is_offline():
        raise OfflineError(f"{OFFLINE_VARIABLE}=1 forbids every call, so {why}.", next_step="Unset it and repeat.")


def _connection(spec: StackSpec, name: str) -> Connection:
    typed = spec.connections[name]
    business, app = spec.businesses[typed.business], spec.apps[typed.app]
    return Connection(
        name=name,
        environment=spec.environment,
        rules=spec.rules,
        graph_url=typed.graph_url.rstrip("/"),
        api_version=typed.api_version,
        business_id=business.id,
        business_name=typed.business,
        app_id=app.id,
        app_name=typed.app,
        app_claimed=app.claimed_by is not None,
        app_secret=typed.app_secret,
        admin_token=_admin_token(spec, typed.admin_token),
        tier_probe=typed.tier_probe,
        tier=app.tier,
        aws=AwsSettings(typed.aws.region, typed.aws.endpoint_url, typed.aws.kms_key),
        quota_overrides={role: row.limit for role, row in spec.quota_overrides.get(typed.business, {}).items()},
        business_display=business.name or typed.business,
        app_display=app.name or typed.app,
    )


def _declared(spec: StackSpec, name: str) -> frozenset[str]:
    typed = spec.connections[name]
    business, app = spec.businesses[typed.business], spec.apps[typed.app]
    declared = {
        IDENTITIES: bool(spec.identities),
        ROLES: app.roles is not None,
        BUSINESS: business.verification is not None or business.two_factor is not None,
        TIER: app.tier is not None and typed.tier_probe is not None,
    }
    return frozenset(what for what, is_ in declared.items() if is_)


def _admin_token(spec: StackSpec, reference: str) -> str:
    if not reference.startswith(IDENTITY):
        return reference
    key = reference.removeprefix(IDENTITY)
    return f"secret:{secret_of(spec, key, spec.identities[key])}"
