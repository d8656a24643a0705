"""Whether a trial went well: what was there before, what is there now, what the engine said. Pure.

Every complaint is of one kind, so that the last line of the matrix can count kinds.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.faults.census import Census

MOST_CUSTOM_LABELS = 12
NOTE = "RELEASED"
"""A label of somebody else's that every base has on its current version; nothing may take it away."""

_OURS = re.compile(r"META_INTENT|META_G[1-9][0-9]*|META_R[1-9][0-9]*_[0-9]+")
_RETIRED = "unused "


class Kind(Enum):
    UNACCOUNTED = "a live token that no labelled version holds and no suspect stands for"
    DEAD_CURRENT = "a current version that Meta does not honour"
    DUPLICATE = "a second system user"
    LOST_VERSION = "a token that somebody may still use is gone"
    NOT_ENDED = "a token that should have ended lives"
    WRONG_CURRENT = "the current version is not the one asked for"
    LABELS = "labels that should not be there, or too many, or one missing"
    NOT_CONVERGED = "two further runs did not bring it to rest"
    NOT_STRUCK = "the disturbance never met its call"


@dataclass(frozen=True, slots=True)
class Complaint:
    kind: Kind
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What must be there in the end.

    Attributes:
        current: Fingerprint of the current token; None when a new one was asked for.
        kept: Fingerprints of superseded tokens that are in grace.
        ended: Fingerprints that must be dead.
        gone: The secret is deleted, with every token in it.
    """

    current: str | None = None
    kept: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    gone: bool = False


def meanwhile(now: Census, wish: Wish, before: Census) -> list[Complaint]:
    """Judge what the disturbed operation itself left: whoever reads the secret then must be served."""
    if wish.gone:
        return []
    return [*_dead_currents(now, before), *_lost(now, wish.kept)]


def finally_(now: Census, wish: Wish, before: Census) -> list[Complaint]:
    """Judge what is there once the further runs are over."""
    if wish.gone:
        return [*_unaccounted(now), *_duplicates(now), *_not_gone(now)]
    found = [*_unaccounted(now), *_dead_currents(now, before), *_duplicates(now), *_lost(now, wish.kept)]
    if alive := wish.ended & now.live:
        found.append(Complaint(Kind.NOT_ENDED, f"alive: {', '.join(sorted(alive))}"))
    return [*found, *_currents(now, wish, before), *_labels(now, before)]


def _unaccounted(now: Census) -> list[Complaint]:
    unseen = len(now.live - now.held) - now.suspects
    if unseen <= 0:
        return []
    return [Complaint(Kind.UNACCOUNTED, f"{unseen} of {len(now.live)} live tokens", unseen)]


def _dead_currents(now: Census, before: Census) -> list[Complaint]:
    """A secret whose current version was alive must never show a dead one."""
    served = {secret.name for secret in before.secrets if secret.current and secret.current.fingerprint in before.live}
    dead = []
    for secret in now.secrets:
        current = secret.current
        token = current is not None and current.fingerprint in now.live
        placeholder = current is not None and current.state == "empty" and secret.name not in served
        if not token and not placeholder:
            dead.append(secret.name)
    return [Complaint(Kind.DEAD_CURRENT, ", ".join(dead), len(dead))] if dead else []


def _duplicates(now: Census) -> list[Complaint]:
    more = len(now.users) - 1
    return [Complaint(Kind.DUPLICATE, ", ".join(now.users), more)] if more > 0 else []


def _lost(now: Census, kept: frozenset[str]) -> list[Complaint]:
    gone = sorted(kept - (now.live & now.held))
    return [Complaint(Kind.LOST_VERSION, ", ".join(gone), len(gone))] if gone else []


def _currents(now: Census, wish: Wish, before: Census) -> list[Complaint]:
    marks = [secret.current.fingerprint for secret in now.secrets if secret.current]
    if len(marks) != 1:
        return [Complaint(Kind.WRONG_CURRENT, f"{len(marks)} secrets have a current version, not 1")]
    [mark] = marks
    if wish.current is None and mark and mark not in before.held:
        return []
    if mark and mark == wish.current:
        return []
    return [Complaint(Kind.WRONG_CURRENT, f"{mark or 'no token'} is current")]


def _labels(now: Census, before: Census) -> list[Complaint]:
    wrong = []
    noted = any(NOTE in secret.labels for secret in before.secrets)
    for secret in now.secrets:
        custom = {label for label in secret.labels if not label.startswith("AWS")}
        if len(custom) > MOST_CUSTOM_LABELS:
            wrong.append(f"{len(custom)} labels")
        wrong += sorted(label for label in custom if not _OURS.fullmatch(label) and label != NOTE)
        wrong += sorted(label for label in custom if label.endswith("_0"))
        live = {f"META_G{secret.current.generation}"} if secret.current else set()
        wrong += sorted({label for label in custom if label.startswith("META_G")} ^ live)
        if noted and NOTE not in custom:
            wrong.append(f"{NOTE} is gone")
    return [Complaint(Kind.LABELS, ", ".join(wrong))] if wrong else []


def _not_gone(now: Census) -> list[Complaint]:
    found = []
    if now.live:
        found.append(Complaint(Kind.NOT_ENDED, f"{len(now.live)} tokens live"))
    found += [
        Complaint(Kind.NOT_ENDED, f"{secret.name} is not deleted") for secret in now.secrets if not secret.scheduled
    ]
    if any(not name.startswith(_RETIRED) for name in now.users):
        found.append(Complaint(Kind.NOT_ENDED, f"users: {', '.join(now.users)}"))
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended.

    Attributes:
        runs: Further runs of the engine until nothing was left to do.
        suspects: Tokens that may live unseen, and that the secret's ledger lists.
    """

    name: str
    complaints: tuple[Complaint, ...]
    runs: int = 0
    suspects: int = 0

    @property
    def failing(self) -> bool:
        return bool(self.complaints)


@dataclass(frozen=True, slots=True)
class Counts:
    """The last line of the matrix."""

    trials: int
    failing: int
    unaccounted: int
    dead_currents: int
    duplicates: int
    suspects: int

    def __str__(self) -> str:
        return (
            f"trials {self.trials}, failing {self.failing}, live tokens unaccounted {self.unaccounted}, "
            f"dead currents {self.dead_currents}, duplicates {self.duplicates}"
        )


def count(outcomes: Iterable[Outcome]) -> Counts:
    """Add up."""
    outcomes = list(outcomes)
    kinds = Counter[Kind]()
    for outcome in outcomes:
        for complaint in outcome.complaints:
            kinds[complaint.kind] += complaint.count
    return Counts(
        trials=len(outcomes),
        failing=sum(outcome.failing for outcome in outcomes),
        unaccounted=kinds[Kind.UNACCOUNTED],
        dead_currents=kinds[Kind.DEAD_CURRENT],
        duplicates=kinds[Kind.DUPLICATE],
        suspects=sum(outcome.suspects for outcome in outcomes),
    )
