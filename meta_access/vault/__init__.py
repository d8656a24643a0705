"""Tokens in Secrets Manager: the protocol that makes, keeps, replaces and ends them, and what it needs of Meta."""

from meta_access.vault.ask import Ask
from meta_access.vault.end import Leaving
from meta_access.vault.issuer import Issuer, TokenFacts, Verdict
from meta_access.vault.observe import Observed, Presence
from meta_access.vault.outcome import Outcome, Superseded
from meta_access.vault.protocol import end, ensure, leave, observe
from meta_access.vault.store import SecretStore, store_for

__all__ = [
    "Ask",
    "Issuer",
    "Leaving",
    "Observed",
    "Outcome",
    "Presence",
    "SecretStore",
    "Superseded",
    "TokenFacts",
    "Verdict",
    "end",
    "ensure",
    "leave",
    "observe",
    "store_for",
]
