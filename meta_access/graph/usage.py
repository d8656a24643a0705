"""Meta's usage headers: how long a throttle lasts, and which access tier the app has.

Sources: https://developers.facebook.com/docs/graph-api/overview/rate-limiting and
https://developers.facebook.com/docs/marketing-api/overview/rate-limiting, Graph v26.0, read 2026-11. These headers
are the only place where Graph tells the tier. All of them may be missing, and none of them may break a call.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FULL_PERCENT = 100.0
_PERCENTAGES = ("call_count", "total_cputime", "total_time", "acc_id_util_pct", "app_id_util_pct")
_SECONDS_PER_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer's headers say.

    Attributes:
        regain_s: Seconds until access is regained; None when no header names a time above zero.
        tier: `development_access` or `standard_access`, in Meta's words; None when no header names one.
        used_percent: Of the limit that is nearest to its end; None when no header names any.
        app_percent: Of the app's own limits, which every call shares; None when no header names any.
    """

    regain_s: float | None
    tier: str | None
    used_percent: float | None = None
    app_percent: float | None = None


def read(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers; names must be in lower case."""
    business = list(_business_rows(_json(headers, "x-business-use-case-usage")))
    account = _object(_json(headers, "x-ad-account-usage"))
    insights = _object(_json(headers, "x-fb-ads-insights-throttle"))
    waits = [_positive(row.get("estimated_time_to_regain_access")) * _SECONDS_PER_MINUTE for row in business]
    # The account's header always counts down to its next window; that is a wait only once the window is used up.
    if _positive(account.get("acc_id_util_pct")) >= _FULL_PERCENT:
        waits.append(_positive(account.get("reset_time_duration")))
    tiers = (row.get("ads_api_access_tier") for row in (*business, account, insights))
    of_app = _percentages(_object(_json(headers, "x-app-usage")))
    used = [*of_app, *(percent for row in (*business, account, insights) for percent in _percentages(row))]
    return Usage(
        regain_s=max(waits, default=0.0) or None,
        tier=next((tier for tier in tiers if isinstance(tier, str) and tier), None),
        used_percent=max(used, default=None),
        app_percent=max(of_app, default=None),
    )


def _percentages(row: Mapping[str, Any]) -> list[float]:
    return [_positive(row[name]) for name in _PERCENTAGES if name in row]


def _business_rows(value: Any) -> Iterator[dict[str, Any]]:
    for rows in _object(value).values():
        if isinstance(rows, list):
            yield from (row for row in rows if isinstance(row, dict))


def _json(headers: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(headers.get(name, "null"))
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _positive(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # NaN and infinity are valid JSON to Python; comparing keeps both out of a sleep.
    return float(value) if is_number and 0 < value < float("inf") else 0.0
