"""Whose token a Graph call carries, and where no token goes."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from meta_access.endpoints import check_destination

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from meta_access.stack.connections import Connection
    from meta_access.stack.credentials import Credentials


class Auth(enum.Enum):
    """One of the connection's own tokens."""

    ADMIN = "admin"
    APP = "app"


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """This very token."""

    token: SecretStr


def token_of(auth: Auth | TokenAuth, app_id: str, credentials: Credentials) -> SecretStr:
    """The token to send."""
    if isinstance(auth, TokenAuth):
        return auth.token
    if auth is Auth.APP:
        # Meta takes id and secret joined by a bar as the app's token, so none has to be fetched
        # (https://developers.facebook.com/documentation/facebook-login/guides/access-tokens, read 2026-11).
        return SecretStr(f"{app_id}|{credentials.app_secret().get_secret_value()}")
    return credentials.admin_token()


def check_sent(connection: Connection, auth: Auth | TokenAuth, params: Mapping[str, Any]) -> None:
    """Refuse a call that would take a real token to this machine. The connection's own were looked at when resolved.

    Raises:
        ConfigError: Nothing was sent.
    """
    secrets = [value for value in params.values() if isinstance(value, SecretStr)]
    for secret in [*secrets, auth.token] if isinstance(auth, TokenAuth) else secrets:
        path = f"meta:connections.{connection.name}.aws"
        check_destination(connection.graph_url, secret.get_secret_value(), path=path, source="a secret of this stack")
