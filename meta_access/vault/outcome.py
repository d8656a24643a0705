"""What a run leaves behind, as far as it may be known: the resource's outputs come from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access.errors import SecretStoreError
from meta_access.vault import tags
from meta_access.vault.labels import CURRENT
from meta_access.vault.payload import Token
from meta_access.vault.view import marks, suspects_of

if TYPE_CHECKING:
    from datetime import datetime

    from meta_access.vault.plan import Progress
    from meta_access.vault.work import Work


@dataclass(frozen=True, slots=True)
class Superseded:
    """A token that a successor has replaced, and when it will be ended."""

    generation: int
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The secret after a run. Holds nothing secret.

    Attributes:
        expires_at: None means never.
        suspects: Generations that may have minted a token which nobody holds.
        asked: The trigger that was asked for: another one than `trigger` while AWS's own rotation has yet to follow.
    """

    arn: str
    secret_name: str
    version_id: str
    generation: int
    claim: str
    fingerprint: str
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime | None
    trigger: str
    superseded: tuple[Superseded, ...]
    suspects: tuple[int, ...]
    asked: str = ""


def outcome_of(work: Work, progress: Progress, *, claim: str, grace_s: int, asked: str = "") -> Outcome:
    """Report on the secret as last looked at, and note in its tags what an observer may know."""
    secret = work.secret
    version_id = secret.labels.where[CURRENT]
    token = secret.record(version_id)
    assert isinstance(token, Token)
    answer = progress.answers.get(token.generation)
    outcome = Outcome(
        arn=secret.arn,
        secret_name=secret.name,
        version_id=version_id,
        generation=token.generation,
        claim=claim,
        fingerprint=token.fingerprint,
        scopes=token.scopes,
        issued_at=token.issued_at,
        expires_at=_settled(token.expires_at, answer.expires_at if answer else None),
        trigger=token.trigger,
        superseded=tuple(
            Superseded(generation, max(at) + timedelta(seconds=grace_s))
            for generation in sorted(secret.labels.stamps)
            if generation != token.generation and (at := marks(secret, generation))
        ),
        suspects=tuple(suspect.generation for suspect in suspects_of(secret)),
        asked=asked,
    )
    _note(work, outcome, _held(work, progress, outcome))
    return outcome


def _held(work: Work, progress: Progress, outcome: Outcome) -> list[int]:
    """Generations whose tokens are in the secret, unlabelled ones included that Meta was asked about in vain."""
    secret = work.secret
    asked = {g for g, answer in progress.answers.items() if not answer.dead} - secret.buried
    return sorted(
        {outcome.generation, *secret.labels.live, *(token.generation for token in outcome.superseded)} | asked
    )


def _note(work: Work, outcome: Outcome, held: list[int]) -> None:
    noted = tags.noted(
        work.secret.tags,
        outcome.generation,
        outcome.expires_at,
        outcome.suspects,
        held=held,
        fingerprint=outcome.fingerprint,
        issued_at=outcome.issued_at,
    )
    try:
        if changed := tags.missing(work.secret.tags, noted):
            work.secret.store.tag(work.secret.arn, changed)
    except SecretStoreError as error:
        # The token is in place; a note about it is not worth failing for.
        work.say(f"its tags could not be brought up to generation {outcome.generation} ({error})")


def _settled(recorded: datetime | None, told: datetime | None) -> datetime | None:
    """The expiry to go by: ours, unless Meta tells quite another."""
    if recorded is None or told is None or abs(told - recorded) < timedelta(hours=1):
        return recorded
    return told
