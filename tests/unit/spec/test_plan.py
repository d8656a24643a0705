"""What a configuration asks for, worked out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from meta_access import rules
from meta_access.spec import gate_names, notices, plan
from meta_access.spec.app import AppSpec
from meta_access.spec.login_urls import login_urls
from meta_access.spec.quota import quota_export

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.spec import Stack


def test_an_identity_takes_its_scopes_from_its_use_case_with_what_they_depend_on(load: Callable[..., Stack]) -> None:
    found = load(
        {
            "meta:apps/ads/permissions": {"standard": ["ads_management", "ads_read"]},
            "meta:identities/trading": {"use_case": "manage_ads"},
            "meta:identities/both": {"use_case": "read_and_manage", "scopes": ["ads_read"]},
        }
    )
    scopes = {identity.key: identity.scopes for identity in plan.identities(found.spec, found.rules)}
    assert scopes == {
        "reporting": ("ads_read",),
        "trading": ("ads_management", "pages_read_engagement", "pages_show_list"),
        "both": ("ads_read",),
    }


def test_what_an_identity_does_not_say_comes_from_the_defaults(load: Callable[..., Stack]) -> None:
    found = load(
        {
            "meta:token_defaults": {"grace": "12h", "secret": "meta/{environment}/{identity}/{suffix}"},
            "meta:connections/main/aws/kms_key": "alias/meta",
            "meta:identities/second": {
                "use_case": "read_reports",
                "grace": "2h",
                "secret": "meta/own",
                "name": "Second",
            },
        }
    )
    first, second = plan.identities(found.spec, found.rules)
    assert (first.name, first.secret, first.grace, first.rotate_before) == (
        "reporting",
        "meta/test/reporting/{suffix}",
        "12h",
        "20d",
    )
    assert (first.lifetime, first.kms_key, first.connection) == ("60d", "alias/meta", "main")
    assert (second.name, second.secret, second.grace) == ("Second", "meta/own", "2h")


def test_an_assignment_takes_the_tasks_of_its_assets_kind(load: Callable[..., Stack]) -> None:
    assets = {"page:7": {"reporting": "read"}, "act_1": {"reporting": ["ADVERTISE"]}}
    sets = {"read": {"ad_account": ["ANALYZE"], "page": ["MODERATE"]}}
    found = load({"meta:clients/own/assets": assets, "meta:task_sets": sets})
    assert [(work.key, work.tasks) for work in plan.assignments(found.spec, found.rules, "own")] == [
        ("own-reporting-page:7", ("MODERATE",)),
        ("own-reporting-act_1", ("ADVERTISE",)),
    ]


def test_each_business_is_verified_through_the_first_app_that_acts_for_it(load: Callable[..., Stack]) -> None:
    found = load({"meta:businesses/agency/verification": "verified"})
    (app,) = plan.apps(found.spec)
    assert (app.key, app.connection, app.verifies) == ("ads", "main", {"agency": "main"})


def test_gates_are_named_after_what_they_stand_for(load: Callable[..., Stack]) -> None:
    found = load(
        {"meta:businesses/agency/verification": "verified", "meta:apps/ads/features": {"human_agent": "standard"}}
    )
    assert gate_names.of_stack(found.spec, found.rules) == [
        "ads-app-roles",
        "ads-redirect-uris",
        "ads-ads_read",
        "ads-human_agent",
        "ads-tier",
        "agency-verification",
    ]


@pytest.mark.parametrize(
    ("tier", "limit", "said"), [("full", 10, "full"), ("limited", 1, "limited"), (None, None, "not declared")]
)
def test_the_quota_export_says_limit_names_and_rule(
    load: Callable[..., Stack], tier: str | None, limit: int | None, said: Any
) -> None:
    found = load({"meta:apps/ads/tier": tier})
    assert quota_export(found.spec, found.rules) == {
        "agency": {
            "EMPLOYEE": {
                "limit": limit,
                "planned": ["reporting"],
                "tier": said,
                "rules": "2026-05",
                "rules_published": "2026-05-04",
                "source": "https://developers.facebook.com/documentation/"
                "ads-commerce/marketing-api/get-started/authorization",
            }
        }
    }


# --- login addresses ---


def test_the_guides_own_example_keeps_its_trailing_slash() -> None:
    login = {"redirect_uris": ["https://www.facebook.com/"]}
    app = AppSpec.model_validate({"id": "42", "login": login, "permissions": {"standard": ["ads_management"]}})
    assert login_urls(app, "v23.0") == {
        "https://www.facebook.com/": {
            "scope": "https://www.facebook.com/v23.0/dialog/oauth?client_id=42"
            "&redirect_uri=https%3A%2F%2Fwww.facebook.com%2F&state=STATE&response_type=code&scope=ads_management"
        }
    }


def test_a_query_in_the_redirect_uri_survives() -> None:
    uri = "https://a.example/cb/?next=%2Fhome&x=1"
    app = AppSpec.model_validate({"id": "42", "login": {"redirect_uris": [uri]}})
    asked = parse_qs(urlsplit(login_urls(app, "v26.0")[uri]["scope"]).query)
    assert asked == {"client_id": ["42"], "redirect_uri": [uri], "state": ["STATE"], "response_type": ["code"]}


def test_login_for_business_asks_by_configuration() -> None:
    configurations = {"own": {"config_id": "8"}, "people": {"config_id": "9", "token": "user"}}
    login = {"redirect_uris": ["https://a.example/"], "configurations": configurations}
    found = login_urls(AppSpec.model_validate({"id": "42", "login": login}), "v26.0")["https://a.example/"]
    assert found == {
        "own": "https://www.facebook.com/v26.0/dialog/oauth?client_id=42&redirect_uri=https%3A%2F%2Fa.example%2F"
        "&state=STATE&config_id=8&response_type=code&override_default_response_type=true",
        "people": "https://www.facebook.com/v26.0/dialog/oauth?client_id=42&redirect_uri=https%3A%2F%2Fa.example%2F"
        "&state=STATE&config_id=9&response_type=code",
    }


def test_an_app_without_logins_has_no_addresses() -> None:
    assert login_urls(AppSpec.model_validate({"id": "42"}), "v26.0") == {}


# --- notices ---


@pytest.mark.parametrize(
    ("version", "today", "said"),
    [
        ("v26.0", date(2026, 11, 24), []),
        (
            "v25.0",
            date(2028, 6, 1),
            [
                (
                    "meta:connections.main.api_version: v25.0 ends for the Marketing API on 2028-07-29. "
                    "Move to v26.0 before."
                )
            ],
        ),
        (
            "v27.0",
            date(2026, 11, 24),
            [
                (
                    "meta:connections.main.api_version: v27.0 is not in the calendar of rule set 2026-05, "
                    "whose newest is v26.0."
                )
            ],
        ),
    ],
)
def test_versions_worth_a_warning(load: Callable[..., Stack], version: str, today: date, said: Any) -> None:
    found = load({"meta:connections/main/api_version": version})
    assert list(notices.warnings(found.spec, rules.load("2026-05"), today)) == said


def test_what_nothing_acts_on_yet_is_named(load: Callable[..., Stack]) -> None:
    found = load(
        {
            "meta:apps/ads/settings": {"app_domains": ["agency.example"]},
            "meta:apps/ads/obligations": {"two_factor": {}},
            "meta:clients/acme": {"access": "partner", "business": "998877665544332"},
        }
    )
    assert notices.not_acted_on(found.spec) == [
        "meta:apps.ads.settings",
        "meta:apps.ads.obligations",
        "meta:clients (the owner's sharing)",
    ]


def test_a_plain_stack_has_nothing_to_say(load: Callable[..., Stack]) -> None:
    assert notices.not_acted_on(load().spec) == []
