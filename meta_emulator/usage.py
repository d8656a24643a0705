"""The quotas a call uses, the headers that show them, and the refusals once they are used up.

Which quota is counted for which call: an ad account's calls on its business use case and on its score, those of a
Page, a catalog or a WhatsApp Business account on its business use case, all others, and a Page's calls by a person or
an app, on the app's hourly quota. Business Manager calls have no published quota; that they use the app's is inferred.
Source: https://developers.facebook.com/docs/graph-api/overview/rate-limiting and
https://developers.facebook.com/docs/marketing-api/overview/rate-limiting, Graph v26.0, read 2026-11. The numbers are
those of the rule set. The world has no ads and nobody who engages with a Page, so every quota is its base.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from meta_emulator.limits import Quota, Reading, minutes, whole_percent
from meta_emulator.throttles import MESSAGES, SUBCODES, refusal

if TYPE_CHECKING:
    from meta_access.rules import Tier
    from meta_emulator.call import GraphCall
    from meta_emulator.world import World

HOUR_S, DAY_S = 3600, 86400
APP_USAGE = "x-app-usage"
MOST_OBJECTS = 32  # in one business use case header


def count(call: GraphCall, kind: str, node: Any, edge: str) -> None:
    """Count a call on a node and say in its headers how far its quotas are used up.

    Raises:
        GraphFault: A quota is used up, and the world's limits are on.
    """
    if kind == "ad_account":
        _ad_account(call, node.id.removeprefix("act_"), edge)
    elif kind == "catalog":
        _use_case(call, node.id, "catalog", call.rules.rates.catalog_calls_per_hour, 80009)
    elif kind == "waba":
        _use_case(call, node.id, "whatsapp", call.rules.rates.whatsapp_calls_per_hour, 80008)
    elif kind == "page" and (call.caller.user is not None or call.caller.page is not None):
        _use_case(call, node.id, "pages", call.rules.rates.page_calls_per_user_day, 80001, DAY_S)
    else:
        reading = call.limits.use(_app_quota(call), _now(call))
        _show_app_usage(call, reading)
        _refuse(call, reading, 32 if kind == "page" else 4)
    show_app(call)


def show_app(call: GraphCall) -> None:
    """The app's own usage, which every call with a caller shows."""
    if APP_USAGE not in call.headers:  # counted in this call, which has set the header
        _show_app_usage(call, call.limits.read(_app_quota(call), _now(call)))


def _show_app_usage(call: GraphCall, reading: Reading) -> None:
    call.headers[APP_USAGE] = app_usage(whole_percent(reading))


def app_usage(percent: int) -> str:
    """The value of `X-App-Usage`. The emulator has no notion of Meta's processor time: it spends none."""
    return json.dumps({"call_count": percent, "total_cputime": 0, "total_time": 0})


def _ad_account(call: GraphCall, number: str, edge: str) -> None:
    app, now, rates, tier = call.caller.app, _now(call), call.rules.rates, _tier(call)
    writes = call.request.method != "GET"
    score = Quota(("score", app.id, number), tier.score_limit, rates.score_decay_s, tier.score_block_s)
    scored = call.limits.use(score, now, rates.write_score if writes else rates.read_score)
    account = {"acc_id_util_pct": round(scored.percent, 2), "reset_time_duration": scored.empty_s}
    call.headers["x-ad-account-usage"] = json.dumps({**account, "ads_api_access_tier": app.tier})
    if edge == "insights":
        insights = _use_case(call, number, "ads_insights", tier.ads_insights_per_hour, 80000)
        used = call.limits.read(_app_quota(call), now)
        both = {"app_id_util_pct": round(used.percent, 2), "acc_id_util_pct": round(insights.percent, 2)}
        call.headers["x-fb-ads-insights-throttle"] = json.dumps({**both, "ads_api_access_tier": app.tier})
    else:
        _use_case(call, number, "ads_management", tier.ads_management_per_hour, 80004)
    if writes:
        mutations = Quota(("mutations", app.id, number), rates.mutations_per_second, 1)
        _refuse(call, call.limits.use(mutations, now), 613)
    _refuse(call, scored, 17)


def _use_case(  # noqa: PLR0917 - one row of Meta's table
    call: GraphCall, object_id: str, use_case: str, limit: int, code: int, span_s: int = HOUR_S
) -> Reading:
    app = call.caller.app
    reading = call.limits.use(Quota((use_case, app.id, object_id), limit, span_s), _now(call))
    row = {"type": use_case, "call_count": whole_percent(reading), "total_cputime": 0, "total_time": 0}
    row |= {"estimated_time_to_regain_access": minutes(reading), "ads_api_access_tier": app.tier}
    # One call with `ids` uses the quotas of several objects.
    call.use_cases[object_id] = [row]
    shown = dict(list(call.use_cases.items())[-MOST_OBJECTS:])
    call.headers["x-business-use-case-usage"] = json.dumps(shown)
    _refuse(call, reading, code)
    return reading


def _refuse(call: GraphCall, reading: Reading, code: int) -> None:
    if reading.wait_s and call.world.limits == "on":
        show_app(call)
        raise refusal(code, f"(#{code}) {MESSAGES[code]}", SUBCODES.get(code))


def _app_quota(call: GraphCall) -> Quota:
    app = call.caller.app
    each = call.rules.rates.app_calls_per_user_hour
    return Quota(("app", app.id), each * max(1, _users(call.world, app.id)), HOUR_S)


def _users(world: World, app_id: str) -> int:
    """Who uses an app: the system users it is installed on and the people with a role. Meta counts those of a day."""
    installed = {row.system_user_id for row in world.installations if row.app_id == app_id}
    roles = {row.user_id for row in world.app_roles if row.app_id == app_id and row.state == "accepted"}
    return len(installed | roles)


def _tier(call: GraphCall) -> Tier:
    word = call.tier(call.caller.app)
    return next(iter(call.rules.tiers.values())) if word is None else call.rules.tiers[word]


def _now(call: GraphCall) -> int:
    return int(call.now.timestamp())
