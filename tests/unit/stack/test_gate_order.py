"""Which gates come before which, of those that a stack declares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meta_access.stack import gate_names
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

STACKS = Path(__file__).resolve().parents[3] / "stacks"
PROD = load_stack(config_of(STACKS / "Pulumi.prod.yaml"), "prod", STACKS)


def test_the_work_of_production_in_its_order() -> None:
    first = gate_names.before(PROD.spec, PROD.rules)

    review = ("ads-tier", "agency-verification")
    assert first == {
        "ads-login-client_reporting": ("ads-ads_read",),
        "ads-ads_read": review,
        "ads-ads_management": review,
        "ads-pages_show_list": review,
        "ads-pages_read_engagement": review,
        "ads-tier": ("agency-verification",),
        "ads-access_verification": ("agency-verification",),
    }
    names = ["ads-login-client_reporting", "ads-app-roles", "ads-ads_read", "ads-tier", "agency-verification"]
    assert gate_names.in_order(names, first) == [
        "agency-verification",
        "ads-tier",
        "ads-ads_read",
        "ads-login-client_reporting",
        "ads-app-roles",
    ]


def test_advanced_access_waits_for_the_mode_of_the_app_and_standard_access_for_nothing(
    load: Callable[..., Stack],
) -> None:
    changes = {
        "meta:apps/ads/permissions": {"advanced": ["ads_read"], "standard": ["business_management"]},
        "meta:apps/ads/features": {"human_agent": "advanced", "page_public_content_access": "standard"},
        "meta:apps/ads/obligations": {"app_mode": {}},
        "meta:apps/ads/tier": "limited",
        "meta:businesses/agency/verification": "verified",
    }
    stack = load(changes)
    review = ("ads-app_mode", "agency-verification")

    assert gate_names.before(stack.spec, stack.rules) == {"ads-ads_read": review, "ads-human_agent": review}


def test_what_is_not_declared_comes_before_nothing(load: Callable[..., Stack]) -> None:
    stack = load({"meta:apps/ads/permissions": {"advanced": ["ads_read"]}, "meta:apps/ads/tier": "limited"})

    assert gate_names.before(stack.spec, stack.rules) == {}


def test_the_business_that_claims_the_app_and_the_one_that_acts_through_it_are_both_verified_first(
    load: Callable[..., Stack],
) -> None:
    changes = {
        "meta:apps/ads/permissions": {"advanced": ["ads_read"]},
        "meta:apps/ads/tier": "limited",
        "meta:apps/ads/claimed_by": "holding",
        "meta:businesses/agency/verification": "verified",
        "meta:businesses/holding": {"id": "178000000000199", "name": "Holding", "verification": "verified"},
    }
    stack = load(changes)

    assert gate_names.before(stack.spec, stack.rules) == {
        "ads-ads_read": ("agency-verification", "holding-verification")
    }


def test_a_list_is_put_in_order_and_nothing_is_added_to_it() -> None:
    assert gate_names.in_order(["b", "a"], {"b": ("c", "a")}) == ["a", "b"]
