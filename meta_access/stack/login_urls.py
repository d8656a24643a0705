"""Addresses of Meta's login dialog, ready to be pasted. Pure.

Source: https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow, Graph v26.0, read 2026-11;
Login for Business: https://developers.facebook.com/docs/facebook-login/facebook-login-for-business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from meta_access.stack import use_cases

if TYPE_CHECKING:
    from meta_access.rules import RuleSet
    from meta_access.stack.models import AppSpec, LoginConfigurationSpec, StackSpec

STATE = "STATE"
"""Stands where the application puts its own unguessable value; Meta returns it and does not compare it."""

BY_SCOPE = "scope"
AGAIN = "-rerequest"
"""Behind a name: the address that asks once more for what the person declined; without it Meta skips those."""


def login_urls(spec: StackSpec, rules: RuleSet, key: str, api_version: str) -> dict[str, dict[str, str]]:
    """Redirect URI to the dialog's addresses: one per login configuration, else per use case, else all permissions."""
    app = spec.apps[key]
    if app.login is None:
        return {}
    return {uri: _urls(app, _scopes(spec, rules, key), uri, api_version) for uri in app.login.redirect_uris}


def _scopes(spec: StackSpec, rules: RuleSet, key: str) -> dict[str, list[str]]:
    """What to ask for, by the name it is asked under: a use case of the app's identities, else everything declared."""
    here = [name for name, identity in spec.identities.items() if use_cases.lives_in(spec, identity, key)]
    presets = [found for name in here if (found := use_cases.expansion(spec, rules, name))]
    mine = {found.use_case: sorted(found.permissions) for found in presets}
    return mine or {BY_SCOPE: sorted(use_cases.permissions_of(spec, rules, key))}


def _urls(app: AppSpec, scopes: dict[str, list[str]], uri: str, api_version: str) -> dict[str, str]:
    base = {"client_id": app.id, "redirect_uri": uri, "state": STATE}
    configurations = app.login.configurations if app.login is not None else {}
    if configurations:
        return {name: _dialog(api_version, {**base, **_by_config(row)}) for name, row in configurations.items()}
    urls = {}
    for name, scope in scopes.items():
        query = {**base, "response_type": "code", **({"scope": ",".join(scope)} if scope else {})}
        urls[name] = _dialog(api_version, query)
        urls[f"{name}{AGAIN}"] = _dialog(api_version, {**query, "auth_type": "rerequest"})
    return urls


def _by_config(configuration: LoginConfigurationSpec) -> dict[str, str]:
    asked = {"config_id": configuration.config_id, "response_type": "code"}
    # A configuration that yields a business's system user token works with the code flow alone, said this way.
    return {**asked, "override_default_response_type": "true"} if configuration.token == "system_user" else asked  # noqa: S105


def _dialog(api_version: str, query: dict[str, str]) -> str:
    return f"https://www.facebook.com/{api_version}/dialog/oauth?{urlencode(query)}"
