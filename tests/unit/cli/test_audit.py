from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from meta_access.cli import main
from meta_access.cli.tokens.audit import Filter, read, sentence

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/reporting-AbCdEf"


def entry(**facts: Any) -> dict[str, Any]:
    return {
        "schema": "meta-access-audit/v1",
        "at": "2026-11-24T08:00:00Z",
        "step": "mint",
        "stack": "meta-access/dev",
        "secret": "meta/dev/reporting",
        "arn": ARN,
        "generation": 1,
        **facts,
    }


def steps(wanted: Filter, *entries: dict[str, Any]) -> list[str]:
    return [found["step"] for found in read([json.dumps(one) for one in entries], wanted).entries]


MINT = entry()
REVOKE = entry(step="revoke", at="2026-11-25T09:00:00Z", stack="meta-access/prod", secret="meta/prod/x", arn="arn:x")


def test_each_filter_picks_its_own() -> None:
    assert steps(Filter(), MINT, REVOKE) == ["mint", "revoke"]
    assert steps(Filter(step="revoke"), MINT, REVOKE) == ["revoke"]
    assert steps(Filter(secret="meta/dev/reporting"), MINT, REVOKE) == ["mint"]
    assert steps(Filter(secret=ARN), MINT, REVOKE) == ["mint"]
    assert steps(Filter(stack="prod"), MINT, REVOKE) == ["revoke"]
    assert steps(Filter(stack="meta-access/dev"), MINT, REVOKE) == ["mint"]
    assert steps(Filter(since=datetime(2026, 11, 25, tzinfo=UTC)), MINT, REVOKE) == ["revoke"]
    assert steps(Filter(stack="prod", step="mint"), MINT, REVOKE) == []


def test_records_are_found_in_a_log_and_the_rest_is_counted() -> None:
    lines = [
        "Updating (prod):",
        f"    {json.dumps(MINT)}",
        f"2026-11-24T08:00:01Z {json.dumps(REVOKE)}",
        '{"schema":"meta-acc',
        '{"schema":"another/v1","at":"2026-11-24T08:00:00Z"}',
        "",
    ]

    found = read(lines, Filter())

    assert [one["step"] for one in found.entries] == ["mint", "revoke"]
    assert found.unreadable == 3


def test_a_record_reads_as_one_line() -> None:
    shown = sentence(entry(fingerprint="sha256:00112233aabbccdd", who="nadia", commit="1d3f6a77889900", trace_id="AbC"))

    assert shown == (
        "2026-11-24T08:00:00Z  mint  meta/dev/reporting  generation 1  sha256:00112233aabbccdd  meta-access/dev  "
        "by nadia  commit 1d3f6a7788  trace AbC"
    )


def audit(*arguments: str, env: dict[str, str | None] | None = None) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments], env={"META_ACCESS_AUDIT": None, **(env or {})})


def test_the_command_reads_the_file_of_the_variable(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text(f"{json.dumps(MINT)}\n{json.dumps(REVOKE)}\ntorn")

    done = audit("--json", "--since", "2026-11-25", env={"META_ACCESS_AUDIT": str(file)})

    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"entries": [REVOKE], "unreadable": 1}


def test_without_a_file_it_says_what_to_set() -> None:
    done = audit()

    assert done.exit_code == 1
    assert "set META_ACCESS_AUDIT" in done.output


def test_a_file_that_is_not_there_and_a_time_that_is_none_are_errors(tmp_path: Path) -> None:
    gone, wrong = audit("--file", str(tmp_path / "gone")), audit("--file", "-", "--since", "yesterday")

    assert (gone.exit_code, wrong.exit_code) == (1, 1)
    assert "There is no audit at" in gone.output
    assert "2026-11-24T08:00:00Z" in wrong.output
