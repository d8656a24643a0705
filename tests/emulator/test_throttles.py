"""Usage headers that add up, and the refusals of a quota that is used up, on the emulator's clock."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.exceptions import FacebookRequestError

from meta_access.connection import AwsSettings
from meta_access.errors import RateLimitedError
from meta_access.graph import tiers
from meta_access.graph.client import GraphClient
from meta_access.stack.credentials import Credentials
from tests.connections import MAIN
from tests.emulator.test_sdk import api_for

if TYPE_CHECKING:
    from tests.emulators import GraphAnswer, RunningEmulator

BUSINESS = "178000000000101"
SHOP, OUTLET = "act_104320000000501", "act_104320000000502"


def header(answer: GraphAnswer, name: str) -> Any:
    return json.loads(answer.headers[name])


def batch(meta: RunningEmulator, *items: tuple[str, str]) -> list[dict[str, Any]]:
    listed = [{"method": method, "relative_url": url} for method, url in items]
    answer = meta.graph("POST", "", {"batch": listed})
    assert answer.status == 200, answer.body
    return [
        {"code": one["code"], "body": json.loads(one["body"]), **{h["name"]: h["value"] for h in one["headers"]}}
        for one in answer.body
    ]


def read_often(meta: RunningEmulator, path: str, times: int) -> dict[str, Any]:
    """Read in batches; the last answer."""
    last: dict[str, Any] = {}
    while times > 0:
        last = batch(meta, *[("GET", path)] * min(times, 50))[-1]
        times -= 50
    return last


def error(answer: dict[str, Any]) -> tuple[int, int | None, str]:
    found = answer["body"]["error"]
    return found["code"], found.get("error_subcode"), found["message"]


@pytest.fixture
def limited(meta: RunningEmulator) -> RunningEmulator:
    assert meta.act("limits", state="on") == "Calls beyond a quota are refused."
    return meta


def test_the_headers_of_an_ad_account_add_up_reads_as_one_and_writes_as_three(meta: RunningEmulator) -> None:
    first = meta.graph("GET", SHOP)
    second = meta.graph("DELETE", f"{SHOP}/assigned_users", {"user": "122090000000301", "business": BUSINESS})

    assert header(first, "x-ad-account-usage") == {
        "acc_id_util_pct": 1.67, "reset_time_duration": 300, "ads_api_access_tier": "development_access",
    }  # fmt: skip
    assert header(second, "x-ad-account-usage")["acc_id_util_pct"] == 6.67  # 4 of 60
    assert header(second, "x-business-use-case-usage") == {
        "104320000000501": [
            {"type": "ads_management", "call_count": 1, "total_cputime": 0, "total_time": 0,
             "estimated_time_to_regain_access": 0, "ads_api_access_tier": "development_access"}
        ]
    }  # fmt: skip
    for _ in range(2):
        third = meta.graph("GET", SHOP)
    assert header(third, "x-business-use-case-usage")["104320000000501"][0]["call_count"] == 2  # 4 of 300, rounded up


def test_the_score_decays_after_five_minutes(meta: RunningEmulator) -> None:
    meta.graph("GET", SHOP)
    meta.clock(advance_s=310)
    assert header(meta.graph("GET", SHOP), "x-ad-account-usage")["acc_id_util_pct"] == 1.67


def test_the_full_tier_has_a_hundred_and_fifty_times_the_score(meta: RunningEmulator) -> None:
    meta.act("approve", name="Marketing API Access Tier")
    for _ in range(9):
        last = meta.graph("GET", SHOP)
    assert header(last, "x-ad-account-usage")["acc_id_util_pct"] == 0.1  # 9 of 9,000


def test_app_usage_counts_other_calls_and_not_those_of_ad_accounts(meta: RunningEmulator) -> None:
    world = meta.world()
    world["app_roles"], world["installations"] = [], []
    meta.put_world(world)
    read_often(meta, "me", 3)
    meta.graph("GET", SHOP)
    last = meta.graph("GET", BUSINESS)
    assert header(last, "x-app-usage") == {"call_count": 2, "total_cputime": 0, "total_time": 0}  # 4 of 200
    assert "x-ad-account-usage" not in last.headers
    told = meta.graph("GET", "debug_token", {"input_token": meta.admin_token}, token=meta.app_token)
    assert header(told, "x-app-usage")["call_count"] == 2


def test_each_id_of_a_call_counts_and_an_edge_among_its_fields_does_not(meta: RunningEmulator) -> None:
    meta.act("legacy", state="on")
    several = meta.graph("GET", "assigned_users", {"ids": f"{SHOP},{OUTLET}", "business": BUSINESS})
    assert sorted(header(several, "x-business-use-case-usage")) == ["104320000000501", "104320000000502"]
    fields = f"id,assigned_users.business({BUSINESS}){{id}}"
    nested = meta.graph("GET", SHOP, {"fields": fields})
    assert nested.status == 200, nested.body
    assert header(nested, "x-ad-account-usage")["acc_id_util_pct"] == 3.33  # 2 of 60


def test_nothing_is_refused_while_limits_are_off(meta: RunningEmulator) -> None:
    last = read_often(meta, SHOP, 70)
    assert last["code"] == 200
    assert json.loads(last["x-ad-account-usage"])["acc_id_util_pct"] == 116.67


def test_an_ad_account_whose_score_is_used_up_is_blocked_for_five_minutes(limited: RunningEmulator) -> None:
    assert read_often(limited, SHOP, 60)["code"] == 200
    refused = limited.graph("GET", SHOP)

    assert (refused.status, refused.code) == (400, (17, 2446079))
    said = refused.body["error"]
    assert said["message"] == "(#17) User request limit reached"
    assert said["error_user_title"] == "Ad Account Has Too Many API Calls"
    assert (
        said["error_user_msg"]
        == "There have been too many calls from this ad-account. Please wait a bit and try again."
    )
    assert (
        refused.headers["www-authenticate"]
        == 'OAuth "Facebook Platform" "invalid_request" "(#17) User request limit reached"'
    )
    usage = header(refused, "x-ad-account-usage")
    assert (usage["acc_id_util_pct"], usage["reset_time_duration"]) == (101.67, 300)
    assert limited.graph("GET", OUTLET).status == 200
    limited.clock(advance_s=301)
    assert header(limited.graph("GET", SHOP), "x-ad-account-usage")["acc_id_util_pct"] == 1.67


def test_the_use_case_of_an_ad_account_names_the_minutes_until_access_is_regained(limited: RunningEmulator) -> None:
    for _ in range(6):
        read_often(limited, SHOP, 50)
        limited.clock(advance_s=301)
    refused = read_often(limited, SHOP, 1)

    assert error(refused)[:2] == (80004, 2446079)  # as users report it
    assert error(refused)[2].startswith("(#80004) There have been too many calls to this ad-account.")
    [use] = json.loads(refused["x-business-use-case-usage"])["104320000000501"]
    assert (use["call_count"], use["estimated_time_to_regain_access"]) == (101, 30)  # the first fifty leave after 60
    limited.clock(advance_s=1801)
    assert limited.graph("GET", SHOP).status == 200


def test_an_app_has_two_hundred_calls_an_hour_for_each_user(limited: RunningEmulator) -> None:
    world = limited.world()
    world["app_roles"], world["installations"] = [], []
    limited.put_world(world)
    assert read_often(limited, "me", 200)["code"] == 200
    refused = read_often(limited, BUSINESS, 1)
    assert error(refused) == (4, None, "(#4) Application request limit reached")
    assert json.loads(refused["x-app-usage"])["call_count"] == 101
    limited.clock(advance_s=3601)
    assert limited.graph("GET", "me").status == 200


def test_the_projects_own_client_says_when_to_come_back_and_is_served_then(
    limited: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACCESS_ADMIN_TOKEN", "emulator:")
    monkeypatch.setenv("META_ACCESS_APP_SECRET", "emulator:")
    notices: list[str] = []
    client = own_client(limited, notices)
    read_often(limited, SHOP, 60)

    with pytest.raises(RateLimitedError) as refused:
        tiers.probe(client, SHOP)

    assert (refused.value.code, refused.value.subcode, refused.value.regain_s) == (17, 2446079, 300.0)
    assert "It says access returns in 300 s" in str(refused.value)
    assert notices == []  # five minutes are beyond the two it waits by itself
    limited.clock(advance_s=301)
    assert tiers.probe(client, SHOP) == "development_access"


def test_metas_sdk_is_refused_and_served_again_after_the_block(limited: RunningEmulator) -> None:
    account = AdAccount(SHOP, api=api_for(limited))
    read_often(limited, SHOP, 60)

    with pytest.raises(FacebookRequestError) as refused:
        account.api_get(fields=["name"])

    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == (17, 2446079)
    limited.clock(advance_s=301)
    assert account.api_get(fields=["id"])["id"] == SHOP


@pytest.mark.parametrize("code", [80000, 80001, 80002, 80003, 80005, 80006, 80008, 80009, 80014])
def test_an_injected_throttle_has_metas_words(meta: RunningEmulator, code: int) -> None:
    meta.fault("graph", code=code)
    answer = meta.graph("GET", "me")
    assert answer.code == (code, None)
    assert answer.body["error"]["message"].startswith(f"(#{code}) There have been too many ")


def test_a_reset_forgets_what_was_counted(meta: RunningEmulator) -> None:
    read_often(meta, SHOP, 50)
    meta.reset()
    assert header(meta.graph("GET", SHOP), "x-ad-account-usage")["acc_id_util_pct"] == 1.67


def test_a_wrong_switch_is_refused(meta: RunningEmulator) -> None:
    world = meta.world()
    world["limits"] = "sometimes"
    with pytest.raises(Exception, match="limits"):
        meta.put_world(world)
    with pytest.raises(Exception, match="state: 'sometimes' is not on or off"):
        meta.act("limits", state="sometimes")


def own_client(meta: RunningEmulator, notices: list[str]) -> GraphClient:
    connection = replace(MAIN, graph_url=meta.graph_url, aws=AwsSettings("eu-central-1", meta.aws_url))
    return GraphClient(connection, Credentials(connection), notify=notices.append)
