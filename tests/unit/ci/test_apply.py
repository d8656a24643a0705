"""`up` of what was approved: bound to the plan, or held to the facts."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ci.scripts import apply
from ci.scripts.apply import ApplyError, Way, differences, way
from meta_access.review import stored
from meta_access.review.facts import Actor, NoAuthor
from tests.unit.ci.reviews import DRIFTED, GAINS, review, write

if TYPE_CHECKING:
    from pathlib import Path

    from meta_access.review.facts import Review


def plan(*steps: str) -> dict[str, Any]:
    rows = {f"urn:{number}": {"steps": [step]} for number, step in enumerate(steps)}
    return {"resourcePlans": {**rows, "urn:gone": {}}}


@pytest.mark.parametrize(
    ("steps", "chosen"),
    [
        ((), Way.PLAN),
        (("same", "update", "delete"), Way.PLAN),
        (("same", "create"), Way.FACTS),
        (("create-replacement",), Way.FACTS),
        (("delete-replaced",), Way.FACTS),
    ],
)
def test_a_plan_that_creates_nothing_binds_the_engine(steps: tuple[str, ...], chosen: Way) -> None:
    assert way(plan(*steps)) is chosen


@pytest.mark.parametrize(
    "text", ['{"manifest": {}}', "[]", "null", '{"resourcePlans": []}', '{"resourcePlans": {"urn:0": "create"}}']
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ApplyError, match="no resourcePlans"):
        way(json.loads(text))


def test_a_difference_is_told_in_both_directions() -> None:
    assert differences(review(GAINS), review(GAINS)) == []
    assert differences(review(GAINS), review(DRIFTED)) == [
        "new since: reporting loses ADVERTISE on ad account 2 of acme",
        "no longer so: trading gains MANAGE on ad account 1 of acme",
    ]


def test_who_made_a_drift_need_not_be_known_both_times() -> None:
    known = replace(DRIFTED, by=Actor("Ines Roth", "Business Manager", "2026-12-01T09:12:00Z"))
    assert differences(review(known), review(replace(DRIFTED, by=NoAuthor.NO_ANSWER))) == []


# --- the command, with an engine and a review that only write down what they are given -------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    engine = tmp_path / "pulumi"
    engine.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/ran\nexit "${{CODE:-0}}"\n')
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    write(tmp_path / "prod.json", review(GAINS))
    return tmp_path


def now(monkeypatch: pytest.MonkeyPatch, folder: Path, made: Review) -> None:
    """Have a review just now find this."""
    (folder / "now.json").write_text(stored.write([made]))
    reviewer = folder / "python"
    reviewer.write_text(f"#!/bin/sh\ncat {folder}/now.json\nexit 2\n")
    reviewer.chmod(reviewer.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(reviewer))


def run(folder: Path, *steps: str) -> int:
    (folder / "plan.json").write_text(json.dumps(plan(*steps)))
    return apply.main(["--stack", "prod", "--plan", str(folder / "plan.json"), "--review", str(folder / "prod.json")])


def ran(folder: Path) -> str:
    return (folder / "ran").read_text() if (folder / "ran").exists() else ""


FLAGS = "up --yes --skip-preview --non-interactive --suppress-progress --suppress-outputs --stack prod"


def test_the_engine_gets_the_plan(folder: Path) -> None:
    assert run(folder, "update") == 0
    assert ran(folder) == f"{FLAGS} --plan {folder}/plan.json\n"


def test_a_plan_that_creates_is_reviewed_once_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now(monkeypatch, folder, review(GAINS))

    assert run(folder, "create") == 0
    assert ran(folder) == f"{FLAGS}\n"


def test_facts_that_were_not_approved_stop_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now(monkeypatch, folder, review(GAINS, DRIFTED))

    assert run(folder, "create") == 1
    assert ran(folder) == ""
    assert capsys.readouterr().err == (
        "apply: this is not what was approved, so nothing was carried out:\n"
        "  new since: reporting loses ADVERTISE on ad account 2 of acme\n"
        "apply: Start the workflow again: it shows what is left, and carries it out once somebody agrees.\n"
    )


@pytest.mark.parametrize(
    "made", [review(GAINS, failed=True), review(GAINS, stack="staging")], ids=["failed", "another stack"]
)
def test_a_review_that_tells_less_stops_it(
    folder: Path, made: Review, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now(monkeypatch, folder, made)
    assert run(folder, "create") == 1

    write(folder / "prod.json", made)
    assert run(folder, "update") == 1
    assert ran(folder) == ""
    assert capsys.readouterr().err.count("apply: nothing was carried out") == 2


def test_a_violated_plan_fails_the_job(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CODE", "255")

    assert run(folder, "update") == 1
    assert "apply: pulumi ended with 255. Start the workflow again" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["plan.json", "prod.json"])
def test_a_file_that_is_none_stops_it(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "plan.json").write_text(json.dumps(plan("update")))
    (folder / name).write_text("{")

    code = apply.main(["--stack", "prod", "--plan", str(folder / "plan.json"), "--review", str(folder / "prod.json")])

    assert code == 1
    assert ran(folder) == ""
    assert "nothing was carried out" in capsys.readouterr().err
