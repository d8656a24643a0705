"""The log of our own calls on ad accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meta_access import call_log, rules

APP, OTHER = "120480000000201", "120480000000202"
META, EMULATOR = "https://graph.facebook.com", "http://127.0.0.1:8765"
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("META_ACCESS_CALL_LOG", str(tmp_path / "calls"))
    return tmp_path / "calls"


def write(outcome: str = "ok", *, path: str = "act_1043", app: str = APP, url: str = META) -> None:
    call_log.write(path, app_id=app, graph_url=url, at=AT, outcome=outcome)


def test_a_line_tells_when_which_app_and_how_it_ended_and_nothing_else(folder: Path) -> None:
    write()
    write("RateLimitedError", path="act_1043/assigned_users")

    lines = (folder / "120480000000201.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"at": "2026-11-24T08:00:00Z", "app": "120480000000201", "outcome": "ok"},
        {"at": "2026-11-24T08:00:00Z", "app": "120480000000201", "outcome": "RateLimitedError"},
    ]
    assert [call.succeeded for call in call_log.read(APP, META)] == [True, False]


def test_what_is_not_on_an_ad_account_is_no_call_of_the_marketing_api(folder: Path) -> None:
    for path in ("debug_token", "178000000000101/system_users", "120480000000201/roles"):
        write(path=path)

    assert not folder.exists()


def test_an_emulators_calls_are_never_counted_as_metas(folder: Path) -> None:
    write(url=EMULATOR)

    assert call_log.read(APP, META) == []
    assert len(call_log.read(APP, EMULATOR)) == 1
    assert [file.name for file in folder.iterdir()] == ["120480000000201.emulated.jsonl"]


def test_each_app_has_a_file_that_nobody_else_reads(folder: Path) -> None:
    write()
    write(app=OTHER)

    assert sorted(file.name for file in folder.iterdir()) == ["120480000000201.jsonl", "120480000000202.jsonl"]
    assert {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {"0o600"}


def test_a_torn_line_and_foreign_text_are_passed_over(folder: Path) -> None:
    write()
    with (folder / f"{APP}.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-11-24T08:0\n[1]\nnull\n{"app": "120480000000201"}\n')
    write()

    assert len(call_log.read(APP, META)) == 2


def test_a_full_file_loses_its_older_half(folder: Path) -> None:
    folder.mkdir()
    file = folder / f"{APP}.jsonl"
    old = '{"at": "2026-11-01T00:00:00Z", "app": "120480000000201", "outcome": "ok"}\n'
    file.write_text(old * (call_log.LARGEST // len(old)), encoding="utf-8")
    before = file.stat().st_size

    for _ in range(3):
        write()

    assert before * 0.4 < file.stat().st_size < before * 0.6
    kept = call_log.read(APP, META)
    assert [call.at for call in kept[-3:]] == [AT] * 3
    assert [one.name for one in folder.iterdir()] == [f"{APP}.jsonl"]


@pytest.mark.parametrize("name", rules.names())
def test_what_stays_of_a_full_file_is_more_than_a_rule_set_counts(name: str) -> None:
    longest = '{"at": "2026-11-24T08:00:00Z", "app": "1234567890123456789012345", "outcome": "PermissionDeniedError"}\n'
    kept = call_log.LARGEST // 2 // len(longest)
    wanted = rules.load(name).thresholds

    assert kept > wanted.calls
    assert kept > (wanted.error_window.calls or 0)


def test_a_log_that_cannot_be_written_or_read_disturbs_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_text("a file where a folder should be", encoding="utf-8")
    write()
    assert call_log.read(APP, META) == []

    monkeypatch.setenv("META_ACCESS_CALL_LOG", "")
    monkeypatch.delenv("META_ACCESS_STATE_DIR", raising=False)
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    write()
    assert call_log.read(APP, META) == []


def test_it_lies_in_the_users_state_folder_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("META_ACCESS_CALL_LOG", raising=False)
    monkeypatch.setenv("META_ACCESS_STATE_DIR", str(tmp_path / "notes"))
    assert call_log.file_of(APP, META) == tmp_path / "notes" / "calls" / "120480000000201.jsonl"

    monkeypatch.delenv("META_ACCESS_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert call_log.file_of(APP, META) == tmp_path / "meta-access" / "calls" / "120480000000201.jsonl"

    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert call_log.file_of(APP, META) == tmp_path / "home/.local/state/meta-access/calls/120480000000201.jsonl"
