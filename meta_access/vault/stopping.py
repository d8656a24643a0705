"""Why a run stopped, in words for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.errors import GraphError, MetaAccessError, SecretStoreError, TokenPendingError
from meta_access.vault.labels import MOST_CUSTOM_LABELS
from meta_access.vault.plan import LEASE_S, Why

if TYPE_CHECKING:
    from meta_access.vault.plan import Step


def stopped(name: str, step: Step, doubt: str) -> MetaAccessError:
    """The error of a `STOP`.

    Args:
        name: Of the secret.
        step: What the plan answered.
        doubt: What Meta's last answer left open.
    """
    g, nothing = step.generation, f"Nothing was minted, revoked or marked ({doubt}). Run again later."
    match step.why:
        case Why.PARKED_UNKNOWN:
            return _pending(name, f"Meta cannot be asked about generation {g}, which is parked. {nothing}")
        case Why.CURRENT_UNKNOWN:
            return _pending(
                name,
                f"another token is wanted, but Meta cannot be asked about the current one, generation {g}. {nothing}",
            )
        case Why.LEDGER_LEFT:
            return _pending(
                name,
                f"another run went on from generation {g} while this one was at work. What this run minted is parked, "
                "where that run sees it; run again.",
            )
        case Why.LEASE_OVER:
            return _pending(
                name,
                f"generation {g} is parked, but this run took longer than its lease of {LEASE_S} s and leaves the "
                "promotion to the next one. Run again.",
            )
        case Why.NEVER_VALID:
            return GraphError(
                f"Secret {name}: Meta minted two tokens, and neither is what was asked for: {doubt}. Both were "
                "revoked, the current one stays. Check the app's permissions and the system user's access to the app."
            )
        case _:
            return SecretStoreError(
                f"Secret {name} has more than {MOST_CUSTOM_LABELS} labels beside AWS's own. Nothing was minted; "
                "shorten the grace, wait until superseded tokens have ended, or remove labels that are not this tool's."
            )


def _pending(name: str, text: str) -> TokenPendingError:
    return TokenPendingError(f"Secret {name}: {text}")
