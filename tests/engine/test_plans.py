"""What a plan of the engine binds, with dynamic providers; `ci/scripts/apply.py` goes by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.commands import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


def violations(texts: list[str]) -> set[str]:
    """Names of the resources that are not as planned."""
    return {text.partition(" violates plan")[0].rsplit("::", 1)[-1] for text in texts if " violates plan" in text}


@pytest.mark.provisioned
def test_what_was_changed_or_fell_due_since_the_plan_is_refused(dev: Project, emulator: RunningEmulator) -> None:
    plan = dev.root / "plan.json"
    # By a variable, as the review's own preview gets it.
    dev.extra_env["PULUMI_OPTION_SAVE_PLAN"] = str(plan)
    assert dev.preview().code == 0
    del dev.extra_env["PULUMI_OPTION_SAVE_PLAN"]

    world = emulator.world()
    page = lindenhof.PAGE.partition(":")[2]
    world["assignments"] = [row for row in world["assignments"] if row["asset_id"] != page]
    emulator.put_world(world)
    emulator.clock(advance_s=41 * DAY_S)
    emulator.forget_calls()
    up = dev.up("--plan", str(plan))

    assert up.code != 0
    # The first one ends the update; which that is, is the engine's matter.
    found = violations(up.diagnostics)
    assert found
    assert found <= {f"lindenhof-reporting-{lindenhof.PAGE}", "reporting"}
    assert lindenhof.writes(emulator) == []


def test_a_plan_of_a_first_update_is_violated_by_what_only_the_update_knows(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    project = make_project(config=lindenhof.config(emulator))
    plan = project.root / "plan.json"
    assert project.preview("--save-plan", str(plan)).code == 0

    up = project.up("--plan", str(plan))

    assert up.code != 0
    assert violations(up.diagnostics) == {"reporting-app-access"}
