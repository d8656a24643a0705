"""Why a run stopped, in words for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.errors import GraphError, MetaAccessError, SecretStoreError, TokenPendingError
from meta_access.vault.labels import MOST_CUSTOM_LABELS
from meta_access.vault.plan import LEASE_S, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.vault.plan import Step

_NOTHING = "Nothing was minted, revoked or marked ({doubt}). Run again later."
_CHECK = "Check the app's permissions and the system user's access to the app."

# `g` is the generation in question, `doubt` what Meta's last answer left open.
_TEXTS: Mapping[Why, tuple[type[MetaAccessError], str]] = {
    Why.PARKED_UNKNOWN: (
        TokenPendingError,
        f"Meta cannot be asked about generation {{g}}, which is parked. {_NOTHING}",
    ),
    Why.CURRENT_UNKNOWN: (
        TokenPendingError,
        f"another token is wanted, but Meta cannot be asked about the current one, generation {{g}}. {_NOTHING}",
    ),
    Why.LEDGER_LEFT: (
        TokenPendingError,
        (
            "another run went on from generation {g} while this one was at work. What this run minted is parked, where "
            "that run sees it; run again."
        ),
    ),
    Why.LEASE_OVER: (
        TokenPendingError,
        (
            f"generation {{g}} is parked, but this run took longer than its lease of {LEASE_S} s and leaves the "
            "promotion to the next one. Run again."
        ),
    ),
    Why.NEVER_VALID: (
        GraphError,
        "Meta minted two tokens, and neither is what was asked for: {doubt}. Both were revoked, the current one stays. "
        + _CHECK,
    ),
    Why.NOT_BEGUN: (
        TokenPendingError,
        (
            "it holds no token yet, and AWS's rotation only follows one. Nothing was minted; run `pulumi up`, which "
            "mints the first."
        ),
    ),
    Why.NOTHING_STORED: (
        TokenPendingError,
        (
            "the version of this rotation holds no token: createSecret has not got that far. Nothing was changed; AWS "
            "begins again."
        ),
    ),
    Why.REJECTED: (
        GraphError,
        "Meta says no to the token that AWS's rotation minted, generation {g} ({doubt}). It was revoked, and this "
        "rotation is given up: AWSPENDING is off its version. The current token stays, and AWS's next rotation mints "
        "another. " + _CHECK,
    ),
    Why.CURRENT_INVALID: (
        GraphError,
        (
            "Meta says no to the current token, generation {g} ({doubt}). Nothing was changed; start a rotation: aws "
            "secretsmanager rotate-secret."
        ),
    ),
    Why.CONDEMNED: (
        TokenPendingError,
        (
            "an operator condemned generation {g} while AWS's rotation was at work. It was revoked and is not "
            "promoted; AWSPENDING is off its version. Start another rotation: aws secretsmanager rotate-secret."
        ),
    ),
    Why.OVERTAKEN: (
        TokenPendingError,
        (
            "a later generation than {g} became current while AWS's rotation was at work. Its version is not promoted, "
            "since current never moves back; AWSPENDING is taken off it, and its token ends after its grace."
        ),
    ),
}


def stopped(name: str, step: Step, doubt: str) -> MetaAccessError:
    """The error of a `STOP`.

    Args:
        name: Of the secret.
        step: What the plan answered.
        doubt: What Meta's last answer left open.
    """
    if step.why is not None and step.why in _TEXTS:
        kind, text = _TEXTS[step.why]
        return kind(f"Secret {name}: {text.format(g=step.generation, doubt=doubt)}")
    return SecretStoreError(
        f"Secret {name} has more than {MOST_CUSTOM_LABELS} labels beside AWS's own. Nothing was minted; "
        "shorten the grace, wait until superseded tokens have ended, or remove labels that are not this tool's."
    )
