"""What apps get when the world changes, as Meta's webhooks send it: permissions, and an ad account's business.

Pure: from the world before and after to the bodies to send. Sources, read 2026-12-01: shape of a notification
https://developers.facebook.com/docs/graph-api/webhooks, objects …/webhooks/reference, permissions (field and verb)
…/webhooks/reference/permissions, the ad account's status …/webhooks/reference/application (v25.0). A permission's
change is in `value`, as in the tests of Meta's dashboard (recorded with v8.0); the verbs are `granted` and `revoked`
also for `connected`, as clients read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from meta_emulator.world import App, Asset, WebhookSubscription, World

OBJECTS = (
    "ad_account", "application", "catalog", "instagram", "managed_meta_account", "page", "permissions", "user",
    "whatsapp_business_account",
)  # fmt: skip
# Of the other objects Meta adds fields with each version, so any name is taken.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "application": (
        "ad_account", "ads_rules_engine", "async_requests", "dev_alerts", "group_install",
        "oe_reseller_onboarding_request_created", "plugin_comment", "plugin_comment_reply",
    ),
}  # fmt: skip
CONNECTED = "connected"  # whether a person uses the app at all


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification to send: where, on behalf of which app, and its body."""

    app_id: str
    callback_url: str
    body: dict[str, Any]


def notices(before: World, after: World, now: datetime) -> list[Notice]:
    """What the subscriptions of the later world get of the changes since the earlier one; one per subscription."""
    found = []
    for app in after.apps:
        for row in app.subscriptions:
            entries = [
                {**entry, "time": int(now.timestamp()), **_told(changes, row)}
                for entry, changes in _entries(before, after, app, row)
            ]
            if entries:
                found.append(Notice(app.id, row.callback_url, {"object": row.object, "entry": entries}))
    return found


_Entry = tuple[dict[str, str], list[dict[str, Any]]]


def _entries(before: World, after: World, app: App, row: WebhookSubscription) -> Iterator[_Entry]:
    """Whom an entry is about, and its changes of the fields subscribed to."""
    if not row.active:
        return
    if row.object == "permissions":
        found = _permissions(before, after, app)
    elif row.object == "application":
        found = _accounts(before, after, app)
    else:
        return
    for about, changes in found:
        if wanted := [change for change in changes if change["field"] in row.fields]:
            yield about, wanted


def _told(changes: list[dict[str, Any]], row: WebhookSubscription) -> dict[str, Any]:
    if row.include_values:
        return {"changes": changes}
    return {"changed_fields": [change["field"] for change in changes]}


def _permissions(before: World, after: World, app: App) -> Iterator[_Entry]:
    was, now = (_granted(world, app) for world in (before, after))
    for user_id in sorted({*was, *now}):
        changes = [
            {"field": name, "value": {"verb": "granted" if name in now.get(user_id, ()) else "revoked"}}
            for name in sorted(was.get(user_id, frozenset()) ^ now.get(user_id, frozenset()))
        ]
        if (user_id in was) != (user_id in now):
            changes.append({"field": CONNECTED, "verb": "granted" if user_id in now else "revoked"})
        yield {"id": user_id, "uid": user_id}, changes


def _granted(world: World, app: App) -> dict[str, frozenset[str]]:
    """What each person granted the app, by the id under which it knows them."""
    people = {person.id: person for person in world.people}
    return {
        world.scoped_id(people[row.user_id], app.id): frozenset(row.granted)
        for row in world.consents
        if row.app_id == app.id and row.user_id in people
    }


def _accounts(before: World, after: World, app: App) -> Iterator[_Entry]:
    was = {account.id: account for account in before.ad_accounts}
    for account in after.ad_accounts:
        old = was.get(account.id)
        if old is None or old.business_id == account.business_id or not _concerns(app, old, account):
            continue
        value = {
            "id": account.id.removeprefix("act_"),
            "account_status": 1,
            "disable_reason": 0,
            "business": account.business_id,
        }
        yield {"id": app.id}, [{"field": "ad_account", "value": value}]


def _concerns(app: App, *accounts: Asset) -> bool:
    """Whether the app's business has, had or uses an account; which apps Meta tells is written nowhere."""
    users = (
        business for one in accounts for business in (one.business_id, *(share.business_id for share in one.shares))
    )
    return app.business_id is not None and app.business_id in users
