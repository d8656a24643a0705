"""What decisions change in the files of a stack, and what is left to people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from meta_access.access_review import consequences
from meta_access.access_review.consequences import Consequences
from meta_access.discovery.files import Files
from meta_access.stack.load import load_stack
from tests.unit.access_review.test_judge import record

if TYPE_CHECKING:
    from meta_access.stack.load import Stack

DEV = Path(__file__).resolve().parents[3] / "stacks" / "Pulumi.dev.yaml"
HEAD = DEV.read_text().partition("  meta:clients:")[0].replace("tier: limited", "tier: full")
ACME = """\
business: "998870000000701"
access: partner
assets:
  act_2:  # theirs
    reporting: read  # since March
    # the other one
    other: [ADVERTISE, ANALYZE]
  page:3: {reporting: {tasks: read, until: "2027-06-01"}}
ignore:
  - {holder: "777", asset: act_2, reason: Agency, person: nadia, until: "2027-03-01"}
  - {holder: ines@lindenhof.example, asset: act_2, reason: Finance, person: nadia, until: "2027-03-01"}
  - {holder: "888", reason: Wide, person: nadia, until: "2027-03-01"}
"""
STACK = f"""\
{HEAD}    other: {{use_case: read_reports}}
  meta:clients_dir: clients.dev
  meta:clients:
    own:
      access: own
      assets:
        act_1: {{reporting: read}}
"""
ROW: dict[str, Any] = {"asset": "act_2", "kind": "system user", "holder": "1", "by": "nadia"}
DECLARED = {**ROW, "identity": "reporting", "tasks": ["ANALYZE"], "standing": "declared"}
OTHER = {**ROW, "holder": "2", "identity": "other", "tasks": ["ADVERTISE", "ANALYZE"], "standing": "declared"}
PAGE = {**DECLARED, "asset": "page:3"}
STRANGER = {
    **ROW,
    "kind": "partner business",
    "holder": "5",
    "tasks": ["ADVERTISE", "ANALYZE"],
    "standing": "undeclared",
    "undeclared": ["ADVERTISE", "ANALYZE"],
}
TOLERATED = {"reason": "Agency", "person": "nadia", "until": "2027-03-01"}
IGNORED = {**STRANGER, "holder": "777", "standing": "ignored", "ignored": TOLERATED}
BEYOND = {**OTHER, "tasks": ["ADVERTISE", "ANALYZE", "MANAGE"], "standing": "undeclared", "undeclared": ["MANAGE"]}


FILES = Files(("Pulumi.dev.yaml", STACK), "clients.dev", named=True, clients={"clients.dev/acme.yaml": ACME})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    stacks = tmp_path_factory.mktemp("stacks")
    (stacks / "clients.dev").mkdir()
    (stacks / "clients.dev" / "acme.yaml").write_text(ACME)
    return load_stack(yaml.safe_load(STACK)["config"], "dev", stacks)


def found(stack: Stack, row: dict[str, Any], client: str = "acme", **decided: Any) -> Consequences:
    made = record({**row, **decided}).model_copy(update={"client": client or None})
    return consequences.of_records([made], stack, FILES)


def diff(before: str, after: str) -> list[str]:
    old, new = before.splitlines(), after.splitlines()
    return [f"-{line.strip()}" for line in old if line not in new] + [
        f"+{line.strip()}" for line in new if line not in old
    ]


ENTRY = '+- {{holder: {}, asset: act_2, reason: Why, person: nadia, until: "2027-01-31"}}'
READ = "reporting: read  # since March"


@pytest.mark.parametrize(
    ("row", "decided", "lines", "work"),
    [
        (DECLARED, {"decision": "keep"}, [], []),
        (DECLARED, {"decision": "remove"}, [f"-{READ}"], []),
        ({**DECLARED, "standing": "declared, not given"}, {"decision": "remove"}, [f"-{READ}"], []),
        ({**DECLARED, "standing": "gone"}, {"decision": "remove"}, [], []),
        (
            DECLARED,
            {"decision": "limit", "until": "2027-01-31"},
            [f"-{READ}", '+reporting: {tasks: read, until: "2027-01-31"}  # since March'],
            [],
        ),
        (PAGE, {"decision": "remove"}, ['-page:3: {reporting: {tasks: read, until: "2027-06-01"}}', "+page:3: {}"], []),
        (
            PAGE,
            {"decision": "limit", "until": "2027-01-31"},
            [
                '-page:3: {reporting: {tasks: read, until: "2027-06-01"}}',
                '+page:3: {reporting: {tasks: read, until: "2027-01-31"}}',
            ],
            [],
        ),
        (
            OTHER,
            {"decision": "limit", "limit_to": ["ANALYZE"]},
            ["-other: [ADVERTISE, ANALYZE]", "+other: [ANALYZE]"],
            [],
        ),
        (BEYOND, {"decision": "remove"}, ["-other: [ADVERTISE, ANALYZE]"], []),
        (BEYOND, {"decision": "limit", "limit_to": ["ADVERTISE", "ANALYZE"]}, [], [("take it away", ("MANAGE",))]),
        (
            BEYOND,
            {"decision": "limit", "limit_to": ["ANALYZE"]},
            ["-other: [ADVERTISE, ANALYZE]", "+other: [ANALYZE]"],
            [("take it away", ("MANAGE",))],
        ),
        (BEYOND, {"decision": "keep", "reason": "Why", "until": "2027-01-31"}, [ENTRY.format('"2"')], []),
        (STRANGER, {"decision": "remove"}, [], [("take it away", ("ADVERTISE", "ANALYZE"))]),
        (STRANGER, {"decision": "keep", "reason": "Why", "until": "2027-01-31"}, [ENTRY.format('"5"')], []),
        (
            {**STRANGER, "email": "x@y.example"},
            {"decision": "limit", "reason": "Why", "until": "2027-01-31", "limit_to": ["ANALYZE"]},
            [ENTRY.format("x@y.example")],
            [("take it away", ("ADVERTISE",))],
        ),
        (IGNORED, {"decision": "keep"}, [], []),
        (
            IGNORED,
            {"decision": "remove"},
            ['-- {holder: "777", asset: act_2, reason: Agency, person: nadia, until: "2027-03-01"}'],
            [("take it away", ("ADVERTISE", "ANALYZE"))],
        ),
        (
            IGNORED,
            {"decision": "limit", "until": "2027-01-31"},
            [
                '-- {holder: "777", asset: act_2, reason: Agency, person: nadia, until: "2027-03-01"}',
                '+- {holder: "777", asset: act_2, reason: Agency, person: nadia, until: "2027-01-31"}',
            ],
            [],
        ),
        (
            {**IGNORED, "holder": "888", "ignored": {**TOLERATED, "reason": "Wide"}},
            {"decision": "remove"},
            [],
            [("its entry of ignore is about more", ()), ("take it away", ("ADVERTISE", "ANALYZE"))],
        ),
        (
            {**DECLARED, "asset": "act_9"},
            {"decision": "remove"},
            [],
            [("it comes with a group of assets", ())],
        ),
    ],
)
def test_a_decision_edits_one_line_or_is_left_to_a_person(
    stack: Stack,
    row: dict[str, Any],
    decided: dict[str, Any],
    lines: list[str],
    work: list[tuple[str, tuple[str, ...]]],
) -> None:
    told = found(stack, row, **decided)

    after = told.applied(FILES.clients).get("clients.dev/acme.yaml", ACME)

    assert diff(ACME, after) == lines
    assert [(str(one.task), one.tasks) for one in told.work] == work


def test_a_client_in_the_stack_file_and_no_client_are_edited_there(stack: Stack) -> None:
    own = found(stack, {**DECLARED, "asset": "act_1"}, "own", decision="remove")
    nobodys = found(stack, STRANGER, "", decision="keep", reason="Why", until="2027-01-31")

    texts = {"Pulumi.dev.yaml": STACK, **FILES.clients}
    assert diff(STACK, own.applied(texts)["Pulumi.dev.yaml"]) == ["-act_1: {reporting: read}", "+act_1: {}"]
    assert diff(STACK, nobodys.applied(texts)["Pulumi.dev.yaml"]) == ["+meta:ignore:", ENTRY.format('"5"')]


@pytest.mark.parametrize(
    ("row", "access", "decided", "work"),
    [
        (STRANGER, "own", {"decision": "remove"}, []),
        (STRANGER, "partner", {"decision": "remove"}, ["take it away"]),
        ({**STRANGER, "kind": "person"}, "partner", {"decision": "remove"}, []),
        ({**STRANGER, "kind": "person", "pending": True}, "own", {"decision": "remove"}, ["take it away"]),
        ({**STRANGER, "kind": "person", "asset": "pixel:4"}, "own", {"decision": "remove"}, ["take it away"]),
        (IGNORED, "own", {"decision": "remove"}, []),
        (
            {**IGNORED, "holder": "888", "ignored": {**TOLERATED, "reason": "Wide"}},
            "own",
            {"decision": "remove"},
            ["its entry of ignore is about more", "take it away"],
        ),
        (
            STRANGER,
            "own",
            {"decision": "limit", "limit_to": ["ANALYZE"], "reason": "Why", "until": "2027-01-31"},
            ["take it away"],
        ),
    ],
)
def test_with_exclusive_what_is_removed_is_left_to_the_next_update_where_a_call_can_take_it(
    stack: Stack, row: dict[str, Any], access: str, decided: dict[str, Any], work: list[str]
) -> None:
    acme = stack.spec.clients["acme"].model_copy(update={"exclusive": True, "access": access})
    spec = stack.spec.model_copy(update={"clients": {**stack.spec.clients, "acme": acme}})
    made = found(replace(stack, spec=spec), row, **decided)
    assert [str(one.task) for one in made.work] == work


def test_two_rows_of_one_list_each_find_their_entry(stack: Stack) -> None:
    first = found(stack, IGNORED, decision="remove")
    second = found(
        stack,
        {**IGNORED, "holder": "3", "email": "ines@lindenhof.example", "ignored": {**TOLERATED, "reason": "Finance"}},
        decision="remove",
    )
    edits = {name: [*second.edits[name], *first.edits[name]] for name in first.edits}

    after = Consequences(edits, ()).applied(FILES.clients)["clients.dev/acme.yaml"]

    assert yaml.safe_load(after)["ignore"] == [
        {"holder": "888", "reason": "Wide", "person": "nadia", "until": "2027-03-01"}
    ]
