"""Usage headers. The tier in them is the only reading of an app's Marketing API tier that Graph offers.

Source: https://developers.facebook.com/docs/graph-api/overview/rate-limiting and
https://developers.facebook.com/docs/marketing-api/overview/rate-limiting, read 2026-11.
The percentages are those of an app that is hardly used: they do not add up calls.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meta_access.emulator.world import App


def app_usage() -> dict[str, str]:
    return {"x-app-usage": json.dumps({"call_count": 1, "total_cputime": 1, "total_time": 1})}


def ad_account_usage(account_id: str, app: App) -> dict[str, str]:
    """Headers of a Marketing API call on an ad account."""
    number = account_id.removeprefix("act_")
    use = {
        "type": "ads_management",
        "call_count": 1,
        "total_cputime": 1,
        "total_time": 1,
        "estimated_time_to_regain_access": 0,
        "ads_api_access_tier": app.tier,
    }
    account = {"acc_id_util_pct": 1.67, "reset_time_duration": 300, "ads_api_access_tier": app.tier}
    return {"x-business-use-case-usage": json.dumps({number: [use]}), "x-ad-account-usage": json.dumps(account)}
