"""AWS's error codes, sorted by what the protocol does next.

By code alone, never by status or text: statuses differ between services that speak this protocol, and texts change.
Source: API reference of Secrets Manager and "Common errors", read 2026-11-24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access import aws, errors

if TYPE_CHECKING:
    from collections.abc import Collection

EXISTS = "ResourceExistsException"
NOT_FOUND = "ResourceNotFoundException"
INVALID_PARAMETER = "InvalidParameterException"
INVALID_REQUEST = "InvalidRequestException"
LIMIT = "LimitExceededException"

_KEY = frozenset({"DecryptionFailure", "EncryptionFailure"})
_CLOCK = frozenset({"InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"})
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "NotAuthorized",
        "OptInRequired",
    }
)
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
_ADVICE: tuple[tuple[Collection[str], type[errors.SecretStoreError], str], ...] = (
    (
        _CLOCK,
        errors.SecretDeniedError,
        (
            ": AWS takes the signature for wrong or out of date. Nothing was changed. Set the clock of this "
            "machine (AWS bears five minutes; leases, grace and expiry go by AWS's clock, not by this one), "
            "then look at its AWS credentials."
        ),
    ),
    (
        _KEY,
        errors.SecretDeniedError,
        (
            ": its KMS key does not serve this role, or is disabled or deleted. Nothing is minted while a "
            "value cannot be read back, and nothing is revoked that cannot be read. Allow kms:Decrypt and "
            "kms:GenerateDataKey on the key, or enable it again, then run again."
        ),
    ),
    (
        {LIMIT},
        errors.SecretStoreError,
        (
            ": it has as many versions (about 100) or labels (20) as AWS allows. No token was minted for it; "
            "those that exist are kept. AWS removes versions without a label a day after their making: run "
            "again then, and look for whoever writes to this secret so often."
        ),
    ),
    (
        _DENIED,
        errors.SecretDeniedError,
        (
            ": a policy does not allow it, or forbids it. Check whose AWS credentials this shell has (`aws sts "
            "get-caller-identity`), then the policies on them, on the secret and on its KMS key."
        ),
    ),
)
_SERVER_ERROR = 500


class RefusedError(Exception):
    """A refusal that the caller may know better than to pass on; `error` is what to pass on."""

    def __init__(self, code: str, error: errors.SecretStoreError) -> None:
        super().__init__(code)
        self.code = code
        self.error = error


def refusal(verb: str, secret: str, code: str, status: int) -> RefusedError | errors.SecretStoreError:
    """Name a refusal. Codes that mean something to a single call come as `RefusedError`."""
    about = f"{verb} secret {secret} was refused ({code})"
    if code in _BUSY or status >= _SERVER_ERROR:
        return errors.SecretUnreachableError(f"{about}, also when repeated. Run again later.")
    if advice := aws.refusal(code):
        return errors.SecretDeniedError(f"{about}: {advice}")
    for codes, kind, advice in _ADVICE:
        if code in codes or (codes is _KEY and code.startswith("KMS")):
            return kind(f"{about}{advice}")
    if code == NOT_FOUND:
        return RefusedError(code, errors.SecretNotFoundError(f"{about}: not in this account and region."))
    if code == EXISTS:
        return RefusedError(code, errors.VersionExistsError(f"{about}: another run was there first. Run again."))
    return RefusedError(code, errors.SecretStoreError(f"{about}. Look at the secret's quotas and state in AWS."))
