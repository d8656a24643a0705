"""What the tier of a connection means for what its stack wants, and the budget of an update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.stack.tier import TierSeen, reports
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack
    from meta_access.stack.tier import TierReport

PARTNER = {
    "meta:clients/acme": {
        "access": "partner",
        "business": "998877665544332",
        "assets": {"act_2055512345678901": {"reporting": "read"}, "catalog:11": {"reporting": ["ADVERTISE"]}},
    }
}


def report(stack: Stack, seen: TierSeen | None = None) -> TierReport:
    (found,) = reports(stack.spec, stack.rules, {} if seen is None else {"main": seen})
    return found


def starts(texts: list[str]) -> list[str]:
    return [text.partition(". ")[0] for text in texts]


def test_the_lower_tier_refuses_others_accounts_and_the_business_manager(load: Callable[..., Stack]) -> None:
    found = report(load(PARTNER), TierSeen("limited"))
    assert starts(found.refused) == [
        "meta:connections.main (tier limited): Business Manager APIs: no",
        "meta:connections.main (tier limited): ad accounts of others: no",
    ]
    assert found.refused[0].endswith("Wanted by meta:clients.own, meta:clients.acme.")
    assert starts(found.uncertain) == ["meta:connections.main (tier limited): Catalog APIs: cannot tell"]


def test_the_higher_tier_refuses_nothing(load: Callable[..., Stack]) -> None:
    found = report(load(PARTNER), TierSeen("full"))
    assert (found.refused, found.uncertain) == ([], [])


def test_a_tier_that_nothing_showed_is_unknown_even_when_one_is_declared(load: Callable[..., Stack]) -> None:
    found = report(load(PARTNER))
    assert found.refused == []
    assert starts(found.uncertain) == [
        "meta:connections.main (tier unknown): Business Manager APIs: cannot tell",
        "meta:connections.main (tier unknown): ad accounts of others: cannot tell",
        "meta:connections.main (tier unknown): Catalog APIs: cannot tell",
    ]
    assert "Nothing was asked of Meta." in found.uncertain[0]
    assert found.as_output()["observed"] == "unknown"


def test_production_wants_a_rate_for_production(load: Callable[..., Stack]) -> None:
    found = report(load({"meta:environment": "prod"}), TierSeen("limited"))
    assert starts(found.refused)[0] == "meta:connections.main (tier limited): calls at production's rate: no"
    assert found.refused[0].endswith("Wanted by meta:environment.")


def many(count: int) -> dict[str, Any]:
    assets = {f"act_20555123456{number:05d}": {"reporting": "read"} for number in range(count)}
    return {
        "meta:connections/main/tier_probe": "act_1043217650987654",
        "meta:clients": {"own": {"access": "own", "assets": assets}},
    }


def test_the_budget_counts_every_call_of_an_update_that_makes_everything(load: Callable[..., Stack]) -> None:
    found = report(load(many(2)), TierSeen("limited")).budget
    # 5 lists, 3 of the one user, 1 list of its ad accounts, 2 assignments, 1 probe.
    assert (found.calls, found.calls_limit, found.score_limit) == (12, 300, 60)
    # A write counts 3, the probe's read 1.
    assert found.scores == {
        "act_2055512345600000": 3,
        "act_2055512345600001": 3,
        "act_1043217650987654": 1,
    }


def test_more_calls_than_an_hour_allows_are_told_with_the_way_out(load: Callable[..., Stack]) -> None:
    assert not lacks(
        report(load(many(400)), TierSeen("limited")).refused[-1], "meta:connections.main", "410 calls", "300"
    )
    assert report(load(many(400)), TierSeen("full")).budget.over == []
    assert report(load(many(400))).budget.over == []


def test_an_account_that_many_work_on_can_pass_its_score(load: Callable[..., Stack]) -> None:
    names = [f"reporting{number}" for number in range(10)]
    stack = load(
        {
            "meta:identities": {name: {"use_case": "read_reports"} for name in names},
            "meta:clients": {"own": {"access": "own", "assets": {"act_1": dict.fromkeys(names, "read")}}},
        }
    )
    found = report(stack, TierSeen("full")).budget
    assert found.scores == {"act_1": 30}
    low = stack.rules.tiers["limited"].model_copy(update={"score_limit": 29})
    fewer = stack.rules.model_copy(update={"tiers": {**stack.rules.tiers, "limited": low}})
    (told,) = reports(stack.spec, fewer, {"main": TierSeen("limited")})
    assert told.budget.over == ["a score of up to 30 on act_1, more than 29"]
