"""A secret in the abstract, for walking through every state that the plan can meet.

Times are two-valued (a lease runs or is over, a grace runs or is over), tokens are good, bad (Meta says no) or dead,
wishes are two, and an operator may condemn what is there. A run takes the plan's steps; every single write in a step is
a place where it may die.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access.tokens.issuer import Verdict
from meta_access.tokens.plan import LEASE_S, Do, HeldToken, Holds, Ledger, Progress, Step, TokenAnswer, View, next_step
from tests.unit.tokens.world import SPEC, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.tokens.spec import TokenSpec

WISHES = (SPEC, replace(SPEC, keepers={"round": "2"}))
GRACE_OVER = START - timedelta(seconds=SPEC.grace_s)
GOOD, BAD, DEAD = "good", "bad", "dead"
CUT = "cut"


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """A token in the secret, under some label."""

    generation: int
    wish: int
    health: str = GOOD
    live: bool = True
    stamp: str = ""  # "", "fresh" or "over"; "cut" when an operator has taken its label off


@dataclass(frozen=True, slots=True)
class State:
    """Everything a crash leaves behind. `lost` are live tokens that nobody stored."""

    current: int = 0
    kept: frozenset[Kept] = frozenset()
    ledger: int = 0
    minting: bool = False
    lease: bool = False
    leftovers: bool = False
    hidden: bool = False  # An operator has taken the ledger's label off.
    suspects: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()
    buried: frozenset[int] = frozenset()
    condemned: int = 0

    @property
    def highest(self) -> int:
        """The highest generation that is there or was claimed."""
        return max([self.ledger, self.current, *(token.generation for token in self.kept)])

    def text(self) -> str:
        """The same for the same state in every process, whatever the order of its sets."""
        plain = (self.current, self.ledger, self.minting, self.lease, self.leftovers, self.hidden, self.condemned)
        sets = (sorted(self.suspects), sorted(self.lost), sorted(self.buried))
        return repr((*plain, sorted(self.kept), *sets))

    def token(self, generation: int) -> Kept | None:
        return next((token for token in self.kept if token.generation == generation), None)

    def having(self, token: Kept) -> State:
        others = {kept for kept in self.kept if kept.generation != token.generation}
        return replace(self, kept=frozenset(others | {token}))

    def without(self, generation: int) -> State:
        others = frozenset(kept for kept in self.kept if kept.generation != generation)
        return replace(self, kept=others, buried=self.buried | {generation})


@functools.cache  # a state is met on many ways
def view(state: State) -> View:
    """What a run sees of a state."""
    held = {
        token.generation: HeldToken(
            live=token.live,
            unlabelled=token.stamp == CUT and token.generation != state.current,
            stamps={"": (), CUT: (), "fresh": (START,), "over": (GRACE_OVER,)}[token.stamp],
            trigger=WISHES[token.wish].trigger,
            app_id=SPEC.app_id,
            expires_at=START + timedelta(days=60),
        )
        for token in state.kept
    }
    ledger = None
    if state.ledger:
        # A token that was buried is still found by its id.
        if state.minting and state.ledger > state.current and state.ledger in state.buried:
            held[state.ledger] = HeldToken(live=False, trigger=SPEC.trigger, app_id=SPEC.app_id)
        ledger = Ledger(
            generation=state.ledger,
            minting=state.minting,
            has_token=state.ledger in held,
            age_s=0 if state.lease else LEASE_S + 1,
        )
    return View(
        now=START,
        current=state.current,
        holds=Holds.TOKEN if state.current else Holds.NOTHING,
        held=held,
        ledger=ledger,
        ledger_hidden=state.hidden,
        leftovers=state.leftovers,
        custom_labels=len(held) + 1,
        condemned=state.condemned,
    )


class Run:
    """One run: `steps` yields (step, state after each of its writes) until it is done or stops.

    Args:
        mint: What Meta does with a mint: `good`, `bad`, `refused`, `lost` (minted, no answer), `silent` (no answer).
    """

    def __init__(self, state: State, wish: int, *, meta: bool, mint: str) -> None:
        self.state, self.wish, self.meta, self.mint = state, wish, meta, mint
        self.progress = Progress()
        self.done: Step | None = None

    @property
    def spec(self) -> TokenSpec:
        return WISHES[self.wish]

    def steps(self) -> Iterator[tuple[Step, State]]:
        for _ in range(60):
            step = next_step(view(self.state), self.spec, self.progress)
            if step.do in {Do.DONE, Do.STOP}:
                self.done = step
                return
            if step.do is Do.INSPECT:
                token = self.state.token(step.generation)
                dead = self.meta and (token is None or token.health == DEAD)
                self.progress.answers[step.generation] = TokenAnswer(self.verdict(step.generation), dead=dead)
                continue
            for state in self.effects(step):
                self.state = state
                yield step, state
            if self.done:
                return
        raise AssertionError("the run does not end")

    def verdict(self, generation: int) -> Verdict:
        if not self.meta:
            return Verdict.UNKNOWN
        token = self.state.token(generation)
        return Verdict.YES if token and token.health == GOOD else Verdict.NO

    def effects(self, step: Step) -> Iterator[State]:  # noqa: C901, PLR0912 - one arm for each step of the plan
        state, g = self.state, step.generation
        token = state.token(g) or Kept(g, 0, DEAD, live=False)
        match step.do:
            case Do.RELEDGER:
                yield replace(state, hidden=False)
            case Do.RELABEL:
                yield state.having(replace(token, live=True, stamp="" if token.stamp == CUT else token.stamp))
            case Do.UNSTAMP:
                yield state.having(replace(token, stamp=""))
            case Do.WAIT:
                yield replace(state, lease=False)
            case Do.MARK:
                yield from self.close(state, g, state.suspects | {g})
            case Do.PROMOTE:
                yield replace(state, current=g)
            case Do.REJECT | Do.RETIRE:
                if not self.meta:
                    self.done = Step(Do.STOP, g)
                    return
                yield (state := state.having(replace(token, health=DEAD)))
                if state.minting and state.ledger == g and state.current != g:
                    for state in self.close(state, g, state.suspects):  # noqa: B020 - goes on from the last write
                        yield state
                yield state.without(g)
                if self.progress.claimed == g:
                    self.progress.claimed = None
            case Do.MINT:
                yield from self.claim(state, g)
            case Do.STAMP:
                self.progress.stamped.add(g)
                yield state.having(replace(token, stamp="fresh"))
            case Do.DROP:
                yield state.having(replace(token, live=False))
            case Do.SWEEP:
                yield replace(state, leftovers=False)

    def close(self, state: State, generation: int, suspects: frozenset[int]) -> Iterator[State]:
        yield (state := replace(state, leftovers=True))
        yield (state := replace(state, ledger=generation, hidden=False, minting=False, lease=False, suspects=suspects))
        yield replace(state, leftovers=False)

    def claim(self, state: State, g: int) -> Iterator[State]:
        yield (state := replace(state, ledger=g, hidden=False, minting=True, lease=True))
        self.progress.claimed = g
        self.progress.mints += 1
        if not self.meta or self.mint in {"lost", "silent"}:
            if self.meta and self.mint == "lost":
                yield replace(state, lost=state.lost | {g})
            self.done = Step(Do.STOP, g)
        elif self.mint == "refused":
            yield from self.close(state, g, state.suspects)
            self.done = Step(Do.STOP, g)
        else:
            yield replace(state, lost=state.lost | {g})
            yield state.having(Kept(g, self.wish, GOOD if self.mint == "good" else BAD))
