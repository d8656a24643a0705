"""What is ignored names a holder or an asset that can be, and a person who answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

SHOP = "act_1043217650987654"
SOUND = {"holder": "122090000000777", "reason": "Finance reads it", "person": "nadia", "until": "2027-03-01"}


def entry(**changed: Any) -> dict[str, Any]:
    return {key: value for key, value in {**SOUND, **changed}.items() if value is not None}


def test_entries_stand_in_the_stack_and_with_a_client(load: Callable[..., Stack]) -> None:
    stack = load({"meta:ignore": [entry(holder="Ines@agency.example")], "meta:clients/own/ignore": [entry(asset=SHOP)]})

    assert [one.holder for one in stack.spec.ignore] == ["Ines@agency.example"]
    assert [(one.holder, one.asset) for one in stack.spec.clients["own"].ignore] == [("122090000000777", SHOP)]


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"reason": None}, "meta:ignore[0].reason: is missing. Fix: add it: why it may stay."),
        ({"reason": ""}, "meta:ignore[0].reason: is blank. Fix: write it out, in words."),
        ({"reason": "  "}, "meta:ignore[0].reason: is blank. Fix: write it out, in words."),
        ({"person": None}, "meta:ignore[0].person: is missing. Fix: add it: a name of meta:people."),
        ({"until": None}, "meta:ignore[0].until: is missing. Fix: add it: the day to look at it again, in quotes."),
        ({"person": "nadja"}, 'meta:ignore[0].person: there is no "nadja" in meta:people. Fix: write "nadia".'),
        (
            {"holder": None},
            "meta:ignore[0]: names neither a holder nor an asset. Fix: add holder, asset or both.",
        ),
        (
            {"holder": "finance"},
            (
                'meta:ignore[0].holder: "finance" is neither an id nor an e-mail address. Fix: copy the id that '
                "`meta-access who` shows, in quotes."
            ),
        ),
        (
            {"asset": "1043217650987654"},
            (
                "meta:ignore[0].asset: a bare number: ad accounts start with act_, others with their kind, such as "
                "page:. Fix: start with act_, page:, catalog:, pixel:, waba:, instagram:, group:, and go on with the "
                "id's digits."
            ),
        ),
    ],
)
def test_a_broken_entry_is_refused(refusals: Callable[..., list[str]], changed: dict[str, Any], refused: str) -> None:
    assert refusals({"meta:ignore": [entry(**changed)]}) == [refused]


def test_an_entry_of_a_client_is_about_its_own_assets(refusals: Callable[..., list[str]]) -> None:
    assert refusals({"meta:clients/own/ignore": [entry(asset="act_1043217650987655")]}) == [
        f'meta:clients.own.ignore[0].asset: "act_1043217650987655" is no asset of client own. Fix: write "{SHOP}".'
    ]
