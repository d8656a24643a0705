"""What `offboard` says of a client, an asset or an identity that has left before: what Git knows, and Meta shows."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from meta_access.cli import main, pulumi_stack
from meta_access.cli.tokens import stack_tokens
from meta_access.cli.tokens.stack_tokens import StackTokens
from tests.unit.cli.reviewed import ACME, NADIA, PAGE, USER
from tests.unit.cli.states import state

if TYPE_CHECKING:
    from tests.unit.cli.reviewed import Place

OF_ACME = f"""\
    acme:
      business: "998870000000701"
      name: Acme GmbH
      access: partner
      assets:
        {ACME}: {{reporting: read}}
"""
SHARED = {
    "kind": "share",
    "name": "acme",
    "text": f"business 998870000000701 shares {ACME}",
    "ends": "person",
    "step": (
        "It ends when an admin of that business ends it (Business settings > Users > Partners), or when one of "
        "ours removes the partner there."
    ),
}


def of_user(asset: str) -> dict[str, str]:
    return {
        "kind": "access",
        "name": asset,
        "text": f"ANALYZE of system user reporting ({USER}), undeclared",
        "ends": "person",
        "step": "No line gives it, so no update takes it: an admin takes it away in Business settings.",
    }


@pytest.fixture
def left(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Acme is out of the file and out of the state, and the edit is not committed."""
    read = StackTokens(stack="dev", owner="meta-access/dev", settings=None, tokens=())  # type: ignore[arg-type]
    monkeypatch.setattr(stack_tokens, "read", lambda *_: read)
    monkeypatch.setattr(pulumi_stack, "export", lambda _: state())
    edit(place, OF_ACME)
    return place


def edit(place: Place, old: str, new: str = "") -> None:
    text = place.stack_file.read_text()
    assert old in text
    place.stack_file.write_text(text.replace(old, new))


def offboard(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["offboard", *arguments, "--stack", "dev"])


def told(*arguments: str, code: int) -> dict[str, Any]:
    result = offboard(*arguments, "--yes", "--json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("committed", [False, True])
def test_what_a_client_has_at_meta_still_is_left(left: Place, committed: bool) -> None:
    if committed:
        left.commit(NADIA)
        (left.stacks / "other.txt").write_text("x")
        left.commit(NADIA)

    assert told("--client", "acme", code=2) == {
        "client": "acme",
        "stack": "dev",
        "held": [of_user(ACME), SHARED],
        "taken": [],
        "left": [of_user(ACME), SHARED],
        "unseen": [],
    }
    assert left.meta.writes == []


def test_a_client_of_which_nothing_is_left_holds_nothing(left: Place) -> None:
    left.give(ACME, USER)
    with left.meta.edit() as world:
        world.ad_accounts[2].shares = []

    result = offboard("--client", "acme")

    assert result.exit_code == 0
    assert result.stdout == "acme holds nothing any more.\n"
    assert result.stderr.startswith("Neither the files nor the state of stack dev has acme any more; commit ")
    assert result.stderr.endswith(" of 2026-11-24 still has it. Looking at Meta for what is left.\n")


def test_a_list_that_is_not_shown_is_not_taken_for_nothing(left: Place) -> None:
    left.give(ACME, USER)
    left.meta.refuse("GET", ".*/client_ad_accounts", 200, "No.")

    found = told("--client", "acme", "--dry-run", code=2)

    assert (found["dry_run"], found["goes"], found["files"], found["left"]) == (True, [], {}, [])
    assert len(found["unseen"]) == 1
    assert found["unseen"][0].startswith("what others share with business lindenhof: Meta refused reading")


def test_an_asset_that_another_client_has_today_is_not_left(left: Place) -> None:
    edit(left, f"{PAGE}: {{reporting: read}}", f"{PAGE}: {{reporting: read}}\n        {ACME}: {{reporting: read}}")

    assert told("--client", "acme", code=0)["left"] == []


def test_an_asset_is_found_in_the_client_that_had_it(left: Place) -> None:
    edit(left, f"        {PAGE}: {{reporting: read}}\n")

    assert told(PAGE, code=2)["left"] == [of_user(PAGE)]


def test_an_asset_that_its_client_shares_still_is_left_with_the_share(left: Place) -> None:
    assert told(ACME, code=2)["left"] == [of_user(ACME), SHARED]


def test_an_identity_whose_user_is_at_meta_still_is_left(left: Place) -> None:
    text = left.stack_file.read_text().replace("{reporting: read}", "{}")
    left.stack_file.write_text(
        text.replace("    reporting: {use_case: read_reports}\n", "    other: {use_case: read_reports}\n")
    )

    found = told("--identity", "reporting", code=2)

    assert found["left"][0] == {
        "kind": "system user",
        "name": "reporting",
        "text": f"id {USER}, is at Meta still",
        "ends": "person",
        "step": ("An admin takes its assets away in Business settings, or leaves them: Meta deletes no system user."),
    }
    assert [one["name"] for one in found["left"][1:]] == ["act_104320000000501", PAGE]


@pytest.mark.parametrize("git", [True, False])
def test_what_was_never_there_is_an_error(left: Place, git: bool) -> None:
    if not git:
        shutil.rmtree(left.root / ".git")

    result = offboard("--client", "ac-me" if git else "acme")

    assert result.exit_code == 1
    name = "ac-me" if git else "acme"
    assert f'There is no "{name}" in meta:clients. Nothing was changed; there are lindenhof.' in result.stderr
