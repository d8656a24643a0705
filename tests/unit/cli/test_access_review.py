"""An access review from start to close, on the emulated Meta and in a repository of Git: what each command writes."""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from meta_access import snapshot
from meta_access.cli import main
from meta_access.cli.stack.stack_texts import alone
from meta_access.snapshot import Subject
from meta_emulator.world import Assignment
from tests.unit.cli.reviewed import ACME, INES, INES_MAIL, NADIA, PAGE, SHOP, USER, Place, git
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "act_104320000000502"
LINDENHOF_FILE = "access-reviews.dev/2026-11-24-lindenhof.yaml"
ACME_FILE = "access-reviews.dev/2026-11-24-acme.yaml"


def rows(record: dict[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    return [(one["asset"], one["name"], one.get("decision"), one.get("by")) for one in record["access"]]


def test_a_record_per_client_has_everybody_and_nothing_is_changed_at_meta(place: Place) -> None:
    place.give(OTHER, USER, "MANAGE")
    place.give(SHOP, INES, "ANALYZE")

    told = place.done("start", "--due", "2026-12-31")

    assert [(one["file"], one["client"], one["rows"]) for one in told["reviews"]] == [
        (f"stacks/{LINDENHOF_FILE}", "lindenhof", 3),
        (f"stacks/{ACME_FILE}", "acme", 1),
        ("stacks/access-reviews.dev/2026-11-24.yaml", None, 1),
    ]
    record = place.record(LINDENHOF_FILE)
    assert (record["stack"], record["started"], record["due"]) == ("dev", "2026-11-24T08:00:00Z", "2026-12-31")
    assert rows(record) == [
        (SHOP, "ines", None, None),
        (SHOP, "reporting", None, None),
        (PAGE, "reporting", None, None),
    ]
    assert place.meta.writes == []


def test_only_some_clients_may_be_reviewed_and_one_without_holders_has_no_record(place: Place) -> None:
    place.give(ACME, USER)
    with place.meta.edit() as world:
        world.assignments = []
    place.stack_file.write_text(place.stack_file.read_text().replace(f"{ACME}: {{reporting: read}}", f"{ACME}: {{}}"))

    told = place.done("start", "--client", "acme")

    assert (told["reviews"], told["nobody"]) == ([], ["acme"])
    assert not (place.stacks / "access-reviews.dev").exists()


def test_an_open_review_is_not_begun_again_and_a_closed_one_is(place: Place) -> None:
    place.done("start", "--client", "acme")
    again = place.run("start")
    place.done("sign", "--reviewer", "nadia", "--all", "keep")
    place.commit(NADIA)
    place.done("close", "--yes")

    third = place.done("start", "--client", "acme")

    assert f"stacks/{ACME_FILE}: is an open access review of client acme. Fix: decide and close it" in again.output
    assert again.exit_code == 1
    assert third["reviews"][0]["file"] == "stacks/access-reviews.dev/2026-11-24-acme.2.yaml"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("start", "--client", "acmee"), 'there is no client "acmee" in this stack. Fix: write "acme".'),
        (("start", "--due", "2026-11-24"), "--due: 2026-11-24 is not in the future."),
        (("start", "--due", "soon"), "'soon' does not match the format '%Y-%m-%d'"),
        (("sign", "--reviewer", "nadia", "--all", "keep"), "Stack dev has no open access review"),
        (("close", "--client", "acme", "--yes"), "No access review of stack dev is open."),
    ],
)
def test_what_cannot_be_begun_is_one_error(place: Place, arguments: tuple[str, ...], said: str) -> None:
    result = place.run(*arguments)

    assert said in result.output
    assert not (place.stacks / "access-reviews.dev").exists()


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("start", "--due", "2026-11-24"), "--due: 2026-11-24"),
        (("pack", "--from", "2026-11-25", "--to", "2026-11-24", "--output", "p"), "--to: is before --from"),
    ],
)
def test_a_problem_of_a_review_is_not_called_one_of_the_configuration(
    place: Place, arguments: tuple[str, ...], where: str
) -> None:
    assert f"Error: 1 problem in the access review:\n  - {where}" in place.run(*arguments).stderr


def test_many_rows_that_nobody_has_decided_are_counted(place: Place) -> None:
    with place.meta.edit() as world:
        for at in range(8):
            one = replace(world.system_users[-1], id=f"12209000000080{at}", name=f"by hand {at}")
            world.system_users.append(one)
            world.assignments.append(Assignment(ACME, one.id, ["ANALYZE"]))
    place.done("start", "--client", "acme")

    said = place.run("status").stdout.splitlines()

    assert len(said) == 8
    assert said[0] == "stacks/access-reviews.dev/2026-11-24-acme.yaml: client acme, 0 of 9 decided."
    assert said[-1] == "    and 4 more; --json has all."
    assert len(place.done("status")["reviews"][0]["lacking"]) == 10


def test_two_starts_at_once_are_told_apart(place: Place) -> None:
    with alone(place.stacks):
        result = place.run("start")

    assert "Another run of meta-access is at work in stacks." in result.output


def test_a_list_that_is_not_shown_is_in_the_record_and_closes_only_with_that_said(place: Place) -> None:
    place.meta.refuse("GET", ".*/business_users", 200, "No.")
    begun = place.run("start", "--client", "acme", "--json")
    place.done("sign", "--reviewer", "nadia", "--all", "keep")
    place.commit(NADIA)

    refused, closed = place.run("close", "--yes"), place.run("close", "--yes", "--incomplete")

    unread = json.loads(begun.stdout)["unread"]
    assert (begun.exit_code, [one["list"] for one in unread]) == (2, ["178000000000101/business_users"])
    assert place.record(ACME_FILE)["unread"] == unread
    assert "Meta did not show 178000000000101/business_users, so nobody decided about what it holds." in refused.output
    assert (refused.exit_code, closed.exit_code) == (1, 0)
    assert place.record(ACME_FILE)["incomplete"] is True


def test_a_client_that_a_hidden_list_may_have_somebody_for_is_not_said_to_have_nobody(place: Place) -> None:
    place.meta.refuse("GET", ".*/(system_users|business_users)", 200, "No.")

    shown = place.run("start", "--client", "acme")
    told = place.done("start", "--client", "acme")

    assert (shown.exit_code, told["reviews"], told["nobody"]) == (2, [], [])
    assert "nobody for client" not in shown.stdout
    assert [one["list"] for one in told["unread"]] == [
        "178000000000101/system_users",
        "178000000000101/business_users",
    ]


@pytest.mark.parametrize("arguments", [("start",), ("sign", "--reviewer", "nadia", "--all", "remove"), ("pack",)])
def test_a_full_disk_is_one_error_and_leaves_what_was_there(
    place: Place, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if arguments[0] == "sign":
        place.done("start", "--client", "acme")
    if arguments[0] == "pack":
        arguments = ("pack", "--from", "2026-11-01", "--to", "2026-11-24", "--output", "pack")
    before = {path: path.read_text() for path in place.stacks.rglob("*.yaml")}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = place.run(*arguments)

    assert result.exit_code == 1
    assert "failed: No space left on device." in result.output
    assert "please report" not in result.output
    assert {path: path.read_text() for path in place.stacks.rglob("*") if path.is_file()} == before
    assert not list(place.root.glob("pack/*"))


def test_nobody_decides_about_themselves(place: Place) -> None:
    place.give(SHOP, INES, "ANALYZE")
    place.done("start", "--client", "lindenhof")

    refused = place.run("sign", "--reviewer", "ines", "--remove", f"{SHOP}/ines")
    told = place.done("sign", "--reviewer", INES_MAIL, "--all", "keep")

    assert "ines decides about their own access. Fix: let another person decide about this row." in refused.output
    assert (told["reviewer"], told["own"]) == ("ines", [f"{SHOP}/{INES_MAIL}"])
    assert told["reviews"] == [{"file": f"stacks/{LINDENHOF_FILE}", "decided": 2, "left": 1}]
    assert rows(place.record(LINDENHOF_FILE)) == [
        (SHOP, "ines", None, None),
        (SHOP, "reporting", "keep", "ines"),
        (PAGE, "reporting", "keep", "ines"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--reviewer", "nadja", "--all", "keep"),
            ['there is no "nadja" in meta:people. Fix: write "nadia".'],
        ),
        (("--reviewer", "nadia"), ["Nothing is decided: add --keep, --limit, --remove or --all."]),
        (("--all", "keep"), ["Missing option '--reviewer'"]),
        (
            ("--reviewer", "nadia", "--keep", "reportin", "--limit", SHOP, "--remove", f"{SHOP}/reporting"),
            [
                '--keep: no row of the open reviews is called "reportin". Fix: write "reporting".',
                f"--remove: {SHOP}/reporting is to be limit and remove.",
                "limit says neither to which tasks nor until when.",
            ],
        ),
        (
            ("--reviewer", "nadia", "--limit", PAGE, "--tasks", "MANAGE", "--until", "2020-01-01"),
            [
                "limit_to has MANAGE, which is not held. Fix: write some of ANALYZE.",
                "until is 2020-01-01, which has come.",
            ],
        ),
        (("--reviewer", "nadia", "--client", "acme", "--all", "keep"), ["--client acme: has no open access review."]),
    ],
)
def test_all_problems_of_a_decision_are_said_and_nothing_is_written(
    place: Place, arguments: tuple[str, ...], said: list[str]
) -> None:
    place.done("start", "--client", "lindenhof")
    before = (place.stacks / LINDENHOF_FILE).read_text()

    result = place.run("sign", *arguments)

    assert result.exit_code == 1
    assert [text for text in said if text not in result.output] == []
    assert (place.stacks / LINDENHOF_FILE).read_text() == before


def test_decisions_become_the_next_change(place: Place) -> None:
    place.give(OTHER, USER, "ANALYZE")
    place.give(SHOP, INES, "ANALYZE")
    place.done("start")
    place.done("sign", "--reviewer", "nadia", "--remove", f"{SHOP}/ines", "--remove", PAGE, "--client", "lindenhof")
    place.done("sign", "--reviewer", "nadia", "--limit", ACME, "--until", "2027-01-31")
    place.done("sign", "--reviewer", "nadia", "--all", "keep", "--reason", "Migration", "--until", "2027-02-28")
    place.commit(NADIA)
    before = place.stack_file.read_text()

    told = place.done("close", "--yes")

    after = place.stack_file.read_text()
    assert changed(before, after) == [
        "-page:102930000000801: {reporting: read}",
        "-act_205550000000601: {reporting: read}",
        "+page:102930000000801: {}",
        '+act_205550000000601: {reporting: {tasks: read, until: "2027-01-31"}}',
        "+meta:ignore:",
        f'+- {{holder: "{USER}", asset: {OTHER}, reason: Migration, person: nadia, until: "2027-02-28"}}',
    ]
    assert [(one["what"], one["text"]) for one in told["work"]] == [
        (
            "take it away",
            f"take ANALYZE on {SHOP} from ines (person 122098276016875): Business settings > Users > People.",
        )
    ]
    assert [place.record(name)["closed"] for name in (LINDENHOF_FILE, ACME_FILE)] == ["2026-11-24T08:00:00Z"] * 2
    assert f"+        {PAGE}: {{}}" in told["diff"]
    assert told["files"][0] == "stacks/Pulumi.dev.yaml"
    assert place.meta.writes == []


def changed(before: str, after: str) -> list[str]:
    old, new = before.splitlines(), after.splitlines()
    return [f"-{line.strip()}" for line in old if line not in new] + [
        f"+{line.strip()}" for line in new if line not in old
    ]


def test_closing_asks_first_and_again_is_harmless(place: Place) -> None:
    place.done("start", "--client", "acme")
    place.done("sign", "--reviewer", "nadia", "--remove", ACME)
    place.commit(NADIA)
    before = place.stack_file.read_text()

    asked = place.run("close", input="n\n")
    kept = place.stack_file.read_text()
    first, second = place.run("close", "--yes"), place.run("close", "--yes")

    assert f"-        {ACME}: {{reporting: read}}" in asked.output
    assert "not confirmed; nothing was changed." in asked.output
    assert (asked.exit_code, kept) == (1, before)
    assert f"Closed: stacks/{ACME_FILE}. Commit it with the files: that is the next change." in first.output
    assert (second.exit_code, second.stdout) == (
        0, "No access review of stack dev is open. The last was closed on 2026-11-24.\n",
    )  # fmt: skip


def test_only_the_commit_of_the_named_person_signs(place: Place) -> None:
    place.done("start", "--client", "acme")
    undecided = place.run("close", "--yes")
    place.done("sign", "--reviewer", "nadia", "--all", "keep")
    dirty = place.run("close", "--yes")
    place.commit(INES_MAIL)
    (place.root / ".mailmap").write_text(f"x <{NADIA}> <{INES_MAIL}>\n")
    foreign = place.run("close", "--yes")

    assert "nobody has decided. Fix: write keep, limit or remove at decision." in undecided.output
    assert f"stacks/{ACME_FILE}: differs from the last commit, and only a commit signs it." in dirty.output
    said = f"of {INES_MAIL} brought the decision. Fix: let nadia commit it, or write who decided"
    assert f"nadia ({NADIA}) is named, and commit " in foreign.output
    assert said in foreign.output
    assert [one.exit_code for one in (undecided, dirty, foreign)] == [1, 1, 1]
    assert "closed" not in place.record(ACME_FILE)


def test_two_people_sign_their_own_rows_of_one_record(place: Place) -> None:
    place.give(SHOP, INES, "ANALYZE")
    place.done("start", "--client", "lindenhof")
    place.done("sign", "--reviewer", "ines", "--all", "keep")
    place.commit(INES_MAIL)
    path = place.stacks / LINDENHOF_FILE
    path.write_text(
        path.read_text().replace("decision:\n    by:\n", "decision: remove  # left in May\n    by: nadia\n")
    )
    place.commit(NADIA)

    assert place.run("close", "--yes").exit_code == 2
    assert "decision: remove  # left in May\n" in path.read_text()


def test_what_meta_lists_otherwise_by_now_is_to_be_decided_first(place: Place) -> None:
    place.done("start", "--client", "lindenhof")
    place.done("sign", "--reviewer", "nadia", "--all", "keep")
    place.commit(NADIA)
    place.give(SHOP, INES, "ANALYZE")
    place.give(PAGE.removeprefix("page:"), USER)
    place.give(SHOP, USER, "ANALYZE", "ADVERTISE")
    before = place.stack_file.read_text()

    told = place.done("close", "--yes")

    assert sorted((one["what"], one["row"], one["tasks"]) for one in told["changed"]) == [
        ("changed", f"{SHOP}/reporting", "ADVERTISE, ANALYZE"),
        ("changed", f"{PAGE}/reporting", "ANALYZE"),
        ("new", f"{SHOP}/{INES_MAIL}", "ANALYZE"),
    ]
    assert (told["closed"], place.stack_file.read_text()) == ([], before)
    assert rows(place.record(LINDENHOF_FILE)) == [
        (SHOP, "reporting", None, None),
        (PAGE, "reporting", None, None),
        (SHOP, "ines", None, None),
    ]
    place.done("sign", "--reviewer", "nadia", "--all", "remove")
    place.commit(NADIA)
    assert place.done("close", "--yes")["changed"] == []


def test_a_holder_who_is_gone_is_not_dropped(place: Place) -> None:
    place.give(SHOP, INES, "ANALYZE")
    place.done("start", "--client", "lindenhof")
    place.done("sign", "--reviewer", "nadia", "--all", "remove")
    place.commit(NADIA)
    place.give(SHOP, INES)

    told = place.done("close", "--yes")
    kept = place.run("sign", "--reviewer", "nadia", "--keep", INES_MAIL, "--reason", "x", "--until", "2030-01-01")
    place.done("sign", "--reviewer", "nadia", "--all", "remove")
    place.commit(NADIA)
    closed = place.done("close", "--yes")

    assert [(one["what"], one["row"]) for one in told["changed"]] == [("gone", f"{SHOP}/{INES_MAIL}")]
    assert "Meta lists this holder no more, so there is nothing to keep." in kept.output
    assert (closed["changed"], closed["work"]) == ([], [])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text.replace("stack: dev", "stack: prod"), "what Meta listed was edited by hand"),
        (lambda text: text.replace("access:\n", "<<<<<<< a\naccess:\n"), "has conflict marks of a merge"),
        (lambda text: text.replace("decision:\n", "decision: kepe\n"), '"kepe" is not one of keep, limit, remove.'),
        (lambda _: "x: [", "is not valid YAML"),
    ],
)
def test_a_spoilt_record_is_named_by_every_command(place: Place, spoil: Any, said: str) -> None:
    place.done("start", "--client", "acme")
    path = place.stacks / ACME_FILE
    path.write_text(spoil(path.read_text()))

    decide = ("sign", "--reviewer", "nadia", "--all", "keep")
    results = [place.run(*words) for words in (("start",), decide, ("status",), ("close", "--yes"))]

    assert [(one.exit_code, f"stacks/{ACME_FILE}" in one.output, said in one.output) for one in results] == [
        (1, True, True)
    ] * 4


def test_a_record_of_another_stack_and_a_link_are_refused_together(place: Place) -> None:
    place.done("start", "--client", "acme")
    folder = (place.stacks / "access-reviews.dev").rename(place.stacks / "access-reviews.prod")
    (folder / "b.yaml").symlink_to("2026-11-24-acme.yaml")
    (place.stacks / "Pulumi.prod.yaml").write_text(place.stack_file.read_text())

    result = CliRunner().invoke(main, ["access-review", "status", "--stack", "prod"])

    assert "2 problems" in result.output
    assert (
        "is a review of meta-access/dev, and this is meta-access/prod. Fix: move it to access-reviews.dev"
        in result.output
    )
    assert "stacks/access-reviews.prod/b.yaml: is a link." in result.output


def test_status_says_what_each_review_lacks_and_what_is_late(place: Place) -> None:
    none = place.run("status")
    place.done("start", "--client", "acme", "--due", "2026-11-25")
    place.done("sign", "--reviewer", "nadia", "--all", "keep")

    late = place.done("status")["reviews"][0]
    code = place.run("status").exit_code
    place.commit(NADIA)
    signed = place.run("status")
    place.done("close", "--yes")
    closed = place.run("status")

    assert (none.exit_code, none.stdout) == (0, "Stack dev has no access review.\n")
    assert (late["decided"], late["rows"], late["overdue"], late["closed"]) == (1, 1, True, None)
    assert late["lacking"] == [
        f"stacks/{ACME_FILE}: differs from the last commit, and only a commit signs it. Fix: commit it."
    ]
    assert (code, signed.exit_code) == (3, 3)
    assert signed.stdout.splitlines() == [
        f"stacks/{ACME_FILE}: client acme, 1 of 1 decided, due 2026-11-25, OVERDUE.",
        "    Decided and signed: meta-access access-review close",
    ]
    assert (closed.exit_code, closed.stdout) == (0, f"stacks/{ACME_FILE}: client acme, closed 2026-11-24.\n")


def test_a_snapshot_may_begin_a_review_and_never_close_one(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = tmp_path / "reads"
    reads.mkdir()
    with snapshot.recording_into(reads):
        place.done("start", "--client", "acme")
    live = place.record(ACME_FILE)
    (place.stacks / ACME_FILE).unlink()
    subject = Subject.of("meta-access", "dev", "dev", "2026-11", [place.meta.connection])
    held = state(resource("SystemUser", "reporting", id_=USER))
    snapshot.write(snapshot.made(subject, reads, held), tmp_path / "s.json")
    monkeypatch.setenv("META_ACCESS_SNAPSHOT", str(tmp_path / "s.json"))
    monkeypatch.setenv("META_ACCESS_SNAPSHOT_MAX_AGE", "99999d")
    place.meta.forget_calls()

    place.done("start", "--client", "acme")
    closed = place.run("close", "--yes")

    assert (place.record(ACME_FILE)["snapshot"], place.meta.calls) == (True, [])
    assert place.record(ACME_FILE)["access"] == live["access"]
    assert "META_ACCESS_SNAPSHOT is set. Unset it and repeat." in closed.output


def test_offline_nobody_can_tell(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")

    assert "META_ACCESS_OFFLINE=1 forbids every call" in place.run("start").output


def test_a_shallow_clone_signs_nothing(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.done("start", "--client", "acme")
    place.done("sign", "--reviewer", "nadia", "--all", "keep")
    place.commit(NADIA)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path}", str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")

    result = place.run("close", "--yes")

    assert "This clone is shallow" in result.output
    assert "git fetch --unshallow" in result.output


def test_without_git_nothing_is_signed(place: Place) -> None:
    place.done("start", "--client", "acme")
    place.done("sign", "--reviewer", "nadia", "--all", "keep")
    shutil.rmtree(place.root / ".git")

    result = place.run("close", "--yes")

    assert "who decided what is told by commits: fatal: not a git repository" in result.output


PERIOD = ("pack", "--from", "2026-11-24", "--to", "2026-11-25", "--output")


@pytest.fixture
def past(place: Place) -> Place:
    """A stack of which a review took one assignment away, after a commit that was not sound."""
    place.give(SHOP, INES, "ANALYZE")
    place.done("start", "--client", "lindenhof")
    place.done("sign", "--reviewer", "nadia", "--remove", INES_MAIL, "--remove", PAGE, "--keep", f"{SHOP}/reporting")
    place.commit(NADIA, "2026-11-24T10:00:00Z")
    sound = place.stack_file.read_text()
    place.stack_file.write_text(sound.replace("read: {ad_account", "raed: {ad_account"))
    place.commit(INES_MAIL, "2026-11-24T11:00:00Z")
    place.stack_file.write_text(sound)
    place.commit(INES_MAIL, "2026-11-24T12:00:00Z")
    place.done("close", "--yes")
    place.commit(INES_MAIL, "2026-11-25T10:00:00Z")
    return place


def packed(place: Place, name: str, *more: str) -> tuple[Result, list[dict[str, str]], str]:
    result = place.run(*PERIOD, str(place.root / name), *more)
    table = list(csv.DictReader((place.root / name / "access.csv").read_text().splitlines()))
    return result, table, (place.root / name / "access.html").read_text()


def test_a_pack_has_who_had_what_from_when_to_when_and_by_whose_commit(past: Place) -> None:
    result, table, page = packed(past, "pack")

    assert result.exit_code == 2
    shown = [[one[key] for key in ("what", "client", "on", "holder", "rights")] for one in table]
    spans = [(one["from"][5:16], one["to"][5:16]) for one in table]
    assert [(*row, *span) for row, span in zip(shown, spans, strict=True)] == [
        ("declared access", "acme", ACME, "reporting", "ANALYZE", "11-24T09:00", ""),
        ("declared access", "lindenhof", SHOP, "reporting", "ANALYZE", "11-24T09:00", ""),
        ("declared access", "lindenhof", PAGE, "reporting", "ANALYZE", "11-24T09:00", "11-25T10:00"),
        ("business role", "", "lindenhof", "ines", "EMPLOYEE", "11-24T09:00", ""),
        ("business role", "", "lindenhof", "nadia", "ADMIN", "11-24T09:00", ""),
        ("app role", "", "ads", "ines", "developer", "11-24T09:00", ""),
        ("app role", "", "ads", "nadia", "admin", "11-24T09:00", ""),
        ("reviewed access", "lindenhof", SHOP, INES_MAIL, "ANALYZE", "11-24T08:00", "11-24T08:00"),
        ("reviewed access", "lindenhof", SHOP, "reporting", "ANALYZE", "11-24T08:00", "11-24T08:00"),
        ("reviewed access", "lindenhof", PAGE, "reporting", "ANALYZE", "11-24T08:00", "11-24T08:00"),
    ]
    assert (table[2]["began_by"], table[2]["ended_by"]) == (NADIA, INES_MAIL)
    assert [one["decision"] for one in table[7:]] == ["remove", "keep", "remove"]
    signed = git(past.root, "log", "--format=%H", "--author", NADIA, "-1").strip()
    assert {one["signed"] for one in table[7:]} == {signed}
    assert "of 2026-11-24 is not sound, so it changed nothing: meta:clients.lindenhof" in result.output
    assert "<script" not in page
    assert "Access reviews (3)" in page


def test_a_pack_is_the_same_when_made_again_and_after_later_commits(past: Place) -> None:
    audit = past.root.parent / "audit.jsonl"
    step = {"schema": "meta-access-audit/v1", "at": "2026-11-25T01:00:00Z", "step": "mint", "stack": "meta-access/dev"}
    audit.write_text(json.dumps({**step, "secret": "=meta/dev/reporting", "generation": 1, "who": "ci"}) + "\n")
    _, table, page = packed(past, "one", "--audit", str(audit))
    with audit.open("a") as file:
        file.write(json.dumps({**step, "at": "2026-12-25T01:00:00Z"}) + "\n")
        file.write(json.dumps({**step, "stack": "meta-access/prod"}) + "\n")
        file.write('{"schema": "meta-access-aud\n')
    past.stack_file.write_text(past.stack_file.read_text().replace("reporting: read", "reporting: [ANALYZE]"))
    past.commit(NADIA, "2026-11-26T10:00:00Z")

    result, again, page_again = packed(past, "two", "--audit", str(audit))

    assert f"1 line(s) of {audit} are no record of the audit and were left out." in result.stderr
    assert (again, page_again) == (table, page)
    assert (table[-1]["what"], table[-1]["on"], table[-1]["rights"], table[-1]["began_by"]) == (
        "token step", "'=meta/dev/reporting", "mint", "ci",
    )  # fmt: skip
    assert str(past.root) not in page


def test_what_no_commit_has_is_named_and_not_packed(past: Place) -> None:
    past.stack_file.write_text(past.stack_file.read_text().replace("reporting: read", "reporting: [ANALYZE]"))

    result = past.run(*PERIOD, str(past.root.parent / "pack"))

    assert "Not in the pack, since no commit has it: Pulumi.dev.yaml" in result.output


def test_a_decision_that_was_edited_after_its_commit_is_shown_unsigned(past: Place) -> None:
    path = past.stacks / LINDENHOF_FILE
    path.write_text(path.read_text().replace("decision: keep", "decision: remove"))
    past.commit(INES_MAIL, "2026-11-25T11:00:00Z")

    _, table, _ = packed(past, "pack")

    assert [one["signed"] for one in table if one["holder"] == "reporting" and one["on"] == SHOP][1:] == [
        "not by the reviewer's own commit"
    ]


def test_who_has_left_since_has_signed_all_the_same(past: Place) -> None:
    _, before, _ = packed(past, "one")
    text = past.stack_file.read_text()
    past.stack_file.write_text(text.replace("nadia", "maren").replace("maren@lindenhof", "maren.m@lindenhof"))
    past.commit(INES_MAIL, "2026-11-25T11:00:00Z")

    result, after, _ = packed(past, "two")

    assert "maren" in past.stack_file.read_text()
    assert "is not sound" not in result.output.replace("of 2026-11-24 is not sound", "")
    reviewed = [[one for one in table if one["what"] == "reviewed access"] for table in (before, after)]
    assert reviewed[0] == reviewed[1] != []


def test_a_closed_record_that_was_removed_is_packed_as_it_was_and_named(past: Place) -> None:
    _, before, _ = packed(past, "one")
    had = git(past.root, "rev-parse", "HEAD").strip()
    (past.stacks / LINDENHOF_FILE).unlink()
    past.commit(INES_MAIL, "2026-11-25T11:00:00Z")

    result, after, _ = packed(past, "two")

    assert result.exit_code == 2
    assert f"{LINDENHOF_FILE} was removed after commit {had[:12]}; it is here as it was then." in result.output
    assert after == before


def test_a_record_that_was_moved_is_packed_once(past: Place) -> None:
    _, before, _ = packed(past, "one")
    (past.stacks / LINDENHOF_FILE).rename(past.stacks / "access-reviews.dev/moved.yaml")
    past.commit(INES_MAIL, "2026-11-25T11:00:00Z")

    result, after, _ = packed(past, "two")

    assert "was removed" not in result.output
    assert len(after) == len(before)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("2026-11-25", "2026-11-24"), ["--to: is before --from."]),
        (("2026-11-25", "2999-01-01"), ["--to: has not come, so nobody can tell."]),
        (("2020-01-01", "2020-12-31"), ["Git has no sound version of stack dev up to 2020-12-31"]),
        (("x", "2020-12-31"), ["'x' does not match the format"]),
    ],
)
def test_a_period_that_nobody_can_tell_is_one_error(place: Place, days: tuple[str, str], said: list[str]) -> None:
    result = place.run("pack", "--from", days[0], "--to", days[1], "--output", str(place.root / "pack"))

    assert result.exit_code == 1
    assert [text for text in said if text not in result.output] == []
    assert not (place.root / "pack").exists()


def test_a_pack_says_where_its_history_begins(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    early = place.run("pack", "--from", "2026-01-01", "--to", "2026-11-30", "--output", "pack", "--json")
    monkeypatch.setenv("META_ACCESS_AUDIT", str(place.root / "none"))
    lost = place.run(*PERIOD, "pack")

    [text] = json.loads(early.stdout)["unknown"]
    assert text.startswith("Git knows nothing of this stack before 2026-11-24 (commit ")
    assert early.exit_code == 2
    assert "none failed: No such file or directory. Name the file of META_ACCESS_AUDIT." in lost.output


def test_a_folder_that_is_not_there_is_not_called_a_lack_of_git(place: Place) -> None:
    place.stacks.rename(place.root / "moved")

    result = place.run("pack", "--from", "2026-11-01", "--to", "2026-11-24", "--output", "pack")

    assert (result.exit_code, result.output) == (1, "Error: There is no folder stacks, so Git knows nothing of it.\n")


def test_a_shallow_clone_has_no_pack(past: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = past.root.parent / "clone"
    git(past.root, "clone", "-q", "--depth", "1", f"file://{past.root}", str(clone))
    monkeypatch.chdir(clone)

    assert "This clone is shallow" in past.run(*PERIOD, "pack").output
