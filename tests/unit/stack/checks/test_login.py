"""Redirect URIs and login configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

AS_COMPARED = "write the URI as Meta is to compare it."


@pytest.mark.parametrize(
    ("uri", "reason", "fix"),
    [
        (
            "http://connect.agency.example/meta/callback/",
            "uses http; Meta enforces https for redirect URIs",
            'write "https://connect.agency.example/meta/callback/".',
        ),
        (
            "https://*.agency.example/meta/callback/",
            "holds a wildcard; Meta compares the whole URI, so each one is listed in full",
            AS_COMPARED,
        ),
        (
            "https://connect.agency.example/meta/callback/#done",
            "holds a fragment (#…), which OAuth 2.0 forbids in a redirect URI",
            'write "https://connect.agency.example/meta/callback/".',
        ),
        (
            "https://connect.agency.example/meta/callback",
            (
                "lacks the slash at the end of its path, which connect.agency.example/ demands; Meta "
                "compares it to the letter"
            ),
            'write "https://connect.agency.example/meta/callback/".',
        ),
        (
            "https://elsewhere.example/meta/callback/",
            "uses the host elsewhere.example, which is not one of: connect.agency.example",
            AS_COMPARED,
        ),
        (
            "https://connect.agency.example/meta/callback/?state=1",
            "carries state in its query; Meta leaves that one parameter out of the comparison, so list it without",
            AS_COMPARED,
        ),
        (
            "http://localhost:3000/",
            "points at this machine; Meta allows localhost by itself while the app is in development mode",
            AS_COMPARED,
        ),
    ],
)
def test_a_redirect_uri_that_would_not_work(
    refusals: Callable[..., list[str]], uri: str, reason: str, fix: str
) -> None:
    assert refusals({"meta:apps/ads/login/redirect_uris": ["https://connect.agency.example/", uri]}) == [
        f'meta:apps.ads.login.redirect_uris[1]: "{uri}" {reason}. Fix: {fix}'
    ]


def test_a_host_without_a_slash_demands_none(load: Callable[..., Stack]) -> None:
    login = {"hosts": ["connect.agency.example"], "redirect_uris": ["https://connect.agency.example/meta/callback"]}
    assert load({"meta:apps/ads/login": login})


def test_one_address_in_two_spellings(refusals: Callable[..., list[str]]) -> None:
    uris = ["https://connect.agency.example/a/", "https://CONNECT.agency.example:443/a/"]
    assert refusals({"meta:apps/ads/login/redirect_uris": uris}) == [
        (
            'meta:apps.ads.login.redirect_uris[1]: "https://CONNECT.agency.example:443/a/" is the same address as '
            '"https://connect.agency.example/a/". Fix: keep the one your application sends.'
        )
    ]


def test_permissions_of_a_login_configuration(refusals: Callable[..., list[str]]) -> None:
    row = {"config_id": "889900112233445", "permissions": ["ads_reed"]}
    assert refusals({"meta:apps/ads/login/configurations": {"reporting": row}}) == [
        (
            'meta:apps.ads.login.configurations.reporting.permissions[0]: Meta has no permission "ads_reed" '
            '(rule set 2026-05). Fix: write "ads_read".'
        )
    ]
