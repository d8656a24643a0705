"""What a connection's name means: one (business, app) pair, its endpoints, and references to its credentials.

Apart from `connections`, which makes them from a stack's configuration: a rotation function has no stack file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """Where Secrets Manager is. `endpoint_url` None means AWS's own endpoint of the region."""

    region: str
    endpoint_url: str | None = None
    kms_key: str | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """One (business, app) pair and how to act on it.

    Attributes:
        name: Key in `meta:connections`.
        business_name: Key in `meta:businesses`; `app_name` likewise in `meta:apps`.
        business_display: The name a person sees at Meta, where the stack says it, else the key; `app_display` likewise.
        app_secret: Reference, never a value: `env:META_…`, `aws-secret:ARN#key`, `emulator:`.
        admin_token: Reference, or `secret:<secret name>` when the configuration says `identity:NAME`.
        tier_probe: Ad account whose cheap read shows the app's tier in a response header.
        tier: Declared tier, in the words of the rule set; None when the stack does not say.
        quota_overrides: Role to limit, where the stack replaces the rule set's number.
    """

    name: str
    environment: str
    rules: str
    graph_url: str
    api_version: str
    business_id: str
    business_name: str
    app_id: str
    app_name: str
    app_claimed: bool
    app_secret: str
    admin_token: str
    tier_probe: str | None
    tier: str | None
    aws: AwsSettings
    quota_overrides: Mapping[str, int] = field(default_factory=dict, hash=False)
    business_display: str = ""
    app_display: str = ""
