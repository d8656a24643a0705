"""Who changed what of an ad account: `GET /{ad-account-id}/activities`, here what its users were given and lost.

Source: https://developers.facebook.com/documentation/ads-commerce/marketing-api/reference/ad-account/activities and
https://developers.facebook.com/docs/marketing-api/reference/ad-activity, read 2026-12-01: the fields, the types of
events, and one week by default. The parameters and the values of `category` stand in the specification alone
(AdAccount.json, of 2026-04-15). Reported, in public code: newest first, `object_type` ACCOUNT with the account's
number, `extra_data` as JSON in a text with `old_value` and `new_value`, the form of `date_time_in_timezone`, and
ACCOUNT as the category of both events. No page and no report shows what these two say in `extra_data`, nor their
translated names: those are ours. A change of tasks counts as adding the user in another role, since Meta has
no event for it; that is ours too.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_emulator.clock import graph_time
from meta_emulator.errors import bad_parameter
from meta_emulator.fields import Node
from meta_emulator.handlers.assets import require_use
from meta_emulator.node_types import AD_ACTIVITY
from meta_emulator.paging import page
from meta_emulator.surface import Param, Route, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Activity, Asset

WEEK = timedelta(days=7)
ADDED = ("ad_account_add_user_to_role", "User added to ad account")
REMOVED = ("ad_account_remove_user_from_role", "User removed from ad account")
CATEGORY = "ACCOUNT"
CATEGORIES = (
    "ACCOUNT", "AD", "AD_KEYWORDS", "AD_SET", "AUDIENCE", "BID", "BUDGET", "CAMPAIGN", "DATE", "STATUS", "TARGETING"
)  # fmt: skip
DATA_SOURCES = ("CALYPSO", "TAO", "TAO_AD_ACCOUNT", "TAO_AD_STATUS")


def list_activities(call: GraphCall, account: Asset) -> Any:
    require_use("ad_account", call, account)
    until = _moment(call, "until") or call.now
    since = _moment(call, "since") or until - WEEK
    if since > until:
        raise bad_parameter("Param since must not be later than until.")
    rows = [row for row in call.world.activities if row.account_id == account.id and since <= row.at <= until]
    rows = [row for row in rows if _wanted(call, account, row)]
    rows.reverse()
    return page([_node(call, account, row) for row in rows], [str(row.number) for row in rows], call)


def _wanted(call: GraphCall, account: Asset, row: Activity) -> bool:
    request = call.request
    objects = [*filter(None, [request.text("oid")]), *(request.texts("extra_oids") or [])]
    if objects and account.id not in {f"act_{one.removeprefix('act_')}" for one in objects}:
        return False
    by = request.text("uid")
    return request.text("category") in (None, CATEGORY) and by in (None, _shown_id(call, row.actor_id))


def _node(call: GraphCall, account: Asset, row: Activity) -> Node:
    kind, translated = ADDED if row.after else REMOVED
    local = _local(row.at)
    extra = {
        "user_id": _shown_id(call, row.user_id),
        "user_name": row.user_name,
        "old_value": row.before,
        "new_value": row.after,
    }
    values = {
        "actor_id": _shown_id(call, row.actor_id),
        "actor_name": row.actor_name,
        "application_id": row.app_id,
        "application_name": row.app_name,
        "date_time_in_timezone": f"{local.month}/{local.day}/{local.year} at {local.hour % 12 or 12}"
        f"{local.strftime(':%M')} {'AM' if local.hour < 12 else 'PM'}",  # noqa: PLR2004 - noon
        "event_time": graph_time(row.at),
        "event_type": kind,
        "extra_data": json.dumps(extra, separators=(",", ":")),
        "object_id": account.id.removeprefix("act_"),
        "object_name": account.name,
        "object_type": "ACCOUNT",
        "translated_event_type": translated,
    }
    return Node(AD_ACTIVITY, values)


def _local(moment: datetime) -> datetime:
    """The time in Europe/Berlin, the zone of every ad account here; a machine need not have a table of zones."""
    begin, end = (_last_sunday(moment.year, month) for month in (3, 10))
    return moment + timedelta(hours=2 if begin <= moment < end else 1)


def _last_sunday(year: int, month: int) -> datetime:
    """When the clocks change: at one o'clock UTC of the last Sunday of a month of 31 days."""
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=last.isoweekday() % 7)


def _shown_id(call: GraphCall, user_id: str | None) -> str | None:
    """A user's id in the scope of the calling app, as everywhere; a user that is gone keeps the old id."""
    user = call.world.system_user(user_id or "") or call.world.person(user_id or "")
    return user_id if user is None else call.world.scoped_id(user, call.caller.app.id)


def _moment(call: GraphCall, name: str) -> datetime | None:
    """A Unix time, a day, or an ISO 8601 moment; without a zone it is UTC, which is inferred."""
    text = call.request.text(name)
    if text is None:
        return None
    try:
        if text.isascii() and text.isdecimal():
            return datetime.fromtimestamp(int(text[:12]), UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise bad_parameter(f"Param {name} must be a date or a time, such as 2026-11-24 or 1795507200.") from None


ROUTES = (
    Route(
        "GET",
        "ad_account",
        "activities",
        list_activities,
        "marketing-api/reference/ad-account/activities",
        params=(
            Param("category", "enum", values=CATEGORIES),
            Param("data_source", "enum", values=DATA_SOURCES),
            *params(string="since until", id="oid uid business_id", list_of_string="extra_oids", bool="add_children"),
        ),
        returns=AD_ACTIVITY,
        many=True,
    ),
)
