"""What the audit writes, and that nothing about it ever stops the step it is about."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import audit

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/reporting-AbCdEf"


@pytest.fixture(autouse=True)
def runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner that says who started it, in a process that has told nobody anything yet."""
    for name in (*audit._WHO, *audit._COMMIT):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_ACTOR", "nadia")
    monkeypatch.setenv("GITHUB_SHA", "1d3f6a7788990011223344556677889900aabbcc")
    monkeypatch.setattr(audit, "_told", set())
    audit._who.cache_clear()
    audit._commit.cache_clear()


def write(step: str = "mint", said: list[str] | None = None, **facts: Any) -> None:
    audit.write(
        step,
        at=AT,
        stack="meta-access/dev",
        secret="meta/dev/reporting",
        arn=ARN,
        notify=(said if said is not None else []).append,
        **facts,
    )


def test_a_record_says_who_what_where_and_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_AUDIT", str(tmp_path / "audit.jsonl"))

    write(generation=2, fingerprint="sha256:00112233aabbccdd", trace_id="AbC", note="rotation due")

    record = json.loads((tmp_path / "audit.jsonl").read_text())
    assert len(record.pop("run")) == 36
    assert record == {
        "schema": "meta-access-audit/v1",
        "at": "2026-11-24T08:00:00Z",
        "step": "mint",
        "stack": "meta-access/dev",
        "secret": "meta/dev/reporting",
        "arn": ARN,
        "generation": 2,
        "fingerprint": "sha256:00112233aabbccdd",
        "who": "nadia",
        "commit": "1d3f6a7788990011223344556677889900aabbcc",
        "trace_id": "AbC",
        "note": "rotation due",
    }


def test_records_are_appended_and_the_file_is_the_runners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "audit.jsonl"
    monkeypatch.setenv("META_ACCESS_AUDIT", str(file))

    write("mint")
    write("park")

    assert [json.loads(line)["step"] for line in file.read_text().splitlines()] == ["mint", "park"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text('{"schema":"meta-acc')
    monkeypatch.setenv("META_ACCESS_AUDIT", str(file))

    write("mint")

    assert json.loads(file.read_text().splitlines()[1])["step"] == "mint"


def test_a_dash_is_standard_output_one_line_a_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("META_ACCESS_AUDIT", "-")

    write("mint")
    write("park")

    assert [json.loads(line)["step"] for line in capsys.readouterr().out.splitlines()] == ["mint", "park"]


def test_without_the_variable_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("META_ACCESS_AUDIT", raising=False)
    monkeypatch.chdir(tmp_path)

    write()

    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_what_looks_like_a_token_is_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_AUDIT", str(tmp_path / "audit.jsonl"))
    token = "EAA" + "EMU" + "x" * 40

    write(note=f"Meta said access_token={token}\nand more")

    assert token not in (tmp_path / "audit.jsonl").read_text()
    assert json.loads((tmp_path / "audit.jsonl").read_text())["note"] == "Meta said access_token=[redacted] and more"


@pytest.mark.parametrize("place", ["a folder", "no folder", "full disk", "pipe"])
def test_an_audit_that_cannot_be_written_is_told_once_and_raises_nothing(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    target = {
        "a folder": str(tmp_path),
        "no folder": str(tmp_path / "pipe" / "audit.jsonl"),
        "full disk": "/dev/full",
        "pipe": str(tmp_path / "pipe"),
    }[place]
    monkeypatch.setenv("META_ACCESS_AUDIT", target)
    said: list[str] = []

    write("revoke", said)
    write("revoke", said)

    assert len(said) == 1
    assert said[0].startswith(f"the audit cannot be written to {target} (")
    assert said[0].endswith("What it would record goes on without it.")


def test_a_trace_belongs_to_one_step() -> None:
    audit.traced("AbC")

    assert audit.last_trace() == "AbC"
    assert audit.last_trace() is None


def test_a_commit_that_is_none_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_AUDIT", str(tmp_path / "audit.jsonl"))
    monkeypatch.setenv("GITHUB_SHA", "main; rm -rf /")

    write()

    assert "commit" not in json.loads((tmp_path / "audit.jsonl").read_text())


def test_a_person_at_a_machine_is_named_by_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_AUDIT", str(tmp_path / "audit.jsonl"))
    monkeypatch.delenv("GITHUB_ACTOR")
    monkeypatch.setenv("LOGNAME", "ines")
    monkeypatch.setattr("socket.gethostname", lambda: "desk-7")

    write()

    assert json.loads((tmp_path / "audit.jsonl").read_text())["who"] == "ines@desk-7"
