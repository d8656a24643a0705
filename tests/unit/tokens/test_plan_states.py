"""The plan in every state that crashes, outages, operators and time can make.

Two generations are walked whole. Three have thirty times the states: of those that are full a sample is gone on from,
the same one in every run, unless META_ACCESS_ALL_STATES=1 asks for all.
"""

from __future__ import annotations

import functools
import zlib
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from meta_access.tokens.issuer import Verdict
from meta_access.tokens.plan import Do, Step
from tests.unit.tokens.model import BAD, CUT, DEAD, GOOD, Run, State
from tests.unit.tokens.sampling import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator

STRIDE = 400
MINTS = ("good", "bad", "refused", "lost", "silent")


def happenings(state: State) -> Iterator[State]:
    """What the world does between runs."""
    if state.lease:
        yield replace(state, lease=False)
    for token in state.kept:
        if token.stamp == "fresh":
            yield state.having(replace(token, stamp="over"))
        if token.health == GOOD:
            yield state.having(replace(token, health=DEAD))
        # An operator moves AWSCURRENT back to a token that is still there.
        if token.generation < state.current:
            yield replace(state, current=token.generation)
        # An operator takes the label off a token that no other label of AWS's or ours leads to.
        noted = token.generation < state.current and not token.live and token.stamp != CUT
        if noted or (token.live and state.current < token.generation < state.ledger):
            yield state.having(replace(token, live=False, stamp=CUT))
    if state.current and not state.hidden:
        yield replace(state, hidden=True)
    # An operator condemns what is there, once: a second order only adds to the first.
    if not state.condemned and state.highest:
        yield replace(state, condemned=state.highest)


def runs(state: State) -> Iterator[Run]:
    for wish in (0, 1):
        yield Run(state, wish, meta=False, mint="silent")
        for mint in MINTS:
            yield (run := Run(state, wish, meta=True, mint=mint))
            if not run.progress.mints:
                # It did not get that far, so another answer to the mint changes nothing.
                break


@functools.cache
def reachable(generations: int) -> frozenset[State]:
    """All states, with every run checked on the way: each write of each run is a state of its own."""
    seen, queue = {State()}, deque([State()])
    while queue:
        state = queue.popleft()
        if state.ledger > 2 and not EVERYWHERE and zlib.crc32(state.text().encode()) % STRIDE:
            continue
        found = set(happenings(state))
        for run in runs(state):
            found |= set(walk(run))
        for other in found - seen:
            if other.ledger <= generations:
                seen.add(other)
                queue.append(other)
    return frozenset(seen)


def walk(run: Run) -> Iterator[State]:
    """Take a run's steps, checking each; answers every state on the way."""
    before = run.state
    for step, state in run.steps():
        check(run, step, before, state)
        before = state
        yield state
    assert run.done
    if run.done.do is Do.DONE:
        current = run.state.token(run.state.current)
        assert current
        assert current.wish == run.wish
        assert current.live
        assert not current.stamp
        assert current.health == GOOD or not run.meta
        assert current.generation > run.state.condemned
        # With Meta there to end them, no condemned token outlives a run.
        assert not run.meta or all(
            kept.generation > run.state.condemned for kept in run.state.kept if (kept.stamp, kept.health) != (CUT, DEAD)
        )


def check(run: Run, step: Step, before: State, after: State) -> None:
    do, g = step.do, step.generation
    token = before.token(g)
    if do is Do.PROMOTE:
        assert token
        assert (token.health, token.wish, token.live) == (GOOD, run.wish, True)
        assert g > max(before.current, before.condemned)
    else:
        assert after.current == before.current
    if do is Do.RETIRE:
        assert token
        assert not token.live
        if g > before.condemned:
            assert token.stamp == "over" or token.health == DEAD
            assert g not in run.progress.stamped
    if do is Do.REJECT:
        assert token
        assert token.health in {BAD, DEAD}
    if do in {Do.RETIRE, Do.REJECT}:
        assert g != before.current
    if do is Do.MINT and after.ledger != before.ledger:
        assert after.ledger > before.highest
        assert run.progress.mints <= 2
    if do in {Do.STAMP, Do.DROP}:
        current = before.token(before.current)
        assert current
        assert (current.health, current.wish) == (GOOD, run.wish), "a grace begins only under a good successor"
        assert g != before.current
    if not run.meta:
        # With Meta silent the run repairs labels and writes off claims; it mints only where there is nothing to ask.
        assert do in {Do.RELEDGER, Do.RELABEL, Do.UNSTAMP, Do.WAIT, Do.MARK, Do.MINT}
        assert do is not Do.MINT or not before.current
    # What lives is labelled, at every moment: a token leaves the labels only when it is dead.
    gone = {kept.generation for kept in before.kept} - {kept.generation for kept in after.kept}
    assert all((kept := before.token(old)) and kept.health == DEAD for old in gone)
    assert all(kept.live or kept.stamp for kept in after.kept)
    # What may live unseen is written down.
    noted = after.suspects | ({after.ledger} if after.minting else set())
    assert after.lost <= noted


def test_every_step_from_every_state_of_two_generations_is_safe() -> None:
    # Counted, so that a change of the plan that opens or closes states is seen.
    assert len(reachable(2)) == 5759


def test_every_step_from_states_of_three_generations_is_safe() -> None:
    count = len(reachable(3))

    assert EVERYWHERE or count == 20905


@pytest.mark.parametrize("generations", [2, 3])
def test_from_every_state_two_runs_reach_the_wish_and_a_third_changes_nothing(generations: int) -> None:
    for start in reachable(generations):
        for wish in (0, 1):
            state = start
            for _ in range(2):
                run = Run(state, wish, meta=True, mint="good")
                for _step, after in run.steps():
                    state = after
            assert run.done
            assert run.done.do is Do.DONE
            third = Run(state, wish, meta=True, mint="good")
            assert [step.do for step, _ in third.steps()] == []


@pytest.mark.parametrize("generations", [2, 3])
def test_with_meta_silent_nothing_is_lost_or_ended(generations: int) -> None:
    for state in reachable(generations):
        run = Run(state, 0, meta=False, mint="silent")
        for _ in run.steps():
            pass
        assert {(kept.generation, kept.health) for kept in run.state.kept} == {
            (kept.generation, kept.health) for kept in state.kept
        }
        assert all(answer.verdict is Verdict.UNKNOWN for answer in run.progress.answers.values())
