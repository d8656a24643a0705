"""What a run of the protocol records, and that a run whose record cannot be written does all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import audit
from meta_access.redaction import fingerprint
from tests.unit.tokens import scenarios
from tests.unit.tokens.world import PREFIX, World

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.tokens.scenarios import Scenario

FIRST, SECOND = (fingerprint(f"{PREFIX}0000000{n}") for n in (1, 2))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("META_ACCESS_AUDIT", str(tmp_path / "audit.jsonl"))
    monkeypatch.setattr(audit, "_told", set())
    return tmp_path / "audit.jsonl"


def records(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def told(scenario: Scenario, file: Path) -> list[tuple[str, int | None, str | None]]:
    """Step, generation and fingerprint of what the scenario's own run records."""
    world = World()
    claim = scenario.prepare(world)
    file.unlink(missing_ok=True)
    scenario.run(world, claim, None)
    return [(one["step"], one.get("generation"), one.get("fingerprint")) for one in records(file)]


def test_a_create_is_recorded_step_by_step(file: Path) -> None:
    assert told(scenarios.CREATE, file) == [
        ("create", None, None),
        ("claim", 1, None),
        ("mint", 1, FIRST),
        ("park", 1, FIRST),
        ("promote", 1, FIRST),
    ]
    assert {(one["stack"], one["secret"], one["at"]) for one in records(file)} == {
        ("meta-access/test", "meta/test/reporting/x1", "2026-11-24T08:00:00Z")
    }


def test_a_rotation_a_retirement_and_an_end_are_recorded(file: Path) -> None:
    assert told(scenarios.ROTATE, file) == [
        ("claim", 2, None),
        ("mint", 2, SECOND),
        ("park", 2, SECOND),
        ("promote", 2, SECOND),
        ("supersede", 1, FIRST),
    ]
    assert told(scenarios.RETIRE, file) == [("retire", 1, FIRST)]
    assert told(scenarios.END, file) == [("revoke", 1, FIRST), ("revoke", 2, SECOND), ("end", None, None)]
    assert told(scenarios.RESTORE, file)[0] == ("restore", None, None)


def test_a_token_that_meta_does_not_confirm_is_recorded_as_rejected(file: Path) -> None:
    steps = [step for step, generation, _ in told(scenarios.BAD_FIRST_MINT, file) if generation == 2]

    assert steps == ["claim", "mint", "park", "reject"]
    assert [one["note"] for one in records(file) if one["step"] == "reject"] == ["it lacks ads_read"]


def test_no_record_holds_a_token(file: Path) -> None:
    for scenario in scenarios.ALL:
        world = World()
        scenario.run(world, scenario.prepare(world), None)
        assert not any(value in file.read_text() for value in world.meta.tokens)


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=lambda scenario: scenario.name)
def test_a_record_that_cannot_be_written_stops_nothing(
    scenario: Scenario, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACCESS_AUDIT", str(file / "below" / "a" / "file"))
    world = World()
    claim = scenario.prepare(world)

    scenario.run(world, claim, None)

    scenarios.check_healed(world, scenario, claim)
    assert sum("the audit cannot be written" in line for line in world.said) == 1
