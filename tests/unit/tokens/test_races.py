"""Two runs on one secret, one of them held up at any point while the other does all its work."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import TokenPendingError
from tests.unit.tokens import scenarios
from tests.unit.tokens.sampling import EVERYWHERE
from tests.unit.tokens.world import NAME, SPEC, Time, World

if TYPE_CHECKING:
    from tests.unit.tokens.scenarios import Scenario

OTHER = replace(SPEC, keepers={"round": "3"})
HELD_UP_S = 600


def late(world: World, scenario: Scenario, claim: str | None, at: int, other: Any) -> int:
    """Run the scenario, and at its n-th point run `other` from start to end."""
    points = 0

    def hook(_when: str, _what: str) -> None:
        nonlocal points
        points += 1
        if points - 1 == at:
            world.hook(lambda _when, _what: None)
            with contextlib.suppress(TokenPendingError):
                other()
            world.hook(hook)

    world.hook(hook)
    with contextlib.suppress(TokenPendingError):
        scenario.run(world, claim, None)
    world.hook(lambda _when, _what: None)
    return points


def generations(world: World) -> list[int]:
    """Generation of every version that has ever been current, in order."""
    found = (json.loads(world.aws.find(NAME).versions[version_id].text) for version_id in world.aws.current)
    return [payload["generation"] for payload in found]


def check(world: World, claim: str | None, scenario: Scenario) -> None:
    seen = generations(world)
    assert seen == sorted(seen), "the current version moved back"
    assert len(scenarios.unaccounted(world)) <= scenarios.excused(world)
    for _ in range(2):
        with contextlib.suppress(TokenPendingError):
            scenario.run(world, claim, None)
    scenarios.check_healed(world, scenario, claim)


@pytest.mark.parametrize("scenario", [s for s in scenarios.ALL if not s.ends], ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("runner_sleeps", [False, True], ids=["monotonic clock runs", "machine suspended"])
@pytest.mark.parametrize("other", [None, OTHER], ids=["same wish", "another wish"])
def test_a_late_actor_moves_nothing_back(scenario: Scenario, runner_sleeps: bool, other: Any) -> None:
    # Each half of the points meets two of the four combinations, the other half the other two.
    stride = 1 if EVERYWHERE else 2
    at, total = (runner_sleeps ^ (other is None)) % stride, 2
    while at < total:
        world = World()
        claim = scenario.prepare(world)

        def in_between(world: World = world, claim: str | None = claim) -> None:
            world.time.advance(HELD_UP_S, runner=not runner_sleeps)
            if other is None:
                scenario.run(world, claim, None)
            else:
                world.ensure(other, claim=claim)

        total = late(world, scenario, claim, at, in_between)
        check(world, claim, scenario)
        at += 1
    assert total > 10


@pytest.mark.parametrize("scenario", [scenarios.CREATE, scenarios.ROTATE], ids=lambda scenario: scenario.name)
def test_of_two_runs_that_claim_at_one_moment_the_second_mints_nothing(scenario: Scenario) -> None:
    world = World()
    claim = scenario.prepare(world)
    minted = len(world.meta.tokens)

    def hook(when: str, what: str) -> None:
        # Its claim is made out and not put yet, when the other run does all its work in the same second.
        if (when, what) == ("before", "put_secret_value"):
            world.hook(lambda _when, _what: None)
            scenario.run(world, claim, None)

    world.hook(hook)
    with pytest.raises(TokenPendingError, match="owns generation"):
        scenario.run(world, claim, None)

    assert len(world.meta.tokens) == minted + 1
    check(world, claim, scenario)


class ShortTime(Time):
    """Waits a moment in earnest, so that threads take turns, while next to no time passes for AWS."""

    def sleep(self, seconds: float) -> None:
        time.sleep(0.001)
        self.advance(min(seconds, 0.01))


@pytest.mark.parametrize("scenario", [scenarios.CREATE, scenarios.ROTATE], ids=lambda scenario: scenario.name)
def test_four_runs_at_once_mint_once(scenario: Scenario) -> None:
    for _ in range(15):
        world = World(time=ShortTime())
        claim = scenario.prepare(world)
        minted = len(world.meta.tokens)
        start = threading.Barrier(4)
        results: list[Any] = []

        def run(world: World = world, claim: str | None = claim) -> None:
            start.wait()  # noqa: B023 - joined within the round
            try:
                results.append(scenario.run(world, claim, None))  # noqa: B023
            except TokenPendingError as error:
                results.append(error)  # noqa: B023

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert len(world.meta.tokens) == minted + 1
        assert len(results) == 4
        done = [outcome for outcome in results if not isinstance(outcome, TokenPendingError)]
        assert len({outcome.generation for outcome in done}) == 1
        assert scenarios.unaccounted(world) == set()


@pytest.mark.parametrize("scenario", [scenarios.CREATE, scenarios.ROTATE, scenarios.RETIRE], ids=lambda s: s.name)
def test_a_describe_one_write_behind_changes_nothing(scenario: Scenario) -> None:
    world = World()
    claim = scenario.prepare(world)
    minted = len(world.meta.tokens)
    world.aws.stale = True

    scenario.run(world, claim, None)
    world.aws.stale = False

    assert len(world.meta.tokens) <= minted + 1
    check(world, claim, scenario)


@pytest.mark.parametrize("scenario", [scenarios.CREATE, scenarios.ROTATE], ids=lambda scenario: scenario.name)
def test_stale_reads_and_crashes_together_mint_no_token_twice(scenario: Scenario) -> None:
    at, total = 0, 1
    while at < total:
        world = World()
        claim = scenario.prepare(world)
        world.aws.stale = True
        total = scenarios.run_until(world, scenario, claim, at) + 1
        with contextlib.suppress(TokenPendingError):
            scenario.run(world, claim, None)
        world.aws.stale = False
        assert len(scenarios.unaccounted(world)) <= scenarios.excused(world), at
        check(world, claim, scenario)
        at += 1


def test_a_stale_answer_is_not_believed_about_our_own_writes() -> None:
    world = World()
    claim = world.ensure().claim
    world.aws.stale = True

    outcome = world.ensure(scenarios.ROTATED, claim=claim)

    assert outcome.generation == 2
    assert len(world.meta.tokens) == 2
