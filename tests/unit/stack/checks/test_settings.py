"""Settings of an app: bad values, and a whitelist that shuts this tool out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

AT = "meta:apps.ads.settings"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, f"{AT}: nothing is set. Fix: write at least one setting, or remove the line."),
        (
            {"app_domains": ["https://agency.example"]},
            (
                f"{AT}.app_domains: 'https://agency.example' is no domain; write it in small letters, without scheme, "
                "port or path, such as agency.example. Fix: correct it."
            ),
        ),
        (
            {"deauth_callback_url": "agency.example/bye"},
            (
                f"{AT}.deauth_callback_url: 'agency.example/bye' is no web address; write it from https:// on. Fix: "
                "correct it."
            ),
        ),
        (
            {"contact_email": "nadia@agency"},
            (
                f"{AT}.contact_email: 'nadia@agency' is no e-mail address; write it like nadia@agency.example. Fix: "
                "correct it."
            ),
        ),
        (
            {"server_ip_whitelist": ["203.0.113.7/24"]},
            (
                f"{AT}.server_ip_whitelist: '203.0.113.7/24' is neither an IP address nor a range; write 203.0.113.7 "
                "or 203.0.113.0/24. Fix: correct it."
            ),
        ),
        (
            {"server_ip_whitelist": ["203.0.113.7"], "callers": ["203.0.113.8"]},
            (
                f"{AT}.server_ip_whitelist: does not hold 203.0.113.8, which callers names, so Meta would refuse this "
                "tool. Fix: add it to the list, or correct callers."
            ),
        ),
        (
            {"privacy_url": "https://agency.example/privacy"},
            f'{AT}.privacy_url: there is no key "privacy_url" here. Fix: write "privacy_policy_url".',
        ),
    ],
)
def test_a_setting_that_would_not_work(
    refusals: Callable[..., list[str]], settings: dict[str, Any], problem: str
) -> None:
    assert refusals({"meta:apps/ads/settings": settings}) == [problem]


def test_every_setting_that_is_wrong_is_told(refusals: Callable[..., list[str]]) -> None:
    found = refusals({"meta:apps/ads/settings": {"app_domains": ["*.agency.example"], "website_url": "agency"}})

    assert [text.partition(":")[0] + text.partition(":")[2].partition(":")[0] for text in found] == [
        "metaapps.ads.settings.app_domains",
        "metaapps.ads.settings.website_url",
    ]


def test_settings_reach_the_resource_as_typed(load: Callable[..., Stack]) -> None:
    typed = {"app_domains": ["agency.example"], "website_url": "https://agency.example/", "callers": ["203.0.113.8"]}
    settings = load({"meta:apps/ads/settings": typed}).spec.apps["ads"].settings

    assert settings is not None
    assert settings.declared() == typed
