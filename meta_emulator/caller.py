"""Who is calling: the token, the app it belongs to, and the proof over it.

Source: https://developers.facebook.com/docs/facebook-login/security, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_emulator import tokens
from meta_emulator.errors import (
    EMULATED,
    FOREIGN,
    UNREADABLE,
    GraphFault,
    bad_proof,
    bad_token,
    denied,
    no_proof,
)
from meta_emulator.world import SystemUser

if TYPE_CHECKING:
    from datetime import datetime

    from meta_emulator.keyring import Keyring
    from meta_emulator.request import GraphRequest
    from meta_emulator.world import App, Asset, Business, Person, Token, World

# Minting is proved with the secret of the app that the new token is for, which need not be the calling token's: one
# argument cannot be made with both, so these calls check it themselves.
PROVE_ANOTHER_APP = (("access_tokens",),)
PROOF_LASTS = timedelta(minutes=5)  # of the form with appsecret_time


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller: a system user, a person, or the app itself, for which `token` is None.

    Attributes:
        scopes: What the token carries and the app's access level lets it use.
        page: The Page a Page's token acts for; its `user` or `person` obtained it.
        businesses: The businesses the caller may know of, the one it most likely means first.
    """

    value: str
    app: App
    user: SystemUser | None = None
    token: Token | None = None
    person: Person | None = None
    page: Asset | None = None
    scopes: tuple[str, ...] = ()

    @property
    def businesses(self) -> tuple[str, ...]:
        if self.person is not None:
            own = self.app.business_id
            return tuple(sorted(self.person.businesses, key=lambda business_id: business_id != own))
        business_id = self.app.business_id if self.user is None else self.user.business_id
        return () if business_id is None else (business_id,)

    @property
    def business_id(self) -> str | None:
        return next(iter(self.businesses), None)

    def role_in(self, business_id: str) -> str | None:
        """The caller's role in a business, None without one."""
        if self.person is not None:
            return self.person.businesses.get(business_id)
        return self.user.role if self.user is not None and self.user.business_id == business_id else None

    def is_admin(self, business_id: str | None) -> bool:
        return business_id is not None and self.role_in(business_id) == "ADMIN"

    def require_app_token(self, app_id: str) -> None:
        if self.token is not None or self.app.id != app_id:
            raise GraphFault(15, "(#15) This method must be called with an app access_token.")

    def holds(self, *scopes: str) -> bool:
        """Whether the token has at least one of them; an app token has none."""
        return any(scope in self.scopes for scope in scopes)

    def require_scope(self, *scopes: str) -> None:
        """Hold at least one of them."""
        if not self.holds(*scopes):
            raise denied(f"Requires {scopes[0]} permission to manage the object")

    def require_admin(self, business_id: str) -> SystemUser | Person:
        """Be an admin of the business, system user or person, with business_management."""
        caller = self.user or self.person
        if caller is None or not self.is_admin(business_id):
            raise denied("Requires business_management permission to manage the object")
        self.require_scope("business_management")
        return caller

    def require_two_factor(self, business: Business | None) -> None:
        """Have a second factor where the business asks its people for one; system users have none to show."""
        if self.person is None or business is None or self.person.two_factor:
            return
        rule, role = business.two_factor_type, self.role_in(business.id)
        if role is not None and (rule == "all_required" or (rule == "admin_required" and role == "ADMIN")):
            raise GraphFault(
                415,
                "(#415) Two factor authentication required. User have to enter a code from SMS or TOTP code generator "
                "to pass 2fac.",
            )


def identify(request: GraphRequest, world: World, keyring: Keyring, now: datetime) -> Caller:
    """The caller; GraphFault for a token that is missing, foreign, unknown, expired or revoked, or a wrong proof."""
    if not request.token:
        raise GraphFault(104, "An access token is required to request this resource.")
    app_id, bar, secret = request.token.partition("|")
    if bar:
        caller = Caller(request.token, check_app_token(app_id, secret, world, keyring))
    else:
        token = find_token(request.token, world)
        check_alive(token, now, world)
        caller = _holder(request.token, token, world)
    _check_address(request, caller, world)
    if not (request.method == "POST" and request.path[-1:] in PROVE_ANOTHER_APP):
        check_proof(request, caller.value, caller.app, keyring, now, required=caller.app.require_app_secret)
    return caller


def _check_address(request: GraphRequest, caller: Caller, world: World) -> None:
    """Refuse a use of the app's secret from an address that the app does not list; the code and text are inferred."""
    allowed = caller.app.settings.get("server_ip_whitelist") or ()
    uses_secret = caller.token is None or "appsecret_proof" in request.params
    if world.caller_ip is None or not allowed or not uses_secret:
        return
    address = ipaddress.ip_address(world.caller_ip)
    if not any(address in known for text in allowed if (known := network(str(text))) is not None):
        raise GraphFault(5, f"(#5) Unauthorized source IP address: {world.caller_ip}")


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """An address, or a range of them, of a whitelist; None for a text that is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _holder(value: str, token: Token, world: World) -> Caller:
    app = world.app(token.app_id)
    user, person = world.system_user(token.system_user_id or ""), world.person(token.user_id or "")
    if app is None or (user is None and person is None):
        raise bad_token(UNREADABLE)
    found = None if token.page_id is None else world.asset(token.page_id)
    if token.page_id is not None and found is None:
        raise bad_token(UNREADABLE)
    scopes = token.scopes
    if not standard_access(user or person, app, world):
        scopes = [scope for scope in scopes if app.permissions.get(scope) == "live"]
    return Caller(value, app, user, token, person, None if found is None else found[1], tuple(scopes))


def standard_access(user: SystemUser | Person | None, app: App, world: World) -> bool:
    """Whether standard access is enough: a role on the app, or in the business that owns it.

    Source: https://developers.facebook.com/docs/graph-api/overview/access-levels, read 2026-11. An app that no business
    owns is taken to have only role holders among its system users.
    """
    if isinstance(user, SystemUser):
        return app.business_id is None or user.business_id == app.business_id
    if user is None:
        return False
    return world.role_on_app(user.id, app.id) is not None or app.business_id in user.businesses


def check_app_token(app_id: str, secret: str, world: World, keyring: Keyring) -> App:
    app = world.app(app_id)
    if app is None:
        raise bad_token("Invalid OAuth access token - Cannot get application info due to a system error.")
    if app.native:
        # Its secret ships with it, so it proves nothing; the text is ours.
        raise bad_token("Invalid OAuth access token - A native app cannot use an app access token.", status=400)
    if not tokens.is_fake(secret):
        raise bad_token(
            f"Invalid OAuth access token signature. {EMULATED} Never send it a real app secret.", status=400
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


_ENDED = {
    "api": (467, "The session was invalidated explicitly using an API call."),
    "app_removed": (458, "The user has not authorized application {app_id}."),
    "password_changed": (
        460,
        "The session has been invalidated because the user changed their password or Facebook has changed the "  # noqa: ISC004
        "session for security reasons.",
    ),
}


def check_alive(token: Token, now: datetime, world: World) -> None:
    """GraphFault for a token that has ended; a Page's token ends with the one it was read with, expiry apart."""
    parent = world.token(token.parent) if token.parent is not None else None
    ended = token if token.revoked_at is not None or parent is None else parent
    if ended.revoked_at is not None:
        subcode, reason = _ENDED[ended.ended_by]
        raise bad_token(f"Error validating access token: {reason.format(app_id=token.app_id)}", subcode)
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
