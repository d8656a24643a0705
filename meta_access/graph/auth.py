"""Whose token a Graph call carries."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    from meta_access.credentials import Credentials


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
