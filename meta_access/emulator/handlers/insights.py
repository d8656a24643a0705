"""How ads did: `GET /{ad-account-id}/insights`. This world has no ads: nothing was delivered, every report is empty.

Source: https://developers.facebook.com/docs/marketing-api/reference/ad-account/insights and
https://developers.facebook.com/docs/marketing-api/insights, Graph v26.0, read 2026-11. What is asked for is
checked, and counted on the quota of insights. Reports that run in the background (POST) are not emulated.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from meta_access.emulator import levels
from meta_access.emulator.errors import bad_parameter, denied, no_field
from meta_access.emulator.fields import split
from meta_access.emulator.handlers.assets import NOT_GRANTED, reaches
from meta_access.emulator.node_types import INSIGHTS
from meta_access.emulator.paging import page
from meta_access.emulator.surface import Param, Route, params

if TYPE_CHECKING:
    from meta_access.emulator.call import GraphCall
    from meta_access.emulator.world import Asset

LEVELS = ("account", "ad", "adset", "campaign")
PRESETS = (
    "data_maximum", "last_14d", "last_28d", "last_30d", "last_3d", "last_7d", "last_90d", "last_month", "last_quarter",
    "last_week_mon_sun", "last_week_sun_sat", "last_year", "maximum", "this_month", "this_quarter",
    "this_week_mon_today", "this_week_sun_today", "this_year", "today", "yesterday",
)  # fmt: skip
LONGEST_INCREMENT = 90  # days


def read(call: GraphCall, account: Asset) -> Any:
    levels.check_tier(call, "ad_account", account)
    if not reaches(call, "ad_account", account) or not levels.permits(
        call, "ad_account", account, "ads_read", "ads_management"
    ):
        raise denied(NOT_GRANTED)
    request = call.request
    for asked in split(request.text("fields") or ""):
        if asked.name not in INSIGHTS.fields:
            raise no_field(asked.name, INSIGHTS.name)
    if request.text("time_range") is not None:
        _check_range("time_range", request.decoded("time_range"))
    for index, one in enumerate(request.decoded("time_ranges") or []):
        _check_range(f"time_ranges[{index}]", one)
    _check_increment(request.text("time_increment"))
    return page([], [], call)


def _check_range(name: str, value: Any) -> None:
    try:
        since, until = (date.fromisoformat(value[key]) for key in ("since", "until"))
    except (KeyError, TypeError, ValueError):
        raise bad_parameter(f"Param {name} must have since and until as YYYY-MM-DD.") from None
    if since > until:
        raise bad_parameter(f"Param {name} must begin before it ends.")


def _check_increment(text: str | None) -> None:
    days = text is not None and text.isascii() and text.isdecimal() and 1 <= int(text[:3]) <= LONGEST_INCREMENT
    if text not in (None, "monthly", "all_days") and not days:
        raise bad_parameter(f"Param time_increment must be monthly, all_days or days from 1 to {LONGEST_INCREMENT}.")


ROUTES = (
    Route(
        "GET",
        "ad_account",
        "insights",
        read,
        "marketing-api/reference/ad-account/insights",
        params=(
            Param("level", "enum", values=LEVELS),
            Param("date_preset", "enum", values=PRESETS),
            *params(
                string="time_increment cpas_only export_format export_name",
                object="time_range",
                list_of_object="time_ranges filtering",
                list_of_string="action_attribution_windows action_breakdowns breakdowns export_columns sort "
                "summary_action_breakdowns action_report_time",
                bool="default_summary graph_cache use_account_attribution_setting use_unified_attribution_setting",
                int="product_id_limit",
            ),
        ),
        returns=INSIGHTS,
        many=True,
    ),
)
