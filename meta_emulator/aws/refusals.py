"""Refusals in AWS's words that moto has no class or another sentence for.

moto answers some of its own with 404; the door sends every refusal as 400, as Secrets Manager does, so that only code
and sentence matter here.
"""

from __future__ import annotations

from moto.secretsmanager.exceptions import (
    InvalidRequestException,
    ResourceExistsException,
    SecretNotFoundException,
    SecretsManagerClientError,
)


class RefusedError(SecretsManagerClientError):
    """A refusal by its code alone, for the codes that moto does not know."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


class LimitExceededError(RefusedError):
    def __init__(self, message: str) -> None:
        super().__init__("LimitExceededException", message)


class NoValueException(SecretNotFoundException):
    """The secret is there, the version or label is not. BatchGetSecretValue reports its base class per secret."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.message = f"Secrets Manager can't find the specified secret value for {what}"


class ScheduledForDeletionException(InvalidRequestException):
    def __init__(self) -> None:
        super().__init__("You can't perform this operation on the secret because it was marked for deletion.")


class TokenInUseException(ResourceExistsException):
    """A version with this id is there and holds another value."""

    def __init__(self, version_id: str, arn: str) -> None:
        super().__init__(
            f"You can't use ClientRequestToken {version_id} because that value is already in use for a version of "
            f"secret {arn}."
        )


class VersionDeletedException(InvalidRequestException):
    def __init__(self, version_id: str) -> None:
        super().__init__(f"You can't perform this operation on secret version {version_id} because it was deleted.")
