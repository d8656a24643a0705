"""What a configuration asks for, worked out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.stack import gate_names, ignores, plan
from meta_access.stack.tier import quota_export

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack


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


@pytest.mark.parametrize(
    ("choice", "tasks"),
    [
        ("read", ("ad_account:ANALYZE", "page:ANALYZE")),
        ("use_case", ("ad_account:ANALYZE", "page:ANALYZE")),
        ("own_row", ("pixel:UPLOAD",)),
        (["page:MANAGE", "pixel:EDIT"], ("page:MANAGE", "pixel:EDIT")),
    ],
)
def test_a_group_takes_the_tasks_of_the_kinds_in_it(load: Callable[..., Stack], choice: Any, tasks: Any) -> None:
    changes = {
        "meta:rules": "2026-11",
        "meta:task_sets/own_row": {"page": ["ANALYZE"], "group": ["pixel:UPLOAD"]},
        "meta:clients/own/assets": {"group:7": {"reporting": choice}},
    }
    found = load(changes)
    assert [work.tasks for work in plan.assignments(found.spec, found.rules, "own")] == [tasks]


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
        "reporting-app-access",
    ]


def test_what_an_app_does_not_declare_is_no_gate(load: Callable[..., Stack]) -> None:
    bare = load({"meta:apps/ads/roles": None, "meta:apps/ads/login": None})
    assert list(gate_names.of_app(bare.spec, bare.rules, "ads")) == ["ads-ads_read", "ads-tier"]
    login = {"configurations": {"client": {"config_id": "9", "permissions": ["ads_read"]}}}
    found = load({"meta:apps/ads/roles": None, "meta:apps/ads/login": login})
    assert list(gate_names.of_app(found.spec, found.rules, "ads")) == ["ads-login-client", "ads-ads_read", "ads-tier"]


def test_a_duty_with_a_day_is_known_by_its_gate(load: Callable[..., Stack]) -> None:
    duties = {"data_use_checkup": {"due": "2027-03-01"}, "app_mode": {}, "two_factor": {"due": "2027-04-01"}}
    alone = load({"meta:apps/ads/obligations": duties})
    assert gate_names.due_days(alone.spec) == {
        "ads-data_use_checkup": date(2027, 3, 1),
        "ads-two_factor": date(2027, 4, 1),
    }
    observed = load({"meta:apps/ads/obligations": duties, "meta:businesses/agency/two_factor": "all_required"})
    assert gate_names.due_days(observed.spec) == {
        "ads-data_use_checkup": date(2027, 3, 1),
        "agency-two-factor": date(2027, 4, 1),
    }
    assert gate_names.due_days(load({"meta:businesses/agency/two_factor": "all_required"}).spec) == {}


def test_the_client_of_a_share_is_in_its_name_and_a_name_of_ones_own_has_none() -> None:
    assert gate_names.client_of_share("acme-share-act_1", "act_1") == "acme"
    assert gate_names.client_of_share("pictures", "act_1") == ""
    assert gate_names.is_share("acme-share-act_1", "acme") is True
    assert gate_names.is_share("acme-share-act_1", "ac") is False


def test_names_that_no_resource_has_are_other_than_those_of_gates() -> None:
    assert gate_names.policy("broad_scopes") == "policy:broad_scopes"
    assert gate_names.upkeep("ads") == "ads-upkeep"


def test_a_page_of_an_identity_that_asks_for_leads_is_a_gate_of_its_own(load: Callable[..., Stack]) -> None:
    changes = {
        "meta:apps/ads/permissions": {"standard": ["leads_retrieval"]},
        "meta:identities": {"crm": {"scopes": ["leads_retrieval"]}, "reporting": {"use_case": "read_reports"}},
        "meta:clients/own/assets": {
            "page:7": {"crm": "read", "reporting": "read"},
            "page:8": {"reporting": "read"},
            "act_1": {"crm": "read"},
        },
    }
    found = load(changes)
    names = gate_names.of_stack(found.spec, found.rules)
    assert [name for name in names if "-lead-access-" in name] == ["crm-lead-access-page:7"]


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


OWN = "act_1043217650987654"
ENTRY = {"reason": "Migration", "person": "nadia", "until": "2027-03-01"}


def test_what_a_client_holds_exclusively(load: Callable[..., Stack]) -> None:
    found = load(
        {
            "meta:rules": "2026-11",
            "meta:clients/own": {
                "access": "own",
                "exclusive": True,
                "assets": {OWN: {"reporting": "read"}, "page:7": {}},
                "ignore": [{"holder": "9", **ENTRY}],
            },
            "meta:clients/other": {"access": "own", "assets": {"group:8": {"second": ["ad_account:ANALYZE"]}}},
            "meta:identities/second": {"use_case": "read_reports", "name": "Second", "adopt": "122090000000302"},
            "meta:ignore": [{"holder": "ines@agency.example", **ENTRY}, {"asset": "act_2", **ENTRY}],
        }
    )

    assert list(plan.exclusives(found.spec, found.rules)) == [
        plan.ExclusivePlan(
            name="own-exclusive",
            connection="main",
            client="own",
            identity="",
            assets=(OWN, "page:7"),
            # Through a group somebody may have what is in it.
            declared=(("reporting", OWN), ("second", "group:8")),
            kept=(
                "*/act_2",
                "122090000000302/group:8",
                f"9/{OWN}",
                "9/page:7",
                "Second/group:8",
                "ines@agency.example/*",
                f"reporting/{OWN}",
            ),
        )
    ]
    assert [one.replace_existing for one in plan.assignments(found.spec, found.rules, "own")] == [True]
    assert [one.replace_existing for one in plan.assignments(found.spec, found.rules, "other")] == [False]


def test_what_an_identity_holds_exclusively(load: Callable[..., Stack]) -> None:
    found = load({"meta:identities/reporting": {"use_case": "read_reports", "exclusive": True}})

    [held] = plan.exclusives(found.spec, found.rules)

    assert (held.name, held.identity, held.assets) == ("reporting-exclusive", "reporting", ())
    assert (held.declared, held.kept) == ((("reporting", OWN),), (f"reporting/{OWN}",))


def test_a_client_is_looked_at_in_each_business(load: Callable[..., Stack]) -> None:
    first = load({}).spec.connections["main"].model_dump()
    changes = {
        "meta:clients/own/exclusive": True,
        "meta:businesses/sister": {"id": "178435550012346"},
        "meta:identities/reporting/connection": "main",
        "meta:connections/again": first,
        "meta:connections/sister": {**first, "business": "sister"},
    }
    found = load(changes)

    named = [(one.name, one.connection) for one in plan.exclusives(found.spec, found.rules)]
    assert named == [("own-exclusive-agency", "main"), ("own-exclusive-sister", "sister")]


def test_entries_that_have_ended_keep_nobody(load: Callable[..., Stack]) -> None:
    found = load(
        {
            "meta:clients/own/exclusive": True,
            "meta:clients/own/ignore": [{"holder": "9", **ENTRY}],
            "meta:ignore": [{"holder": "8", **ENTRY}],
        }
    )

    days = [date(2027, 2, 28), date(2027, 3, 1)]
    held = [next(plan.exclusives(ignores.without_ended(found.spec, day), found.rules)) for day in days]
    assert [one.kept for one in held] == [("8/*", f"9/{OWN}", f"reporting/{OWN}"), (f"reporting/{OWN}",)]
