"""What the versions of a secret hold: intents, closed records and tokens, and the ids they are put under.

The id of a version is derived from secret, kind and generation, never from a token: AWS's trail records it. A second
put under the same id with other bytes is refused, which is what makes writing an intent a claim. Flat keys, because
consumers (ECS, CloudFormation) select one top-level key; keys are only ever added within v1.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, PlainSerializer, SecretStr, ValidationError

from meta_access.clock import iso

NAMESPACE = UUID("0c5f1a1e-6b0d-4e0a-9a55-2f2f3c1b7a64")
"""Never change it: every version id of every secret comes from it."""

SCHEMA: Literal["meta-token/v1"] = "meta-token/v1"
PLACEHOLDER = '{"generation":0,"state":"empty"}'

_OTHER_SCHEMA = re.compile(r"meta-token/v(?!1$)[0-9]+")

Moment = Annotated[datetime, PlainSerializer(iso)]
Plain = Annotated[SecretStr, PlainSerializer(lambda secret: secret.get_secret_value())]


def intent_id(arn: str, generation: int) -> str:
    """Version id of I(g)."""
    return _version_id(arn, "I", generation)


def closed_id(arn: str, generation: int) -> str:
    """Version id of R(g)."""
    return _version_id(arn, "R", generation)


def token_id(arn: str, generation: int) -> str:
    """Version id of T(g)."""
    return _version_id(arn, "T", generation)


def _version_id(arn: str, kind: str, generation: int) -> str:
    return str(uuid5(NAMESPACE, f"{arn}|{kind}|{generation}"))


class _Record(BaseModel):
    # A validation error must not quote what it was given: the payload of a token is one. Deferred, because most
    # processes that import this read no payload.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    schema_: Literal["meta-token/v1"] = SCHEMA
    generation: int

    def text(self) -> str:
        """The bytes to put: sorted keys, nothing of the attempt, so that a repeated put is the same put."""
        fields = self.model_dump()
        fields["schema"] = fields.pop("schema_")
        if fields.get("rotation", "") is None:
            del fields["rotation"]
        return json.dumps(fields, sort_keys=True, separators=(",", ":"))


class Suspect(BaseModel):
    """A generation whose mint was not answered: a token may live that nobody holds.

    Attributes:
        until: When it would have expired on its own; None for one that never expires.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    generation: int
    until: Moment | None


class Intent(_Record):
    """I(g): this run owns the generation and is about to mint. Holds no secret.

    Attributes:
        run: Tells two runs with the same wish apart, so that one of their puts is refused.
        by: `project/stack` of the run.
        expires: Whether the token asked for would expire on its own.
        reason: Why a token was wanted.
        rotation: As in `Token`.
    """

    state: Literal["minting"] = "minting"
    run: str
    by: str
    trigger: str
    expires: bool
    reason: str
    suspects: tuple[Suspect, ...]
    rotation: str | None = None

    @property
    def whose(self) -> str:
        """The run, as the beginning of a sentence that another one reads."""
        return f"AWS's rotation, for {self.by}," if self.rotation else f"another run, of {self.by},"


class Closed(_Record):
    """R(g): nothing more will come of the generation. `retired` ends the secret.

    Attributes:
        reason: A few fixed words; never Meta's text.
    """

    state: Literal["closed", "retired"] = "closed"
    reason: str
    suspects: tuple[Suspect, ...]


class Token(_Record):
    """T(g): a token and what it was minted for.

    Attributes:
        rotation: Id of the version that AWS made for a rotation of its own, under which this token then stands instead
            of under the derived id. Left out otherwise.
    """

    state: Literal["active"] = "active"
    access_token: Plain
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token, not one
    app_id: str
    business_id: str
    system_user_id: str
    scope: str
    api_version: str
    issued_at: Moment
    expires_at: Moment | None
    data_access_expires_at: Moment | None = None
    trigger: str
    fingerprint: str
    rotation: str | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(self.scope.split(","))


@dataclass(frozen=True, slots=True)
class Blank:
    """The placeholder a secret is created with."""

    generation: int = 0


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something that this protocol did not put there.

    Attributes:
        newer_schema: Set when a newer version of this library wrote it.
    """

    newer_schema: str | None = None
    generation: int = 0


Record = Intent | Closed | Token | Blank | Foreign

_KINDS: dict[str, tuple[type[Intent | Closed | Token], str]] = {
    "minting": (Intent, "I"),
    "closed": (Closed, "R"),
    "retired": (Closed, "R"),
    "active": (Token, "T"),
}


def parse(text: str, *, arn: str, version_id: str) -> Record:
    """Read a version. Only what stands under the id that its own content names or derives is taken for ours."""
    try:
        fields: Any = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return Foreign()
    if fields.get("state") == "empty":
        return Blank()
    schema = str(fields.pop("schema", ""))
    if _OTHER_SCHEMA.fullmatch(schema):
        return Foreign(newer_schema=schema)
    model, kind = _KINDS.get(str(fields.get("state")), (Token, "T"))
    try:
        record = model.model_validate({**fields, "schema_": schema})
    except ValidationError:
        return Foreign()
    chosen_by_aws = isinstance(record, Token) and record.rotation == version_id
    return record if chosen_by_aws or _version_id(arn, kind, record.generation) == version_id else Foreign()
