"""Which apps of a stack have a tier to keep, and the figures beside its evidence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from meta_access.gates import upkeep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.call_log import Call
    from meta_access.stack.load import Stack

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
PLACE = "stacks/evidence.test.yaml:ads-upkeep"
FIGURES = (
    'ads-upkeep:\n- app: "1204817736400555"\n  at: "2026-11-20T09:30:00Z"\n  by: nadia\n  source: export\n'
    "  days: 15\n  calls: 1720\n  error_rate: 0.03\n"
)


def nothing(app_id: str, graph_url: str) -> list[Call]:
    del app_id, graph_url
    return []


@pytest.fixture
def evidence(tmp_path: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        (tmp_path / "stacks").mkdir(exist_ok=True)
        (tmp_path / "stacks" / "evidence.test.yaml").write_text(text)

    return write


@pytest.mark.parametrize(
    ("changes", "seen", "apps"),
    [
        ({}, {}, ["ads"]),
        ({}, {"main": "full"}, ["ads"]),
        ({}, {"main": "limited"}, []),
        ({"meta:apps/ads/tier": "limited"}, {}, []),
        ({"meta:apps/ads/tier": "limited"}, {"main": "full"}, ["ads"]),
    ],
)
def test_only_who_has_the_higher_tier_can_lose_it(
    load: Callable[..., Stack], changes: dict[str, object], seen: dict[str, str | None], apps: list[str]
) -> None:
    asked: list[tuple[str, str]] = []

    def own(app_id: str, graph_url: str) -> list[Call]:
        asked.append((app_id, graph_url))
        return []

    found = upkeep.of_stack(load(changes), seen, own, NOW)

    assert [one.app for one in found] == apps
    assert asked == [("1204817736400555", "http://127.0.0.1:8765")] * len(apps)


def test_figures_of_the_evidence_file_are_judged(load: Callable[..., Stack], evidence: Callable[[str], None]) -> None:
    evidence(FIGURES)

    [found] = upkeep.of_stack(load(), {}, nothing, NOW)

    assert found.as_json() == {
        "standing": "stands",
        "on": "",
        "rule": (
            "Meta wants 500 successful Marketing API calls in the last 15 days and an error rate below 15% over the "
            "last 500 calls (rule set 2026-05 of 2026-05-04, "
            "https://developers.meta.com/blog/updates-to-ads-management-standard-access-feature/)."
        ),
        "reason": (
            "The figures of 2026-11-20 show 1720 calls in 15 days. "
            "The figures of 2026-11-20 show an error rate of 3.0%."
        ),
    }


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "1204817736400555",
            "120481773640",
            (
                f"{PLACE}[0].app: the figures are of app 120481773640; meta:apps.ads is 1204817736400555. Fix: remove "
                "them, and import those of this app."
            ),
        ),
        (
            "ads-upkeep",
            "adds-upkeep",
            'stacks/evidence.test.yaml:adds-upkeep: there is no app "adds" in meta:apps. Fix: write "ads-upkeep".',
        ),
        (
            "2026-11-20T",
            "2026-11-25T",
            f"{PLACE}[0].at: 2026-11-25T09:30:00Z is in the future. Fix: write when it was seen.",
        ),
        ("nadia", "nadja", f'{PLACE}[0].by: there is no "nadja" in meta:people. Fix: write "nadia".'),
        (
            "error_rate: 0.03",
            "error_rate: 3",
            f"{PLACE}[0].error_rate: is no share of failed calls. Fix: write 0.04 for 4 %, without quotes.",
        ),
        ("calls: 1720", "calls: -1", f"{PLACE}[0].calls: is below zero. Fix: write zero or more."),
        (
            "  calls: 1720\n  error_rate: 0.03\n",
            "",
            f"{PLACE}[0]: has no figure. Fix: add calls, graph_calls or error_rate.",
        ),
        (
            FIGURES,
            "ads-upkeep: {calls: 3}\n",
            f"{PLACE}: is a mapping, not a list of figures. Fix: let `meta-access attest` write it.",
        ),
    ],
)
def test_figures_that_are_not_taken(
    refusals: Callable[..., list[str]], evidence: Callable[[str], None], old: str, new: str, problem: str
) -> None:
    evidence(FIGURES.replace(old, new))
    assert refusals({}) == [problem]
