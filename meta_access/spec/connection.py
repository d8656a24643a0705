"""`meta:connections`: one (business, app) pair, where Meta and AWS are, and where the credentials lie."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from meta_access.spec.base import Name, Section, Text, refuse, shown
from meta_access.spec.reference import SecretReference, TokenReference  # noqa: TC001 - pydantic reads it

_VERSION = re.compile(r"v[1-9][0-9]*\.[0-9]+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise refuse(f"{shown(value)} is no Graph version.", "write it like v26.0.")
    return value


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise refuse(f"{shown(value)} is no AWS region.", "write it like eu-central-1.")
    return value


class AwsSpec(Section):
    region: Annotated[Text, AfterValidator(_region)] = Field(
        description="region of Secrets Manager", examples=["eu-central-1"]
    )
    endpoint_url: Text | None = None
    kms_key: Text | None = None


class ConnectionSpec(Section):
    business: Name = Field(description="a name of meta:businesses")
    app: Name = Field(description="a name of meta:apps")
    graph_url: Text = "https://graph.facebook.com"
    api_version: Annotated[Text, AfterValidator(_version)] = Field(
        description="the Graph version, such as v26.0", examples=["v26.0"]
    )
    app_secret: SecretReference = Field(
        description="a reference such as env:META_APP_SECRET", examples=["env:META_APP_SECRET"]
    )
    admin_token: TokenReference = Field(
        description="a reference such as identity:root", examples=["env:META_ADMIN_TOKEN"]
    )
    tier_probe: Text | None = None
    aws: AwsSpec = Field(description="{region: …}, where Secrets Manager is", examples=[{"region": "eu-central-1"}])
