"""Use cases written out: permissions, levels by whose accounts they are, tasks, and what goes beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.stack import plan, use_cases
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

ACCOUNT = "act_2055512345678901"
AT = f"meta:clients.acme.assets.{ACCOUNT}.reporting"


def acme(access: str, choice: Any = "read") -> dict[str, Any]:
    return {
        "meta:clients/acme": {
            "access": access,
            "business": "998877665544332",
            "assets": {ACCOUNT: {"reporting": choice}},
        }
    }


def test_a_stack_with_a_use_case_needs_no_list_of_permissions(load: Callable[..., Stack]) -> None:
    stack = load({"meta:apps/ads/permissions": {}, "meta:identities/reporting": {"use_case": "manage_ads"}})
    assert use_cases.permissions_of(stack.spec, stack.rules, "ads") == {
        "ads_management": "standard",
        "pages_read_engagement": "standard",
        "pages_show_list": "standard",
    }


def test_accounts_of_others_need_the_advanced_level(load: Callable[..., Stack]) -> None:
    for access in ("partner", "login"):
        stack = load({**acme(access), "meta:apps/ads/permissions": {}})
        assert use_cases.permissions_of(stack.spec, stack.rules, "ads") == {"ads_read": "advanced"}


def test_a_level_that_is_typed_stands_and_a_lower_one_is_a_warning(load: Callable[..., Stack]) -> None:
    stack = load(acme("partner"))
    assert use_cases.permissions_of(stack.spec, stack.rules, "ads") == {"ads_read": "standard"}
    [said] = list(use_cases.warnings(stack.spec, stack.rules))
    assert not lacks(said, "meta:apps.ads.permissions.standard", "ads_read", "advanced", "acme")


def test_the_preview_writes_a_use_case_out(load: Callable[..., Stack]) -> None:
    stack = load({**acme("login"), "meta:identities/reporting": {"use_case": "read_and_manage"}})
    [said] = list(use_cases.notices(stack.spec, stack.rules))
    assert not lacks(
        said,
        "meta:identities.reporting",
        "read_and_manage",
        "ads_management, ads_read, pages_read_engagement, pages_show_list",
        "advanced",
        "acme",
        "Marketing API Access Tier",
        "ad_account: ADVERTISE, ANALYZE; page: ADVERTISE, ANALYZE",
    )


def test_asking_for_more_than_the_use_case_needs_names_the_excess(load: Callable[..., Stack]) -> None:
    stack = load(
        {
            "meta:apps/ads/permissions": {"standard": ["ads_read", "ads_management", "catalog_management"]},
            "meta:identities/reporting": {"use_case": "read_reports", "scopes": ["ads_read", "ads_management"]},
            "meta:apps/ads/login": None,
        }
    )
    assert list(use_cases.warnings(stack.spec, stack.rules)) == [
        (
            "meta:identities.reporting.scopes: use case read_reports needs no ads_management. Reviews are refused for "
            "asking more than the use needs."
        ),
        (
            "meta:apps.ads.permissions: nothing in this stack uses catalog_management. Reviews are refused for "
            "asking more "
            "than the use needs."
        ),
    ]


def test_tasks_beyond_the_use_case_are_named(load: Callable[..., Stack]) -> None:
    stack = load({"meta:apps/ads/permissions": {"advanced": ["ads_read"]}, **acme("partner", ["MANAGE", "ANALYZE"])})
    assert list(use_cases.warnings(stack.spec, stack.rules)) == [f"{AT}: use case read_reports needs no MANAGE."]


def test_the_tasks_of_the_use_case_can_be_asked_for_by_that_word(load: Callable[..., Stack]) -> None:
    stack = load({**acme("partner", "use_case"), "meta:identities/reporting": {"use_case": "read_and_manage"}})
    (work,) = plan.assignments(stack.spec, stack.rules, "acme")
    assert work.tasks == ("ADVERTISE", "ANALYZE")


def test_the_word_needs_a_use_case_and_tasks_for_that_kind(refusals: Callable[..., list[str]]) -> None:
    [said] = refusals({**acme("partner", "use_case"), "meta:identities/reporting": {"scopes": ["ads_read"]}})
    assert not lacks(said, AT, "reporting", "a task set's name")
    catalog = {"access": "own", "assets": {"catalog:11": {"reporting": "use_case"}}}
    [said] = refusals({"meta:clients/own": catalog})
    assert not lacks(said, "meta:clients.own.assets.catalog:11.reporting", "read_reports", "catalog")


def test_a_stack_that_asks_for_pages_to_be_created_is_told_what_to_do_instead(
    refusals: Callable[..., list[str]],
) -> None:
    why = "no tier of the Marketing API creates Pages through the API."
    fix = (
        "let a person create the Page at facebook.com/pages/create and add it to the business, then give it out as "
        "page:<id> under a client's assets."
    )
    assert refusals(
        {"meta:clients/own/create_pages": ["Acme"], "meta:clients/own/assets/page:new": {"reporting": "read"}}
    ) == [
        f"meta:clients.own.create_pages: asks for Pages to be created; {why} Fix: {fix}",
        f"meta:clients.own.assets.page:new: asks for a Page to be created; {why} Fix: {fix}",
    ]
