"""What a secret's metadata tells: whether something is due. Describe only: an observer may not read values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from meta_access.clock import iso
from meta_access.errors import SecretNotFoundError
from meta_access.vault import labels, payload, tags
from meta_access.vault.labels import INTENT
from meta_access.vault.outcome import Superseded
from meta_access.vault.plan import due

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from meta_access.vault.description import Description
    from meta_access.vault.labels import Labels
    from meta_access.vault.store import SecretStore

FRESH = "current"


class Presence(Enum):
    """Whether there is a secret to speak of."""

    PRESENT = "present"
    MISSING = "missing"
    SCHEDULED = "scheduled for deletion"


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What can be told of a secret without its values.

    Attributes:
        freshness: `current`, or what is due, in words for a preview.
        version_id: Of AWSCURRENT, ours or not. "" when there is none.
        generation: Of AWSCURRENT when it is ours, else the one recorded in the outputs.
        claimed: Whether the tags hold our claim.
        ends_at: When a secret scheduled for deletion goes.
    """

    presence: Presence
    freshness: str
    arn: str
    secret_name: str = ""
    version_id: str = ""
    generation: int = 0
    expires_at: datetime | None = None
    claimed: bool = False
    superseded: tuple[Superseded, ...] = ()
    suspects: tuple[int, ...] = ()
    ends_at: datetime | None = None


def observe(
    store: SecretStore,
    secret: str,
    *,
    claim: str,
    version_id: str,
    generation: int,
    expires_at: datetime | None,
    suspects: Sequence[int] = (),
    grace_s: int,
    rotate_before_s: int,
) -> Observed:
    """Look at a secret.

    Args:
        store: Of its region.
        secret: Its ARN.
        claim: As the resource's outputs have it; likewise the next four, for what the tags do not tell.
        version_id: Of the current version.
        generation: Of the current version.
        expires_at: Of its token; None means never.
        suspects: Generations.
        grace_s: Of the resource today.
        rotate_before_s: Likewise.

    Returns:
        A missing secret, or one scheduled for deletion, is an answer of its own, not an error.
    """
    try:
        shown = store.describe(secret)
    except SecretNotFoundError:
        return Observed(presence=Presence.MISSING, freshness="missing: the secret does not exist", arn=secret)
    now = store.now()
    if shown.deletes_at is not None:
        return Observed(
            presence=Presence.SCHEDULED,
            freshness=f"scheduled for deletion on {iso(shown.deletes_at)}",
            arn=shown.arn,
            secret_name=shown.name,
            claimed=shown.tags.get(tags.CLAIM) == claim,
            ends_at=shown.deletes_at,
        )
    seen = labels.read(labels.where(shown.stages))
    current = _current(shown, seen, version_id, generation)
    at = current or generation
    if at != generation or (tags.generation(shown.tags) == at and tags.EXPIRES in shown.tags):
        expires_at = tags.expiry(shown.tags)
    noted = tags.suspects(shown.tags)
    claimed = shown.tags.get(tags.CLAIM) == claim
    superseded = _superseded(shown.arn, seen, at, grace_s)
    reasons = [
        _claim(shown, claim),
        _hand(current, generation),
        f"rotation due: expires {expires_at:%Y-%m-%d}" if expires_at and due(expires_at, now, rotate_before_s) else "",
        _unfinished(shown.arn, seen, at),
        _ripe(superseded, now),
    ]
    return Observed(
        presence=Presence.PRESENT,
        freshness=next(filter(None, reasons), FRESH),
        arn=shown.arn,
        secret_name=shown.name,
        version_id=seen.current or "",
        generation=at,
        expires_at=expires_at,
        claimed=claimed,
        superseded=superseded,
        suspects=tuple(suspects) if noted is None else noted,
    )


def _current(shown: Description, seen: Labels, version_id: str, generation: int) -> int:
    """Generation of AWSCURRENT; 0 when it is no token of ours. Ids cannot be read backwards, so they are tried."""
    if seen.current == version_id:
        return generation
    highest = max([generation, tags.generation(shown.tags), *seen.live, *seen.stamps])
    return next((g for g in range(1, highest + 2) if payload.token_id(shown.arn, g) == seen.current), 0)


def _claim(shown: Description, claim: str) -> str:
    found = shown.tags.get(tags.CLAIM)
    if found is None:
        return f"edited by hand: the tag {tags.CLAIM} is gone"
    return "" if found == claim else "claimed by another resource"


def _hand(current: int, generation: int) -> str:
    if current == 0:
        return "edited by hand: the current version is not ours"
    return f"edited by hand: moved back to generation {current}" if current < generation else ""


def _superseded(arn: str, seen: Labels, current: int, grace_s: int) -> tuple[Superseded, ...]:
    ends = {
        generation: max(at for at, where in found if where == payload.token_id(arn, generation))
        for generation, found in seen.stamps.items()
        if generation != current and any(where == payload.token_id(arn, generation) for _, where in found)
    }
    return tuple(Superseded(g, at + timedelta(seconds=grace_s)) for g, at in sorted(ends.items()))


def _unfinished(arn: str, seen: Labels, current: int) -> str:
    # A rotation that was interrupted after its successor was parked or promoted, or a claim without a token.
    left = {generation for generation in seen.live if generation != current}
    intent = seen.where.get(INTENT)
    left |= {g for g in (current + 1, current + 2) if payload.intent_id(arn, g) == intent}
    return f"rotation unfinished: generation {max(left)}" if left else ""


def _ripe(superseded: tuple[Superseded, ...], now: datetime) -> str:
    ripe = [token.generation for token in superseded if token.ends_at <= now]
    return f"retirement due: generation {', '.join(map(str, ripe))}" if ripe else ""
