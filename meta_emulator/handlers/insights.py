"""How ads did: `GET /{ad-account-id}/insights`. This world has no ads: nothing was delivered, every report is empty.

Source: https://developers.facebook.com/docs/marketing-api/reference/ad-account/insights and
https://developers.facebook.com/docs/marketing-api/insights, Graph v26.0, read 2026-11. What is asked for is
checked, and counted on the quota of insights. Reports that run in the background (POST) are not emulated.
The values of enums are those of Meta's specification (facebook/facebook-business-sdk-codegen, AdAccount.json and
enum_types.json of 2026-04-15), the operators those of the reference page; both read 2026-12-01. How a wrong value of a
list, a wrong operator and a wrong field are refused, users report.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from meta_emulator import levels
from meta_emulator.errors import bad_parameter, denied, missing_parameter, not_one_of
from meta_emulator.fields import split
from meta_emulator.handlers.assets import NOT_GRANTED, reaches
from meta_emulator.node_types import INSIGHTS
from meta_emulator.paging import page
from meta_emulator.surface import Param, Route, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset

LEVELS = ("account", "ad", "adset", "campaign")
PRESETS = (
    "data_maximum", "last_14d", "last_28d", "last_30d", "last_3d", "last_7d", "last_90d", "last_month", "last_quarter",
    "last_week_mon_sun", "last_week_sun_sat", "last_year", "maximum", "this_month", "this_quarter",
    "this_week_mon_today", "this_week_sun_today", "this_year", "today", "yesterday",
)  # fmt: skip
BREAKDOWNS = (
    "ad_extension_domain", "ad_extension_url", "ad_format_asset", "age", "app_id", "body_asset",
    "breakdown_ad_objective", "breakdown_reporting_ad_id", "call_to_action_asset", "coarse_conversion_value",
    "comscore_market", "conversion_destination", "country", "creative_automation_asset_id",
    "creative_relaxation_asset_type", "crm_advertiser_l12_territory_ids", "crm_advertiser_subvertical_id",
    "crm_advertiser_vertical_id", "crm_ult_advertiser_id", "description_asset", "device_platform", "dma",
    "fidelity_type", "flexible_format_asset_type", "frequency_value", "gen_ai_asset_type", "gender",
    "hourly_stats_aggregated_by_advertiser_time_zone", "hourly_stats_aggregated_by_audience_time_zone", "hsid",
    "image_asset", "impression_device", "impression_view_time_advertiser_hour_v2", "is_auto_advance",
    "is_conversion_id_modeled", "is_rendered_as_delayed_skip_ad", "landing_destination", "link_url_asset",
    "marketing_messages_btn_name", "mdsa_landing_destination", "media_asset_url", "media_creator",
    "media_destination_url", "media_format", "media_origin_url", "media_text_content", "media_type", "mmm",
    "place_page_id", "platform_position", "postback_sequence_index", "product_brand_breakdown",
    "product_category_breakdown", "product_custom_label_0_breakdown", "product_custom_label_1_breakdown",
    "product_custom_label_2_breakdown", "product_custom_label_3_breakdown", "product_custom_label_4_breakdown",
    "product_group_content_id_breakdown", "product_id", "publisher_platform", "redownload",
    "reels_trending_topic", "region", "rta_ugc_topic", "rule_set_id", "rule_set_name", "signal_source_bucket",
    "skan_campaign_id", "skan_conversion_id", "skan_version", "sot_attribution_model_type",
    "sot_attribution_window", "sot_channel", "sot_event_type", "sot_source", "standard_event_content_type",
    "title_asset", "user_persona_id", "user_persona_name", "video_asset",
)  # fmt: skip
ACTION_BREAKDOWNS = (
    "action_canvas_component_name", "action_carousel_card_id", "action_carousel_card_name",
    "action_destination", "action_device", "action_reaction", "action_target_id", "action_type",
    "action_video_sound", "action_video_type", "conversion_destination", "is_business_ai_assisted",
    "matched_persona_id", "matched_persona_name", "signal_source_bucket", "standard_event_content_type",
)  # fmt: skip
WINDOWS = (
    "1d_click", "1d_ev", "1d_view", "28d_click", "28d_view", "28d_view_all_conversions",
    "28d_view_first_conversion", "7d_click", "7d_view", "7d_view_all_conversions", "7d_view_first_conversion",
    "dda", "default", "skan_click", "skan_click_second_postback", "skan_click_third_postback", "skan_view",
    "skan_view_second_postback", "skan_view_third_postback",
)  # fmt: skip
REPORT_TIMES = (
    "conversion", "impression", "lifetime", "mixed",
)  # fmt: skip
OPERATORS = (
    "EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL", "IN_RANGE",
    "NOT_IN_RANGE", "CONTAIN", "NOT_CONTAIN", "CONTAINS_ANY", "CONTAINS_ALL", "NOT_CONTAINS_ANY", "STEM_MATCH", "IN",
    "NOT_IN", "STARTS_WITH", "ENDS_WITH", "ANY", "ALL", "AFTER", "BEFORE", "ON_OR_AFTER", "ON_OR_BEFORE", "NONE", "TOP",
)  # fmt: skip
LONGEST_INCREMENT = 90  # days
FIELDS_PAGE = "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/"


def read(call: GraphCall, account: Asset) -> Any:
    levels.check_tier(call, "ad_account", account)
    if not reaches(call, "ad_account", account) or not levels.permits(
        call, "ad_account", account, "ads_read", "ads_management"
    ):
        raise denied(NOT_GRANTED)
    request = call.request
    for asked in split(request.text("fields") or ""):
        if asked.name not in INSIGHTS.fields:
            raise bad_parameter(
                f"{asked.name} is not valid for fields param. please check {FIELDS_PAGE} for all valid values"
            )
    if request.text("time_range") is not None:
        _check_range("time_range", request.decoded("time_range"))
    for index, one in enumerate(request.decoded("time_ranges") or []):
        _check_range(f"time_ranges[{index}]", one)
    _check_increment(request.text("time_increment"))
    for index, one in enumerate(request.decoded("filtering") or []):
        _check_filter(f"filtering[{index}]", one)
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


def _check_filter(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise bad_parameter(f"Param {name} must be an object.")
    for key in ("field", "operator", "value"):
        if value.get(key) is None:
            raise missing_parameter(f"{name}[{key}]")
    if value["operator"] not in OPERATORS:
        raise not_one_of(f"{name}[operator]", str(value["operator"]), OPERATORS)


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
            Param("action_report_time", "enum", values=REPORT_TIMES),
            Param("breakdowns", "list<enum>", values=BREAKDOWNS, lists_values=True),
            Param("action_breakdowns", "list<enum>", values=ACTION_BREAKDOWNS, lists_values=True),
            Param("summary_action_breakdowns", "list<enum>", values=ACTION_BREAKDOWNS, lists_values=True),
            Param("action_attribution_windows", "list<enum>", values=WINDOWS, lists_values=True),
            *params(
                string="time_increment cpas_only export_format export_name",
                object="time_range",
                list_of_object="time_ranges filtering",
                list_of_string="export_columns sort",
                bool="default_summary graph_cache use_account_attribution_setting use_unified_attribution_setting",
                int="product_id_limit",
            ),
        ),
        returns=INSIGHTS,
        many=True,
    ),
)
