"""What Graph tells of an app: roles, reviewed permissions, settings, and the tier in a header."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

APP = "120480000000201"
NADIA = "100000000000401"
INES = "100000000000402"
SHOP = "act_104320000000501"
BUSINESS = "178000000000101"


def test_roles_show_accepted_people_only(meta: RunningEmulator) -> None:
    before = meta.graph("GET", f"{APP}/roles", token=meta.app_token).body["data"]
    meta.act("accept-role", person="ines")
    after = meta.graph("GET", f"{APP}/roles", token=meta.app_token).body["data"]

    assert before == [{"app_id": APP, "user": NADIA, "role": "administrators"}]
    assert after == [*before, {"app_id": APP, "user": INES, "role": "developers"}]


@pytest.mark.parametrize("edge", ["roles", "permissions"])
def test_lists_of_the_app_want_its_own_token(meta: RunningEmulator, edge: str) -> None:
    answer = meta.graph("GET", f"{APP}/{edge}")

    assert answer.code == (15, None)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_roles_cannot_be_written(meta: RunningEmulator, method: str) -> None:
    answer = meta.graph(method, f"{APP}/roles", {"user": INES, "role": "developers"}, token=meta.app_token)

    assert (answer.status, answer.code) == (400, (100, 33))


def test_permissions_show_reviewed_ones_and_no_features(meta: RunningEmulator) -> None:
    assert meta.graph("GET", f"{APP}/permissions", token=meta.app_token).body == {"data": []}
    meta.act("approve", name="ads_read")
    meta.act("approve", name="human_agent")

    answer = meta.graph("GET", f"{APP}/permissions", {"status": ["live"]}, token=meta.app_token)

    assert answer.body["data"] == [{"permission": "ads_read", "status": "live"}]
    assert meta.graph("GET", f"{APP}/permissions", {"status": "unapproved"}, token=meta.app_token).body == {"data": []}


def test_settings_are_written_and_read_back(meta: RunningEmulator) -> None:
    params = {"app_domains": ["lindenhof.example"], "privacy_policy_url": "https://lindenhof.example/privacy"}

    assert meta.graph("POST", APP, params, token=meta.app_token).body == {"success": True}

    shown = meta.graph("GET", APP, {"fields": "app_domains,privacy_policy_url,owner_business{id}"}).body
    assert shown["app_domains"] == ["lindenhof.example"]
    assert shown["privacy_policy_url"] == "https://lindenhof.example/privacy"
    assert shown["owner_business"] == {"id": BUSINESS}
    assert meta.graph("POST", APP, params).code == (15, None)


def test_redirect_uris_are_no_field(meta: RunningEmulator) -> None:
    assert meta.graph("GET", APP, {"fields": "redirect_uris"}).code == (100, None)


@pytest.mark.parametrize(("approved", "header"), [(False, "development_access"), (True, "standard_access")])
def test_the_tier_is_in_the_headers_of_an_ad_account(meta: RunningEmulator, approved: bool, header: str) -> None:
    if approved:
        meta.act("approve", name="Marketing API Access Tier")

    headers = meta.graph("GET", SHOP, {"fields": "id"}).headers

    assert json.loads(headers["x-ad-account-usage"])["ads_api_access_tier"] == header
    [use] = json.loads(headers["x-business-use-case-usage"])["104320000000501"]
    assert (use["type"], use["ads_api_access_tier"]) == ("ads_management", header)
    assert "x-ad-account-usage" not in meta.graph("GET", BUSINESS).headers


def test_business_shows_its_verification(meta: RunningEmulator) -> None:
    assert meta.graph("GET", BUSINESS).body == {"id": BUSINESS, "name": "Lindenhof Media"}
    meta.act("verify")

    shown = meta.graph("GET", BUSINESS, {"fields": "verification_status,two_factor_type"}).body

    assert shown == {"id": BUSINESS, "verification_status": "verified", "two_factor_type": "none"}


def test_a_business_sees_itself_and_not_its_client(meta: RunningEmulator) -> None:
    assert meta.graph("GET", "998870000000701").code == (100, 33)
    assert [app["id"] for app in meta.graph("GET", f"{BUSINESS}/owned_apps").body["data"]] == [APP]
