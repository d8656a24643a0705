"""Meta as the token protocol needs it: what it answers, and whether a token is what its record says.

The protocol knows no Graph; its caller brings an `Issuer`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from meta_access.errors import MetaAccessError
from meta_access.tokens import payload, tags
from meta_access.tokens.payload import Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pydantic import SecretStr

    from meta_access.tokens.store import SecretStore


class Verdict(Enum):
    """Whether a token is what its record says. UNKNOWN is never taken for NO: an outage would revoke good tokens."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What Meta says about a token.

    Attributes:
        user_id: App-scoped id of the user it acts as.
        type: `SYSTEM_USER` for ours, `USER`, `PAGE` or `APP`; empty for an invalid token.
        issued_at: None when Meta does not say.
        expires_at: None means never.
        problem: Why it is not valid, in Meta's words; empty for a valid one.
        narrowed: By scope, the ids that it was granted for; without a scope that is granted for all.
        data_access_ends_at: When a person has to give the app access to their data again; None means never.
        code: Meta's code of the reason why it is not valid, 0 without one; `subcode` likewise.
    """

    valid: bool
    app_id: str
    user_id: str
    type: str
    scopes: tuple[str, ...]
    issued_at: datetime | None
    expires_at: datetime | None
    problem: str = ""
    narrowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    data_access_ends_at: datetime | None = None
    code: int = 0
    subcode: int = 0


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


SYSTEM_USER = "SYSTEM_USER"


def faults(facts: TokenFacts, token: Token) -> list[str]:
    """What is wrong with a token, in words; empty when nothing is."""
    if not facts.valid:
        return ["Meta calls it invalid"]
    found: list[str] = []
    if facts.app_id != token.app_id:
        found.append(f"it belongs to app {facts.app_id}, not {token.app_id}")
    if facts.user_id != token.system_user_id:
        found.append(f"it acts as {facts.user_id or 'nobody'}, not {token.system_user_id}")
    if facts.type != SYSTEM_USER:
        found.append(f"its type is {facts.type}, not {SYSTEM_USER}")
    if missing := sorted(set(token.scopes) - set(facts.scopes)):
        found.append(f"it lacks {', '.join(missing)}")
    if (facts.expires_at is None) != (token.expires_at is None):
        found.append("it never expires" if facts.expires_at is None else "it expires, which was not asked for")
    return found


def judge(issuer: Issuer, token: Token) -> tuple[Verdict, str, TokenFacts | None]:
    """Ask Meta about a token.

    Returns:
        The verdict, why (for NO and UNKNOWN), and the facts when there are any.
    """
    try:
        facts = issuer.inspect(token.access_token)
    except MetaAccessError as error:
        # Whatever the error says, it says it about the call, not about the token: a wrong app secret, a dead calling
        # token or a blocked app would else condemn good tokens.
        return Verdict.UNKNOWN, str(error), None
    wrong = faults(facts, token)
    return (Verdict.NO, "; ".join(wrong), facts) if wrong else (Verdict.YES, "", facts)


class Health(Enum):
    """What Meta says. UNKNOWN is never taken for ENDED: an outage would have every token minted anew."""

    LIVES = "lives"
    ENDED = "has ended at Meta"
    UNKNOWN = "could not be asked about"


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of asking about one token.

    Attributes:
        why: For UNKNOWN.
    """

    health: Health
    why: str = ""


def examine(store: SecretStore, issuer: Issuer, arn: str, version_id: str) -> Examined:
    """Ask Meta about the token in one version of a secret, and note its end in the tags.

    One read, one call to Meta and, for a token that has ended, one write.

    Args:
        store: Of its region.
        issuer: Meta.
        arn: Of the secret, which is ours.
        version_id: Of AWSCURRENT.
    """
    try:
        version = store.read(arn, version_id)
        found = payload.parse(version.text, arn=arn, version_id=version_id) if version else None
        if not isinstance(found, Token):
            return Examined(Health.UNKNOWN, "its current version holds no token")
        if issuer.inspect(found.access_token).valid:
            return Examined(Health.LIVES)
        store.tag(arn, tags.missing({}, {tags.ENDED: str(found.generation)}))
    except MetaAccessError as error:
        # It is about the call, or about the secret, and says nothing about the token.
        return Examined(Health.UNKNOWN, str(error))
    return Examined(Health.ENDED)
