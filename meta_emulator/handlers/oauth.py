"""`/oauth/access_token` (app tokens, refreshing, codes) and `GET /oauth/revoke`.

Source: https://developers.facebook.com/docs/facebook-login/guides/access-tokens and
https://developers.facebook.com/docs/business-management-apis/system-users/install-apps-and-generate-tokens,
Graph v26.0, read 2026-11. What revoking an ended token answers is not documented: here it is the token's own error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator import tokens
from meta_emulator.caller import check_alive, find_token
from meta_emulator.errors import EMULATED, UNREADABLE, GraphFault, bad_parameter, bad_token
from meta_emulator.handlers.codes import redeem
from meta_emulator.minting import SIXTY_DAYS, add_token
from meta_emulator.surface import Param, Route, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App


def _client(call: GraphCall) -> App:
    """The app that `client_id` and `client_secret` prove."""
    app = call.world.app(call.request.required("client_id"))
    if app is None:
        raise GraphFault(101, "Error validating application. Invalid application ID.")
    secret = call.request.required("client_secret")
    if not tokens.is_fake(secret):
        raise GraphFault(1, f"Error validating client secret. {EMULATED} Never send it a real app secret.", status=400)
    if not tokens.same(secret, call.keyring.app_secret(app.id)):
        raise GraphFault(1, "Error validating client secret.", status=400)
    return app


def access_token(call: GraphCall) -> Any:
    grant = call.request.text("grant_type")
    app = _client(call)
    if grant == "client_credentials":
        return {"access_token": f"{app.id}|{call.keyring.app_secret(app.id)}", "token_type": "bearer"}
    if grant == "fb_exchange_token":
        return _exchange(call, app)
    if call.request.text("code") is not None:
        return redeem(call, app)
    raise bad_parameter("Param grant_type must be one of {client_credentials, fb_exchange_token}.")


def _exchange(call: GraphCall, app: App) -> Any:
    token = find_token(call.request.required("fb_exchange_token"), call.world)
    check_alive(token, call.now, call.world)
    if token.app_id != app.id or token.page_id is not None:
        raise bad_token(UNREADABLE)
    # The old token lives on to its own end. A token that never expired becomes one of sixty days, as users report.
    # A person's short-lived token becomes a long-lived one the same way.
    kept = {name: getattr(token, name) for name in ("system_user_id", "user_id", "client_business_id", "target_ids")}
    value = add_token(call.world, app.id, list(token.scopes), call.now, expires_at=call.now + SIXTY_DAYS, **kept)
    return {"access_token": value, "token_type": "bearer", "expires_in": int(SIXTY_DAYS.total_seconds())}


def revoke(call: GraphCall) -> Any:
    app = _client(call)
    caller = call.caller
    token = find_token(call.request.required("revoke_token"), call.world)
    if not app.id == caller.app.id == token.app_id:
        raise bad_parameter("The access token and the token to revoke must both belong to the app.")
    check_alive(token, call.now, call.world)
    token.revoked_at = call.now
    return {"success": "true"}  # a text: Meta's documentation shows it quoted


CLIENT = (Param("client_id", required=True), Param("client_secret", required=True))
GRANT = params(string="grant_type fb_exchange_token code redirect_uri", bool="set_token_expires_in_60_days")
PAGE = "facebook-login/guides/access-tokens"

ROUTES = (
    Route("GET", "", "oauth/access_token", access_token, PAGE, params=(*CLIENT, *GRANT), writes=True),
    # The pages show a GET; libraries for OAuth 2.0 send a POST, and it works for their users.
    Route("POST", "", "oauth/access_token", access_token, PAGE, "reported", (*CLIENT, *GRANT), writes=True),
    Route(
        "GET",
        "",
        "oauth/revoke",
        revoke,
        "business-management-apis/system-users/install-apps-and-generate-tokens",
        params=(*CLIENT, Param("revoke_token", required=True)),
        writes=True,
    ),
)
