"""What the token protocol needs of Meta, and the three answers that Meta can give.

The vault knows no Graph: whoever calls it brings an `Issuer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pydantic import SecretStr


class Verdict(Enum):
    """Whether a token is what its record says. UNKNOWN is never taken for NO: an outage would revoke good tokens."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What Meta says about a token.

    Attributes:
        user_id: App-scoped id of its system user.
        type: `SYSTEM_USER` for ours.
        expires_at: None means never.
    """

    valid: bool
    app_id: str
    user_id: str
    type: str
    scopes: tuple[str, ...]
    issued_at: datetime | None
    expires_at: datetime | None


class Issuer(Protocol):
    """Meta, as far as tokens go. Every method raises a `MetaAccessError` when Meta refuses or cannot be asked."""

    def mint(self, system_user_id: str, scopes: Sequence[str], *, expires: bool, deadline_s: float) -> SecretStr:
        """Mint one token; never repeats an unanswered call.

        Raises:
            GraphError: Meta refused: no token exists.
            TransientError: Meta failed: a token may exist.
            GraphUnreachableError: No answer; a token may exist when `sent` is true.
        """
        ...

    def inspect(self, token: SecretStr) -> TokenFacts:
        """Ask about a token. A dead one is an answer (`valid` false), not an error."""
        ...

    def revoke(self, token: SecretStr) -> None:
        """End one token by its value."""
        ...

    def calling_token(self) -> tuple[str, str]:
        """User id and fingerprint of the credential in use."""
        ...

    def server_time(self) -> datetime:
        """Meta's clock, by its last `Date` header."""
        ...
