"""How many calls a mint, a rotation and an end make, and that the page names each with the line that asks for it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from meta_access.tokens.run import end
from tests.unit.tokens.world import SPEC, World

PAGE = Path(__file__).resolve().parents[3] / "docs" / "token-protocol.md"
META = {"mint": "(`POST access_tokens`)", "inspect": "(`GET debug_token`)", "revoke": "(`GET oauth/revoke`)"}
LINES = 61


@pytest.fixture
def world() -> World:
    return World()


def noted(world: World) -> list[str]:
    """What is called from now on, as the page spells it."""
    calls: list[str] = []

    def hook(when: str, what: str) -> None:
        if when == "before":
            calls.append(META.get(what) or "`" + "".join(word.capitalize() for word in what.split("_")) + "`")

    world.hook(hook)
    return calls


def table(title: str) -> list[list[str]]:
    """Rows of the page's table below a line that begins so."""
    below = re.split(rf"^{title}, [a-z]+ calls:$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
    rows = re.match(r"\n*((\|.*\n)+)", below)
    assert rows is not None
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1].splitlines()[2:]]


def test_a_first_mint_makes_nine_calls_to_secrets_manager(world: World) -> None:
    calls = noted(world)

    world.ensure()

    assert calls == [row[0] for row in table("A first mint")]
    assert len([call for call in calls if call not in META.values()]) == 9


def test_a_rotation_makes_thirteen_calls_to_secrets_manager(world: World) -> None:
    claim = world.ensure().claim
    calls = noted(world)

    world.ensure(replace(SPEC, keepers={"round": "2"}), claim=claim)

    assert calls == [row[0] for row in table("A rotation")]
    assert len([call for call in calls if call not in META.values()]) == 13


def test_an_end_makes_ten_calls_to_secrets_manager(world: World) -> None:
    made = world.ensure()
    calls = noted(world)

    end(world.store, world.meta, made.arn, claim=made.claim, clock=world.time)

    assert calls == [row[0] for row in table("An end")]
    assert len([call for call in calls if call not in META.values()]) == 10


@pytest.mark.parametrize("title", ["A first mint", "A rotation", "An end"])
def test_each_call_names_a_line_of_the_rules(title: str) -> None:
    for _, _, lines in table(title):
        numbers = [int(number) for number in re.findall(r"[0-9]+", lines.partition(":")[0])]
        assert numbers
        assert all(1 <= number <= LINES for number in numbers)
