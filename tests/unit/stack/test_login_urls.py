"""The addresses of Meta's login dialog, written out as they are pasted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from meta_access.stack import notices
from meta_access.stack.login_urls import login_urls

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

URI = "https://connect.agency.example/meta/callback/"
LOGIN = "meta:apps/ads/login"


def urls(stack: Stack, uri: str = URI, version: str = "v26.0") -> dict[str, str]:
    return login_urls(stack.spec, stack.rules, "ads", version)[uri]


def by_scope(**changes: Any) -> dict[str, Any]:
    """Without a use case: the app's permissions are asked for."""
    return {"meta:identities/reporting": {"scopes": ["ads_read"]}, **changes}


def test_the_guides_own_example_keeps_its_trailing_slash(load: Callable[..., Stack]) -> None:
    stack = load(
        {
            LOGIN: {"redirect_uris": ["https://www.facebook.com/"]},
            "meta:apps/ads/id": "42",
            "meta:apps/ads/permissions": {"standard": ["ads_management"]},
            "meta:identities": {},
            "meta:clients": {},
        }
    )
    found = urls(stack, "https://www.facebook.com/", "v23.0")
    assert found["scope"] == (
        "https://www.facebook.com/v23.0/dialog/oauth?client_id=42&redirect_uri=https%3A%2F%2Fwww.facebook.com%2F"
        "&state=STATE&response_type=code&scope=ads_management"
    )
    assert found["scope-rerequest"] == f"{found['scope']}&auth_type=rerequest"


def test_each_use_case_has_its_address_and_one_that_asks_again(load: Callable[..., Stack]) -> None:
    stack = load(
        {
            "meta:apps/ads/permissions": {},
            "meta:identities": {"reporting": {"use_case": "read_reports"}, "trading": {"use_case": "manage_ads"}},
        }
    )
    asked = {name: parse_qs(urlsplit(url).query)["scope"] for name, url in urls(stack).items()}
    assert asked == {
        "read_reports": ["ads_read"],
        "read_reports-rerequest": ["ads_read"],
        "manage_ads": ["ads_management,pages_read_engagement,pages_show_list"],
        "manage_ads-rerequest": ["ads_management,pages_read_engagement,pages_show_list"],
    }


def test_a_query_in_the_redirect_uri_survives(load: Callable[..., Stack]) -> None:
    uri = "https://a.example/cb/?next=%2Fhome&x=1"
    asked = parse_qs(urlsplit(urls(load(by_scope(**{LOGIN: {"redirect_uris": [uri]}})), uri)["scope"]).query)
    assert asked == {
        "client_id": ["1204817736400555"],
        "redirect_uri": [uri],
        "state": ["STATE"],
        "response_type": ["code"],
        "scope": ["ads_read"],
    }


def test_login_for_business_asks_by_configuration(load: Callable[..., Stack]) -> None:
    configurations = {"own": {"config_id": "8"}, "people": {"config_id": "9", "token": "user"}}
    stack = load({f"{LOGIN}/configurations": configurations, "meta:apps/ads/id": "42"})
    redirect = "redirect_uri=https%3A%2F%2Fconnect.agency.example%2Fmeta%2Fcallback%2F"
    assert urls(stack) == {
        "own": f"https://www.facebook.com/v26.0/dialog/oauth?client_id=42&{redirect}&state=STATE&config_id=8"
        "&response_type=code&override_default_response_type=true",
        "people": f"https://www.facebook.com/v26.0/dialog/oauth?client_id=42&{redirect}&state=STATE&config_id=9"
        "&response_type=code",
    }


def test_an_app_without_logins_has_no_addresses(load: Callable[..., Stack]) -> None:
    stack = load({LOGIN: None})
    assert login_urls(stack.spec, stack.rules, "ads", "v26.0") == {}


def test_addresses_that_differ_in_www_or_the_slash_alone_are_told(load: Callable[..., Stack]) -> None:
    uris = ["https://a.example/cb/", "https://www.a.example/cb/", "https://a.example/cb", "https://a.example/other/"]
    assert list(notices.alike(load({LOGIN: {"redirect_uris": uris}}).spec)) == [
        f"meta:apps.ads.login.redirect_uris: https://a.example/cb/ and {other} are two addresses to Meta, which "
        "compares them to the letter. Keep the one that your application sends."
        for other in ("https://www.a.example/cb/", "https://a.example/cb")
    ]
