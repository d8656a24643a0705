"""The threat model: each line names a test that tries it, and every test named exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
DOORS = PAGE[PAGE.index("\n## Doors") : PAGE.index("\n## Not defended")]
LINES = [row for row in DOORS.splitlines() if row.startswith("| ") and not row.startswith("| What is tried ")]
TESTS = sorted(set(NAMED.findall(PAGE)))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip())
def test_each_line_names_a_test(line: str) -> None:
    tried, stops, tests = (cell.strip() for cell in line.strip("|").split("|"))

    assert tried
    assert stops
    assert NAMED.sub("", tests).strip(", ") == ""
    assert NAMED.findall(tests)


@pytest.mark.parametrize(("file", "name"), TESTS, ids=[name for _, name in TESTS])
def test_each_test_that_is_named_exists(file: str, name: str) -> None:
    assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_party_is_there() -> None:
    parties = [
        row.split("|")[1].strip() for row in PAGE[: PAGE.index("\n## Doors")].splitlines() if row.startswith("| ")
    ]

    assert parties == [
        "Who",
        "the author of a pull request",
        "the reviewer",
        "a job that runs `pulumi up`",
        "an observer (a preview of people you trust)",
        "the operator",
        "the rotation function",
        "a consumer of a secret",
        "Meta",
        "AWS",
        "the engine's state",
    ]
    assert len(LINES) > 40


def test_the_policy_for_reports_points_to_the_page_and_back() -> None:
    assert "(docs/security.md)" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "(../SECURITY.md)" in PAGE
