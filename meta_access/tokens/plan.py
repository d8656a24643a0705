"""The decision: what a secret holds, what is asked for, what Meta answered -> the next step. No IO, no clock.

A run repeats: look, decide one step, take it. Whatever a crash leaves behind is just another state to decide on, so
nothing here asks how the secret came to be as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from meta_access.tokens.issuer import Verdict
from meta_access.tokens.labels import MOST_CUSTOM_LABELS
from meta_access.tokens.spec import LAMBDA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.tokens.spec import TokenSpec

LEASE_S = 120
"""How long a claim keeps other runs away. By AWS's clock for them, by our own monotonic clock for ourselves."""

MOST_MINTS = 2
"""Of one run; the second only after Meta said no to the first."""


class Do(Enum):
    """One step."""

    RELEDGER = "put the ledger's label back"
    RELABEL = "put the label of a live token back"
    UNSTAMP = "drop the stamp of the current version: an operator moved back to it"
    WAIT = "wait for another run's lease"
    MARK = "close a claim whose lease is over, and list it as a suspect"
    INSPECT = "ask Meta about a token"
    PROMOTE = "make a parked token the current version"
    REJECT = "end a parked token that is not what it should be"
    MINT = "claim the next generation, mint its token and park it"
    STAMP = "stamp a token whose successor is current: its grace begins"
    DROP = "drop the live label of a stamped token"
    RETIRE = "end a token whose grace has passed"
    SWEEP = "drop what a closing left behind"
    DONE = "nothing left to do now"
    STOP = "stop: this run may not decide"


class Why(Enum):
    """Why a run stops."""

    PARKED_UNKNOWN = "Meta cannot be asked about the parked token"
    CURRENT_UNKNOWN = "Meta cannot be asked about the current token"
    LEDGER_LEFT = "another run has claimed a later generation"
    LEASE_OVER = "this run's own lease is over"
    NEVER_VALID = "Meta said no to every token minted"
    LABELS_FULL = "too many labels"
    NOT_BEGUN = "the secret holds no token yet"
    NOTHING_STORED = "the version of AWS's rotation holds no token"
    REJECTED = "Meta said no to the token of AWS's rotation"
    CURRENT_INVALID = "Meta said no to the current token"
    OVERTAKEN = "a later generation is current"
    CONDEMNED = "an operator has condemned the token of AWS's rotation"


@dataclass(frozen=True, slots=True)
class Step:
    do: Do
    generation: int = 0
    why: Why | None = None


class Holds(Enum):
    """What AWSCURRENT is on."""

    NOTHING = "a placeholder or a retired record"
    TOKEN = "a token of ours"  # noqa: S105 - a kind of content, not one
    FOREIGN = "something put there by hand"


@dataclass(frozen=True, kw_only=True)
class HeldToken:
    """A token that the secret holds.

    Attributes:
        live: It carries META_G.
        unlabelled: It was ended, or its label was removed by hand.
        stamps: When its grace began; several when two runs stamped it.
        trigger: None when its payload was not read, because no decision needs it.
    """

    live: bool
    unlabelled: bool = False
    stamps: tuple[datetime, ...] = ()
    trigger: str | None = None
    app_id: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The newest intent or closed record.

    Attributes:
        minting: An intent that nobody has closed.
        has_token: Its token is in the secret.
        age_s: By AWS's clock, since it was put.
    """

    generation: int
    minting: bool = False
    has_token: bool = False
    age_s: float = 0


@dataclass(frozen=True, kw_only=True)
class View:
    """One look at a secret.

    Attributes:
        now: AWS's clock.
        current: Generation of AWSCURRENT; 0 for a placeholder or something foreign.
        held: Generation to token, current included.
        ledger_hidden: Its label was removed by hand.
        leftovers: A closing was interrupted.
        custom_labels: Of all versions together.
        condemned: Highest generation that an operator wants ended (`revocation`): none up to it is enough, and once
            superseded none has a grace.
    """

    now: datetime
    current: int
    holds: Holds
    held: Mapping[int, HeldToken]
    ledger: Ledger | None
    ledger_hidden: bool = False
    leftovers: bool = False
    custom_labels: int = 0
    condemned: int = 0

    @property
    def parked(self) -> int | None:
        """The highest live generation above current."""
        return max((g for g, token in self.held.items() if token.live and g > self.current), default=None)

    @property
    def next_generation(self) -> int:
        return 1 + max([self.current, self.ledger.generation if self.ledger else 0, *self.held])


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What Meta said about a token in this run.

    Attributes:
        dead: It is no token any more, whatever it should be.
    """

    verdict: Verdict
    expires_at: datetime | None = None
    dead: bool = False


@dataclass(kw_only=True)
class Progress:
    """What this run has done so far.

    Attributes:
        claimed: Generation whose claim is ours and not closed.
        lease_over: By our own monotonic clock.
        stamped: Generations whose grace began in this run.
        kept: Generations that this run tried to end and could not.
    """

    answers: dict[int, TokenAnswer] = field(default_factory=dict)
    mints: int = 0
    claimed: int | None = None
    lease_over: bool = False
    stamped: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)


def next_step(view: View, spec: TokenSpec, run: Progress) -> Step:
    """Decide the next step of `ensure`."""
    if spec.rotation_owner == LAMBDA and view.holds is Holds.TOKEN and run.claimed is None:
        # AWS's own rotation mints, parks and promotes from here on; its claims and parked tokens are left alone.
        return _repair(view, run) or _retire(view, spec, run) or Step(Do.DONE, view.current)
    return (
        _repair(view, run)
        or _fence(view, run)
        or settle(view, run.claimed)
        or _adopt(view, spec, run)
        or _enough(view, spec, run)
        or _tidy(view, spec, run)
        or Step(Do.DONE, view.current)
    )


def create_step(view: View, spec: TokenSpec, run: Progress, stored: int | None) -> Step:
    """Decide the next step of AWS's `createSecret`: mint one token and park it in the version that AWS has made.

    Args:
        view: Of the secret.
        spec: What the tags ask for.
        run: This invocation.
        stored: Generation of the token in AWS's version, when an earlier call has got that far.
    """
    if stored is not None:
        return _repair(view, run) or Step(Do.DONE, stored)
    return (
        _repair(view, run)
        or _fence(view, run)
        or settle(view, run.claimed)
        or _askable(view, spec, run)
        or _mint_next(view, spec, run)
    )


def check_step(view: View, run: Progress, stored: int | None) -> Step:
    """Decide the next step of AWS's `testSecret`: is the token in AWS's version what it should be?"""
    if stored is None:
        return Step(Do.STOP, view.current, Why.NOTHING_STORED)
    return _condemned(view, stored) or _judged(view, run, stored) or Step(Do.DONE, stored)


def finish_step(view: View, spec: TokenSpec, run: Progress, stored: int | None) -> Step:
    """Decide the next step of AWS's `finishSecret`: make AWS's version current, then tidy up behind it."""
    if stored is None:
        return Step(Do.STOP, view.current, Why.NOTHING_STORED)
    if found := _repair(view, run) or settle(view):
        return found
    if view.current > stored:
        return Step(Do.STOP, stored, Why.OVERTAKEN)
    if found := _condemned(view, stored) or _judged(view, run, stored):
        return found
    return Step(Do.PROMOTE, stored) if view.current < stored else _tidy(view, spec, run) or Step(Do.DONE, stored)


def settle(view: View, claimed: int | None = None) -> Step | None:
    """Decide on another run's claim that has no token yet: wait for it, or list it as a suspect."""
    ledger = view.ledger
    if ledger is None or not ledger.minting or ledger.has_token or ledger.generation <= view.current:
        return None
    if ledger.generation == claimed:
        return None
    return Step(Do.WAIT if ledger.age_s <= LEASE_S else Do.MARK, ledger.generation)


def due(expires_at: datetime | None, now: datetime, rotate_before_s: int) -> bool:
    """Whether a token is so near its end that a successor is wanted."""
    return expires_at is not None and now >= expires_at - timedelta(seconds=rotate_before_s)


def _repair(view: View, run: Progress) -> Step | None:
    if view.ledger_hidden and view.ledger:
        return Step(Do.RELEDGER, view.ledger.generation)
    # Before anything moves AWSCURRENT on: a token without its label would vanish with the next promotion, and one that
    # still bears the stamp of an earlier demotion would be ended at once.
    for generation, token in sorted(view.held.items()):
        if token.unlabelled:
            answer = run.answers.get(generation)
            if answer is None:
                return Step(Do.INSPECT, generation)
            if answer.dead or answer.verdict is Verdict.UNKNOWN:
                continue
        current = view.holds is Holds.TOKEN and generation == view.current
        if not token.live and (current or not token.stamps):
            return Step(Do.RELABEL, generation)
        if current and token.stamps:
            return Step(Do.UNSTAMP, generation)
    return None


def _fence(view: View, run: Progress) -> Step | None:
    if run.claimed is None or (view.ledger and view.ledger.generation == run.claimed and view.ledger.minting):
        return None
    # Another run went on from here. What we parked is in its view; deciding twice is how versions move back.
    if view.current == run.claimed:
        return Step(Do.DONE, view.current)
    return Step(Do.STOP, run.claimed, Why.LEDGER_LEFT)


def _adopt(view: View, spec: TokenSpec, run: Progress) -> Step | None:
    parked = view.parked
    if parked is None or parked <= view.condemned or view.held[parked].app_id != spec.app_id:
        # Another app's secret is not ours to ask with; the trigger differs as well, so it can only be superseded.
        return None
    answer = run.answers.get(parked)
    if answer is None:
        return Step(Do.INSPECT, parked)
    if answer.verdict is Verdict.UNKNOWN:
        return Step(Do.STOP, parked, Why.PARKED_UNKNOWN)
    if answer.verdict is Verdict.NO:
        return Step(Do.REJECT, parked)
    if view.held[parked].trigger != spec.trigger:
        return None
    late = parked == run.claimed and run.lease_over
    return Step(Do.STOP, parked, Why.LEASE_OVER) if late else Step(Do.PROMOTE, parked)


def _enough(view: View, spec: TokenSpec, run: Progress) -> Step | None:
    if view.holds is Holds.TOKEN:
        if view.current == run.claimed:
            return None
        token, answer = view.held[view.current], run.answers.get(view.current)
        if token.app_id == spec.app_id:
            # Asked even when another token is wanted anyway: an outage must show before a generation is claimed.
            if answer is None:
                return Step(Do.INSPECT, view.current)
            ends = min((at for at in (token.expires_at, answer.expires_at) if at), default=None)
            late = due(ends, view.now, spec.rotate_before_s)
            wanted = token.trigger == spec.trigger and not late and view.current > view.condemned
            if answer.verdict is Verdict.UNKNOWN:
                return Step(Do.DONE, view.current) if wanted else Step(Do.STOP, view.current, Why.CURRENT_UNKNOWN)
            if answer.verdict is Verdict.YES and wanted:
                return None
    return _mint_next(view, spec, run)


def _askable(view: View, spec: TokenSpec, run: Progress) -> Step | None:
    if view.holds is Holds.NOTHING:
        return Step(Do.STOP, view.current, Why.NOT_BEGUN)
    if view.holds is Holds.TOKEN and view.held[view.current].app_id == spec.app_id:
        answer = run.answers.get(view.current)
        if answer is None:
            return Step(Do.INSPECT, view.current)
        if answer.verdict is Verdict.UNKNOWN:
            return Step(Do.STOP, view.current, Why.CURRENT_UNKNOWN)
    return None


def _condemned(view: View, generation: int) -> Step | None:
    # The order came between two calls of one rotation. What it is about must not become current; AWS begins another.
    if generation > view.condemned or generation == view.current:
        return None
    return Step(Do.REJECT, generation) if generation in view.held else Step(Do.STOP, generation, Why.CONDEMNED)


def _judged(view: View, run: Progress, generation: int) -> Step | None:
    answer = run.answers.get(generation)
    if answer is None:
        return Step(Do.INSPECT, generation)
    if answer.verdict is Verdict.UNKNOWN:
        return Step(Do.STOP, generation, Why.PARKED_UNKNOWN)
    if answer.verdict is Verdict.NO:
        if generation == view.current:
            return Step(Do.STOP, generation, Why.CURRENT_INVALID)
        return Step(Do.REJECT, generation) if generation in view.held else Step(Do.STOP, generation, Why.REJECTED)
    return None


def _mint_next(view: View, spec: TokenSpec, run: Progress) -> Step:
    if run.mints >= MOST_MINTS:
        return Step(Do.STOP, view.current, Why.NEVER_VALID)
    if view.custom_labels > MOST_CUSTOM_LABELS:
        return _retire(view, spec, run) or Step(Do.STOP, view.current, Why.LABELS_FULL)
    return Step(Do.MINT, view.next_generation)


def _tidy(view: View, spec: TokenSpec, run: Progress) -> Step | None:
    for generation, token in sorted(view.held.items()):
        if generation != view.current and token.live:
            return Step(Do.DROP if token.stamps else Do.STAMP, generation)
    return _retire(view, spec, run)


def _retire(view: View, spec: TokenSpec, run: Progress) -> Step | None:
    if view.leftovers:
        return Step(Do.SWEEP)
    for generation, token in sorted(view.held.items()):
        if generation == view.current or generation in run.kept or token.live or not token.stamps:
            continue
        over = generation not in run.stamped and view.now >= max(token.stamps) + timedelta(seconds=spec.grace_s)
        if over or generation <= view.condemned:
            return Step(Do.RETIRE, generation)
    return None
