"""The whole of a stack's `meta:` configuration."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from meta_access.spec.app import AppSpec  # noqa: TC001 - pydantic reads it
from meta_access.spec.base import Name, Section, Text, refuse, shown
from meta_access.spec.business import BusinessSpec, QuotaOverride  # noqa: TC001 - pydantic reads it
from meta_access.spec.client import ClientSpec, TaskSetSpec  # noqa: TC001 - pydantic reads it
from meta_access.spec.connection import ConnectionSpec  # noqa: TC001 - pydantic reads it
from meta_access.spec.identity import IdentitySpec, TokenDefaultsSpec
from meta_access.spec.person import PersonSpec  # noqa: TC001 - pydantic reads it

PROD = "prod"

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _folder(value: str) -> str:
    if not _FOLDER.fullmatch(value):
        raise refuse(f"{shown(value)} is no folder beside the stack file.", "write one name, such as clients.prod.")
    return value


# At top level Pulumi stores a boolean as text.
Flag = Annotated[bool, WithJsonSchema({"enum": [True, False, "true", "false"]})]


class StackSpec(Section):
    """Keys of namespace `meta:`; every table is keyed by the name that the others use."""

    environment: Name = Field(description="the environment's name, such as dev or prod")
    rules: Text = Field(description='the rule set, such as "2026-11"')
    rules_overlay: Text | None = None
    gates: Literal["warn", "block"] | None = None
    confirm_real_graph: Flag = False
    connections: dict[Name, ConnectionSpec] = Field(min_length=1, description="at least one connection")
    businesses: dict[Name, BusinessSpec] = Field(description="the business of each connection")
    apps: dict[Name, AppSpec] = Field(description="the app of each connection")
    people: dict[Name, PersonSpec] = Field(default_factory=dict)
    task_sets: dict[Name, TaskSetSpec] = Field(default_factory=dict)
    token_defaults: TokenDefaultsSpec = TokenDefaultsSpec()
    identities: dict[Name, IdentitySpec] = Field(default_factory=dict)
    clients_dir: Annotated[Text, AfterValidator(_folder)] | None = None
    clients: dict[Name, ClientSpec] = Field(default_factory=dict)
    quota_overrides: dict[Name, dict[Literal["EMPLOYEE", "ADMIN"], QuotaOverride]] = Field(default_factory=dict)

    @property
    def gate_mode(self) -> Literal["warn", "block"]:
        """`block` holds back what a closed gate concerns; production does so unless told otherwise."""
        return self.gates or ("block" if self.environment == PROD else "warn")
