"""The record of a review as a file: what is written, what is read again, and what has changed since."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.access import Access, Standing
from meta_access.access_review import record
from meta_access.errors import ConfigError
from meta_access.graph.activities import Activity
from meta_access.graph.holders import Holder, HolderKind
from meta_access.graph.lists import Unread
from meta_access.stack.models import IgnoreSpec
from meta_access.stack.yaml_additions import NotEditableError

if TYPE_CHECKING:
    from meta_access.access_review.record import Row

AT = datetime(2026, 12, 2, 8, 0, 30, 999, UTC)
NAME = "stacks/access-reviews.dev/2026-12-02-acme.yaml"
INES = Holder(HolderKind.PERSON, "100", "Ines\u202e Roth", "ines@lindenhof.example")
ENTRY = IgnoreSpec.model_validate({"holder": "100", "reason": "Finance", "person": "nadia", "until": "2027-01-31"})
HELD = Access("acme", "act_1", INES, "ines", ("ANALYZE", "ADVERTISE"), Standing.IGNORED, ("ADVERTISE",), ENTRY)
BOT = Access("acme", "act_1", Holder(HolderKind.SYSTEM_USER, "", "Bot"), "bot", ("ANALYZE",), Standing.MISSING)
TEXT = """\
access_review: meta-access access review 1
project: meta-access
stack: dev
client: acme
started: "2026-12-02T08:00:30Z"
due: "2026-12-16"
facts: sha256:<digest>
unread: [{list: "1/business_users", why: No.}]
access:
  - asset: act_1
    kind: person
    holder: "100"
    name: "Ines<U+202E> Roth"
    email: ines@lindenhof.example
    person: ines
    tasks: [ADVERTISE, ANALYZE]
    standing: ignored
    undeclared: [ADVERTISE]
    ignored: {reason: Finance, person: nadia, until: "2027-01-31"}
    since: "2026-11-01T00:00:00Z"
    given_by: Nadia
    given_through: Suite
    decision:
    by:

  - asset: act_1
    kind: system user
    name: Bot
    identity: bot
    tasks: [ANALYZE]
    standing: "declared, not given"
    decision:
    by:
"""


def new(*accesses: Access, unread: tuple[Unread, ...] = (), **more: Any) -> record.Record:
    last = Activity(datetime(2026, 11, 1, tzinfo=UTC), "Nadia", "Suite", frozenset())
    head: dict[str, Any] = {"project": "meta-access", "stack": "dev", "client": "acme", "started": AT}
    head |= {"due": None, "snapshot": False, **more}
    return record.begun(record.rows_of(accesses, {HELD: last}), unread, **head)


def text_of(*accesses: Access) -> str:
    return record.written(new(*accesses))


def rows(*accesses: Access) -> tuple[Row, ...]:
    return record.rows_of(accesses, {})


def test_a_record_is_written_in_a_stable_order_and_read_again() -> None:
    made = new(HELD, BOT, unread=(Unread("1/business_users", "No."),), due=date(2026, 12, 16))

    text = record.written(made)

    head, _, body = text.partition("access_review:")
    assert all(line.startswith("#") for line in head.splitlines())
    assert f"access_review:{body}" == TEXT.replace("<digest>", made.facts.removeprefix("sha256:"))
    assert record.read(text, NAME) == made


def test_a_snapshot_and_the_assets_of_no_client_are_named() -> None:
    text = record.written(new(HELD, client="", snapshot=True))

    assert "assets of no client of stack dev" in text.splitlines()[0]
    assert (record.read(text, NAME).client, record.read(text, NAME).snapshot) == (None, True)


@pytest.mark.parametrize(
    ("client", "taken", "name"),
    [
        ("acme", (), "2026-12-02-acme.yaml"),
        ("", (), "2026-12-02.yaml"),
        ("acme", ("2026-12-02-acme.yaml", "2026-12-02-acme.2.yaml"), "2026-12-02-acme.3.yaml"),
    ],
)
def test_a_record_is_called_by_its_day_and_client(client: str, taken: tuple[str, ...], name: str) -> None:
    assert record.file_name(client, date(2026, 12, 2), taken) == name


def test_a_holder_who_is_seen_through_two_businesses_is_one_row() -> None:
    twice = Access("acme", "act_1", INES, "ines", ("MANAGE",), Standing.UNDECLARED, ("MANAGE",))

    [row] = rows(HELD, twice)

    assert (row.tasks, row.undeclared) == (("ADVERTISE", "ANALYZE", "MANAGE"), ("ADVERTISE", "MANAGE"))


@pytest.mark.parametrize(
    ("old", "new_", "said"),
    [
        ("tasks: [ANALYZE]", "tasks: [MANAGE]", f"{NAME}:facts: what Meta listed was edited by hand"),
        ("stack: dev", "stack: prod", f"{NAME}:facts: what Meta listed was edited by hand"),
        (
            "decision:\n",
            "decision: kepe\n",
            f'{NAME}:access[0].decision: "kepe" is not one of keep, limit, remove. Fix: write "keep".',
        ),
        ("by:\n", "by: Nadia Roth\n", f'{NAME}:access[0].by: "Nadia Roth" is no name.'),
        ("by:\n", "by:\n    until: 2027-01-31\n", f"{NAME}:access[0].until: is an unquoted date"),
        ("by:\n", "by:\n    unitl: x\n", f'{NAME}:access[0].unitl: there is no key "unitl" here. Fix: write "until".'),
        ("by:\n", "by:\n    limit_to: ANALYZE\n", f"{NAME}:access[0].limit_to: is text, not a list."),
        ("access:\n", "<<<<<<< ours\naccess:\n", f"{NAME}: has conflict marks of a merge (line 11)."),
        ("access:\n", "stack: dev\naccess:\n", f'{NAME}: is not valid YAML: the key "stack" is there twice (line 11).'),
    ],
)
def test_what_people_spoil_is_named_with_its_place(old: str, new_: str, said: str) -> None:
    text = text_of(BOT)
    assert old in text

    with pytest.raises(ConfigError) as refused:
        record.read(text.replace(old, new_, 1), NAME)

    assert said in str(refused.value)


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"is empty, not a record of an access review\. Fix: let"):
        record.read("", NAME)


def test_a_record_of_another_version_is_called_so_and_nothing_else() -> None:
    text = (
        text_of(BOT).replace("access review 1", "access review 2").replace("client: acme\n", "client: acme\nnew: 1\n")
    )

    with pytest.raises(ConfigError) as refused:
        record.read(text, NAME)

    (problem,) = refused.value.problems
    assert str(problem) == (
        f'{NAME}:access_review: is "meta-access access review 2", which this version does not know. '
        "Fix: read it with the version that wrote it, or a newer one."
    )


def test_decisions_are_put_in_taken_back_and_comments_stay() -> None:
    text = text_of(HELD, BOT).replace("    by:\n", "    by:  # ask Ines\n", 1)

    once = record.decided(text, NAME, {0: {"decision": "limit", "by": "nadia", "until": "2027-01-31"}})
    again = record.decided(once, NAME, {0: {"decision": "keep", "by": "ines", "reason": "Finance: yes"}})

    assert '    decision: limit\n    by: nadia  # ask Ines\n    until: "2027-01-31"\n\n' in once
    assert '    decision: keep\n    by: ines  # ask Ines\n    reason: "Finance: yes"\n\n' in again
    row = record.read(again, NAME).access[0]
    assert (row.decision, row.by, row.until, row.reason) == ("keep", "ines", None, "Finance: yes")


def test_the_lines_of_a_decision_are_those_that_people_write() -> None:
    text = record.decided(text_of(HELD, BOT), NAME, {1: {"decision": "limit", "by": "nadia", "limit_to": ["ANALYZE"]}})
    lines = text.splitlines()

    found = record.decision_lines(text, NAME)

    assert [[lines[at - 1].strip() for at in row] for row in found] == [
        ["decision:", "by:"],
        ["decision: limit", "by: nadia", "limit_to: [ANALYZE]"],
    ]


def test_a_decision_of_several_lines_has_all_of_them() -> None:
    text = text_of(BOT).replace(
        "    decision:\n", "    decision: limit\n    limit_to:\n      - ANALYZE\n      - MANAGE\n"
    )
    first = text.splitlines().index("    decision: limit") + 1

    assert record.decision_lines(text, NAME) == [(first, first + 1, first + 2, first + 3, first + 4)]


@pytest.mark.parametrize(
    ("anchor", "alias", "theirs"),
    [
        ("decision: &way keep", "decision: *way", {"decision: &way keep", "decision: *way", "by:"}),
        (
            "decision: limit\n    limit_to: [&task ANALYZE]",
            "decision: limit\n    limit_to: [*task]",
            {"limit_to: [&task ANALYZE]", "decision: limit", "limit_to: [*task]", "by:"},
        ),
    ],
)
def test_who_edits_what_an_alias_repeats_decides_there_as_well(anchor: str, alias: str, theirs: set[str]) -> None:
    text = text_of(HELD, BOT).replace("    decision:\n", f"    {anchor}\n", 1)
    text = text.replace("    decision:\n", f"    {alias}\n", 1)
    lines = text.splitlines()

    found = record.decision_lines(text, NAME)[1]

    assert {lines[at - 1].strip() for at in found} == theirs


MORE = Access("acme", "act_1", INES, "ines", ("ANALYZE", "ADVERTISE", "MANAGE"), Standing.UNDECLARED, ("MANAGE",))
GIVEN = Access("acme", "act_1", Holder(HolderKind.SYSTEM_USER, "", "Bot 2"), "bot", ("ANALYZE",), Standing.MISSING)
STRANGER = Access(
    "acme", "act_2", Holder(HolderKind.PARTNER, "9", "Z"), "", ("ANALYZE",), Standing.UNDECLARED, ("ANALYZE",)
)


@pytest.mark.parametrize(
    ("now", "whole", "changed", "new_"),
    [
        ((HELD, BOT), True, {}, []),
        ((HELD, GIVEN), True, {}, []),  # another name
        ((MORE, BOT), True, {0: "undeclared"}, []),
        ((HELD, BOT, STRANGER), True, {}, ["act_2/Z"]),
        ((HELD,), True, {1: "gone"}, []),
        ((HELD,), False, {}, []),
        ((), True, {0: "gone", 1: "gone"}, []),
    ],
)
def test_what_meta_lists_otherwise_is_found(
    now: tuple[Access, ...], whole: bool, changed: dict[int, str], new_: list[str]
) -> None:
    differs, fresh = record.compared(new(HELD, BOT), rows(*now), whole=whole)

    assert ({at: row.standing for at, row in differs.items()}, [row.shown for row in fresh]) == (changed, new_)


def test_what_changed_is_to_be_decided_again_and_the_rest_stays_decided() -> None:
    text = record.decided(text_of(HELD, BOT), NAME, {at: {"decision": "keep", "by": "nadia"} for at in (0, 1)})
    differs, fresh = record.compared(record.read(text, NAME), rows(MORE, BOT, STRANGER), whole=True)

    after = record.renewed(text, NAME, differs, fresh)

    found = record.read(after, NAME)
    assert [(row.shown, row.tasks, row.decision, row.by) for row in found.access] == [
        ("act_1/ines@lindenhof.example", ("ADVERTISE", "ANALYZE", "MANAGE"), None, None),
        ("act_1/bot", ("ANALYZE",), "keep", "nadia"),
        ("act_2/Z", ("ANALYZE",), None, None),
    ]
    assert found.access[0].ignored is None
    assert record.compared(found, rows(MORE, BOT, STRANGER), whole=True) == ({}, ())


def test_one_who_is_gone_stays_a_row_and_is_gone_once() -> None:
    text = text_of(HELD)
    differs, _ = record.compared(record.read(text, NAME), (), whole=True)

    found = record.read(record.renewed(text, NAME, differs, ()), NAME)

    assert (found.access[0].standing, found.access[0].tasks) == ("gone", ())
    assert record.compared(found, (), whole=True) == ({}, ())
    assert record.compared(found, rows(HELD), whole=True) == ({0: rows(HELD)[0]}, ())


def test_a_record_in_another_order_takes_no_row() -> None:
    text = text_of(BOT)
    head, _, body = text.partition("access:\n")
    flow = head + "access: [{asset: act_1, kind: system user, name: Bot, identity: bot, tasks: [ANALYZE], "
    flow += 'standing: "declared, not given", decision: null}]\n'
    assert record.read(flow, NAME).access == record.read(head + "access:\n" + body, NAME).access

    with pytest.raises(NotEditableError, match="no row can be added to it"):
        record.renewed(flow, NAME, {}, rows(STRANGER))


@pytest.mark.parametrize(
    ("due", "today", "late"), [("2026-12-16", 16, False), ("2026-12-16", 17, True), ("", 31, False)]
)
def test_a_review_is_late_after_its_day(due: str, today: int, late: bool) -> None:
    made = new(HELD, due=date.fromisoformat(due) if due else None)

    assert made.overdue(date(2026, 12, today)) is late
    assert not made.model_copy(update={"closed": AT}).overdue(date(2026, 12, today))
