"""The one comment of a pull request: found by its marker, changed in place, never somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ci.scripts import comment
from ci.scripts.comment import Said, Writing, decided, said, whole
from ci.scripts.forge import Comment, ForgeError
from tests.unit.ci.forges import HEAD, PERSON
from tests.unit.ci.reviews import GAINS, review, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.ci.forges import State

BODY = "<!-- meta-access review -->\n1 gains\n"
TEXT = f"<!-- meta-access review -->\n1 gains\n\n<!-- meta-access head {HEAD} -->"
RUN = "https://github.example/lindenhof/access/actions/runs/5"
WANTED = Said(BODY, ("access: widening",))


def decide(*comments: Comment, labels: tuple[str, ...] = ("access: widening",), newest: str = HEAD) -> Writing:
    return decided(WANTED, HEAD, newest=newest, comments=comments, labels=labels)


def test_the_first_review_adds_a_comment() -> None:
    assert decide() == Writing(add=True)


def test_the_same_again_writes_nothing() -> None:
    assert decide(Comment(4, own=True, body=TEXT)) == Writing()
    assert decide(Comment(4, own=True, body=TEXT.replace("\n", "\r\n") + "\n")) == Writing()


@pytest.mark.parametrize(
    "edited",
    [
        TEXT + " and more",  # behind the end
        "Approved!\n\n" + TEXT,  # before the marker: our note at the end is left
        TEXT.partition("\n\n<!--")[0],  # without the note
        "<!-- meta-access review -->\nsomething else altogether",
    ],
)
def test_a_comment_that_somebody_edited_is_written_anew(edited: str) -> None:
    assert decide(Comment(4, own=True, body=edited)) == Writing(change=4)


def test_a_copy_of_somebody_else_is_left_alone() -> None:
    assert decide(Comment(3, own=False, body=TEXT)) == Writing(add=True)


def test_another_comment_of_the_account_is_left_alone() -> None:
    assert decide(Comment(3, own=True, body="A nightly build, and <!-- meta-access review --> within")).add


def test_of_two_the_first_is_kept() -> None:
    assert decide(Comment(3, own=True, body=BODY), Comment(9, own=True, body=TEXT)) == Writing(change=3, remove=(9,))


def test_an_outdated_run_writes_nothing() -> None:
    writing = decide(Comment(3, own=True, body="<!-- meta-access review -->\nolder"), newest="b" * 40)

    assert writing == Writing(
        why_not="nothing to do: bbbbbbbbbbbb is the newest commit, and its own run writes the comment"
    )


def test_only_labels_of_our_own_prefix_are_changed() -> None:
    writing = decide(Comment(4, own=True, body=TEXT), labels=("bug", "access: refused", "access: deletion"))

    assert writing == Writing(labels=("access: widening",), unlabel=("access: deletion", "access: refused"))


def test_what_is_no_comment_of_ours_is_refused() -> None:
    with pytest.raises(ForgeError, match="do not begin with"):
        whole("something\n<!-- meta-access review -->\n", HEAD)
    with pytest.raises(ForgeError, match="65000 are allowed"):
        whole(BODY + "x" * 65_000, HEAD)


# --- the reviews ---------------------------------------------------------------------------------


def test_all_stacks_are_in_one_text(tmp_path: Path) -> None:
    write(tmp_path / "prod.json", review(GAINS))
    write(tmp_path / "staging.json", review(stack="staging"))

    found = said(tmp_path, ["staging", "prod"], RUN)

    assert found.body.startswith("<!-- meta-access review -->\n")
    assert "trading gains MANAGE on ad account 1 of acme" in found.body
    assert "staging" in found.body
    assert "could be made" not in found.body
    assert found.labels == ("access: widening",)


@pytest.mark.parametrize("text", [None, "", "{}", '{"error": "no such stack"}', "[1", "\x00"])
def test_a_stack_without_a_review_is_named_with_its_job(tmp_path: Path, text: str | None) -> None:
    write(tmp_path / "staging.json", review(stack="staging"))
    if text is not None:
        (tmp_path / "prod.json").write_text(text)

    found = said(tmp_path, ["staging", "prod"], RUN)

    assert f"\n\nNo review of `prod` could be made: [its job]({RUN}) says why.\n" in found.body
    assert found.labels == ("access: failed",)


def test_a_review_of_another_stack_is_none_of_this_one(tmp_path: Path) -> None:
    write(tmp_path / "prod.json", review(GAINS, stack="staging"))

    assert "No review of `prod` could be made" in said(tmp_path, ["prod"], RUN).body


def test_without_any_review_there_is_a_comment_all_the_same(tmp_path: Path) -> None:
    found = said(tmp_path, ["prod"], RUN)

    expected = f"<!-- meta-access review -->\n\nNo review of `prod` could be made: [its job]({RUN}) says why.\n"
    assert found == Said(expected, ("access: failed",))


# --- the command, on a fake forge ----------------------------------------------------------------


def run(folder: Path, *more: str, head: str = HEAD) -> int:
    given = ["--number", "7", "--head", head, "--reviews", str(folder), "--stacks", '["prod"]', "--run", RUN]
    return comment.main([*given, *more])


def test_the_comment_is_made_once_and_then_changed_in_place(job: State, tmp_path: Path) -> None:
    job.comment("LGTM", PERSON)
    write(tmp_path / "prod.json", review(GAINS))

    assert run(tmp_path) == 0
    assert len(job.comments) == 2
    assert "trading gains MANAGE" in job.comments[1]["body"]
    assert job.labels == ["access: widening"]

    job.calls.clear()
    assert run(tmp_path) == 0
    assert job.writes == []

    write(tmp_path / "prod.json", review())
    job.head = "b" * 40
    assert run(tmp_path, head="b" * 40) == 0
    assert len(job.comments) == 2
    assert "trading" not in job.comments[1]["body"]
    assert job.comments[1]["body"].endswith(f"<!-- meta-access head {'b' * 40} -->")
    assert job.labels == ["access: unchanged"]
    assert job.comments[0]["body"] == "LGTM"


def test_a_run_that_a_newer_commit_overtook_writes_nothing(
    job: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "prod.json", review(GAINS))
    job.head = "b" * 40

    assert run(tmp_path) == 0
    assert job.writes == []
    assert "bbbbbbbbbbbb is the newest commit" in capsys.readouterr().out


def test_a_lost_answer_makes_no_second_comment(job: State, tmp_path: Path) -> None:
    write(tmp_path / "prod.json", review(GAINS))
    job.faults["POST"] = ["lost"]

    assert run(tmp_path) == 0
    assert len(job.comments) == 1
    assert job.labels == ["access: widening"]


def test_two_comments_of_two_runs_become_one(job: State, tmp_path: Path) -> None:
    write(tmp_path / "prod.json", review(GAINS))
    job.comment(BODY)
    job.comment(BODY)

    assert run(tmp_path) == 0
    assert [row["id"] for row in job.comments] == [1]


def test_a_dry_run_says_what_it_would_do(job: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "prod.json", review(GAINS))

    assert run(tmp_path, "--dry-run") == 0
    assert job.writes == []
    shown = capsys.readouterr().out
    assert shown.startswith("<!-- meta-access review -->\n")
    assert shown.endswith("comment: would add a comment\ncomment: would add label 'access: widening'\n")


def test_a_refusal_is_one_sentence(job: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "prod.json", review(GAINS))
    job.faults["GET"] = [401]

    assert run(tmp_path) == 1
    assert "The token is not valid" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--head", "HEAD; rm -rf"),
        ("--stacks", "prod"),
        ("--stacks", "[]"),
        ("--stacks", '["../prod"]'),
        ("--stacks", '["--from"]'),
        ("--run", "javascript:alert(1)"),
        ("--run", "https://a.example/) @everyone"),
    ],
)
def test_a_value_that_is_none_is_refused(
    tmp_path: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, option, value)
    assert option in capsys.readouterr().err
