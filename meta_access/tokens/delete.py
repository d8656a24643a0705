"""Ending tokens, and the secret with them: now (`end`), after a grace (`leave`), or by another secret (`hand_over`).

Tokens end by value, one at a time, and never the credential in use.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from meta_access.clock import SYSTEM_CLOCK, iso, parse_iso
from meta_access.errors import ConflictError, MetaAccessError, SecretNotFoundError
from meta_access.redaction import fingerprint
from meta_access.tokens import labels, tags
from meta_access.tokens.labels import CURRENT, PENDING, PREVIOUS
from meta_access.tokens.payload import Closed, Intent, closed_id
from meta_access.tokens.plan import Holds
from meta_access.tokens.secret import Secret, ledger_of, marks, suspects_of
from meta_access.tokens.work import Work
from meta_access.validation import LONGEST_TAG_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pydantic import SecretStr

    from meta_access.clock import Clock
    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.plan import View
    from meta_access.tokens.store import SecretStore


class Ended(Enum):
    """What became of an attempt to end a token."""

    YES = "it is dead"
    IN_USE = "it is the credential in use"
    UNKNOWN = "Meta did not say"


def end_value(issuer: Issuer, token: SecretStr) -> Ended:
    """Revoke a token by value. A token that Meta calls invalid is dead, whatever the revocation answered."""
    try:
        if fingerprint(token.get_secret_value()) == issuer.calling_token()[1]:
            return Ended.IN_USE
        issuer.revoke(token)
    except MetaAccessError:
        try:
            return Ended.UNKNOWN if issuer.inspect(token).valid else Ended.YES
        except MetaAccessError:
            return Ended.UNKNOWN
    return Ended.YES


def end_held(work: Work, generation: int) -> Ended:
    """Revoke T(g); one without a readable token has nothing to end."""
    token = work.secret.token(generation)
    return end_value(work.issuer, token.access_token) if token else Ended.YES


def bury(work: Work, generation: int, reason: str) -> None:
    """Record that T(g) is dead: close its claim if that is the ledger, then drop its labels."""
    secret = work.secret
    version_id, ledger = secret.place(generation), ledger_of(secret)
    if isinstance(ledger, Intent) and ledger.generation == generation and secret.labels.current != version_id:
        work.yielded(secret.close(Closed(generation=generation, reason=reason, suspects=suspects_of(secret))))
    ours = [labels.stamp(generation, at) for at in marks(secret, generation)]
    # AWS's first: once our own label is gone, nothing tells the next run to look here.
    for label in (PREVIOUS, PENDING, *ours, labels.live(generation)):
        if secret.labels.where.get(label) == version_id:
            work.yielded(secret.move(label, source=version_id))
    secret.buried.add(generation)


_HEX = 12
_REGION = re.compile(r"[a-z]{2}(-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class LeftSecret:
    """A secret that another one's tags name.

    Attributes:
        ends_at: When its grace is over.
    """

    arn: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Heir:
    """The secret of the token that goes on."""

    store: SecretStore
    arn: str
    claim: str


def hand_over(
    store: SecretStore,
    issuer: Issuer,
    arn: str,
    *,
    claim: str,
    heir: Heir,
    grace_s: int,
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> Leaving:
    """Begin the grace of a secret and leave it to the heir. May be repeated at any point.

    Raises:
        ConflictError: The heir's secret has been claimed by somebody else, or cannot name this one.
        TokenPendingError: As `leave`.
    """
    shown = heir.store.describe(heir.arn).tags
    if shown.get(tags.CLAIM) != heir.claim:
        raise ConflictError(
            f"Secret {arn} is kept, because secret {heir.arn}, to which its readers are to move, has been claimed by "
            "another resource since.",
            next_step="Run `pulumi up` again.",
        )
    left = leave(store, issuer, arn, claim=claim, grace_s=grace_s, clock=clock, notify=notify)
    if left.ends_at is None:
        return left
    entry = {_key(arn): f"{arn} {iso(left.ends_at)}"}
    if len(entry[_key(arn)]) > LONGEST_TAG_VALUE:
        raise ConflictError(
            f"Secret {arn} is kept: its name is too long to be noted in the tags of {heir.arn}, which would end it "
            "after the grace.",
            next_step="Take its token out of the stack before the one that takes its place comes in.",
        )
    # The heir's first: a run that dies in between finds the old claim, and does it again.
    if changed := tags.missing(shown, entry):
        heir.store.tag(heir.arn, changed)
    store.tag(arn, tags.missing({}, {tags.CLAIM: heir.claim}))
    return left


def read(heir: str, shown: Mapping[str, str]) -> tuple[LeftSecret, ...]:
    """The secrets that were left to the one with this ARN and these tags, in the order in which they end.

    What somebody has written there by hand and is no secret of the same account is passed over: `orphans` tells of what
    it was about.
    """
    found = []
    for key, text in shown.items():
        arn, _, ends_at = text.partition(" ")
        if key.startswith(tags.LEAVES) and _beside(arn, heir):
            with contextlib.suppress(ValueError):
                found.append(LeftSecret(arn, parse_iso(ends_at)))
    return tuple(sorted(found, key=lambda left: left.ends_at))


def _beside(arn: str, heir: str) -> bool:
    """Whether an ARN is a secret's of the account of another one, in whatever region."""
    parts, others = arn.split(":"), heir.split(":")
    return (
        len(parts) == len(others)
        and [*parts[:3], *parts[4:6]] == [*others[:3], *others[4:6]]
        and _REGION.fullmatch(parts[3]) is not None
    )


def settle(store: SecretStore, heir: str, arn: str) -> None:
    """Note that a secret which was left to this one has ended."""
    if store.describe(heir).tags.get(_key(arn)):
        # An empty value: the right to take tags away is one more than the writer needs.
        store.tag(heir, tags.missing({}, {_key(arn): ""}))


def _key(arn: str) -> str:
    return tags.LEAVES + hashlib.sha256(arn.encode()).hexdigest()[:_HEX]


# The shortest that AWS allows: the tokens are dead by then, and the name is free again soon.
RECOVERY_DAYS = 7


@dataclass(frozen=True, slots=True)
class SecretEnd:
    """What became of a secret that was to be ended.

    Attributes:
        sentence: For the operator.
        kept: Whether it stays, with a token that lives: the run's own credential, or another resource's.
    """

    sentence: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Leaving:
    """What became of a secret that its resource has left for another name or region.

    Attributes:
        sentence: For the operator.
        ends_at: When to call `leave` again; None when nothing is left to do.
    """

    sentence: str
    ends_at: datetime | None


def end(
    store: SecretStore,
    issuer: Issuer,
    arn: str,
    *,
    claim: str,
    recovery_days: int = RECOVERY_DAYS,
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> SecretEnd:
    """End every token the secret holds, retire its value, and schedule its deletion. May be repeated at any point.

    Acts only while the secret's claim is `claim`: a resource that was renamed is created first and deleted last, and
    its trailing delete must not end what its twin has adopted.

    Raises:
        TokenPendingError: Meta cannot be asked, or another run holds the lease. Nothing was retired or deleted.
    """
    work = _work(store, issuer, arn, claim=claim, clock=clock, notify=notify)
    return work if isinstance(work, SecretEnd) else _end(work, work.settled(), recovery_days)


def leave(
    store: SecretStore,
    issuer: Issuer,
    arn: str,
    *,
    claim: str,
    grace_s: int,
    recovery_days: int = RECOVERY_DAYS,
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> Leaving:
    """End a secret whose resource has moved to another one, once its readers have had `grace_s` to follow.

    Call it after `ensure` on the new secret has succeeded, and again on later runs until `ends_at` is None. The grace
    begins with the first call and is recorded in the secret. Going back (`ensure` on this secret) undoes it.

    Raises:
        TokenPendingError: As `end`.
    """
    work = _work(store, issuer, arn, claim=claim, clock=clock, notify=notify)
    if isinstance(work, SecretEnd):
        return Leaving(work.sentence, None)
    secret, view, stamped = work.secret, work.settled(), False
    for generation in sorted(view.held):
        if not marks(secret, generation):
            work.yielded(secret.move(labels.stamp(generation, secret.now), to=secret.place(generation)))
            stamped = True
            work.record("leave", generation)
    began = max((at for generation in view.held for at in marks(secret, generation)), default=None)
    ends_at = began + timedelta(seconds=grace_s) if began else None
    if ends_at and (stamped or secret.now < ends_at):
        return Leaving(
            f"Secret {secret.name} is left: its tokens end, and it is deleted, after {iso(ends_at)}.", ends_at
        )
    done = _end(work, view, recovery_days)
    return Leaving(done.sentence, ends_at if done.kept else None)


def _work(
    store: SecretStore, issuer: Issuer, arn: str, *, claim: str, clock: Clock, notify: Callable[[str], None]
) -> Work | SecretEnd:
    try:
        described = store.describe(arn)
    except SecretNotFoundError:
        return SecretEnd(f"Secret {arn} does not exist any more: there is nothing to end.")
    if described.tags.get(tags.CLAIM) != claim:
        return SecretEnd(
            f"Secret {described.name} is left alone: another resource has claimed it since, and its tokens are that "
            "one's now.",
            kept=True,
        )
    if described.deletes_at is not None:
        return SecretEnd(f"Secret {described.name} is scheduled for deletion already, on {iso(described.deletes_at)}.")
    return Work(secret=Secret(store, described, clock), issuer=issuer, clock=clock, notify=notify)


def _end(work: Work, view: View, recovery_days: int) -> SecretEnd:
    secret, ended, kept = work.secret, set[int](), set[int]()
    while True:
        # The current one last: what reads the secret is served as long as anything can still fail.
        todo = sorted(set(view.held) - ended - kept, key=lambda g: (g == view.current, g))
        for generation in todo:
            (ended if _end_one(work, generation, view) else kept).add(generation)
        if kept and not todo:
            used = f"generation {max(kept)} is the credential that this very run acts with"
            other = "give the connection another credential, then run again"
            kept_for = f"Secret {secret.name} is kept: {used}. Ended: {_list(ended)}. To end it, {other}."
            return SecretEnd(kept_for, kept=True)
        # A token that comes meanwhile is behind a claim, which moves the ledger, and is met where that is to move on.
        # Two kinds are not: a suspect whose run stores it late, and whatever comes after the ledger has moved for good.
        ledger = ledger_of(secret)
        unseen = bool(ledger and ledger.suspects) or _holds_retired(secret)
        if not kept and not (todo and unseen) and _retired(work, view):
            break
        secret.look()
        view = work.settled()
    for generation in ended:
        bury(work, generation, "ended")
    what = _outcome(work, view, ended)
    goes = secret.store.schedule_deletion(secret.arn, recovery_days)
    work.record("end", note=what)
    when = f"on {iso(goes)}, and can be restored until then" if goes else f"in {recovery_days} days"
    return SecretEnd(f"Secret {secret.name} is deleted {when}. {what}")


def _end_one(work: Work, generation: int, view: View) -> bool:
    match end_held(work, generation):
        case Ended.IN_USE:
            return False
        case Ended.UNKNOWN:
            raise work.pending(
                f"generation {generation} could not be ended: Meta did not say whether it is dead. The secret is kept, "
                "since only the value in it can end that token."
            )
    work.record("revoke", generation, note="the secret is ended")
    if generation != view.current:
        bury(work, generation, "ended")
    return True


def _holds_retired(secret: Secret) -> bool:
    found = secret.record(secret.labels.where[CURRENT])
    return isinstance(found, Closed) and found.state == "retired"


def _retired(work: Work, view: View) -> bool:
    """Make a record without a token the current version."""
    secret = work.secret
    if _holds_retired(secret):
        return True
    record = Closed(state="retired", generation=view.next_generation, reason="ended", suspects=suspects_of(secret))
    # The ledger goes first: a run that claims meanwhile is seen here, and a later one sees that all is over.
    moved = secret.close(record) and secret.move(
        CURRENT, to=closed_id(secret.arn, record.generation), source=secret.labels.where[CURRENT]
    )
    work.yielded(moved)
    return moved


def _outcome(work: Work, view: View, ended: set[int]) -> str:
    """What is worth knowing once the secret is gone. Told before, since a secret that goes cannot be read."""
    parts = [f"Ended: {_list(ended)}."]
    if view.holds is Holds.FOREIGN:
        parts.append("Its current value was put there by hand and was not ended.")
    if suspects := suspects_of(work.secret):
        listed = ", ".join(str(suspect.generation) for suspect in suspects)
        parts.append(f"Generation {listed} may have a live token that nobody holds.")
    return " ".join(parts)


def _list(generations: set[int]) -> str:
    if not generations:
        return "no token"
    return f"generation{'s' * (len(generations) > 1)} {', '.join(map(str, sorted(generations)))}"
