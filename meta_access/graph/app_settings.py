"""Settings of the app that Graph writes: domains, addresses, contacts, and the list of addresses that may call.

Graph: GET and POST /{app-id}, with the app's token.
Source: https://developers.facebook.com/docs/graph-api/reference/application, Graph v26.0, read 2026-11. Meta answers
`success` for parameters of which some apps take nothing, so what was written is read back. Redirect URIs, mode, icon
and the URL for deleting data have no parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.graph.auth import Auth
from meta_access.graph.landing import LOOK_AFTER_S
from meta_access.graph.wire import unusable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from meta_access.graph.client import GraphClient

LISTS = ("app_domains", "server_ip_whitelist")
"""Settings that are lists of texts, in no order."""

TEXTS = (
    "privacy_policy_url",
    "terms_of_service_url",
    "website_url",
    "mobile_web_url",
    "user_support_email",
    "user_support_url",
    "contact_email",
    "deauth_callback_url",
)


def get(client: GraphClient, names: Collection[str]) -> dict[str, Any]:
    """The settings named: lists sorted, and empty where Meta has nothing."""
    if not names:
        return {}
    answer = client.get(client.connection.app_id, {"fields": ",".join(names)}, auth=Auth.APP)
    if not isinstance(answer, dict):
        raise unusable("Meta's answer about the app is not one.")
    return {name: _value(name, answer.get(name)) for name in names}


def write(client: GraphClient, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Write settings and read them back; answers what Meta has now, which is not always what was written."""

    def landed() -> bool | None:
        return True if get(client, settings) == settings else None

    client.post(client.connection.app_id, settings, auth=Auth.APP, landed=landed)
    found = get(client, settings)
    if found == settings:
        return found
    # Reads may trail a write a little: only what a second look still misses was not taken.
    client.wait(LOOK_AFTER_S)
    return get(client, settings)


def _value(name: str, value: object) -> Any:
    if name in LISTS:
        return sorted(str(item) for item in value) if isinstance(value, list) else []
    return "" if value is None else str(value)
