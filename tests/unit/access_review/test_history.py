"""Versions of a stack become spans of time: what began, what ended, by whom, and what a day ended."""

from __future__ import annotations

import copy
from datetime import date, datetime
from pathlib import Path

import pytest

from meta_access.access_review import history
from meta_access.access_review.history import Declared, Had, What
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack

DEV = Path(__file__).resolve().parents[3] / "stacks" / "Pulumi.dev.yaml"
ACME = "act_205550000000601"
READ = Had(What.DECLARED, "acme", "act_1", "bot", ("ANALYZE",))
TRADE = Had(What.DECLARED, "acme", "act_1", "bot", ("ADVERTISE", "ANALYZE"))
ROLE = Had(What.BUSINESS, "", "lindenhof", "nadia", ("ADMIN",))


def version(day: str, *had: Had | tuple[Had, str]) -> Declared:
    pairs = [(one, None) if isinstance(one, Had) else (one[0], date.fromisoformat(one[1])) for one in had]
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return Declared(at, f"commit of {day}", "nadia@lindenhof.example", frozenset(pairs))


def told(*versions: Declared) -> list[tuple[str, tuple[str, ...], str, str, str]]:
    """Of February."""
    found = history.spans(versions, date(2026, 2, 1), date(2026, 2, 28))
    return [
        (
            one.had.on,
            one.had.rights,
            f"{one.since:%m-%dT%H}",
            "" if one.until is None else f"{one.until:%m-%dT%H}",
            "" if one.ended is None else one.ended.commit.removeprefix("commit of 2026-"),
        )
        for one in found
    ]


@pytest.mark.parametrize(
    ("versions", "spans"),
    [
        ([], []),
        ([version("2026-01-10", READ)], [("act_1", ("ANALYZE",), "01-10T12", "", "")]),
        ([version("2026-01-10", READ), version("2026-02-10")], [
            ("act_1", ("ANALYZE",), "01-10T12", "02-10T12", "02-10"),
        ]),
        ([version("2026-01-10", READ), version("2026-01-20")], []),
        ([version("2026-03-01", READ)], []),
        ([version("2026-01-10", READ), version("2026-03-10")], [("act_1", ("ANALYZE",), "01-10T12", "", "")]),
        ([version("2026-01-10", READ), version("2026-02-05", READ, ROLE)], [
            ("act_1", ("ANALYZE",), "01-10T12", "", ""), ("lindenhof", ("ADMIN",), "02-05T12", "", ""),
        ]),
        ([version("2026-01-10", READ), version("2026-02-10", TRADE), version("2026-02-20", READ)], [
            ("act_1", ("ADVERTISE", "ANALYZE"), "02-10T12", "02-20T12", "02-20"),
            ("act_1", ("ANALYZE",), "01-10T12", "02-10T12", "02-10"),
            ("act_1", ("ANALYZE",), "02-20T12", "", ""),
        ]),
        ([version("2026-01-10", (READ, "2026-02-15"))], [("act_1", ("ANALYZE",), "01-10T12", "02-15T00", "")]),
        ([version("2026-01-10", (READ, "2026-02-15")), version("2026-02-10", (READ, "2026-05-01"))], [
            ("act_1", ("ANALYZE",), "01-10T12", "", ""),
        ]),
        ([version("2026-01-10", (READ, "2026-02-15")), version("2026-02-20", READ)], [
            ("act_1", ("ANALYZE",), "01-10T12", "02-15T00", ""), ("act_1", ("ANALYZE",), "02-20T12", "", ""),
        ]),
        ([version("2026-02-20", (READ, "2026-02-15"))], []),
    ],
)  # fmt: skip
def test_what_was_so_in_february(
    versions: list[Declared], spans: list[tuple[str, tuple[str, ...], str, str, str]]
) -> None:
    assert told(*versions) == spans


def test_time_never_goes_back() -> None:
    found = history.in_order([version("2026-02-10", READ), version("2026-02-01")])

    assert told(*found) == [("act_1", ("ANALYZE",), "02-10T12", "02-10T12", "02-01")]


def test_a_stack_declares_assets_people_and_what_is_ignored(tmp_path: Path) -> None:
    values = copy.deepcopy(config_of(DEV))
    values["meta:ignore"] = [{"holder": "777", "reason": "Agency", "person": "nadia", "until": "2027-03-01"}]
    values["meta:clients"]["acme"]["assets"][ACME] = {"reporting": {"tasks": "read", "until": "2027-06-01"}}
    values["meta:identities"]["reporting"]["until"] = "2027-07-01"

    found = history.declared(load_stack(values, "dev", tmp_path))

    assert sorted((one, day) for one, day in found if one.client != "lindenhof") == [
        (Had(What.APP, "", "ads", "ines", ("developer",)), None),
        (Had(What.APP, "", "ads", "nadia", ("admin",)), None),
        (Had(What.BUSINESS, "", "lindenhof", "ines", ("EMPLOYEE",)), None),
        (Had(What.BUSINESS, "", "lindenhof", "nadia", ("ADMIN",)), None),
        (Had(What.DECLARED, "acme", ACME, "reporting", ("ANALYZE",)), date(2027, 6, 1)),
        (Had(What.IGNORED, "", "", "777", (), "Agency (nadia)"), date(2027, 3, 1)),
    ]
