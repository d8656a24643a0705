"""One issue per client: opened, changed, opened again, and closed when a whole look finds nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ci.scripts import issues
from ci.scripts.forge import Issue
from ci.scripts.issues import Look, LookError, Step, Topic, body_of, look, read, steps
from meta_access.review.facts import Cause, Fact, Kind
from tests.unit.ci.forges import PERSON
from tests.unit.ci.reviews import DRIFTED, GAINS, review, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.ci.forges import State

NOW = datetime(2026, 12, 2, 3, 43, tzinfo=UTC)
ACME, STACK = Topic("prod", "acme"), Topic("prod", "")
LINE = "- reporting loses ADVERTISE on ad account 2 of acme"


def found(gates: dict[str, Any] | None = None, report: dict[str, Any] | None = None, *, failed: bool = False) -> Look:
    return look("prod", review(DRIFTED, failed=failed), gates or {}, report or {}, NOW)


# --- what a look finds ---------------------------------------------------------------------------


def test_drift_belongs_to_its_client_and_so_does_what_was_not_carried_out() -> None:
    assert found() == Look("prod", whole=True, found={ACME: (LINE,)})

    user = Fact(kind=Kind.USER_MADE, who="trading")
    due = replace(DRIFTED, cause=Cause.DUE)
    assert look("prod", review(GAINS, DRIFTED, user, due), {}, {}, NOW).found == {
        ACME: (LINE, "+ not carried out: trading gains MANAGE on ad account 1 of acme"),
        STACK: ("+ not carried out: system user trading is made",),
    }


def test_a_gate_belongs_to_the_client_that_shares() -> None:
    gates = {
        "acme-share-act_2": {"status": "drifted"},
        "ads-redirect-uris": {"status": "stale_evidence"},
        "ads-app-roles": {"status": "pending_human"},
        "odd": {"status": ["no text"]},
    }

    assert found({"gates": gates}).found == {
        ACME: (LINE, "! gate acme-share-act_2: differs at Meta from what is declared"),
        STACK: ("! gate ads-redirect-uris: its evidence is too old",),
    }


def test_a_client_whose_name_begins_anothers_keeps_its_own_gates() -> None:
    due = replace(GAINS, cause=Cause.DUE)
    facts = (replace(due, client="acme"), replace(due, client="acme-share-north"))
    gates = {"gates": {"acme-share-north-share-act_2": {"status": "drifted"}}}

    assert list(look("prod", review(*facts), gates, {}, NOW).found) == [Topic("prod", "acme-share-north")]


def test_what_ends_belongs_to_the_stack() -> None:
    gates = {
        "due": {"ads-data_use_checkup": "2026-12-09"},
        "upkeep": {"ads": {"on": "2026-12-10"}, "other": {"on": None}},
        "admin_tokens": {"main": {"says": ["It ends on 2026-12-08."]}},
    }
    secrets = {
        "reporting": {"name": "meta/prod/reporting", "expires_at": "2026-12-09T03:43:00Z"},
        "gone": {"name": "meta/prod/gone", "expires_at": "2026-12-01T00:00:00Z"},
        "tomorrow": {"name": "meta/prod/t", "expires_at": "2026-12-03T04:00:00Z"},
        "later": {"name": "meta/prod/later", "expires_at": "2026-12-12T00:00:00Z"},
        "root": {"name": "meta/prod/root", "expires_at": "never"},
        "odd": {},
    }

    assert found(gates, {"secrets": secrets}).found[STACK] == (
        "! gate ads-data_use_checkup: due 2026-12-09",
        "! app ads: its tier lapses on 2026-12-10",
        "! connection main: It ends on 2026-12-08.",
        "! token of gone in meta/prod/gone has expired, at 2026-12-01T00:00:00Z",
        "! token of reporting in meta/prod/reporting expires in 7 days, at 2026-12-09T03:43:00Z",
        "! token of tomorrow in meta/prod/t expires in 1 day, at 2026-12-03T04:00:00Z",
    )


@pytest.mark.parametrize(
    "look_",
    [
        found(failed=True),
        found({"not_seen": {"ads-app-roles": "no answer"}}),
        found(report={"not_looked_at": "no credentials"}),
    ],
)
def test_what_was_not_looked_at_is_no_whole_look(look_: Look) -> None:
    assert not look_.whole


# --- what is done about it -----------------------------------------------------------------------

BODY = (
    "<!-- meta-access issue prod/acme -->\n"
    "The nightly look found this of client `acme` in stack `prod`.\n"
    "It writes this text anew when something changes, and closes the issue when nothing is left.\n"
    "\n"
    "```diff\n"
    f"{LINE}\n"
    "```\n"
)
TITLE = "acme: not as declared in stack prod"


def there(**changes: Any) -> Issue:
    return replace(Issue(4, own=True, open=True, title=TITLE, body=BODY), **changes)


def test_a_new_topic_opens_an_issue() -> None:
    assert steps([found()], []) == [Step("prod/acme", None, TITLE, BODY, opened=True)]


def test_the_same_again_does_nothing() -> None:
    assert steps([found()], [there(body=BODY.replace("\n", "\r\n"))]) == []


@pytest.mark.parametrize(
    ("issue", "line"),
    [
        (there(body=BODY + "edited"), f"write issue 4: {TITLE}"),
        (there(title="?"), f"write issue 4: {TITLE}"),
        (there(open=False), f"open again issue 4: {TITLE}"),
        (there(own=False), f"open an issue: {TITLE}"),
        (there(body="no marker"), f"open an issue: {TITLE}"),
        (there(body=BODY.replace("prod/acme", "staging/acme")), f"open an issue: {TITLE}"),
    ],
)
def test_what_differs_is_written(issue: Issue, line: str) -> None:
    [step] = steps([found()], [issue])

    assert (step.line, step.title, step.body, step.opened) == (line, TITLE, BODY, True)


def test_of_two_issues_the_open_one_counts() -> None:
    assert steps([found()], [there(), there(number=9, open=False)]) == []


def test_nothing_left_closes() -> None:
    empty = Look("prod", whole=True, found={})

    [step] = steps([empty], [there(), there(number=5, body=BODY.replace("prod/", "staging/"))])

    assert (step.line, step.opened) == ("close issue 4: nothing is left", False)
    assert steps([empty], [there(open=False)]) == []
    assert steps([empty], [there(own=False)]) == []


def test_a_look_that_is_not_whole_closes_nothing() -> None:
    assert steps([Look("prod", whole=False, found={})], [there()]) == []


def test_a_stack_whose_name_begins_anothers_closes_nothing_of_it() -> None:
    issue = there(body=BODY.replace("prod/", "production/"))

    assert steps([Look("prod", whole=True, found={})], [issue]) == []


def test_hostile_names_stay_in_their_fence_and_their_marker() -> None:
    topic = Topic("prod", "a --> ```@everyone\n<b>")

    body = body_of(topic, ["+ ```` leaves the fence"])

    assert body.splitlines()[0] == "<!-- meta-access issue prod/a%20--%3E%20%60%60%60%40everyone%0A%3Cb%3E -->"
    assert "client `a --%3E %60%60%60%40everyone%0A%3Cb%3E` in stack `prod`" in body
    assert "\n`````diff\n+ ```` leaves the fence\n`````\n" in body
    assert topic.title == "a --> ```@everyone <b>: not as declared in stack prod"


def test_a_long_list_ends_with_its_count() -> None:
    lines = body_of(ACME, [f"- {number}" for number in range(203)]).splitlines()

    assert lines[-3:] == ["- 199", "and 3 more", "```"]


# --- the command, on a fake forge ----------------------------------------------------------------


def lay(folder: Path, made: Any, gates: Any = None, report: Any = None, stack: str = "prod") -> None:
    write(folder / stack / "review.json", made)
    (folder / stack / "gates.json").write_text(json.dumps(gates or {}))
    (folder / stack / "report.json").write_text(json.dumps(report or {}))


def test_an_issue_is_opened_kept_closed_and_opened_again(job: State, tmp_path: Path) -> None:
    job.issue(BODY, author=PERSON)  # somebody's copy
    lay(tmp_path, review(DRIFTED))
    given = ["--looks", str(tmp_path)]

    assert issues.main(given) == 0
    assert [(row["number"], row["title"], row["open"]) for row in job.issues[1:]] == [(2, TITLE, True)]
    assert job.issues[1]["body"] == BODY

    job.calls.clear()
    assert issues.main(given) == 0
    assert job.writes == []

    lay(tmp_path, review())
    assert issues.main(given) == 0
    assert [row["open"] for row in job.issues] == [True, False]

    lay(tmp_path, review(DRIFTED))
    assert issues.main(given) == 0
    assert [row["open"] for row in job.issues] == [True, True]


def test_a_lost_answer_opens_no_second_issue(job: State, tmp_path: Path) -> None:
    lay(tmp_path, review(DRIFTED))
    job.faults["POST"] = ["lost"]

    assert issues.main(["--looks", str(tmp_path)]) == 0
    assert len(job.issues) == 1


def test_a_dry_run_says_what_it_would_do(job: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay(tmp_path, review(DRIFTED))

    assert issues.main(["--looks", str(tmp_path), "--dry-run"]) == 0
    assert job.writes == []
    assert capsys.readouterr().out == f"issues: would open an issue: {TITLE}\n"


def test_a_broken_look_is_named_and_the_other_stack_goes_on(
    job: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, review(DRIFTED))
    lay(tmp_path, review(stack="staging"), gates={"error": "no such stack"}, stack="staging")

    assert issues.main(["--looks", str(tmp_path)]) == 1
    assert [row["title"] for row in job.issues] == [TITLE]
    assert "staging/gates.json is no answer of the command" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", "missing"])
def test_without_any_look_nothing_is_done(
    job: State, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert issues.main(["--looks", str(tmp_path / name)]) == 1
    assert job.calls == []
    assert "holds no look" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["review.json", "gates.json", "report.json"])
@pytest.mark.parametrize("text", [None, "", "[]", '{"error": "x"}', "\x00"])
def test_a_file_that_is_none_is_no_look(tmp_path: Path, file: str, text: str | None) -> None:
    lay(tmp_path, review())
    if text is None:
        (tmp_path / "prod" / file).unlink()
    else:
        (tmp_path / "prod" / file).write_text(text)

    with pytest.raises(LookError, match=file):
        read(tmp_path / "prod", NOW)
