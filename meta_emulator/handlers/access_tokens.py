"""A system user's tokens: `POST` mints one, `DELETE /{system-user-id}/access_tokens` ends all. There is no list.

Source: https://developers.facebook.com/docs/business-management-apis/system-users/install-apps-and-generate-tokens,
Graph v26.0, read 2026-11. The value is in one answer and nowhere else. Codes for a missing installation, missing app
access and a missing 60-day flag are not documented; the texts are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator import minting
from meta_emulator.caller import check_proof
from meta_emulator.errors import bad_parameter, denied
from meta_emulator.surface import Param, Route, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App, Business, SystemUser


def mint(call: GraphCall, user: SystemUser) -> Any:
    _check_caller(call, user)
    app = _app(call, user)
    # The proof is over the calling token, with the secret of the app that the new token is for.
    check_proof(call.request, call.caller.value, app, call.keyring, call.now, required=True)
    scopes = _scopes(call)
    _check_ready(call, user, app)
    expires = call.request.flag("set_token_expires_in_60_days")
    check_expiry(call.world.business(user.business_id), expires=expires)
    return {"access_token": issue(call, user, app.id, scopes, expires=expires)}


def issue(call: GraphCall, user: SystemUser, app_id: str, scopes: list[str], *, expires: bool) -> str:
    """Add a token to the world and return its value, which nothing else keeps."""
    ends = call.now + minting.SIXTY_DAYS if expires else None
    return minting.add_token(call.world, app_id, scopes, call.now, system_user_id=user.id, expires_at=ends)


def _check_caller(call: GraphCall, user: SystemUser) -> None:
    if call.caller.user is None or call.caller.user.id != user.id:
        call.caller.require_admin(user.business_id)


def _app(call: GraphCall, user: SystemUser) -> App:
    app = call.world.app(call.request.required("business_app"))
    if app is None or app.business_id != user.business_id:
        raise bad_parameter("Param business_app must be an app that belongs to the business of the system user.")
    return app


def _scopes(call: GraphCall) -> list[str]:
    scopes = call.request.texts("scope")
    if not scopes:
        raise bad_parameter("The parameter scope is required")
    known = call.rules.permissions
    wrong = [scope for scope in scopes if scope not in known or known[scope].system_user is False]
    if wrong:
        raise bad_parameter(f"Invalid Scopes: {', '.join(wrong)}.")
    return list(dict.fromkeys(scopes))


def _check_ready(call: GraphCall, user: SystemUser, app: App) -> None:
    check_installed(call, user, app)
    if not call.world.has_app_access(user.id, app.id):
        raise denied("The system user does not have full control of the app.")


def check_installed(call: GraphCall, user: SystemUser, app: App) -> None:
    """Refuse to mint for an app that the user has not installed."""
    if not call.world.installed(user.id, app.id):
        raise bad_parameter("The app has to be installed on the system user before a token can be generated.")


def check_expiry(business: Business | None, *, expires: bool) -> None:
    """Refuse a token without an end where the business may only have those of 60 days."""
    if not expires and business is not None and business.requires_expiring_tokens:
        raise bad_parameter("This business requires tokens that expire: set_token_expires_in_60_days must be true.")


def invalidate_all(call: GraphCall, user: SystemUser) -> Any:
    _check_caller(call, user)
    for token in call.world.tokens:
        if token.system_user_id == user.id and token.revoked_at is None:
            token.revoked_at = call.now
    return True


PAGE = "business-management-apis/system-users/install-apps-and-generate-tokens"

ROUTES = (
    Route(
        "POST",
        "system_user",
        "access_tokens",
        mint,
        PAGE,
        params=(
            Param("business_app", "id", required=True),
            Param("scope", "list<string>", required=True),
            *params(bool="set_token_expires_in_60_days", id="page_id"),
        ),
    ),
    Route("DELETE", "system_user", "access_tokens", invalidate_all, PAGE),
)
