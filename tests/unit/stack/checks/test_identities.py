"""System users and their scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack


def test_two_system_users_of_one_name(refusals: Callable[..., list[str]]) -> None:
    assert refusals({"meta:identities/second": {"use_case": "read_reports", "name": "Reporting"}}) == [
        (
            'meta:identities.second.name: "Reporting" is also the name of reporting; Meta refuses '
            "two system users of one "
            "name. Fix: give one of them another name."
        )
    ]


def test_one_system_user_adopted_twice(refusals: Callable[..., list[str]]) -> None:
    both = {"use_case": "read_reports", "adopt": "122096106543457614"}
    assert refusals({"meta:identities/reporting": both, "meta:identities/second": both}) == [
        "meta:identities.second.adopt: reporting adopts the same system user. Fix: keep one identity for it."
    ]


def test_a_user_whose_tokens_are_not_the_stacks_has_nothing_of_a_token(
    refusals: Callable[..., list[str]], load: Callable[..., Stack]
) -> None:
    more = {"use_case": "read_reports", "lifetime": "60d"}
    assert refusals({"meta:identities/second": {"token": "none", **more}}) == [
        (
            f"meta:identities.second.{name}: is about a token, and token: none says that this stack keeps none. Fix: "
            "remove it, or the line token: none."
        )
        for name in ("use_case", "lifetime")
    ]
    assert load({"meta:identities/second": {"token": "none"}}).spec.identities["second"].has_token is False


def test_users_that_are_there_may_differ_in_capitals_alone_and_be_more_than_the_limit(
    load: Callable[..., Stack],
) -> None:
    names = {"meta:identities/reporting": {"name": "Reporting", "adopt": "1", "token": "none"}}
    names |= {f"meta:identities/one-{n}": {"adopt": f"1{n}", "token": "none"} for n in range(30)}
    names["meta:identities/second"] = {"name": "reporting", "adopt": "2", "token": "none"}

    assert len(load(names).spec.identities) >= 32


def test_an_identity_was_renamed_from_one_that_is_gone_and_alone(refusals: Callable[..., list[str]]) -> None:
    one = {"use_case": "read_reports", "renamed_from": "before"}
    assert refusals({"meta:identities/one": one, "meta:identities/two": {**one, "renamed_from": "reporting"}}) == [
        (
            'meta:identities.two.renamed_from: there is an identity "reporting" still, so this one cannot have been '
            "called so. Fix: remove the line, or correct it."
        )
    ]
    assert refusals({"meta:identities/one": one, "meta:identities/two": one}) == [
        "meta:identities.two.renamed_from: one is also renamed from before. Fix: keep the line at one of them."
    ]


@pytest.mark.parametrize(
    ("identity", "problem"),
    [
        (
            {"use_case": "read_reports", "scopes": []},
            (
                ".scopes: the list is empty, and Meta mints no token without a scope. Fix: write at least one, or "
                "remove the line."
            ),
        ),
        (
            {},
            (
                ": it says neither use_case nor scopes, so its token could do nothing. Fix: write "
                "use_case: one of manage_ads, read_reports, read_and_manage; or scopes: […]; or token: none, if this "
                "stack is to keep no token of it."
            ),
        ),
        (
            {"use_case": "read_report"},
            '.use_case: rule set 2026-05 has no use case "read_report". Fix: write "read_reports".',
        ),
        (
            {"scopes": ["ads_raed"]},
            ('.scopes[0]: Meta has no permission "ads_raed" (rule set 2026-05). Fix: write "ads_read".'),
        ),
        (
            {"scopes": ["ads_read", "attribution_read"]},
            (
                ".scopes[1]: attribution_read is not covered by a permission that meta:apps.ads "
                "declares. Fix: add it to meta:apps.ads.permissions.standard, or ask for less."
            ),
        ),
        (
            {"scopes": ["ads_read", "public_profile"]},
            (
                ".scopes[1]: a system user's token cannot hold public_profile (https://developers.facebook.com/docs/"
                "facebook-login/facebook-login-for-business). Fix: remove it."
            ),
        ),
        (
            {"scopes": ["ads_read", "instagram_business_basic"]},
            (
                ".scopes[1]: instagram_business_basic is a permission of the Instagram API with Instagram Login, "
                "another product with logins and tokens of its own (https://developers.facebook.com/documentation/"
                "instagram-platform). Fix: use the instagram_… permissions of Facebook Login, such as instagram_basic."
            ),
        ),
        (
            {"scopes": ["threads_basic"]},
            (
                ".scopes[0]: threads_basic is a permission of the Threads API, another product with logins and tokens "
                "of its own (https://developers.facebook.com/docs/threads). Fix: use an app with the Threads use case, "
                "which this tool does not cover."
            ),
        ),
        ({"scopes": ["ads_read", "ads_read"]}, ".scopes: a scope is there twice. Fix: keep each once."),
        (
            {"use_case": "read_reports", "name": "unused 7"},
            (
                ".name: the name starts with 'unused', which marks retired system users whose slot "
                "may be taken. Fix: write another name."
            ),
        ),
    ],
)
def test_an_identity_on_its_own(refusals: Callable[..., list[str]], identity: dict[str, Any], problem: str) -> None:
    assert refusals({"meta:identities/reporting": identity}) == [f"meta:identities.reporting{problem}"]


def test_a_permission_covers_what_it_depends_on(load: Callable[..., Stack]) -> None:
    changes = {"meta:apps/ads/permissions": {"standard": ["ads_management"]}}
    assert load({**changes, "meta:identities/reporting": {"use_case": "manage_ads"}})


def test_among_several_connections_an_identity_says_where_it_lives(
    load: Callable[..., Stack], refusals: Callable[..., list[str]]
) -> None:
    second: dict[str, Any] = {"business": "agency", "app": "ads", "api_version": "v26.0"}
    second |= {"graph_url": "http://127.0.0.1:8765"}
    second |= {"app_secret": "emulator:", "admin_token": "emulator:"}
    second |= {"aws": {"region": "eu-central-1", "endpoint_url": "http://127.0.0.1:8766"}}
    changes = {"meta:connections/other": second}
    assert refusals(changes) == [
        (
            "meta:identities.reporting.connection: there are 2 connections, and it does not say which it lives in. "
            "Fix: write one of main, other."
        )
    ]
    assert load({**changes, "meta:identities/reporting/connection": "other"})
