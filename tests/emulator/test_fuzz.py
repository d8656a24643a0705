"""A sample of the fuzzer's requests; `make fuzz` sends ten thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_emulator import router
from tests.emulator.aimed import NEVER
from tests.emulator.fuzz import Fuzzer

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = (1, 7)  # seeds that found something stay here


@pytest.mark.parametrize("seed", SEEDS)
def test_no_request_breaks_it(seed: int, tmp_path: Path) -> None:
    report = Fuzzer(seed, tmp_path).run(300)

    assert report.failures == [], f"seed {seed}"
    assert report.sent == 300
    assert report.statuses[200] > 20, "the sample reaches what is behind the refusals"
    assert report.grown_mb < 100


def test_every_route_is_reached_and_answers_with_200_where_meta_would(tmp_path: Path) -> None:
    report = Fuzzer(1, tmp_path).aim_at_each()

    assert report.failures == []
    assert set(router.routes()) - report.succeeded == NEVER


def test_the_fuzzer_finds_a_planted_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("meta_emulator.router.parameters.check", broken)

    report = Fuzzer(1, tmp_path).run(30)

    assert any("status 500" in failure for failure in report.failures)
