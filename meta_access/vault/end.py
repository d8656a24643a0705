"""Ending a secret: every token it holds, then the secret itself, now (`end`) or after a grace (`leave`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access.clock import SYSTEM_CLOCK, iso
from meta_access.errors import SecretNotFoundError
from meta_access.vault import labels, tags
from meta_access.vault.ending import Ended, bury, end_held
from meta_access.vault.labels import CURRENT
from meta_access.vault.payload import Closed, closed_id
from meta_access.vault.plan import Holds
from meta_access.vault.secret import Secret
from meta_access.vault.view import marks, suspects_of
from meta_access.vault.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from meta_access.clock import Clock
    from meta_access.vault.issuer import Issuer
    from meta_access.vault.plan import View
    from meta_access.vault.store import SecretStore

# The shortest that AWS allows: the tokens are dead by then, and the name is free again soon.
RECOVERY_DAYS = 7


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
) -> str:
    """End every token the secret holds, retire its value, and schedule its deletion. May be repeated at any point.

    Acts only while the secret's claim is `claim`: a resource that was renamed is created first and deleted last, and
    its trailing delete must not end what its twin has adopted.

    Returns:
        What was done, or why nothing was.

    Raises:
        TokenPendingError: Meta cannot be asked, or another run holds the lease. Nothing was retired or deleted.
    """
    work = _work(store, issuer, arn, claim=claim, clock=clock, notify=notify)
    return work if isinstance(work, str) else _end(work, recovery_days)[0]


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
    if isinstance(work, str):
        return Leaving(work, None)
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
    sentence, done = _end(work, recovery_days)
    return Leaving(sentence, None if done else ends_at)


def _work(
    store: SecretStore, issuer: Issuer, arn: str, *, claim: str, clock: Clock, notify: Callable[[str], None]
) -> Work | str:
    try:
        described = store.describe(arn)
    except SecretNotFoundError:
        return f"Secret {arn} does not exist any more: there is nothing to end."
    if described.tags.get(tags.CLAIM) != claim:
        return (
            f"Secret {described.name} is left alone: another resource has claimed it since, and its tokens are that "
            "one's now."
        )
    if described.deletes_at is not None:
        return f"Secret {described.name} is scheduled for deletion already, on {iso(described.deletes_at)}."
    return Work(secret=Secret(store, described, clock), issuer=issuer, clock=clock, notify=notify)


def _end(work: Work, recovery_days: int) -> tuple[str, bool]:
    """End tokens and secret; answers the sentence, and whether the secret goes."""
    secret, ended, kept = work.secret, set[int](), set[int]()
    while True:
        view = work.settled()
        # The current one last: what reads the secret is served as long as anything can still fail.
        todo = sorted(set(view.held) - ended - kept, key=lambda g: (g == view.current, g))
        for generation in todo:
            (ended if _end_one(work, generation, view) else kept).add(generation)
        if todo:
            continue
        if kept:
            used = f"generation {max(kept)} is the credential that this very run acts with"
            other = "give the connection another credential, then run again"
            return f"Secret {secret.name} is kept: {used}. Ended: {_list(ended)}. To end it, {other}.", False
        if _retired(work, view):
            break
    for generation in ended:
        bury(work, generation, "ended")
    told = _told(work, view, ended)
    goes = secret.store.schedule_deletion(secret.arn, recovery_days)
    work.record("end", note=told)
    when = f"on {iso(goes)}, and can be restored until then" if goes else f"in {recovery_days} days"
    return f"Secret {secret.name} is deleted {when}. {told}", True


def _end_one(work: Work, generation: int, view: View) -> bool:
    match end_held(work, generation):
        case Ended.IN_USE:
            return False
        case Ended.UNKNOWN:
            raise work.pending(
                f"generation {generation} could not be ended: Meta did not say whether it is dead. The secret is kept, "
                "since only the value in it can end that token; run again."
            )
    work.record("revoke", generation, note="the secret is ended")
    if generation != view.current:
        bury(work, generation, "ended")
    return True


def _retired(work: Work, view: View) -> bool:
    """Make a record without a token the current version."""
    secret = work.secret
    found = secret.record(secret.labels.where[CURRENT])
    if isinstance(found, Closed) and found.state == "retired":
        return True
    record = Closed(state="retired", generation=view.next_generation, reason="ended", suspects=suspects_of(secret))
    # The ledger goes first: whoever claims meanwhile is seen here, and whoever comes later sees that all is over.
    moved = secret.close(record) and secret.move(
        CURRENT, to=closed_id(secret.arn, record.generation), source=secret.labels.where[CURRENT]
    )
    work.yielded(moved)
    return moved


def _told(work: Work, view: View, ended: set[int]) -> str:
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
