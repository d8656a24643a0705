"""References to secrets. A configuration says where a secret is, never what it is.

Nothing here quotes a refused value: it may be the secret itself.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from meta_access.spec.base import described, looks_secret, refuse
from meta_access.validation import credential_reference

EMULATOR = "emulator:"
IDENTITY = "identity:"

_WAYS = "env:META_NAME, aws-secret:ARN#key, or emulator: against the emulator"


def _reference(value: object) -> object:
    if not isinstance(value, str):
        raise refuse(f"is {described(value)}, not a reference to a secret.", f"write {_WAYS}.")
    if looks_secret(value):
        raise refuse(
            "holds a secret itself; it would stay in the repository and in the engine's history.",
            f"write a reference ({_WAYS}), and replace the secret at Meta, since it has been in a file.",
        )
    if not value.startswith(("env:", "aws-secret:", EMULATOR)):
        raise refuse("is no reference to a secret.", f"write {_WAYS}.")
    if reason := credential_reference(value):
        raise refuse(f"is no usable reference: {reason}.", f"write {_WAYS}.")
    return value


def _token_reference(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(IDENTITY):
        return _reference(value)
    if reason := credential_reference(value):
        raise refuse(f"is no usable reference: {reason}.", "write identity: and a name of meta:identities.")
    return value


SecretReference = Annotated[
    str,
    BeforeValidator(_reference),
    WithJsonSchema({"type": "string", "pattern": "^(env:META_|aws-secret:arn:|emulator:$)"}),
]
TokenReference = Annotated[
    str,
    BeforeValidator(_token_reference),
    WithJsonSchema({"type": "string", "pattern": "^(identity:|env:META_|aws-secret:arn:|emulator:$)"}),
]
