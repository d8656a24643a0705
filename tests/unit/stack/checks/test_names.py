"""Names that are in no table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (
            "meta:connections/main/business",
            "agensy",
            ('meta:connections.main.business: there is no "agensy" in meta:businesses. Fix: write "agency".'),
        ),
        (
            "meta:connections/main/app",
            "search",
            (
                'meta:connections.main.app: there is no "search" in meta:apps. Fix: add it to '
                "meta:apps, or use one of ads."
            ),
        ),
        (
            "meta:businesses/agency/owner",
            "tom",
            (
                'meta:businesses.agency.owner: there is no "tom" in meta:people. Fix: add it to '
                "meta:people, or use one of nadia, ines."
            ),
        ),
        ("meta:apps/ads/owner", "inez", 'meta:apps.ads.owner: there is no "inez" in meta:people. Fix: write "ines".'),
        (
            "meta:apps/ads/claimed_by",
            "agenci",
            ('meta:apps.ads.claimed_by: there is no "agenci" in meta:businesses. Fix: write "agency".'),
        ),
        (
            "meta:apps/ads/roles/developer",
            ["ines", "nadja"],
            ('meta:apps.ads.roles.developer[1]: there is no "nadja" in meta:people. Fix: write "nadia".'),
        ),
        (
            "meta:apps/ads/obligations",
            {"two_factor": {"owner": "tom"}},
            (
                'meta:apps.ads.obligations.two_factor.owner: there is no "tom" in meta:people. Fix: '
                "add it to meta:people, or use one of nadia, ines."
            ),
        ),
        (
            "meta:identities/reporting/connection",
            "mein",
            ('meta:identities.reporting.connection: there is no "mein" in meta:connections. Fix: write "main".'),
        ),
        (
            "meta:clients/own/assets/act_1",
            {"reportin": "read"},
            (
                'meta:clients.own.assets.act_1.reportin: there is no "reportin" in meta:identities. '
                'Fix: write "reporting".'
            ),
        ),
        (
            "meta:clients/own/assets/act_1",
            {"reporting": "reed"},
            ('meta:clients.own.assets.act_1.reporting: there is no "reed" in meta:task_sets. Fix: write "read".'),
        ),
        (
            "meta:quota_overrides/agenzy",
            {"ADMIN": {"limit": 2, "reason": "r", "date": "2026-10-01"}},
            ('meta:quota_overrides.agenzy: there is no "agenzy" in meta:businesses. Fix: write "agency".'),
        ),
        (
            "meta:connections/main/admin_token",
            "identity:root",
            (
                'meta:connections.main.admin_token: there is no "root" in meta:identities. Fix: add '
                "it to meta:identities, or use one of reporting."
            ),
        ),
    ],
)
def test_a_name_that_is_nowhere(refusals: Callable[..., list[str]], path: str, value: Any, problem: str) -> None:
    assert refusals({path: value}) == [problem]


def test_one_thing_at_meta_has_one_name(refusals: Callable[..., list[str]]) -> None:
    business = {"id": "178435550012345", "owner": "nadia"}
    assert refusals({"meta:businesses/again": business}) == [
        "meta:businesses.again.id: agency has the same id. Fix: keep one of agency and again."
    ]
