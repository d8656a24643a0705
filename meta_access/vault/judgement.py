"""Whether a token is what its record says: Meta's facts against the payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from meta_access.vault.issuer import Verdict

if TYPE_CHECKING:
    from meta_access.vault.issuer import Issuer, TokenFacts
    from meta_access.vault.payload import Token

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
