"""`meta:identities`: system users with their tokens, and `meta:token_defaults` behind them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from meta_access.spec.app import Texts  # noqa: TC001 - pydantic reads it
from meta_access.spec.base import Day, Duration, GraphId, Name, Section, Text, refuse, shown

PLACEHOLDERS = ("environment", "identity", "suffix")


class NeverSpec(Section):
    reason: Text = Field(description="why this token may live for ever")
    until: Day = Field(description="the day to look at it again, in quotes")


class LifetimeSpec(Section):
    """`60d`, or `never` with a reason: Meta mints system users' tokens for 60 days or for ever, nothing between."""

    never: NeverSpec | None = None

    @model_validator(mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        if value == "60d":
            return {"never": None}
        if not isinstance(value, dict) or not value:
            raise refuse(
                f"{shown(value)} is no lifetime; Meta mints tokens for 60 days or for ever.",
                'write 60d, or never: {reason: …, until: "2027-03-01"}.',
            )
        return value

    @property
    def declared(self) -> str | dict[str, dict[str, str]]:
        """As the SystemUserToken resource takes it."""
        if self.never is None:
            return "60d"
        return {"never": {"reason": self.never.reason, "until": self.never.until.isoformat()}}


Lifetime = Annotated[
    LifetimeSpec,
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "60d"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["never"],
                    "properties": {
                        "never": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["reason", "until"],
                            "properties": {"reason": {"type": "string"}, "until": {"type": "string", "format": "date"}},
                        }
                    },
                },
            ]
        }
    ),
]


def _pattern(value: str) -> str:
    rest = value
    for name in PLACEHOLDERS:
        rest = rest.replace(f"{{{name}}}", "x")
    if "{" in rest or "}" in rest:
        raise refuse(
            f"{shown(value)} has a placeholder that is not known.", "use {environment}, {identity} and {suffix} only."
        )
    return value


SecretPattern = Annotated[Text, AfterValidator(_pattern)]


class TokenDefaultsSpec(Section):
    lifetime: Lifetime = LifetimeSpec(never=None)
    rotate_before: Duration = "20d"
    grace: Duration = "24h"
    secret: SecretPattern = "meta/{environment}/{identity}"  # noqa: S105 - a name, not a secret


class IdentitySpec(Section):
    """A system user. What is not said comes from `meta:token_defaults`, its scopes from its use case.

    `replace_existing`: as of a client, for all assets of this identity.
    """

    role: Literal["EMPLOYEE", "ADMIN"] = "EMPLOYEE"
    name: Text | None = None
    renamed_from: Name | None = Field(default=None, description="the key that this identity had before")
    connection: Name | None = None
    adopt: GraphId | None = None
    replace_existing: bool = False
    on_destroy: Literal["retire", "keep"] = "retire"
    use_case: Text | None = None
    scopes: Texts | None = None
    secret: SecretPattern | None = None
    lifetime: Lifetime | None = None
    rotate_before: Duration | None = None
    grace: Duration | None = None
    keepers: dict[Text, Text] = Field(default_factory=dict)
    kms_key: Text | None = None
    take_over_from: Text | None = None
    rotation_owner: Literal["pulumi", "lambda"] = "pulumi"
