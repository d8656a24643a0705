"""Tokens of system users: made, looked at and ended one by one, as the token protocol asks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pydantic import SecretStr

from meta_access.errors import ConflictError
from meta_access.graph import debug_token
from meta_access.graph.wire import unusable
from meta_access.redaction import fingerprint, hide

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from meta_access.graph.client import GraphClient
    from meta_access.tokens.issuer import Issuer, TokenFacts


_FRESH_S = 30.0


class TokenIssuer:
    """What the token protocol needs from Meta."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client
        self._callers: dict[str, str] = {}

    def mint(self, system_user_id: str, scopes: Sequence[str], *, expires: bool, deadline_s: float) -> SecretStr:
        """Make a token. One request leaves, whatever happens: a second would make a second token.

        Args:
            system_user_id: Whose token.
            scopes: Permissions it carries.
            expires: In 60 days, which Meta may demand of a business; otherwise never.
            deadline_s: Bound of the call, in seconds.

        Raises:
            GraphError: A definite refusal, unless it is a TransientError.
            TransientError: Whether a token was made is not known.
            GraphUnreachableError: Likewise if `sent`.
        """
        params = {
            "business_app": self._client.connection.app_id,
            "scope": ",".join(scopes),
            "set_token_expires_in_60_days": True if expires else None,
        }
        answer = self._client.post(f"{system_user_id}/access_tokens", params, deadline_s=deadline_s, once=True)
        value = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(value, str) or not value:
            raise unusable(
                f"Minting a token of system user {system_user_id} failed: Meta's answer holds none. Whether one was "
                "made is not known."
            )
        hide(value)
        return SecretStr(value)

    def inspect(self, token: SecretStr) -> TokenFacts:
        """Ask Meta about a token; raises when Meta cannot be asked."""
        return debug_token.inspect(self._client, token)

    def revoke(self, token: SecretStr) -> None:
        """End one token.

        Raises:
            ConflictError: It is the credential in use, whose end would lock everybody out.
        """
        if token.get_secret_value() == self._client.credentials.admin_token().get_secret_value():
            mark = fingerprint(token.get_secret_value())
            raise ConflictError(
                f"Revoking token {mark} was refused before asking Meta: it is the credential in use.",
                next_step="Point admin_token of the connection to its successor first.",
            )
        params = {
            "client_id": self._client.connection.app_id,
            "client_secret": self._client.credentials.app_secret(),
            "revoke_token": token,
        }
        self._client.get("oauth/revoke", params, in_batch=True)

    def end_all(self, system_user_id: str) -> None:
        """End all tokens of a system user, those of other apps and those that nobody holds included.

        Raises:
            ConflictError: It is the user of the credential in use, whose end would lock everybody out.
        """
        if self.calling_token()[0] == system_user_id:
            raise ConflictError(
                f"Ending all tokens of system user {system_user_id} was refused before asking Meta: the credential in "
                "use is one of them. Its tokens are ended one by one, by value."
            )
        self._client.delete(f"{system_user_id}/access_tokens")

    def calling_token(self) -> tuple[str, str]:
        """The user behind the credential in use, and its fingerprint."""
        token = self._client.credentials.admin_token()
        mark = fingerprint(token.get_secret_value())
        if mark not in self._callers:
            self._callers[mark] = self.inspect(token).user_id
        return self._callers[mark], mark

    def server_time(self) -> datetime:
        """Meta's clock, from its last answer; asks when that is too long ago."""
        if self._client.server_time_age_s() > _FRESH_S:
            self.inspect(self._client.credentials.admin_token())
        if self._client.server_time is None:
            raise unusable("Reading Meta's clock failed: its answers carry no date.")
        return self._client.server_time


@cache
def issuer_of(client: GraphClient) -> Issuer:
    """The issuer of a client.

    Kept, because it remembers whom the credential in use belongs to.
    """
    return TokenIssuer(client)
