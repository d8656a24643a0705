"""Webhooks of the app: which objects' changes Meta tells it of, and where.

Graph: GET, POST and DELETE /{app-id}/subscriptions, with the app's token.
Source: https://developers.facebook.com/docs/graph-api/reference/app/subscriptions (v25.0) and the specification of
Application, read 2026-12-01. One subscription per object. A POST asks the callback first, and amends what is there: it
takes no field away, which a DELETE with `fields` does. Whether values are included is written and not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.graph.auth import Auth
from meta_access.graph.wire import unusable

if TYPE_CHECKING:
    from pydantic import SecretStr

    from meta_access.graph.client import GraphClient


@dataclass(frozen=True, slots=True)
class Subscription:
    """What Meta sends an app about one kind of object; `fields` sorted."""

    object: str
    callback_url: str
    fields: tuple[str, ...]
    active: bool = True


def get(client: GraphClient, object_: str) -> Subscription | None:
    """The app's subscription to an object; None where it has none."""
    answer = client.get(_edge(client), auth=Auth.APP)
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise unusable("Meta's answer about the app's webhooks is no list.")
    found = (row for row in rows if isinstance(row, dict) and row.get("object") == object_)
    return next((_read(row) for row in found), None)


def subscribe(client: GraphClient, wanted: Subscription, *, verify_token: SecretStr, include_values: bool) -> None:
    """Subscribe to exactly the fields wanted; the callback is asked before Meta answers.

    Args:
        client: Of the app's connection.
        wanted: `active` is what comes of it.
        verify_token: What Meta brings to the callback.
        include_values: Whether Meta tells what changed, or only which fields did.
    """

    def landed() -> bool | None:
        found = get(client, wanted.object)
        there = found is not None and found.active and found.callback_url == wanted.callback_url
        return True if there and found is not None and set(wanted.fields) <= set(found.fields) else None

    params = {"object": wanted.object, "callback_url": wanted.callback_url, "fields": ",".join(wanted.fields)}
    sent = {**params, "include_values": include_values, "verify_token": verify_token.get_secret_value()}
    client.post(_edge(client), sent, auth=Auth.APP, landed=landed)
    found = get(client, wanted.object)
    if found is not None and (more := [name for name in found.fields if name not in wanted.fields]):
        client.delete(_edge(client), {"object": wanted.object, "fields": ",".join(more)}, auth=Auth.APP)


def unsubscribe(client: GraphClient, object_: str) -> None:
    """Take the app's subscription to an object away."""
    client.delete(_edge(client), {"object": object_}, auth=Auth.APP)


def _edge(client: GraphClient) -> str:
    return f"{client.connection.app_id}/subscriptions"


def _read(row: dict[str, object]) -> Subscription:
    listed = row.get("fields")
    # Names of their own, or with the version that each was subscribed with.
    names = (
        [item.get("name") if isinstance(item, dict) else item for item in listed] if isinstance(listed, list) else []
    )
    return Subscription(
        str(row["object"]),
        str(row.get("callback_url") or ""),
        tuple(sorted(str(name) for name in names if name)),
        row.get("active") is not False,
    )
