"""Who is calling: the token, the app it belongs to, and the proof over it.

Source: https://developers.facebook.com/docs/facebook-login/security, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access.emulator import tokens
from meta_access.emulator.errors import GraphFault, bad_proof, bad_token, denied, no_proof

if TYPE_CHECKING:
    from datetime import datetime

    from meta_access.emulator.keyring import Keyring
    from meta_access.emulator.request import GraphRequest
    from meta_access.emulator.world import App, SystemUser, Token, World

PROOF_LASTS = timedelta(minutes=5)  # of the form with appsecret_time
UNREADABLE = "Invalid OAuth access token - Cannot parse access token"
_EMULATED = f"This is an emulator: it takes only what it handed out itself, which begins with {tokens.PREFIX}."
FOREIGN = f"{UNREADABLE}. {_EMULATED} Never send it a real token."


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller. `user` and `token` are None for an app access token."""

    value: str
    app: App
    user: SystemUser | None = None
    token: Token | None = None

    @property
    def business_id(self) -> str | None:
        return self.app.business_id if self.user is None else self.user.business_id

    def require_app_token(self, app_id: str) -> None:
        if self.user is not None or self.app.id != app_id:
            raise GraphFault(15, "(#15) This method must be called with an app access_token.")

    def holds(self, *scopes: str) -> bool:
        """Whether the token has at least one of them; an app token has none."""
        return self.token is not None and any(scope in self.token.scopes for scope in scopes)

    def require_scope(self, *scopes: str) -> None:
        """Hold at least one of them."""
        if not self.holds(*scopes):
            raise denied(f"Requires {scopes[0]} permission to manage the object")

    def require_admin(self, business_id: str) -> SystemUser:
        """Be an admin system user of the business with business_management."""
        if self.user is None or self.user.business_id != business_id or self.user.role != "ADMIN":
            raise denied("Requires business_management permission to manage the object")
        self.require_scope("business_management")
        return self.user


def identify(request: GraphRequest, world: World, keyring: Keyring, now: datetime) -> Caller:
    """The caller; GraphFault for a token that is missing, foreign, unknown, expired or revoked, or a wrong proof."""
    if not request.token:
        raise GraphFault(104, "An access token is required to request this resource.")
    app_id, bar, secret = request.token.partition("|")
    if bar:
        caller = Caller(request.token, check_app_token(app_id, secret, world, keyring))
    else:
        token = find_token(request.token, world)
        check_alive(token, now)
        app, user = world.app(token.app_id), world.system_user(token.system_user_id)
        if app is None or user is None:
            raise bad_token(UNREADABLE)
        caller = Caller(request.token, app, user, token)
    check_proof(request, caller.value, caller.app, keyring, now, required=caller.app.require_app_secret)
    return caller


def check_app_token(app_id: str, secret: str, world: World, keyring: Keyring) -> App:
    app = world.app(app_id)
    if app is None:
        raise bad_token("Invalid OAuth access token - Cannot get application info due to a system error.")
    if not tokens.is_fake(secret):
        raise bad_token(
            f"Invalid OAuth access token signature. {_EMULATED} Never send it a real app secret.", status=400
        )
    if not tokens.same(secret, keyring.app_secret(app_id)):
        raise bad_token("Invalid OAuth access token signature.", status=400)
    return app


def find_token(value: str, world: World) -> Token:
    if not tokens.is_fake(value):
        raise bad_token(FOREIGN)
    token = world.token(tokens.fingerprint(value))
    if token is None:
        raise bad_token(UNREADABLE)
    return token


def check_alive(token: Token, now: datetime) -> None:
    if token.revoked_at is not None:
        raise bad_token("Error validating access token: The session was invalidated explicitly using an API call.", 467)
    if token.expires_at is not None and token.expires_at <= now:
        form = "%A, %d-%b-%y %H:%M:%S UTC"
        raise bad_token(
            f"Error validating access token: Session has expired on {token.expires_at.strftime(form)}. "
            f"The current time is {now.strftime(form)}.",
            463,
        )


def check_proof(
    request: GraphRequest, token: str, app: App, keyring: Keyring, now: datetime, *, required: bool
) -> None:
    """Check `appsecret_proof` over a token with an app's secret. A wrong one is refused even where none is needed."""
    given, time = request.text("appsecret_proof"), request.text("appsecret_time")
    if given is None:
        if required:
            raise no_proof()
        return
    if time is not None:
        age = now.timestamp() - float(time) if time.isascii() and time.isdecimal() else float("inf")
        if abs(age) > PROOF_LASTS.total_seconds():
            raise bad_proof()
    if not tokens.same(given, tokens.proof(token, keyring.app_secret(app.id), time=time)):
        raise bad_proof()
