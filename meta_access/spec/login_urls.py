"""Addresses of Meta's login dialog, ready to be pasted. Pure.

Source: https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow, Graph v26.0, read 2026-11;
Login for Business: https://developers.facebook.com/docs/facebook-login/facebook-login-for-business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from meta_access.spec.app import AppSpec, LoginConfigurationSpec

STATE = "STATE"
"""Stands where the application puts its own unguessable value; Meta returns it and does not compare it."""

BY_SCOPE = "scope"


def login_urls(app: AppSpec, api_version: str) -> dict[str, dict[str, str]]:
    """Redirect URI to the dialog's addresses: one per login configuration, else one that asks by scope."""
    if app.login is None:
        return {}
    return {uri: _urls(app, uri, api_version) for uri in app.login.redirect_uris}


def _urls(app: AppSpec, uri: str, api_version: str) -> dict[str, str]:
    base = {"client_id": app.id, "redirect_uri": uri, "state": STATE}
    configurations = app.login.configurations if app.login is not None else {}
    if configurations:
        return {name: _dialog(api_version, {**base, **_by_config(row)}) for name, row in configurations.items()}
    scope = ",".join(sorted(app.permissions.levels()))
    return {BY_SCOPE: _dialog(api_version, {**base, "response_type": "code", **({"scope": scope} if scope else {})})}


def _by_config(configuration: LoginConfigurationSpec) -> dict[str, str]:
    asked = {"config_id": configuration.config_id, "response_type": "code"}
    # A configuration that yields a business's system user token works with the code flow alone, said this way.
    return {**asked, "override_default_response_type": "true"} if configuration.token == "system_user" else asked  # noqa: S105


def _dialog(api_version: str, query: dict[str, str]) -> str:
    return f"https://www.facebook.com/{api_version}/dialog/oauth?{urlencode(query)}"
