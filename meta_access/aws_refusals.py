"""AWS's refusals as errors of this library, sorted by what to do next.

By code alone: statuses differ between services that speak this protocol, and texts change. Source: API reference of
Secrets Manager and "Common errors", read 2026-11-24.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from meta_access import errors

if TYPE_CHECKING:
    from collections.abc import Collection

EXISTS = "ResourceExistsException"
NOT_FOUND = "ResourceNotFoundException"
INVALID_PARAMETER = "InvalidParameterException"
INVALID_REQUEST = "InvalidRequestException"

_SERVER_ERROR = 500
_BUSY = frozenset(
    {
        "InternalFailure",
        "InternalServiceError",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_KMS = "KMS"
_KEY = frozenset({"DecryptionFailure", "EncryptionFailure"})


class _Row(NamedTuple):
    """What some codes mean: as the end of a sentence, without a full stop, and what to do."""

    codes: Collection[str]
    error: type[errors.SecretStoreError]
    why: str
    next_step: str


_ROWS = (
    _Row(
        {"InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"},
        errors.SecretDeniedError,
        "AWS takes the signature for wrong or out of date. Nothing was changed",
        "Set the clock of this machine (AWS bears five minutes; leases, grace and expiry go by AWS's clock, not by "
        "this one), then look at its AWS credentials.",
    ),
    _Row(
        _KEY,
        errors.SecretDeniedError,
        "its KMS key does not serve this role, or is disabled or deleted. Nothing is minted while a value cannot be "
        "read back, and nothing is revoked that cannot be read",
        "Allow kms:Decrypt and kms:GenerateDataKey on the key, or enable it again, then run again.",
    ),
    _Row(
        {"LimitExceededException"},
        errors.SecretStoreError,
        "it has as many versions (about 100) or labels (20) as AWS allows. No token was minted for it; those that "
        "exist are kept",
        "AWS removes versions without a label a day after their making: run again then, and find out who writes "
        "to this secret so often.",
    ),
    _Row(
        {"AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired"},
        errors.SecretDeniedError,
        "a policy does not allow it, or forbids it",
        "Check whose AWS credentials this shell has (`aws sts get-caller-identity`), then the policies on them, on "
        "the secret and on its KMS key.",
    ),
    _Row({NOT_FOUND}, errors.SecretNotFoundError, "not in this account and region", ""),
    _Row({EXISTS}, errors.VersionExistsError, "another run was there first", "Run again."),
)

LOG_IN = "Log in again: `aws sso login{profile}`, or `aws login`, or renew the variables AWS_… of this shell."
_OF_CREDENTIALS = (
    (
        frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}),
        "the session of these AWS credentials has ended",
        LOG_IN,
    ),
    (
        frozenset(
            {
                "AuthFailure",
                "InvalidAccessKeyId",
                "InvalidClientTokenId",
                "InvalidToken",
                "UnrecognizedClientException",
            }
        ),
        (
            "AWS does not know these AWS credentials: the key was deleted or switched off, or AWS_SESSION_TOKEN is "
            "missing or left over from another login"
        ),
        LOG_IN,
    ),
    (
        frozenset({"IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationTokenException"}),
        "the AWS credentials are incomplete or hold a foreign character",
        "Copy AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY again, or log in with a profile.",
    ),
)


CODES = frozenset(
    {
        *_BUSY,
        *(code for row in _ROWS for code in row.codes),
        *(code for codes, _, _ in _OF_CREDENTIALS for code in codes),
    }
)
"""The codes that have a row here; those that begin with `KMS` have one together."""


def profile() -> str:
    """The AWS profile of this shell; "" for the default one."""
    return os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or ""


def profile_option() -> str:
    """The same as an option of the AWS CLI."""
    return f" --profile {name}" if (name := profile()) else ""


def of_credentials(code: str) -> tuple[str, str] | None:
    """Why AWS refuses the credentials themselves, and what to do; None for any other code."""
    found = next(((why, step) for codes, why, step in _OF_CREDENTIALS if code in codes), None)
    return found and (found[0], found[1].format(profile=profile_option()))


def refusal(about: str, code: str, status: int) -> errors.SecretStoreError:
    """The error for a refusal by Secrets Manager.

    Args:
        about: What was refused: `Reading secret x`.
        code: AWS's.
        status: Of HTTP.
    """
    said = f"{about} was refused ({code})"
    if code in _BUSY or status >= _SERVER_ERROR:
        return errors.SecretUnreachableError(f"{said}, also when repeated.", code=code, next_step="Run again later.")
    if found := of_credentials(code):
        return errors.SecretDeniedError(f"{said}: {found[0]}.", code=code, next_step=found[1])
    for codes, error, why, step in _ROWS:
        if code in codes or (codes is _KEY and code.startswith(_KMS)):
            return error(f"{said}: {why}.", code=code, next_step=step)
    return errors.SecretStoreError(f"{said}.", code=code, next_step="Look at the secret's quotas and state in AWS.")
