"""What an ad account's record of activities says about its users: who gave or took, through which app, and when.

Graph: GET /act_{id}/activities.
Source: https://developers.facebook.com/docs/marketing-api/reference/ad-activity and
https://developers.facebook.com/docs/marketing-api/reference/ad-account/activities, Graph v26.0, read 2026-12-01.
Without `since` the record goes back a week. What `extra_data` holds is not published, so an entry is about the user
whose id is any of its values. That both types of event are of category ACCOUNT is reported, not documented. Pages,
other assets and app roles have no such edge.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.clock import parse_iso
from meta_access.errors import GraphError
from meta_access.graph import paging

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from meta_access.graph.client import GraphClient

USER_EVENTS = frozenset({"ad_account_add_user_to_role", "ad_account_remove_user_from_role"})
MOST_ROWS = 1_000
_FIELDS = "event_type,event_time,actor_id,actor_name,application_id,application_name,object_id,object_name,extra_data"


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry about a user of the account.

    Attributes:
        actor: Who did it: the name, or the id where Meta has no name; "" for nobody known.
        application: The app it was done through, likewise.
        about: Every text of the entry's object and `extra_data`, ids among them.
    """

    at: datetime
    actor: str
    application: str
    about: frozenset[str]


def of_users(client: GraphClient, account: str, since: datetime, left_s: Callable[[], float]) -> list[Activity]:
    """The entries about users of an ad account.

    Args:
        client: Of a connection that may read the account.
        account: `act_1`.
        since: The earliest moment that is asked for.
        left_s: Seconds that are left for the calls.

    Raises:
        GraphError: Meta refuses, or there are more entries than `MOST_ROWS`.
        GraphUnreachableError: Meta does not answer in time.
    """
    path = f"{account}/activities"
    query = {
        "fields": _FIELDS,
        "category": "ACCOUNT",
        "since": str(int(since.timestamp())),
        "limit": paging.PAGE_LIMIT,
    }
    found = []
    rows = paging.rows(lambda after: client.get(path, {**query, "after": after}, deadline_s=left_s()), path)
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            raise GraphError(f"Reading {path} failed: it has more than {MOST_ROWS} entries since {since:%Y-%m-%d}.")
        if row.get("event_type") in USER_EVENTS and (activity := _activity(row)) is not None:
            found.append(activity)
    return found


def _activity(row: dict[str, Any]) -> Activity | None:
    try:
        at = parse_iso(str(row.get("event_time")))
    except ValueError:
        return None
    try:
        extra = json.loads(str(row.get("extra_data")))
    except (ValueError, RecursionError):
        extra = None
    return Activity(
        at, _named(row, "actor"), _named(row, "application"), frozenset(_texts([row.get("object_id"), extra]))
    )


def _named(row: dict[str, Any], what: str) -> str:
    return str(row.get(f"{what}_name") or row.get(f"{what}_id") or "")


def _texts(value: Any) -> list[str]:
    """All texts and numbers in a value, however deep; JSON bounds the depth."""
    found, rest = [], [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            rest.extend(one.values())
        elif isinstance(one, list):
            rest.extend(one)
        elif isinstance(one, str | int):
            found.append(str(one))
    return found
