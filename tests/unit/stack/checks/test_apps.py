"""Tiers, permissions, features, duties and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.stack import gate_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack


@pytest.mark.parametrize(
    ("rules", "word", "problem"),
    [
        (
            "2026-05",
            "advanced",
            (
                '"advanced" is no tier of rule set 2026-05; it is the word of 2025-06 for what is '
                'called "full" here. Fix: write "full".'
            ),
        ),
        (
            "2026-05",
            "standard",
            (
                '"standard" is no tier of rule set 2026-05; it is the word of 2025-06 for what is '
                'called "limited" here. Fix: write "limited".'
            ),
        ),
        (
            "2025-06",
            "full",
            (
                '"full" is no tier of rule set 2025-06; it is the word of 2026-05 for what is called '
                '"advanced" here. Fix: write "advanced".'
            ),
        ),
        (
            "2025-06",
            "limited",
            (
                '"limited" is no tier of rule set 2025-06; it is the word of 2026-05 for what is '
                'called "standard" here. Fix: write "standard".'
            ),
        ),
        (
            "2026-05",
            "fully",
            ('"fully" is no tier of rule set 2026-05, which has limited and full. Fix: write "full".'),
        ),
        (
            "2026-05",
            "gold",
            ('"gold" is no tier of rule set 2026-05, which has limited and full. Fix: write one of limited, full.'),
        ),
    ],
)
def test_a_tier_of_the_other_rule_set_is_translated(
    refusals: Callable[..., list[str]], rules: str, word: str, problem: str
) -> None:
    assert refusals({"meta:rules": rules, "meta:apps/ads/tier": word}) == [f"meta:apps.ads.tier: {problem}"]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (
            "permissions",
            {"standard": ["ads_read", "ads_manage"]},
            (
                '.permissions.standard[1]: Meta has no permission "ads_manage" (rule set 2026-05). '
                'Fix: write "ads_management".'
            ),
        ),
        (
            "permissions",
            {"standard": ["ads_read"], "advanced": ["ads_read"]},
            (".permissions.advanced[0]: ads_read is there twice. Fix: keep it once, at the level that is needed."),
        ),
        (
            "permissions",
            {"full": ["ads_read"]},
            (
                '.permissions.full: there is no key "full" here. Fix: remove it, or install the meta-access that knows '
                "it; the keys are standard, advanced."
            ),
        ),
        (
            "permissions",
            {"standard": ["ads_read", "pages_show_list"], "advanced": ["ads_management"]},
            (
                ".permissions.advanced[0]: ads_management depends on pages_show_list, declared at level standard only "
                "(rule set 2026-05). Fix: move pages_show_list to advanced as well, or remove it from standard."
            ),
        ),
        (
            "features",
            {"human_agents": "standard"},
            (
                '.features.human_agents: Meta has no feature "human_agents" (rule set 2026-05). Fix: '
                'write "human_agent".'
            ),
        ),
        (
            "features",
            {"human_agent": "full"},
            ('.features.human_agent: "full" is no level of Human Agent. Fix: write one of standard, advanced.'),
        ),
        (
            "features",
            {"ads_management_standard_access": "full"},
            (
                ".features.ads_management_standard_access: Marketing API Access Tier is declared by "
                "the app's tier. Fix: remove it, and write tier: at meta:apps.ads."
            ),
        ),
        (
            "obligations",
            {"data_use_check": {}},
            ('.obligations.data_use_check: there is no obligation "data_use_check". Fix: write "data_use_checkup".'),
        ),
        (
            "roles",
            {"admin": ["nadia"], "tester": ["nadia"]},
            (
                ".roles.tester[0]: nadia already is admin; Meta knows one role per person and app. "
                "Fix: keep the one that is needed."
            ),
        ),
    ],
)
def test_an_apps_declarations(refusals: Callable[..., list[str]], path: str, value: Any, problem: str) -> None:
    assert refusals({f"meta:apps/ads/{path}": value}) == [f"meta:apps.ads{problem}"]


def test_testers_of_an_unverified_business_are_fifty_at_most(
    load: Callable[..., Stack], refusals: Callable[..., list[str]]
) -> None:
    testers = [f"t{number}" for number in range(51)]
    people: dict[str, Any] = {"nadia": {}, **{name: {} for name in testers}}
    changes = {"meta:people": people, "meta:apps/ads/roles": {"admin": ["nadia"], "tester": testers}}
    assert refusals(changes) == [
        (
            "meta:apps.ads.roles.tester: 51 testers and analytics users; Meta allows 50 for an app without a verified "
            "business (rule set 2026-05). Fix: remove those who no longer need it."
        )
    ]
    assert load({**changes, "meta:businesses/agency/verification": "verified"})


def test_roles_without_anybody(refusals: Callable[..., list[str]]) -> None:
    assert refusals({"meta:apps/ads/roles": {}}) == [
        (
            "meta:apps.ads.roles: nobody has a role, so there is nothing to watch. Fix: write at least admin: [a name "
            "of meta:people], or remove the line."
        )
    ]


def test_a_second_factor_is_declared_once_for_a_business(refusals: Callable[..., list[str]]) -> None:
    duty = {"two_factor": {"due": "2027-03-01"}}
    second = {
        "meta:apps/shop": {"id": "1204817736400556", "tier": "full", "obligations": duty},
        "meta:connections/shop": {
            "business": "agency",
            "app": "shop",
            "graph_url": "http://127.0.0.1:8765",
            "api_version": "v26.0",
            "app_secret": "emulator:",
            "admin_token": "emulator:",
            "aws": {"region": "eu-central-1", "endpoint_url": "http://127.0.0.1:8766"},
        },
        "meta:identities/reporting/connection": "main",
        "meta:apps/ads/obligations": duty,
    }

    assert refusals(second) == [
        (
            "meta:apps.shop.obligations.two_factor: it is a duty of business agency, and ads declares it already. Fix: "
            "keep it with ads."
        )
    ]


def test_the_gates_of_a_second_factor_are_named_once(load: Callable[..., Stack]) -> None:
    stack = load({"meta:apps/ads/obligations": {"two_factor": {}}, "meta:businesses/agency/two_factor": "all_required"})

    names = gate_names.of_stack(stack.spec, stack.rules)
    assert [name for name in names if "factor" in name] == ["agency-two-factor"]
    alone = load({"meta:apps/ads/obligations": {"two_factor": {}}})
    assert "ads-two_factor" in gate_names.of_stack(alone.spec, alone.rules)
