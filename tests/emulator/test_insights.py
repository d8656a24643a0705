"""The insights edge: empty reports in a world without ads, with the quota and the headers of insights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

SHOP = "act_104320000000501"
APP = "120480000000201"
THROTTLE = "x-fb-ads-insights-throttle"


def _throttle(meta: RunningEmulator, **params: Any) -> dict[str, Any]:
    answer = meta.graph("GET", f"{SHOP}/insights", params)
    assert answer.status == 200, answer.body
    shown: dict[str, Any] = json.loads(answer.headers[THROTTLE])
    return shown


def test_a_report_is_empty_and_what_it_asks_for_is_checked(meta: RunningEmulator) -> None:
    good = {
        "fields": "impressions,spend,actions",
        "level": "campaign",
        "date_preset": "last_7d",
        "time_range": {"since": "2026-11-01", "until": "2026-11-07"},
        "time_increment": "1",
        "breakdowns": "age,gender",
        "action_breakdowns": ["action_type"],
        "action_attribution_windows": ["1d_click", "7d_click"],
        "action_report_time": "mixed",
        "filtering": [{"field": "ad.impressions", "operator": "GREATER_THAN", "value": 0}],
    }

    assert meta.graph("GET", f"{SHOP}/insights", good).body == {"data": []}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"fields": "impressions,colour"},
            "(#100) colour is not valid for fields param. please check https://developers.facebook.com/docs/marketing-",
        ),
        ({"breakdowns": ["age", "colour"]}, "(#100) breakdowns[1] must be one of the following values: ad_extension_"),
        ({"action_breakdowns": "colour"}, "(#100) action_breakdowns[0] must be one of the following values: action_"),
        ({"summary_action_breakdowns": "colour"}, "summary_action_breakdowns[0] must be one of the following values: "),
        ({"action_attribution_windows": "['3d_click']"}, "windows[0] must be one of the following values: 1d_click, "),
        (
            {"action_report_time": "sometime"},
            '(#100) Param action_report_time must be one of {conversion, impression, lifetime, mixed} - got "some',
        ),
        (
            {"filtering": "[{'field':'ad.id','operator':'XXX','value':'1'}]"},
            "(#100) Param filtering[0][operator] must be one of {EQUAL, NOT_EQUAL, GREATER_THAN, ",
        ),
        ({"filtering": [{"field": "ad.id", "operator": "IN"}]}, "The parameter filtering[0][value] is required"),
        ({"filtering": ["ad.id"]}, "(#100) Param filtering[0] must be an object."),
        ({"level": "planet"}, "Param level must be one of {account, ad, adset, campaign}"),
        ({"date_preset": "someday"}, "Param date_preset must be one of"),
        ({"time_range": {"since": "2026-11-07", "until": "2026-11-01"}}, "time_range must begin before it ends"),
        ({"time_range": {"since": "yesterday"}}, "time_range must have since and until as YYYY-MM-DD"),
        ({"time_ranges": [{"since": "2026-11-01"}]}, "time_ranges[0] must have since and until"),
        ({"time_increment": "0"}, "time_increment must be monthly, all_days or days"),
    ],
)
def test_what_no_report_has_is_refused(meta: RunningEmulator, params: dict[str, Any], words: str) -> None:
    answer = meta.graph("GET", f"{SHOP}/insights", params)

    assert answer.code == (100, None)
    assert words in answer.body["error"]["message"]


def test_reports_add_up_in_their_own_header_and_use_case(meta: RunningEmulator) -> None:
    first, second = _throttle(meta), _throttle(meta)

    # Limited tier: 600 an hour. The app's own use is told along, and counts other calls.
    assert first == {"app_id_util_pct": 0.0, "acc_id_util_pct": 0.17, "ads_api_access_tier": "development_access"}
    assert second["acc_id_util_pct"] == 0.33
    headers = meta.graph("GET", f"{SHOP}/insights").headers
    [row] = json.loads(headers["x-business-use-case-usage"])[SHOP.removeprefix("act_")]
    assert (row["type"], row["call_count"]) == ("ads_insights", 1)
    assert THROTTLE not in meta.graph("GET", SHOP).headers


def test_used_up_insights_are_80000_while_the_account_goes_on(meta: RunningEmulator) -> None:
    meta.act("limits", state="on")
    codes: list[int] = []
    for _ in range(11):
        meta.clock(advance_s=300)
        for count in (50, 9):  # the score of the account is the tighter quota: 60 reads in 300 s
            batch = json.dumps([{"method": "GET", "relative_url": f"{SHOP}/insights"}] * count)
            answers = meta.graph("POST", "", {"batch": batch}).body
            codes += [json.loads(one["body"]).get("error", {}).get("code", 0) for one in answers]

    assert codes == [0] * 600 + [80000] * 49
    assert meta.graph("GET", SHOP).status == 200


def test_insights_want_a_permission_to_read_ads(meta: RunningEmulator) -> None:
    world = meta.world()
    world["tokens"][0]["scopes"] = ["business_management"]
    meta.put_world(world)

    assert meta.graph("GET", SHOP).status == 200
    assert meta.graph("GET", f"{SHOP}/insights").code == (200, None)
