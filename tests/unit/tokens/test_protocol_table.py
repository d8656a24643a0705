"""Each line of protocol.md names tests that exist, and has a mutant; `make mutants` makes and runs them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.tokens.mutants import LINES, named_in

ROOT = Path(__file__).resolve().parents[3]
TABLE = named_in((Path(__file__).parent / "protocol.md").read_text())


def test_every_line_names_tests_and_every_test_exists() -> None:
    assert list(TABLE) == list(range(1, 62))
    for line, tests in TABLE.items():
        assert tests, line
        for test in tests:
            file, _, name = test.partition("::")
            assert re.search(rf"^(def |class )?{name}\b", (ROOT / file).read_text(), re.MULTILINE), test


def test_every_line_has_a_mutant() -> None:
    assert sorted(LINES) == list(TABLE)
