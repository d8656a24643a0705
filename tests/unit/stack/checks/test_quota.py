"""System users beyond the limit of the tier."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack


GUIDE = "https://developers.facebook.com/documentation/ads-commerce/marketing-api/get-started/authorization"
CITED = f"(rule set 2026-05, read 2026-11-01: {GUIDE})"
OVERRIDE = "state another limit under meta:quota_overrides."
LIMITED = {"meta:apps/ads/tier": "limited"}
WORK = {"use_case": "read_reports"}
SHARE = "let fewer identities share the work; declare tier: full once Meta has granted it; or " + OVERRIDE


def test_a_third_employee_at_the_limited_tier(refusals: Callable[..., list[str]]) -> None:
    changes = {**LIMITED, "meta:identities/second": WORK, "meta:identities/third": WORK}
    assert refusals(changes) == [
        (
            "meta:identities.second: 3 system users of role EMPLOYEE are planned for business agency (reporting, "
            "second, "
            f"third); the limited tier allows 1 {CITED}. Fix: {SHARE}"
        )
    ]


def test_a_second_admin_at_any_tier(refusals: Callable[..., list[str]]) -> None:
    admin = {"role": "ADMIN", "scopes": ["ads_read"]}
    changes = {"meta:identities/root": admin, "meta:identities/second": admin}
    assert refusals(changes) == [
        (
            "meta:identities.second: 2 system users of role ADMIN are planned for business agency "
            "(root, second); the full "
            f"tier allows 1 {CITED}. Fix: let fewer identities share the work; or {OVERRIDE}"
        )
    ]


def test_without_a_declared_tier_only_what_no_tier_allows_is_refused(
    load: Callable[..., Stack], refusals: Callable[..., list[str]], removed: object
) -> None:
    ten = {f"meta:identities/more{number}": WORK for number in range(9)}
    undeclared = {"meta:apps/ads/tier": removed}
    assert load({**undeclared, **ten})
    (problem,) = refusals({**undeclared, **ten, "meta:identities/last": WORK})
    assert problem.startswith("meta:identities.last: 11 system users of role EMPLOYEE are planned for business agency")
    assert (
        f"; no tier allows more than 10 {CITED}. Fix: let fewer identities share the work; or {OVERRIDE}"
    ) in problem


def test_an_override_replaces_the_limit(load: Callable[..., Stack], refusals: Callable[..., list[str]]) -> None:
    changes = {**LIMITED, "meta:identities/second": WORK, "meta:identities/third": WORK}
    row = {"reason": "granted by support", "date": "2026-10-01"}
    assert load({**changes, "meta:quota_overrides/agency": {"EMPLOYEE": {"limit": 3, **row}}})
    assert refusals({**changes, "meta:quota_overrides/agency": {"EMPLOYEE": {"limit": 2, **row}}}) == [
        (
            "meta:identities.third: 3 system users of role EMPLOYEE are planned for business agency (reporting, "
            "second, "
            f"third); meta:quota_overrides allows 2 since 2026-10-01. Fix: {SHARE}"
        )
    ]
