"""Refusals in the words of Secrets Manager, which answers each of them with HTTP 400."""

from __future__ import annotations


class RefusedError(Exception):
    """A call that AWS refuses. The message never quotes a secret's value."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid_parameter(message: str) -> RefusedError:
    return RefusedError("InvalidParameterException", message)


def invalid_request(message: str) -> RefusedError:
    return RefusedError("InvalidRequestException", message)


def malformed(message: str) -> RefusedError:
    return RefusedError("SerializationException", message)


def invalid(member: str, rule: str) -> RefusedError:
    """A member of the request that breaks the service model."""
    name = member[0].lower() + member[1:]
    text = f"1 validation error detected: Value at '{name}' failed to satisfy constraint: {rule}"
    return RefusedError("ValidationException", text)


def not_found() -> RefusedError:
    return RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def no_value(what: str) -> RefusedError:
    """The secret is there, the version or label is not."""
    text = f"Secrets Manager can't find the specified secret value for {what}"
    return RefusedError("ResourceNotFoundException", text)


def scheduled() -> RefusedError:
    return invalid_request("You can't perform this operation on the secret because it was marked for deletion.")


def token_in_use(version_id: str, arn: str) -> RefusedError:
    """A version with this id is there and holds another value."""
    text = f"You can't use ClientRequestToken {version_id} because that value is already in use for a version of secret"
    return RefusedError("ResourceExistsException", f"{text} {arn}.")


def over_quota(of_what: str) -> RefusedError:
    return RefusedError("LimitExceededException", f"You have reached the quota of {of_what} of this secret.")
