"""What can be written of an app and of a business, read back, and what Meta refuses or forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.client import RefusedError

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

BUSINESS = "178000000000101"
APP = "120480000000201"
PAGE = "102930000000801"
WRITTEN = {
    "app_domains": ["lindenhof.example"], "server_ip_whitelist": ["203.0.113.7", "2001:db8::/32"],
    "an_platforms": ["ANDROID"], "website_url": "https://lindenhof.example/", "canvas_fluid_width": True,
    "contact_email": "a@lindenhof.example", "user_support_url": "https://lindenhof.example/help",
    "secure_canvas_url": "https://lindenhof.example/c", "auth_dialog_headline": "Hello",
    "restrictions": {"age": "18+", "type": "alcohol"},
}  # fmt: skip


def test_settings_of_an_app_are_read_back(meta: RunningEmulator) -> None:
    assert meta.graph("POST", APP, WRITTEN, token=meta.app_token).body == {"success": True}

    shown = meta.graph("GET", APP, {"fields": ",".join(WRITTEN)}, token=meta.app_token).body

    assert shown == {"id": APP, **WRITTEN}


def test_some_settings_are_answered_with_success_and_forgotten(meta: RunningEmulator) -> None:
    world = meta.world()
    world["apps"][0]["ignored_settings"] = ["privacy_policy_url"]
    meta.put_world(world)
    params = {"privacy_policy_url": "https://lindenhof.example/p", "website_url": "https://lindenhof.example/"}

    assert meta.graph("POST", APP, params, token=meta.app_token).body == {"success": True}
    assert meta.graph("GET", APP, {"fields": "privacy_policy_url,website_url"}).body == {
        "id": APP, "website_url": "https://lindenhof.example/",
    }  # fmt: skip


@pytest.mark.parametrize(
    "params",
    [
        {"restrictions": {"age": "12+"}},
        {"restrictions": {"colour": "red"}},
        {"restrictions": "{"},
        {"server_ip_whitelist": ["home"]},
        {"an_platforms": ["TOASTER"]},
        {"app_type": "perhaps"},
    ],
)
def test_refused_settings_change_nothing(meta: RunningEmulator, params: dict[str, Any]) -> None:
    answer = meta.graph("POST", APP, {"website_url": "https://a.example/", **params}, token=meta.app_token)

    assert answer.code == (100, None)
    assert meta.world()["apps"][0]["settings"] == {}


@pytest.mark.parametrize("name", ["redirect_uris", "data_deletion_url", "verified"])
def test_what_no_call_writes_is_ignored_and_written_nowhere(meta: RunningEmulator, name: str) -> None:
    before = meta.world()

    given = {"website_url": "https://a.example/", name: "https://b.example/"}
    assert meta.graph("POST", APP, given, token=meta.app_token).body == {"success": True}
    assert meta.graph("POST", BUSINESS, {"timezone_id": 3, name: "true"}).body == {"id": BUSINESS}

    after = meta.world()
    assert after["apps"] == [{**before["apps"][0], "settings": {"website_url": "https://a.example/"}}]
    assert after["businesses"][0] == {**before["businesses"][0], "timezone_id": 3}


@pytest.mark.parametrize(("address", "refused"), [("198.51.100.1", True), ("203.0.113.7", False), (None, False)])
def test_the_secret_is_used_from_listed_addresses_only(
    meta: RunningEmulator, address: str | None, refused: bool
) -> None:
    world = meta.world()
    world["apps"][0]["settings"] = {"server_ip_whitelist": ["203.0.113.7"]}
    meta.put_world({**world, "caller_ip": address})

    answer = meta.graph("GET", APP, token=meta.app_token)

    if refused:
        assert answer.code == (5, None)
    else:
        assert answer.status == 200
    assert meta.graph("GET", APP).status == 200  # no secret is used here


def test_a_business_is_changed(meta: RunningEmulator) -> None:
    params = {"name": "Linden", "primary_page": PAGE, "timezone_id": 1, "two_factor_type": "all_required",
              "vertical": "RETAIL"}  # fmt: skip

    assert meta.graph("POST", BUSINESS, params).body == {"id": BUSINESS}

    fields = {"fields": "name,primary_page{id},timezone_id,two_factor_type,vertical"}
    assert meta.graph("GET", BUSINESS, fields).body == {"id": BUSINESS, **params, "primary_page": {"id": PAGE}}


@pytest.mark.parametrize(
    "params",
    [{"name": " "}, {"primary_page": "999"}, {"two_factor_type": "some"}, {"vertical": "MAGIC"}],
)
def test_refused_changes_of_a_business(meta: RunningEmulator, params: dict[str, Any]) -> None:
    before = meta.world()["businesses"]

    assert meta.graph("POST", BUSINESS, {"timezone_id": 3, **params}).code == (100, None)
    assert meta.world()["businesses"] == before


def test_test_users_are_disabled(meta: RunningEmulator) -> None:
    token = meta.app_token
    assert meta.graph("GET", f"{APP}/accounts", {"type": "test-users"}, token=token).body == {"data": []}
    assert meta.graph("POST", f"{APP}/accounts", {"installed": "true"}, token=token).code == (3, None)
    assert meta.graph("DELETE", f"{APP}/accounts", {"uid": "1"}, token=token).code == (2902, None)


def test_a_wrong_caller_address_is_no_world(meta: RunningEmulator) -> None:

    with pytest.raises(RefusedError, match="caller_ip: 'home' is not an IP address"):
        meta.put_world({**meta.world(), "caller_ip": "home"})
