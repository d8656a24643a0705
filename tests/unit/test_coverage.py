"""`coverage.md`: every test that it names exists, a served row has one, and the page counts its rows right."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).parent / "coverage.md"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def defined_in(file: str) -> frozenset[str]:
    """The tests that a file defines, read and not collected: a collection would run what it imports."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def rows() -> list[tuple[str, str, str, str, str]]:
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_tests_of_a_row_exist(row: tuple[str, str, str, str, str]) -> None:
    named = NAMED.findall(row[4])

    assert [f"{file}::{test}" for file, test in named if test not in defined_in(file)] == []
    assert named or row[2].startswith("*not served*: ")


def test_a_test_that_is_not_there_is_seen() -> None:
    assert "test_the_tests_of_a_row_exist" in defined_in("tests/unit/test_coverage.py")
    assert "test_of_nothing" not in defined_in("tests/unit/test_coverage.py")
    assert defined_in("tests/unit/test_nowhere.py") == frozenset()


def test_rows_are_counted_and_numbered() -> None:
    found = rows()
    partly = sum(row[2].startswith("*partly*: ") for row in found)
    not_served = sum(row[2].startswith("*not served*: ") for row in found)

    assert [int(row[0]) for row in found] == list(range(1, len(found) + 1))
    assert len(found) == 62
    text = f"{len(found)} rows: {len(found) - partly - not_served} served, {partly} partly, {not_served} not served."
    assert text in PAGE.read_text(encoding="utf-8")
