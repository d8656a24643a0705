"""From a reference in the configuration to the secret that it names, at the moment of a call.

A stack file holds references only: `env:META_…`, `aws-secret:ARN#key`, `secret:NAME` (what `identity:NAME` becomes) and
`emulator:`. The guard on endpoint pairs runs before any of them is resolved, so that no real credential can reach an
endpoint that somebody wrote into a pull request.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from meta_access import errors, snapshot, validation
from meta_access.aws_refusals import INVALID_REQUEST, NOT_FOUND
from meta_access.endpoints import base_url, check_destination, check_pairing, is_loopback, roots
from meta_access.errors import ConfigError, Problem
from meta_access.redaction import hide

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    from meta_access.stack.connections import AwsSettings, Connection

__all__ = ["Credentials", "check_pairing", "checked", "credentials_for", "verify_token"]

_EMULATOR_TIMEOUT_S = 3.0
_LARGEST_ANSWER = 65536


class Credentials:
    """The two secrets of one connection; resolved when first asked for, kept until `forget`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._known: dict[str, SecretStr] = {}

    def __repr__(self) -> str:
        return f"Credentials(connection={self._connection.name!r})"

    def app_secret(self) -> SecretStr:
        """The app's secret: signs calls, and mints and revokes tokens."""
        return self._resolved("app_secret")

    def admin_token(self) -> SecretStr:
        """The token that acts: an admin system user's."""
        return self._resolved("admin_token")

    def forget(self) -> None:
        """Resolve anew at the next call: a rotation has promoted another token."""
        with self._lock:
            self._known.clear()

    def _resolved(self, field: str) -> SecretStr:
        with self._lock:
            if field not in self._known:
                here = self._connection
                path = f"meta:connections.{here.name}"
                check_pairing(here.graph_url, here.aws, path=path)
                value, source = _resolve(here, field, f"{path}.{field}"), getattr(here, field)
                self._known[field] = checked(value, here, path=f"{path}.{field}", source=source)
            return self._known[field]


_cache: dict[Connection, Credentials] = {}
_cache_lock = threading.Lock()


def credentials_for(connection: Connection) -> Credentials:
    """The credentials of a connection, one object per process."""
    with _cache_lock:
        return _cache.setdefault(connection, Credentials(connection))


def checked(value: str, connection: Connection, *, path: str, source: str) -> SecretStr:
    """A token or an app secret that may be sent with this connection; blanks around it are taken away.

    Args:
        value: As it was read.
        connection: Where it would go.
        path: Where it or the reference to it stands, for the message.
        source: What it was read from, for the message.

    Raises:
        ConfigError: It has the form of no credential, or must not go where the connection leads. The value is not
            repeated, here or in any text that is scrubbed.
    """
    hide(value)
    clean = value.strip()
    if reason := "is empty" if not clean else validation.credential_value(clean):
        raise _wrong(path, f"the value of {source} {reason}.", "store the bare value again, and nothing around it.")
    check_destination(connection.graph_url, clean, path=path, source=source)
    return SecretStr(clean)


def verify_token(reference: str, connection: Connection) -> SecretStr:
    """What a webhook's callback is asked with; read anew for each call, and kept nowhere.

    Raises:
        ConfigError: It is not there, or is a credential of Meta's, which the callback would receive.
    """
    path = "verify_token"
    check_pairing(connection.graph_url, connection.aws, path=f"meta:connections.{connection.name}")
    _refuse_under_snapshot(path)
    if reason := validation.verify_token_reference(reference):
        raise _wrong(path, reason + ".", "write such a reference.")
    kind, _, rest = reference.partition(":")
    value = (_from_environment(rest, path) if kind == "env" else _from_arn(rest, connection.aws, path)).strip()
    app_secret = credentials_for(connection).app_secret().get_secret_value()
    hide(value)
    if value.startswith("EAA") or "|" in value or value == app_secret:
        text = f"the value of {reference} is a token or an app secret, and Meta would hand it to the callback."
        raise _wrong(path, text, "store a random text there, and nothing that opens anything.")
    if not value or not value.isascii() or not value.isprintable():
        raise _wrong(path, f"the value of {reference} is empty or holds an odd character.", "store plain letters.")
    return SecretStr(value)


def _resolve(connection: Connection, field: str, path: str) -> str:
    reference: str = getattr(connection, field)
    _refuse_under_snapshot(path)
    if reason := validation.credential_reference(reference):
        raise _wrong(path, reason + ".", "write a reference instead of a value.")
    kind, _, rest = reference.partition(":")
    if kind == "identity":
        raise _wrong(path, "names an identity that was not looked up.", "this is a fault of the program: report it.")
    resolvers: dict[str, Callable[[], str]] = {
        "env": lambda: _from_environment(rest, path),
        "aws-secret": lambda: _from_arn(rest, connection.aws, path),
        "secret": lambda: _from_secret(rest, "access_token", connection.aws.region, connection.aws, path),
        "emulator": lambda: _from_emulator(connection, field, path),
    }
    return resolvers[kind]()


def _refuse_under_snapshot(path: str) -> None:
    if (shown := snapshot.given()) is not None:
        raise shown.refusal(f"Looking up {path}")


def _from_environment(name: str, path: str) -> str:
    if (value := os.environ.get(name, "")).strip():
        return value
    raise _wrong(path, f"the environment variable {name} is not set.", f"export {name} in the shell that runs this.")


# --- Secrets Manager -----------------------------------------------------------------------------


def _from_arn(text: str, aws: AwsSettings, path: str) -> str:
    arn, _, key = text.partition("#")
    return _from_secret(arn, key, arn.split(":")[3], aws, path)


def _from_secret(secret_id: str, key: str, region: str, aws: AwsSettings, path: str) -> str:
    from meta_access import aws as service  # noqa: PLC0415 - see `tokens.recorded.client`

    try:
        # The label is named although it is the default: a parked or pending version must never be used.
        answer = service.secrets_manager(region, aws.endpoint_url).get_secret_value(
            SecretId=secret_id, VersionStage="AWSCURRENT"
        )
    except (service.Refused, *service.FAILURES) as error:
        failed = service.failure(f"{path}: reading secret {secret_id}", region, error)
    else:
        return _value_in(answer.get("SecretString", ""), key, secret_id, path)
    if failed.code == INVALID_REQUEST:
        raise errors.SecretScheduledForDeletionError(
            f"{path}: reading secret {secret_id} was refused ({failed.code}): it waits for its deletion.",
            code=failed.code,
            next_step="Restore it, or name another.",
        )
    if failed.code == NOT_FOUND:
        raise errors.SecretNotFoundError(
            f"{path}: reading secret {secret_id} was refused ({failed.code}): it does not exist, or has no current "
            "version.",
            code=failed.code,
            next_step="Create it first.",
        )
    raise failed


def _value_in(text: str, key: str, secret_id: str, path: str) -> str:
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        hide(text)
        raise _wrong(path, f"secret {secret_id} holds no JSON object.", f'store {{"{key}": "…"}} in it.')
    # Placeholders, intents and retired tokens carry a state; only an active one may be used.
    if payload.get("state", "active") != "active":
        raise _wrong(
            path,
            f"secret {secret_id} holds no active token.",
            "put a first value into it (bootstrap), or point to another secret.",
        )
    value = payload.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(path, f"secret {secret_id} has no text under {key}.", f'store {{"{key}": "…"}} in it.')
    return value


# --- Emulator ------------------------------------------------------------------------------------


def _from_emulator(connection: Connection, field: str, path: str) -> str:
    base = base_url(connection.graph_url, f"meta:connections.{connection.name}.graph_url")
    if not is_loopback(base):
        raise _wrong(path, f"emulator: works on this machine only, not with {base.netloc}.", "write env:META_….")
    offered = _ask_emulator(base)
    if offered.get("app_id") != connection.app_id:
        raise _wrong(
            path,
            f"the emulator at {base.netloc} runs another app than {connection.app_id}.",
            "use the app id that `meta-access emulator status` prints.",
        )
    value = offered.get(field)
    if not isinstance(value, str) or not value:
        raise _wrong(path, f"the server at {base.netloc} is not this emulator.", "run `meta-access emulator status`.")
    return value


def _ask_emulator(base: SplitResult) -> dict[str, Any]:
    # urllib, because this layer lies below the Graph client, whose session needs these very credentials. No proxy: one
    # named in the environment would be asked for an address that means itself.
    url = f"{base.scheme}://{base.netloc}/_control/credentials"
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({}), _NoRedirect()]
    if base.scheme == "https":  # reading the authorities takes a while, which plain http need not wait for
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=roots(url))))
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(url, timeout=_EMULATOR_TIMEOUT_S) as reply:
            answer = json.loads(reply.read(_LARGEST_ANSWER))
    except (OSError, http.client.HTTPException) as error:
        cause = _cause(error)
        advice = "Start it with `meta-access emulator start` if it does not run."
        if cause == ssl.SSLCertVerificationError.__name__:
            advice = 'Run eval "$(meta-access emulator env)" in this shell, then the command again.'
        raise errors.GraphUnreachableError(
            f"Asking the emulator at {base.netloc} for its credentials failed ({cause}).", sent=False, next_step=advice
        ) from None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise errors.GraphUnreachableError(
            f"The server at {base.netloc} is not the emulator.",
            sent=False,
            next_step="See `meta-access emulator status`.",
        )
    return answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return type(reason).__name__ if isinstance(reason, Exception) else type(error).__name__


def _wrong(path: str, problem: str, fix: str) -> ConfigError:
    return ConfigError([Problem(path, problem, fix)])
