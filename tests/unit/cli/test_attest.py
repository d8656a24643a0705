from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.cli.gates import statements
from meta_access.errors import MetaAccessError
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from pathlib import Path

RECORD = {"declared": "sha256:0123456789abcdef", "app": "1204", "at": "2026-11-24T08:00:00Z", "by": "nadia"}
OTHER = """# ours
ads-tier:
  declared: sha256:fedcba9876543210   # seen twice
  by: tom

# the roles
ads-app-roles:
  by: tom
"""


def test_the_first_statement_makes_the_file() -> None:
    header, _, entry = statements.written("", "ads-redirect-uris", RECORD).partition("\n")

    assert header.startswith("# What people saw or did at Meta")
    assert entry == (
        "ads-redirect-uris:\n"
        "  declared: sha256:0123456789abcdef\n"
        "  app: '1204'\n"
        "  at: '2026-11-24T08:00:00Z'\n"
        "  by: nadia\n"
    )


def test_another_gate_s_statement_goes_to_the_end_and_every_line_stays() -> None:
    text = statements.written(OTHER, "ads-redirect-uris", {"by": "nadia"})

    assert text == OTHER + "ads-redirect-uris:\n  by: nadia\n"


def test_a_new_statement_replaces_the_one_before_and_nothing_else() -> None:
    text = statements.written(OTHER, "ads-tier", {"by": "nadia"})

    assert text == "# ours\nads-tier:\n  by: nadia\n\n# the roles\nads-app-roles:\n  by: tom\n"


def test_a_file_without_a_newline_at_its_end_loses_nothing() -> None:
    assert statements.written("a:\n  by: tom", "b", {"by": "ines"}) == "a:\n  by: tom\nb:\n  by: ines\n"


def test_a_name_that_begins_another_gate_s_is_not_taken_for_it() -> None:
    text = statements.written("ads-tier-two:\n  by: tom\n", "ads-tier", {"by": "ines"})

    assert text == "ads-tier-two:\n  by: tom\nads-tier:\n  by: ines\n"


def test_a_statement_is_bound_to_the_declared_inputs_alone() -> None:
    roles = resource(
        "AppRoles", "ads-app-roles", label="ads-app-roles", next_step={}, roles={"ines": "tester"}, owner="x"
    )
    user = resource("SystemUser", "reporting", label="reporting")

    found = statements.gates(state(roles, user))

    assert list(found) == ["ads-app-roles"]
    assert statements.declared(found["ads-app-roles"]) == {"gate": "AppRoles", "roles": {"ines": "tester"}}


def test_a_statement_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    file = tmp_path / "away" / "evidence.prod.yaml"

    with pytest.raises(MetaAccessError) as refused:
        statements.write(file, "gate: {}\n")

    assert str(refused.value) == (
        f"Writing {file} failed: No such file or directory. Nothing was stated. Make the folder of the stack files "
        "writable, then run this again."
    )
