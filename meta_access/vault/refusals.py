"""AWS's error codes, sorted by what the protocol does next.

By code alone, never by status or text: statuses differ between services that speak this protocol, and texts change.
Source: API reference of Secrets Manager and "Common errors", read 2026-11-24.
"""

from __future__ import annotations

from meta_access import errors

EXISTS = "ResourceExistsException"
NOT_FOUND = "ResourceNotFoundException"
INVALID_PARAMETER = "InvalidParameterException"
INVALID_REQUEST = "InvalidRequestException"

_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DecryptionFailure",
        "EncryptionFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
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
    if code in _DENIED or code.startswith("KMS"):
        return errors.SecretDeniedError(
            f"{about}. Check the AWS credentials of this shell, the policies on the secret and on its KMS key, and the "
            "clock of this machine."
        )
    if code == NOT_FOUND:
        return RefusedError(code, errors.SecretNotFoundError(f"{about}: not in this account and region."))
    if code == EXISTS:
        return RefusedError(code, errors.VersionExistsError(f"{about}: another run was there first. Run again."))
    return RefusedError(code, errors.SecretStoreError(f"{about}. Look at the secret's quotas and state in AWS."))
