"""Exchanging an authorization code: `GET /oauth/access_token?client_id&client_secret&redirect_uri&code`.

Source: https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow and
https://developers.facebook.com/docs/facebook-login/facebook-login-for-business, Graph v26.0, read 2026-11. Subcodes,
their texts and the ten minutes are as users report them, and so is that a code of the JavaScript SDK goes without
redirect_uri.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator import minting, tokens
from meta_emulator.errors import EMULATED, GraphFault
from meta_emulator.world import SystemUser

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App, LoginCode


def redeem(call: GraphCall, app: App) -> Any:
    code = _code(call, app)
    if code.used_at is not None:
        raise GraphFault(100, "This authorization code has been used.", subcode=36009)
    if code.issued_at + minting.CODE_LASTS <= call.now:
        raise GraphFault(100, "This authorization code has expired.", subcode=36007)
    if call.request.text("redirect_uri") != code.redirect_uri:
        message = (
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used "
            "in the OAuth dialog request"
        )
        raise GraphFault(100, message, subcode=36008)
    code.used_at = call.now
    if code.client_business_id is not None:
        return _business_token(call, app, code)
    ends = call.now + minting.SHORT
    value = minting.add_token(call.world, app.id, list(code.scopes), call.now, user_id=code.user_id, expires_at=ends)
    return {"access_token": value, "token_type": "bearer", "expires_in": int(minting.SHORT.total_seconds())}


def _code(call: GraphCall, app: App) -> LoginCode:
    value = call.request.required("code")
    message = "Invalid verification code format."
    if not tokens.is_fake(value):
        raise GraphFault(100, f"{message} {EMULATED}", subcode=36009)
    fingerprint = tokens.fingerprint(value)
    for code in call.world.codes:
        if (code.fingerprint, code.app_id) == (fingerprint, app.id):
            return code
    raise GraphFault(100, message, subcode=36009)


def _business_token(call: GraphCall, app: App, code: LoginCode) -> dict[str, Any]:
    """A system user's token of the business that the person chose, as a configuration of that kind gives it."""
    configuration = next((row for row in app.login_configurations if row.id == code.config_id), None)
    expires = configuration is not None and configuration.expires
    user = client_system_user(call, code.client_business_id or "", f"{app.name} SYSTEM USER", app)
    ends = call.now + minting.SIXTY_DAYS if expires else None
    value = minting.add_token(
        call.world,
        app.id,
        [scope for scope in code.scopes if scope != "public_profile"],
        call.now,
        system_user_id=user.id,
        client_business_id=code.client_business_id,
        expires_at=ends,
    )
    answer: dict[str, Any] = {"access_token": value, "token_type": "bearer"}
    return {**answer, "expires_in": int(minting.SIXTY_DAYS.total_seconds())} if expires else answer


def client_system_user(call: GraphCall, business_id: str, name: str, app: App) -> SystemUser:
    """The system user that an app has in a client's business; made at the first time, without a quota."""
    for user in call.world.system_users:
        if (user.business_id, user.app_id, user.name) == (business_id, app.id, name):
            return user
    scoped, canonical = call.new_ids()
    user = SystemUser(scoped, name, "EMPLOYEE", business_id, None, call.now, app.id, canonical)
    call.world.system_users.append(user)
    return user


ROUTES = ()
