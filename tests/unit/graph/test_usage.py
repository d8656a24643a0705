from __future__ import annotations

import json

import pytest

from meta_access.graph import usage
from meta_access.graph.usage import Usage

APP = "x-app-usage"
BUC = "x-business-use-case-usage"
ACCOUNT = "x-ad-account-usage"
INSIGHTS = "x-fb-ads-insights-throttle"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, Usage(None, None)),
        (
            {BUC: {"1": [{"type": "ads_management", "estimated_time_to_regain_access": 0}]}},
            Usage(None, None),
        ),
        (
            {
                BUC: {
                    "1": [
                        {"type": "pages", "estimated_time_to_regain_access": 2},
                        {
                            "type": "ads_management",
                            "estimated_time_to_regain_access": 1,
                            "ads_api_access_tier": "development_access",
                        },
                    ],
                    "2": [{"type": "ads_insights", "estimated_time_to_regain_access": 3}],
                }
            },
            Usage(180.0, "development_access"),
        ),
        (
            {ACCOUNT: {"acc_id_util_pct": 9.67, "reset_time_duration": 100, "ads_api_access_tier": "standard_access"}},
            Usage(None, "standard_access", 9.67),
        ),
        ({ACCOUNT: {"acc_id_util_pct": 100, "reset_time_duration": 100}}, Usage(100.0, None, 100.0)),
        (
            {INSIGHTS: {"app_id_util_pct": 100, "ads_api_access_tier": "standard_access"}},
            Usage(None, "standard_access", 100.0),
        ),
        (
            {
                BUC: {"1": [{"estimated_time_to_regain_access": 1}]},
                ACCOUNT: {"acc_id_util_pct": 120, "reset_time_duration": 300},
            },
            Usage(300.0, None, 120.0),
        ),
        ({APP: {"call_count": 7, "total_cputime": 31, "total_time": 0}}, Usage(None, None, 31.0, 31.0)),
        (
            {APP: {"call_count": 40}, BUC: {"1": [{"call_count": 82}], "2": [{"total_time": 5}]}},
            Usage(None, None, 82.0, 40.0),
        ),
        ({APP: {"call_count": 0, "odd": 99}}, Usage(None, None, 0.0, 0.0)),
    ],
)
def test_usage_headers_tell_the_wait_and_the_tier(headers: dict[str, object], found: Usage) -> None:
    assert usage.read({name: json.dumps(value) for name, value in headers.items()}) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "null",
        "[]",
        "5",
        '{"1": {}}',
        '{"1": [{"odd": 5}]}',
        '{"1": [5, null, []]}',
        '{"1": [{"estimated_time_to_regain_access": "soon", "ads_api_access_tier": 5}]}',
        '{"1": [{"estimated_time_to_regain_access": -5, "ads_api_access_tier": ""}]}',
        '{"1": [{"estimated_time_to_regain_access": true}]}',
        '{"1": [{"estimated_time_to_regain_access": NaN}]}',
        '{"1": [{"estimated_time_to_regain_access": Infinity}]}',
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("name", [BUC, ACCOUNT, INSIGHTS])
def test_a_broken_usage_header_tells_nothing(name: str, text: str) -> None:
    assert usage.read({name: text}) == Usage(None, None)
