"""Which decisions count: complete ones, about others, by people who are there, in their own commits."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from meta_access import rules
from meta_access.access_review import judge
from meta_access.access_review.judge import Commit
from meta_access.access_review.record import FORM, Record
from meta_access.stack.models import PersonSpec

RULES = rules.load("2026-11")
TODAY = date(2026, 12, 2)
NAME = "r.yaml"
FOR = "for the entry of ignore that it becomes."
PEOPLE = {
    "nadia": PersonSpec(email="nadia@lindenhof.example"),
    "ines": PersonSpec(email="ines@lindenhof.example"),
    "kim": PersonSpec(),
    "left": PersonSpec.model_validate({"email": "left@lindenhof.example", "until": "2026-12-02"}),
}
DECLARED: dict[str, Any] = {
    "asset": "act_1",
    "kind": "system user",
    "holder": "1",
    "identity": "bot",
    "tasks": ["ADVERTISE", "ANALYZE"],
    "standing": "declared",
}
PERSON: dict[str, Any] = {
    "asset": "act_1",
    "kind": "person",
    "holder": "2",
    "email": "INES@lindenhof.example",
    "tasks": ["ANALYZE"],
    "standing": "undeclared",
    "undeclared": ["ANALYZE"],
}


def record(*rows: dict[str, Any]) -> Record:
    head = {"access_review": FORM, "project": "p", "stack": "dev", "started": "2026-12-01T00:00:00Z", "access": rows}
    return Record.model_validate({**head, "facts": "sha256:" + "0" * 64})


def said(row: dict[str, Any], **decided: Any) -> list[str]:
    made = record({**row, **decided})
    return [problem.problem for problem in judge.decisions(made, NAME, PEOPLE, RULES, TODAY)]


@pytest.mark.parametrize(
    ("row", "decided"),
    [
        (DECLARED, {"decision": "keep"}),
        (DECLARED, {"decision": "keep", "reason": "It reports."}),
        (DECLARED, {"decision": "remove"}),
        (DECLARED, {"decision": "limit", "limit_to": ["ANALYZE"]}),
        (DECLARED, {"decision": "limit", "until": "2026-12-03"}),
        (DECLARED, {"decision": "limit", "limit_to": ["ADVERTISE"], "until": "2026-12-03"}),
        ({**DECLARED, "standing": "gone", "tasks": []}, {"decision": "remove"}),
        (PERSON, {"decision": "remove"}),
        (PERSON, {"decision": "keep", "reason": "Finance", "until": "2027-01-31"}),
        (PERSON, {"decision": "limit", "reason": "Finance", "until": "2027-01-31"}),
        ({**PERSON, "standing": "ignored"}, {"decision": "keep"}),
        (
            {**PERSON, "tasks": ["ADVERTISE", "ANALYZE"], "undeclared": ["ADVERTISE"]},
            {"decision": "limit", "limit_to": ["ANALYZE"]},
        ),
    ],
)
def test_a_whole_decision_of_somebody_else_is_sound(row: dict[str, Any], decided: dict[str, Any]) -> None:
    assert said(row, by="nadia", **decided) == []


@pytest.mark.parametrize(
    ("row", "decided", "problem"),
    [
        (DECLARED, {"decision": "keep"}, "names nobody who decided."),
        (DECLARED, {"decision": "keep", "by": "nadja"}, 'there is no "nadja" in meta:people.'),
        (DECLARED, {"decision": "keep", "by": "left"}, "left left on 2026-12-02 (until)."),
        (DECLARED, {"decision": "keep", "by": "kim"}, "kim has no address, so no commit can be known to be theirs."),
        (PERSON, {"decision": "remove", "by": "ines"}, "ines decides about their own access."),
        (
            {**PERSON, "email": None, "person": "ines"},
            {"decision": "remove", "by": "ines"},
            "ines decides about their own access.",
        ),
        (DECLARED, {"by": "nadia"}, "has a part of a decision, and no decision."),
        (DECLARED, {"decision": "limit", "by": "nadia"}, "limit says neither to which tasks nor until when."),
        (DECLARED, {"decision": "limit", "by": "nadia", "limit_to": []}, "limit_to is empty."),
        (
            DECLARED,
            {"decision": "limit", "by": "nadia", "limit_to": ["MANAGE"]},
            "limit_to has MANAGE, which is not held.",
        ),
        (
            DECLARED,
            {"decision": "limit", "by": "nadia", "limit_to": ["ADVERTISE", "ANALYZE"]},
            "limit_to has all that is held, so it limits nothing.",
        ),
        (DECLARED, {"decision": "keep", "by": "nadia", "limit_to": ["ANALYZE"]}, "keep takes no limit_to."),
        (DECLARED, {"decision": "remove", "by": "nadia", "until": "2027-01-01"}, "remove takes no until here."),
        (DECLARED, {"decision": "limit", "by": "nadia", "until": "2026-12-02"}, "until is 2026-12-02, which has come."),
        (
            {**DECLARED, "standing": "gone"},
            {"decision": "keep", "by": "nadia"},
            "Meta lists this holder no more, so there is nothing to keep.",
        ),
        (
            PERSON,
            {"decision": "keep", "by": "nadia"},
            f"undeclared access stays (ANALYZE), and there is no reason and no until {FOR}",
        ),
        (
            PERSON,
            {"decision": "limit", "by": "nadia", "until": "2027-01-01"},
            f"undeclared access stays (ANALYZE), and there is no reason {FOR}",
        ),
        (
            PERSON,
            {"decision": "keep", "by": "nadia", "until": "2027-01-01", "reason": " "},
            f"undeclared access stays (ANALYZE), and there is no reason {FOR}",
        ),
    ],
)
def test_what_is_wrong_with_a_decision(row: dict[str, Any], decided: dict[str, Any], problem: str) -> None:
    assert problem in said(row, **decided)


def test_every_problem_of_every_row_is_said_at_once() -> None:
    made = record(
        {**DECLARED, "decision": "limit", "by": "kim", "until": "2026-01-01"}, DECLARED, {**PERSON, "decision": "keep"}
    )

    found = [*judge.undecided(made, NAME), *judge.decisions(made, NAME, PEOPLE, RULES, TODAY)]

    assert [(one.path.partition(" ")[0], one.problem[:20]) for one in found] == [
        ("r.yaml:access[1]", "nobody has decided."),
        ("r.yaml:access[0]", "kim has no address, "),
        ("r.yaml:access[0]", "until is 2026-01-01,"),
        ("r.yaml:access[2]", "names nobody who dec"),
        ("r.yaml:access[2]", "undeclared access st"),
    ]


OF_NADIA, OF_INES = Commit("a" * 40, "Nadia@lindenhof.example"), Commit("b" * 40, "ines@lindenhof.example")


@pytest.mark.parametrize(
    ("blamed", "strange"),
    [
        ({1: OF_NADIA, 2: OF_NADIA, 9: OF_INES}, []),
        ({1: OF_NADIA, 2: OF_INES}, ["bbbbbbbbbbbb"]),
        ({1: OF_INES, 2: OF_INES}, ["bbbbbbbbbbbb"]),
    ],
)
def test_a_decision_is_signed_by_the_commits_of_its_lines(blamed: dict[int, Commit], strange: list[str]) -> None:
    made = record({**DECLARED, "decision": "keep", "by": "nadia"})

    found = list(judge.signatures(made, NAME, [(1, 2)], blamed, PEOPLE))

    said_ = "nadia (nadia@lindenhof.example) is named, and commit {} of ines@lindenhof.example brought the decision."
    assert [one.problem for one in found] == [said_.format(commit) for commit in strange]


def test_what_nobody_decided_needs_no_signature() -> None:
    assert list(judge.signatures(record(DECLARED), NAME, [(1, 2)], {1: OF_INES}, PEOPLE)) == []
