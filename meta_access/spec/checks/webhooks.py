"""Webhooks of an app: what its subscriptions say, and whether their verify token can be read without a state."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access.endpoints import is_loopback
from meta_access.spec.app import GENERATE
from meta_access.validation import verify_token_reference, webhook_callback, webhook_fields, webhook_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.spec.app import SubscriptionSpec
    from meta_access.spec.draft import Draft
    from meta_access.spec.problems import Loc


def check_webhooks(draft: Draft) -> Iterator[Problem]:
    for key, app in draft.spec.apps.items():
        if app.webhooks is None:
            continue
        at: Loc = ("apps", key, "webhooks")
        if app.webhooks.generated:
            if app.webhooks.subscriptions:
                text = f"{GENERATE} makes a token that only Pulumi knows, and subscriptions take none from a state."
                fix = "write env:META_VERIFY_TOKEN, or aws-secret:ARN#verify_token, and give it to the callback."
                yield draft.problem((*at, "verify_token"), text, fix)
        elif reason := verify_token_reference(app.webhooks.verify_token):
            yield draft.problem((*at, "verify_token"), f"{reason}.", f"write {GENERATE}, or such a reference.")
        here = all(
            is_loopback(urlsplit(typed.graph_url)) for typed in draft.spec.connections.values() if typed.app == key
        )
        for name, row in app.webhooks.subscriptions.items():
            yield from _subscription(draft, (*at, "subscriptions", name), name, row, here=here)


def _subscription(draft: Draft, at: Loc, name: str, row: SubscriptionSpec, *, here: bool) -> Iterator[Problem]:
    if reason := webhook_name(name):
        yield draft.problem(at, f"{reason}.", "write an object of Meta's list of webhooks.")
    if reason := webhook_callback(row.callback_url, here=here):
        yield draft.problem((*at, "callback_url"), f"{reason}.", "write the https address that takes Meta's calls.")
    if reason := webhook_fields(list(row.fields)):
        yield draft.problem((*at, "fields"), f"{reason}.", "write the names of fields in Meta's reference of it.")
