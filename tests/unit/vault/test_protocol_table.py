"""Each line of docs/token-protocol.md names tests that exist, and has a mutant that can still be made."""

from __future__ import annotations

import re

from tests.unit.vault.mutants import MUTANTS, ROOT, code, named_in

TABLE = named_in((ROOT / "docs" / "token-protocol.md").read_text())


def test_every_line_names_tests_and_every_test_exists() -> None:
    assert list(TABLE) == list(range(1, 62))
    for line, tests in TABLE.items():
        assert tests, line
        for test in tests:
            file, _, name = test.partition("::")
            assert re.search(rf"^(def )?{name}\b", (ROOT / file).read_text(), re.MULTILINE), test


def test_every_line_has_a_mutant_that_its_code_still_allows() -> None:
    assert sorted(MUTANTS) == list(TABLE)
    for line, (_, there, instead) in MUTANTS.items():
        assert there in code(line).read_text(), line
        assert there != instead
