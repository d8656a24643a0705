"""An app's webhooks: `/{app-id}/subscriptions`.

Source: https://developers.facebook.com/docs/graph-api/reference/app/subscriptions (v25.0), …/graph-api/webhooks/
subscriptions-edge, and the specification of Application, read 2026-12-01. A POST for an object that is subscribed to
amends it and takes no field away; a DELETE takes all, an object's, or single fields. Meta takes https alone; http is
taken here where the callback is on this machine, which is the only place that is called. The refusal of another one is
ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from meta_emulator.errors import bad_parameter, missing_parameter, not_one_of
from meta_emulator.fields import Node, show_all
from meta_emulator.httpd import is_loopback
from meta_emulator.surface import NodeType, Param, Route, fields, params
from meta_emulator.webhooks import FIELDS, OBJECTS
from meta_emulator.world import WebhookSubscription

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App

PAGE = "graph-api/reference/app/subscriptions"
SHOWN = ("object", "callback_url", "active", "fields")
SUBSCRIPTION = NodeType(
    "ApplicationSubscriptions", fields(string="object callback_url", bool="active", list_of_object="fields"), SHOWN
)
LONGEST_URL = 2000


def list_subscriptions(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    nodes = [
        Node(
            SUBSCRIPTION,
            {
                "object": row.object,
                "callback_url": row.callback_url,
                "active": row.active,
                "fields": [{"name": name, "version": row.version} for name in row.fields],
            },
        )
        for row in app.subscriptions
    ]
    return {"data": show_all(nodes, call)}


def subscribe(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    request, name = call.request, call.request.required("object")
    row = next((row for row in app.subscriptions if row.object == name), None)
    url = request.text("callback_url") or (None if row is None else row.callback_url)
    wanted = request.texts("fields") or []
    if url is None:
        raise missing_parameter("callback_url")
    _check_url(url)
    for index, field in enumerate(wanted):
        if name in FIELDS and field not in FIELDS[name]:
            raise not_one_of(f"fields[{index}]", field, FIELDS[name])
    call.verify_callback(url, request.text("verify_token") or "")
    # Looked up anew: another call may have come in between.
    row = next((row for row in app.subscriptions if row.object == name), None)
    if row is None:
        row = WebhookSubscription(name, url)
        app.subscriptions.append(row)
    row.callback_url, row.active, row.version = url, True, call.served.version
    row.fields = list(dict.fromkeys([*row.fields, *wanted]))
    if request.text("include_values") is not None:
        row.include_values = request.flag("include_values")
    return {"success": True}


def unsubscribe(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    name, taken = call.request.text("object"), call.request.texts("fields")
    kept = []
    for row in app.subscriptions:
        if name in (None, row.object):
            row.fields = [field for field in row.fields if taken and field not in taken]
        if row.fields or name not in (None, row.object):
            kept.append(row)
    app.subscriptions = kept
    return {"success": True}


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url if url.isascii() and url.isprintable() and " " not in url else "")
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname or ""
    known = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not known or not host or parts.fragment or "@" in parts.netloc or len(url) > LONGEST_URL:
        raise bad_parameter("Param callback_url must be an https URL, or an http one of this machine.")


ROUTES = (
    Route("GET", "app", "subscriptions", list_subscriptions, PAGE, returns=SUBSCRIPTION),
    Route(
        "POST",
        "app",
        "subscriptions",
        subscribe,
        PAGE,
        params=(
            Param("object", "enum", required=True, values=OBJECTS),
            *params(string="callback_url verify_token", list_of_string="fields", bool="include_values"),
        ),
    ),
    Route(
        "DELETE",
        "app",
        "subscriptions",
        unsubscribe,
        PAGE,
        params=(Param("object", "enum", values=OBJECTS), *params(list_of_string="fields")),
    ),
)
