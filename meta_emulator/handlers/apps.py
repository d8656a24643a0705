"""An app's settings: `GET` and `POST /{app-id}`. Redirect URIs, mode and levels have no field here, as at Meta.

Source: https://developers.facebook.com/docs/graph-api/reference/application, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.caller import network
from meta_emulator.errors import bad_parameter, not_one_of
from meta_emulator.fields import Node, show
from meta_emulator.node_types import APPLICATION, BUSINESS
from meta_emulator.surface import Param, Route, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App

AN_PLATFORMS = ("ANDROID", "DESKTOP", "IOS", "MOBILE_WEB", "OCULUS", "UNKNOWN", "GALAXY", "INSTANT_ARTICLES", "XIAOMI")
LISTS = (
    "an_platforms", "app_domains", "auth_referral_extended_perms", "auth_referral_friend_perms",
    "auth_referral_user_perms", "server_ip_whitelist",
)  # fmt: skip
BOOLS = ("app_type", "auth_referral_enabled", "canvas_fluid_height", "canvas_fluid_width")
TEXTS = (
    "auth_dialog_headline", "auth_dialog_perms_explanation", "auth_referral_response_type", "canvas_url",
    "contact_email", "deauth_callback_url", "mobile_web_url", "namespace", "page_tab_default_name",
    "privacy_policy_url", "secure_canvas_url", "secure_page_tab_url", "terms_of_service_url", "url_scheme_suffix",
    "user_support_email", "user_support_url", "website_url",
)  # fmt: skip
AGES = ("13+", "16+", "17+", "18+", "19+", "21+")


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
        **{name: app.settings.get(name) for name in (*LISTS, *BOOLS, *TEXTS, "restrictions")},
        "app_type": app.native,
    }
    return Node(APPLICATION, values)


def get_app(call: GraphCall, app: App) -> Any:
    return show(app_node(call, app), call)


def write_settings(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    wanted = _settings(call)
    # Meta answers success for parameters of which new apps take nothing; which ones is for the world to say.
    kept = {name: value for name, value in wanted.items() if name not in app.ignored_settings}
    app.name = kept.pop("app_name", None) or app.name
    app.native = kept.pop("app_type", app.native)
    app.settings |= kept
    return {"success": True}


def _settings(call: GraphCall) -> dict[str, Any]:
    request, found = call.request, dict[str, Any]()
    for name in LISTS:
        value = request.texts(name)
        if value is not None:
            found[name] = value
    found |= {name: request.flag(name) for name in BOOLS if request.text(name) is not None}
    found |= {name: request.text(name) for name in (*TEXTS, "app_name") if name in request.params}
    if request.text("restrictions") is not None:
        found["restrictions"] = _restrictions(request.decoded("restrictions"))
    for address in found.get("server_ip_whitelist", ()):
        if network(address) is None:
            raise bad_parameter("Param server_ip_whitelist must be a list of IP addresses.")
    return found


def _restrictions(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) - {"age", "age_distr", "location", "type"}:
        raise bad_parameter("Param restrictions must be an object with age, location or type.")
    if value.get("age", AGES[0]) not in AGES:
        raise not_one_of("restrictions[age]", str(value["age"]), AGES)
    if value.get("type", "alcohol") != "alcohol":
        raise not_one_of("restrictions[type]", str(value["type"]), ("alcohol",))
    return value


PAGE = "graph-api/reference/application"
SETTINGS = (
    *params(
        list_of_string=" ".join(name for name in LISTS if name != "an_platforms"),
        string=" ".join((*TEXTS, "app_name", "restrictions")),
        bool=" ".join((*BOOLS, "allow_cycle_app_secret")),
    ),
    Param("an_platforms", "list<enum>", values=AN_PLATFORMS),
)

ROUTES = (
    Route("GET", "app", "", get_app, PAGE, params=params(id="advertiser_id"), returns=APPLICATION),
    Route("POST", "app", "", write_settings, PAGE, params=SETTINGS),
)
