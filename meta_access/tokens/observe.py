"""What a run leaves behind, and what a look shows of it later: whether something is due.

A look is `describe` only: an observer may not read values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from meta_access.clock import iso
from meta_access.errors import SecretNotFoundError, SecretStoreError
from meta_access.tokens import delete, labels, payload, previous_users, tags
from meta_access.tokens.labels import CURRENT, INTENT
from meta_access.tokens.payload import Token
from meta_access.tokens.plan import due
from meta_access.tokens.secret import marks, suspects_of
from meta_access.tokens.spec import LAMBDA, PULUMI

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from meta_access.tokens.delete import LeftSecret
    from meta_access.tokens.labels import Labels
    from meta_access.tokens.plan import Progress
    from meta_access.tokens.store import Description, SecretStore
    from meta_access.tokens.work import Work


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


def _settled(recorded: datetime | None, shown: datetime | None) -> datetime | None:
    """The expiry to go by: ours, unless Meta tells quite another."""
    if recorded is None or shown is None or abs(shown - recorded) < timedelta(hours=1):
        return recorded
    return shown


class Need(Enum):
    """What is to be done about a token, and by whom."""

    NONE = "nothing"
    ROTATION = "a successor is wanted"
    UNFINISHED = "a rotation has begun and not ended"
    RETIREMENT = "a token is past its grace"
    REVOCATION = "a token is condemned"
    LABELS = "a label is missing"
    DECISION = "an operator decides"


ROUTINE = frozenset({Need.ROTATION, Need.UNFINISHED, Need.RETIREMENT, Need.REVOCATION, Need.LABELS})
"""What an update puts right without a decision of an operator."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at a secret has found to be done.

    Attributes:
        need: What programs go by.
        text: What people read, and the output `freshness`, from which `finding_of` reads the rest.
        ended: The generation that Meta has called invalid, if that is the finding; 0 otherwise.
    """

    need: Need
    text: str
    ended: int = 0


NOTHING_DUE = Finding(Need.NONE, "current")
_ENDED = re.compile(r"rotation due: generation ([1-9][0-9]*) has ended at Meta")
_NEEDS = {
    NOTHING_DUE.text: Need.NONE,
    "rotation due": Need.ROTATION,
    "app changed": Need.ROTATION,
    "region changed": Need.ROTATION,
    "rotation unfinished": Need.UNFINISHED,
    "retirement due": Need.RETIREMENT,
    "revocation due": Need.REVOCATION,
    "labels missing": Need.LABELS,
}
"""How the texts begin that states hold, those of earlier versions included."""


def finding_of(freshness: str) -> Finding:
    """The finding that a state holds as the text of its output `freshness`."""
    ended = _ENDED.fullmatch(freshness)
    need = _NEEDS.get(freshness.partition(":")[0], Need.DECISION)
    return Finding(need, freshness, ended=int(ended[1]) if ended else 0)


class Presence(Enum):
    """Whether there is a secret to speak of."""

    PRESENT = "present"
    MISSING = "missing"
    SCHEDULED = "scheduled for deletion"


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What can be said of a secret without its values.

    Attributes:
        finding: What is to be done.
        version_id: Of AWSCURRENT, ours or not. "" when there is none.
        generation: Of AWSCURRENT when it is ours, else the one recorded in the outputs.
        claimed: Whether the tags hold our claim.
        ends_at: When a secret scheduled for deletion goes.
        late: Its token is so near its end that a successor is wanted.
        fingerprint: Of AWSCURRENT's token, as noted; "" when it was not. `issued_at` likewise, as text.
        former: Ids of system users that the token has left for another one.
        ended: Meta has called the current token invalid (`issuer.examine`).
        left: Secrets of tokens that are gone, which were left to this one.
    """

    presence: Presence
    arn: str
    finding: Finding = NOTHING_DUE
    secret_name: str = ""
    version_id: str = ""
    generation: int = 0
    expires_at: datetime | None = None
    claimed: bool = False
    superseded: tuple[Superseded, ...] = ()
    suspects: tuple[int, ...] = ()
    ends_at: datetime | None = None
    late: bool = False
    fingerprint: str = ""
    issued_at: str = ""
    former: tuple[str, ...] = ()
    ended: bool = False
    left: tuple[LeftSecret, ...] = ()

    @property
    def freshness(self) -> str:
        """`current`, or what is due, in words for a preview."""
        return self.finding.text


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
    rotation_owner: str = PULUMI,
    wish: Mapping[str, str] | None = None,
    shown: Description | None = None,
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
        rotation_owner: Likewise. What AWS's own rotation has to do is not due here.
        wish: Tag to value: what Pulumi has asked AWS's own rotation for, as far as outputs tell.
        shown: The secret as a list shows it (`listed`); None describes it.

    Returns:
        A missing secret, or one scheduled for deletion, is an answer of its own, not an error.
    """
    try:
        shown = shown or store.describe(secret)
    except SecretNotFoundError:
        missing = Finding(Need.DECISION, "missing: the secret does not exist")
        return Observed(presence=Presence.MISSING, finding=missing, arn=secret)
    now = store.now()
    if shown.deletes_at is not None:
        return Observed(
            presence=Presence.SCHEDULED,
            finding=Finding(Need.DECISION, f"scheduled for deletion on {iso(shown.deletes_at)}"),
            arn=shown.arn,
            secret_name=shown.name,
            claimed=shown.tags.get(tags.CLAIM) == claim,
            ends_at=shown.deletes_at,
        )
    seen = labels.read(labels.where(shown.stages))
    current = _current(shown, seen, version_id, generation)
    at = current or generation
    is_noted = tags.generation(shown.tags) == at
    if at != generation or (is_noted and tags.EXPIRES in shown.tags):
        expires_at = tags.expiry(shown.tags, at)
    noted = tags.suspects(shown.tags)
    late = expires_at is not None and due(expires_at, now, rotate_before_s)
    ours = rotation_owner == PULUMI
    claimed = shown.tags.get(tags.CLAIM) == claim
    superseded = _superseded(shown, seen, at, grace_s)
    ended = bool(current) and tags.ended(shown.tags) == current
    reasons = [
        _claim(shown, claim),
        _condemned(shown, seen, current),
        _owner(shown, rotation_owner) or (None if ours else _wish(shown, wish or {})),
        _hand(current, generation if ours else 0),
        has_ended(current) if ended and ours else None,
        _expiring(expires_at) if expires_at and late and ours else None,
        _unfinished(shown.arn, seen, at) if ours else None,
        _ripe(superseded, now),
        _unlabelled(shown, seen, current),
    ]
    return Observed(
        presence=Presence.PRESENT,
        finding=next(filter(None, reasons), NOTHING_DUE),
        arn=shown.arn,
        secret_name=shown.name,
        version_id=seen.current or "",
        generation=at,
        expires_at=expires_at,
        claimed=claimed,
        superseded=superseded,
        suspects=tuple(suspects) if noted is None else noted,
        late=late,
        fingerprint=shown.tags.get(tags.FINGERPRINT, "") if is_noted else "",
        issued_at=shown.tags.get(tags.ISSUED, "") if is_noted else "",
        former=tuple(one.id for one in previous_users.read(shown.tags)),
        ended=ended,
        left=delete.read(shown.arn, shown.tags),
    )


def has_ended(generation: int) -> Finding:
    """What is due for a token that Meta has called invalid."""
    return Finding(Need.ROTATION, f"rotation due: generation {generation} has ended at Meta", ended=generation)


def moved(what: str, before: str, after: str) -> Finding:
    """What is due for a token whose connection means another `app` or `region` now."""
    return Finding(Need.ROTATION, f"{what} changed: {before} to {after}")


def _expiring(at: datetime) -> Finding:
    return Finding(Need.ROTATION, f"rotation due: expires {at:%Y-%m-%d}")


def _edited(how: str) -> Finding:
    return Finding(Need.DECISION, f"edited by hand: {how}")


def _current(shown: Description, seen: Labels, version_id: str, generation: int) -> int:
    """Generation of AWSCURRENT; 0 when it is no token of ours. Ids cannot be read backwards, so they are tried."""
    if seen.current == version_id:
        return generation
    highest = max([generation, tags.generation(shown.tags), *seen.live, *seen.stamps])
    derived = next((g for g in range(1, highest + 2) if payload.token_id(shown.arn, g) == seen.current), 0)
    if derived or tags.ROTATION_OWNER not in shown.tags:
        return derived
    # AWS's own rotation chose the id: the token's label tells. Its value, which would prove it, may not be read here.
    return next((g for g, where in seen.live.items() if where == seen.current), 0)


def _claim(shown: Description, claim: str) -> Finding | None:
    found = shown.tags.get(tags.CLAIM)
    if found is None:
        return _edited(f"the tag {tags.CLAIM} is gone")
    return None if found == claim else Finding(Need.DECISION, "claimed by another resource")


def _owner(shown: Description, rotation_owner: str) -> Finding | None:
    if rotation_owner == PULUMI:
        return Finding(Need.DECISION, f"rotated by AWS, with {shown.rotated_by}") if shown.rotated_by else None
    return None if shown.tags.get(tags.ROTATION_OWNER) == LAMBDA else _edited(f"the tag {tags.ROTATION_OWNER} is gone")


def _wish(shown: Description, wish: Mapping[str, str]) -> Finding | None:
    # The rotation function refuses what goes too far; until Pulumi has written them again, it may refuse every time.
    changed = [tag for tag, value in wish.items() if shown.tags.get(tag) != value]
    return _edited(f"the tag {', '.join(changed)} says another thing") if changed else None


def _condemned(shown: Description, seen: Labels, current: int) -> Finding | None:
    # A closing puts a label that reads like a stamp on R(g) for a moment; that is no token.
    held = {g for g, where in seen.live.items() if where != payload.closed_id(shown.arn, g)}
    held |= {g for g, found in seen.stamps.items() if any(at != payload.closed_id(shown.arn, g) for _, at in found)}
    left = sorted(g for g in {current, *held} if 0 < g <= tags.order(shown.tags).through)
    return Finding(Need.REVOCATION, f"revocation due: generation {', '.join(map(str, left))}") if left else None


def _hand(current: int, generation: int) -> Finding | None:
    if current == 0:
        return _edited("the current version is not ours")
    return _edited(f"moved back to generation {current}") if current < generation else None


def _unlabelled(shown: Description, seen: Labels, current: int) -> Finding | None:
    # By hand, or a run that ended a token has died before it could note that.
    if not current:
        return None
    gone = sorted({current, *tags.held(shown.tags)} - {*seen.live, *seen.stamps})
    missing = [*([] if INTENT in seen.where else [INTENT]), *(f"generation {generation}" for generation in gone)]
    return Finding(Need.LABELS, f"labels missing: {', '.join(missing)}") if missing else None


def _superseded(shown: Description, seen: Labels, current: int, grace_s: int) -> tuple[Superseded, ...]:
    def is_token(generation: int, where: str) -> bool:
        # An id that AWS chose is like any other id; a closed record's is not.
        chosen = tags.ROTATION_OWNER in shown.tags and where != payload.closed_id(shown.arn, generation)
        return chosen or where == payload.token_id(shown.arn, generation)

    ends = {
        generation: max(at for at, where in found if is_token(generation, where))
        for generation, found in seen.stamps.items()
        if generation != current and any(is_token(generation, where) for _, where in found)
    }
    return tuple(Superseded(g, at + timedelta(seconds=grace_s)) for g, at in sorted(ends.items()))


def _unfinished(arn: str, seen: Labels, current: int) -> Finding | None:
    # A rotation that was interrupted after its successor was parked or promoted, or a claim without a token.
    left = {generation for generation in seen.live if generation != current}
    intent = seen.where.get(INTENT)
    left |= {g for g in (current + 1, current + 2) if payload.intent_id(arn, g) == intent}
    return Finding(Need.UNFINISHED, f"rotation unfinished: generation {max(left)}") if left else None


def _ripe(superseded: tuple[Superseded, ...], now: datetime) -> Finding | None:
    ripe = [token.generation for token in superseded if token.ends_at <= now]
    return Finding(Need.RETIREMENT, f"retirement due: generation {', '.join(map(str, ripe))}") if ripe else None
