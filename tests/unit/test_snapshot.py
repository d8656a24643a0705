"""The file: what it holds and what it never holds, and each reason for which it is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import engine_marks, redaction, snapshot
from meta_access.errors import NotRecordedError, OfflineError
from meta_access.snapshot import Snapshot, SnapshotError, Subject
from tests.connections import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AT = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
NOW = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
QUESTION = {"service": "graph", "path": "178000000000101/system_users"}
SUBJECT = Subject.of("meta-access", "prod", "dev", "2026-11", [MAIN])
STATE: dict[str, Any] = {"version": 3, "deployment": {"resources": []}}
AGAIN = "Record it again: meta-access snapshot --out FILE."
ELSEWHERE = "Name the snapshot of this stack in META_ACCESS_SNAPSHOT, or record one where the change is merged already."


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (snapshot.VARIABLE, snapshot.MAX_AGE_VARIABLE, snapshot.READS_VARIABLE, "META_ACCESS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(snapshot, "_given", {})


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which this process writes down what it reads."""
    folder = tmp_path / "reads"
    folder.mkdir()
    monkeypatch.setenv(snapshot.READS_VARIABLE, str(folder))
    return folder


@pytest.fixture
def whole(reads: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    snapshot.record(QUESTION, {"data": {"data": []}}, AT)
    monkeypatch.delenv(snapshot.READS_VARIABLE)
    return snapshot.made(SUBJECT, reads, STATE)


@pytest.fixture
def file(whole: dict[str, Any], tmp_path: Path) -> Path:
    snapshot.write(whole, tmp_path / "snapshot.json")
    return tmp_path / "snapshot.json"


def edited(file: Path, whole: dict[str, Any], **changed: Any) -> Path:
    """The file with changes and a digest that fits them, as a tool of somebody's own could write it."""
    new = {key: value for key, value in {**whole, **changed}.items() if value is not None and key != "digest"}
    file.write_text(json.dumps({**new, "digest": snapshot._digest(new)}), encoding="utf-8")
    return file


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(SnapshotError) as refused:
        call()
    return str(refused.value)


# --- recording ---


def test_what_was_read_is_written_once_and_comes_back_as_of_its_date(reads: Path, tmp_path: Path) -> None:
    other = {"service": "graph", "path": "me"}
    snapshot.record(QUESTION, {"data": [1]}, datetime(2026, 12, 1, 1, 59, tzinfo=UTC))
    snapshot.record(other, {"data": [2]}, None)
    snapshot.record(dict(reversed(QUESTION.items())), {"data": [3]}, AT)

    made = snapshot.made(SUBJECT, reads, STATE)
    snapshot.write(made, tmp_path / "snapshot.json")
    found = snapshot.load(tmp_path / "snapshot.json", NOW)

    assert [read["answer"] for read in made["reads"]] == [{"data": [3]}, {"data": [2]}]
    assert (found.date, len(found), found.subject, found.state) == (AT, 2, SUBJECT, STATE)
    assert found.answer(QUESTION, "Reading") == {"data": [3]}
    assert found.sentence(NOW) == "the snapshot of 2026-12-01T02:00:00Z, 1 day ago"
    assert (tmp_path / "snapshot.json").stat().st_mode & 0o777 == 0o600
    assert [path.stat().st_mode & 0o777 for path in reads.iterdir()] == [0o600]


def test_the_same_reads_make_the_same_bytes(reads: Path, tmp_path: Path) -> None:
    (reads / "7.jsonl").write_text("")
    for path in ("b", "a", "c"):
        snapshot.record({"path": path}, {"data": path}, AT)
    first = snapshot.made(SUBJECT, reads, STATE)
    (lines,) = (file.read_text() for file in reads.iterdir() if file.stat().st_size)
    other = tmp_path / "other"
    other.mkdir()
    (other / "1.jsonl").write_text("".join(f"{line}\n" for line in reversed(lines.splitlines())))

    assert snapshot.made(SUBJECT, other, STATE) == first


def test_a_read_with_something_like_a_secret_is_left_out(reads: Path) -> None:
    known = "known-" + "credential-value"
    redaction.hide(known)
    for text in ("EAA" + "EMU" + "token", "0" * 32, f"https://x.example/?access_token={'t' * 20}", known):
        snapshot.record({"path": text}, {"data": 1}, AT)
        snapshot.record({"path": "a"}, {"data": {"rows": [{"name": text}]}}, AT)
        snapshot.record({"path": "b"}, {"data": {text: 1}}, AT)
    snapshot.record({"path": "c"}, {"data": {"access_token": "abcdefghijklmnopqrstu"}}, AT)

    assert list(reads.iterdir()) == []
    assert refusal(lambda: snapshot.made(SUBJECT, reads, STATE)) == (
        "Nothing of Meta or Secrets Manager was read, so there is nothing to record. Does the program use them?"
    )


def test_what_is_encrypted_in_a_state_or_looks_like_a_secret_is_unknown_there() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    token = "EAA" + "EMU" + "token"
    state = {
        "version": 3,
        "deployment": {
            "manifest": {"magic": "0" * 64},
            "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:x"}},
            "resources": [{"urn": "urn:a", "inputs": {"plain": "a", "secret": secret, "list": [secret, token]}}],
        },
    }

    assert snapshot.without_secrets(state) == {
        "version": 3,
        "deployment": {
            "manifest": {"magic": "0" * 64},
            "resources": [
                {
                    "urn": "urn:a",
                    "inputs": {"plain": "a", "secret": engine_marks.UNKNOWN, "list": [engine_marks.UNKNOWN] * 2},
                }
            ],
        },
    }


def test_a_read_that_cannot_be_written_down_stops_the_recording(reads: Path) -> None:
    reads.rmdir()

    assert refusal(lambda: snapshot.record(QUESTION, {}, AT)) == (
        "Writing down a read for the snapshot failed: No such file or directory."
    )


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(whole: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "snapshot.json").symlink_to(tmp_path / "kept")

    snapshot.write(whole, tmp_path / "snapshot.json")

    assert (tmp_path / "kept").read_text() == "kept"
    assert not (tmp_path / "snapshot.json").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "reads", "snapshot.json"]


# --- the file is refused ---


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no JSON object"),
        (b"\xff\xfe", "it is no JSON object"),
        (b"[" * 100_000, "it is no JSON object"),
        (b"[]", "it is no JSON object"),
        (b"{}", "its format is None, and this version reads meta-access-snapshot/1"),
        (b'{"format": "\\u202e"}', "its format is '\\u202e', and this version reads meta-access-snapshot/1"),
    ],
)
def test_what_is_no_snapshot_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "s.json").write_bytes(content)

    assert refusal(lambda: snapshot.load(tmp_path / "s.json", NOW)) == f"The snapshot s.json is refused: {why}. {AGAIN}"


def test_a_file_that_is_not_there_or_too_large_is_refused(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(lambda: snapshot.load(tmp_path / "none.json", NOW)) == (
        "The snapshot none.json is refused: No such file or directory. Correct META_ACCESS_SNAPSHOT, or unset it."
    )
    monkeypatch.setattr(snapshot, "LARGEST", 100)
    assert refusal(lambda: snapshot.load(file, NOW)) == (
        f"The snapshot snapshot.json is refused: it has more than 100 bytes. {AGAIN}"
    )


@pytest.mark.parametrize("place", ["date", "stack", "reads", "state", "digest", "more"])
def test_an_edited_file_is_refused(file: Path, whole: dict[str, Any], place: str) -> None:
    file.write_text(json.dumps({**whole, place: "another"}), encoding="utf-8")

    assert refusal(lambda: snapshot.load(file, NOW)) == (
        "The snapshot snapshot.json is refused: its digest does not fit what it holds: it was edited, or cut on its "
        "way. Take it anew from the job that records it."
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"date": None},
        {"date": "yesterday"},
        {"date": "2026-12-01T02:00:00"},
        {"reads": [{}]},
        {"reads": [1]},
        {"reads": 1},
        {"state": 1},
        {"connections": {"main": 1}},
        {"rules": None},
    ],
)
def test_a_file_of_another_shape_is_refused(file: Path, whole: dict[str, Any], changed: dict[str, Any]) -> None:
    edited(file, whole, **changed)

    assert refusal(lambda: snapshot.load(file, NOW)) == (
        f"The snapshot snapshot.json is refused: it lacks what a snapshot holds. {AGAIN}"
    )


def test_an_old_one_is_refused_unless_the_runner_takes_older_ones(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert snapshot.load(file, datetime(2026, 12, 3, 2, 0, tzinfo=UTC)).date == AT
    late = datetime(2026, 12, 3, 2, 0, 1, tzinfo=UTC)
    assert refusal(lambda: snapshot.load(file, late)) == (
        "The snapshot snapshot.json is refused: it is of 2026-12-01T02:00:00Z, 2 days ago, and may be at most 48h old. "
        "See why the job that records it has not run, or set META_ACCESS_SNAPSHOT_MAX_AGE."
    )
    monkeypatch.setenv(snapshot.MAX_AGE_VARIABLE, "7d")
    assert snapshot.load(file, late).date == AT
    monkeypatch.setenv(snapshot.MAX_AGE_VARIABLE, "a week")
    assert refusal(lambda: snapshot.load(file, late)) == (
        "META_ACCESS_SNAPSHOT_MAX_AGE is no duration: 'a week'. Write one such as 48h or 7d."
    )


def test_one_from_the_future_is_refused(file: Path) -> None:
    assert snapshot.load(file, datetime(2026, 12, 1, 1, 55, tzinfo=UTC)).date == AT
    assert refusal(lambda: snapshot.load(file, datetime(2026, 12, 1, 1, 0, tzinfo=UTC))) == (
        "The snapshot snapshot.json is refused: it is from the future, of 2026-12-01T02:00:00Z. Check this machine's "
        "clock, which says 2026-12-01T01:00:00Z."
    )


# --- it is of something else ---


@pytest.fixture
def found(file: Path) -> Snapshot:
    return snapshot.load(file, NOW)


def test_one_of_another_project_or_stack_is_refused(found: Snapshot) -> None:
    found.check_run("meta-access", "prod")
    assert refusal(lambda: found.check_run("meta-access", "dev")) == (
        f"The snapshot is refused: it is of stack prod, and this is stack dev. {ELSEWHERE}"
    )
    assert refusal(lambda: found.check_run("other", "prod")) == (
        f"The snapshot is refused: it is of project meta-access, and this is project other. {ELSEWHERE}"
    )


def test_an_update_is_refused(found: Snapshot) -> None:
    with pytest.raises(OfflineError, match=r"^Nothing was changed: META_ACCESS_SNAPSHOT is set, and a snapshot"):
        found.check_run("meta-access", "prod", dry_run=False)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"business_id": "1"}, "business 178000000000101, and here that is 1"),
        ({"app_id": "1"}, "app 120480000000201, and here that is 1"),
        ({"graph_url": "https://graph.facebook.com"}, "graph_url http://127.0.0.1:8765, and here that is https://"),
    ],
)
def test_one_of_another_business_app_or_address_is_refused(found: Snapshot, changed: dict[str, Any], why: str) -> None:
    assert refusal(lambda: found.check_settings("dev", [replace(MAIN, **changed)])).startswith(
        f"The snapshot is refused: its connection main has {why}"
    )


def test_one_of_another_environment_is_refused_and_one_with_no_connection_in_common(found: Snapshot) -> None:
    assert refusal(lambda: found.check_settings("prod", [MAIN])) == (
        f"The snapshot is refused: it is of environment dev, and this is environment prod. {ELSEWHERE}"
    )
    assert refusal(lambda: found.check_settings("dev", [replace(MAIN, name="b")])) == (
        f"The snapshot is refused: it has connections main, and none of them is declared here. {ELSEWHERE}"
    )


def test_what_a_foreign_one_names_is_one_line_without_what_cannot_be_seen(found: Snapshot) -> None:
    hostile = "other\n::stop-commands::x\x1b[31m\u202e" + "A" * 5_000
    foreign = replace(found, subject=replace(found.subject, project=hostile))
    text = refusal(lambda: foreign.check_run("meta-access", "dev"))
    assert text.startswith("The snapshot is refused: it is of project other ::stop-commands::x<U+001B>[31m<U+202E>AAA")
    assert "\n" not in text
    assert len(text) < 600


def test_a_new_connection_in_a_pull_request_is_unknown_and_no_reason_to_refuse(found: Snapshot) -> None:
    found.check_settings("dev", [MAIN, replace(MAIN, name="new", business_id="1")])

    with pytest.raises(NotRecordedError) as unknown:
        found.answer({"service": "graph", "path": "1/system_users"}, "Reading 1/system_users")
    assert str(unknown.value) == (
        "Reading 1/system_users was not possible: the snapshot of 2026-12-01T02:00:00Z does not hold it."
    )


# --- the variable ---


def test_it_is_read_once_and_not_together_with_another_wish(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert snapshot.given() is None
    monkeypatch.setenv(snapshot.VARIABLE, str(file))
    monkeypatch.setenv(snapshot.MAX_AGE_VARIABLE, "999999d")
    first = snapshot.given()
    file.unlink()
    assert first is not None
    assert snapshot.given() is first

    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")
    assert refusal(snapshot.given) == (
        "META_ACCESS_OFFLINE=1 and META_ACCESS_SNAPSHOT are both set, and ask for two things. Unset one."
    )
    monkeypatch.delenv("META_ACCESS_OFFLINE")
    monkeypatch.setenv(snapshot.READS_VARIABLE, "/nowhere")
    assert refusal(snapshot.given) == "Recording a snapshot from a snapshot makes no sense. Unset META_ACCESS_SNAPSHOT."
