"""An app's settings: `GET` and `POST /{app-id}`. Redirect URIs, mode and levels have no field here, as at Meta.

Source: https://developers.facebook.com/docs/graph-api/reference/application, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.emulator.fields import Node, show
from meta_access.emulator.node_types import APPLICATION, BUSINESS
from meta_access.emulator.surface import Route, params

if TYPE_CHECKING:
    from meta_access.emulator.call import GraphCall
    from meta_access.emulator.world import App

LISTS = ("app_domains", "server_ip_whitelist")
TEXTS = (
    "contact_email",
    "deauth_callback_url",
    "mobile_web_url",
    "namespace",
    "privacy_policy_url",
    "terms_of_service_url",
    "url_scheme_suffix",
    "user_support_email",
    "user_support_url",
    "website_url",
)


def app_node(call: GraphCall, app: App) -> Node:
    owner = call.world.business(app.business_id or "")
    business = None if owner is None else Node(BUSINESS, {"id": owner.id, "name": owner.name})
    values: dict[str, Any] = {
        "id": app.id,
        "name": app.name,
        "category": app.category,
        "link": f"https://www.facebook.com/games/?app_id={app.id}",
        "business": business,
        "owner_business": business,
        **{name: app.settings.get(name) for name in (*LISTS, *TEXTS)},
    }
    return Node(APPLICATION, values)


def get_app(call: GraphCall, app: App) -> Any:
    return show(app_node(call, app), call)


def write_settings(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    for name in LISTS:
        value = call.request.texts(name)
        if value is not None:
            app.settings[name] = value
    for name in TEXTS:
        if name in call.request.params:
            app.settings[name] = call.request.text(name)
    app.name = call.request.text("app_name") or app.name
    return {"success": True}


PAGE = "graph-api/reference/application"
SETTINGS = params(list_of_string=" ".join(LISTS), string=" ".join((*TEXTS, "app_name")))

ROUTES = (
    Route("GET", "app", "", get_app, PAGE, returns=APPLICATION),
    Route("POST", "app", "", write_settings, PAGE, params=SETTINGS),
)
