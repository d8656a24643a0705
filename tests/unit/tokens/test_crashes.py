"""A process dies before or after any effect; later runs heal what it left."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

import pytest

from meta_access.errors import TokenPendingError
from tests.unit.tokens import scenarios
from tests.unit.tokens.sampling import EVERYWHERE
from tests.unit.tokens.world import World

if TYPE_CHECKING:
    from tests.unit.tokens.scenarios import Scenario

STRIDE = 1 if EVERYWHERE else 23


def heal(world: World, scenario: Scenario, claim: str | None) -> None:
    for _ in range(2):
        with contextlib.suppress(TokenPendingError):
            scenario.run(world, claim, None)


def points(scenario: Scenario) -> int:
    world = World()
    return scenarios.run_until(world, scenario, scenario.prepare(world), None)


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=lambda scenario: scenario.name)
def test_a_single_crash_anywhere_is_healed(scenario: Scenario) -> None:
    total = points(scenario)
    assert total >= 10
    for crash_at in range(total):
        world = World()
        claim = scenario.prepare(world)
        scenarios.run_until(world, scenario, claim, crash_at)
        assert len(scenarios.unaccounted(world)) <= scenarios.excused(world) + scenario.ends, crash_at
        heal(world, scenario, claim)
        scenarios.check_healed(world, scenario, claim)


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=lambda scenario: scenario.name)
def test_a_second_crash_in_the_healing_run_is_healed_too(scenario: Scenario) -> None:
    # Every pair takes minutes; each first point meets every 23rd second one, others each time.
    for first in range(points(scenario)):
        for second in itertools.count(first % STRIDE, STRIDE):
            world = World()
            claim = scenario.prepare(world)
            scenarios.run_until(world, scenario, claim, first)
            passed = scenarios.run_until(world, scenario, claim, second)
            heal(world, scenario, claim)
            scenarios.check_healed(world, scenario, claim)
            if passed < second:
                break
