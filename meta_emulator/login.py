"""What the login dialog decides: whether it opens for a person, what it asks them, and what their answer leads to.

Source: https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow,
https://developers.facebook.com/docs/facebook-login/facebook-login-for-business and
https://developers.facebook.com/docs/graph-api/overview/access-levels, read 2026-11. Texts of refusals are as users
report them; those of wrong parameters are ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from meta_emulator import minting, redirect_uris
from meta_emulator.caller import standard_access
from meta_emulator.tokens import ONLY_FAKE, holds_real
from meta_emulator.world import Consent, LoginConfiguration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from meta_access.rules import RuleSet
    from meta_emulator.world import App, Person, World

ALWAYS = "public_profile"  # granted by itself and not to be declined
PROFILE = (ALWAYS, "email")
KINDS = ("code", "granted_scopes", "token")  # what response_type may combine
JAVASCRIPT_SDK = "joey"  # what Meta's SDK for browsers sends as `sdk`; its codes go to the page and have no address


class LoginRefused(Exception):  # noqa: N818 - what the person sees instead of a login, not a failure of the emulator
    """The dialog shows a page with this title and text instead."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(text)
        self.title = title
        self.text = text


@dataclass(frozen=True, slots=True)
class Login:
    """One login that an app asks for.

    Attributes:
        redirect_uri: None for the JavaScript SDK, whose page gets the answer itself.
        kinds: The words of `response_type`.
        scopes: What the app asks for, `public_profile` included.
        configuration: Of Login for Business, when the app names one.
        rerequest: Whether what was declined before is asked again.
    """

    app: App
    redirect_uri: str | None
    scopes: tuple[str, ...]
    kinds: tuple[str, ...]
    state: str | None
    configuration: LoginConfiguration | None
    rerequest: bool

    @property
    def for_business(self) -> bool:
        """Whether it ends with a system user's token of a business that the person chooses."""
        return self.configuration is not None and self.configuration.for_system_user


def parse(world: World, query: Mapping[str, str]) -> Login:
    """The login a dialog's address asks for; LoginRefused for one that cannot be answered."""
    app = world.app(query.get("client_id", ""))
    if app is None:
        raise LoginRefused("Invalid App ID", "The provided app ID does not look like a valid app ID.")
    sdk = query.get("sdk") == JAVASCRIPT_SDK
    uri = query.get("redirect_uri") or None
    if uri is not None and holds_real(uri):  # a code would keep it
        raise LoginRefused("Not here", f"redirect_uri holds what looks like a real token of Meta's. {ONLY_FAKE}")
    if uri is not None and redirect_uris.unsound(uri):
        raise LoginRefused(*redirect_uris.BLOCKED)
    if uri is None and not sdk:
        raise LoginRefused("Missing redirect_uri parameter", "The parameter redirect_uri is required.")
    if query.get("state") is None and world.strictness == "strict" and not sdk:
        raise LoginRefused("Missing state parameter", "The parameter state is required.")
    kinds = tuple(re.split(r"[ ,]+", (query.get("response_type") or "code").strip()))
    if not set(kinds) <= set(KINDS):
        raise LoginRefused("Invalid response_type", f"response_type must be made of {', '.join(KINDS)}.")
    configuration = _configuration(app, query.get("config_id"))
    if configuration is not None and configuration.for_system_user and kinds != ("code",):
        raise LoginRefused(
            "Invalid response_type", "A configuration with a system user access token needs response_type=code."
        )
    asked = [scope for scope in re.split(r"[ ,]+", query.get("scope") or "") if scope]
    asked += configuration.permissions if configuration is not None else []
    scopes = tuple(dict.fromkeys((ALWAYS, *asked)))
    rerequest = "rerequest" in (query.get("auth_type") or "").split(",")
    return Login(app, None if sdk else uri, scopes, kinds, query.get("state"), configuration, rerequest)


def _configuration(app: App, config_id: str | None) -> LoginConfiguration | None:
    if not config_id:
        return None
    for row in app.login_configurations:
        if row.id == config_id:
            return row
    raise LoginRefused("Invalid config_id", "The provided configuration does not belong to this app.")


def check_uri(login: Login) -> None:
    """Refuse an address that the app does not list."""
    refused = None if login.redirect_uri is None else redirect_uris.refusal(login.app, login.redirect_uri)
    if refused is not None:
        raise LoginRefused(*refused)


def offered(world: World, rules: RuleSet, login: Login, person: Person) -> tuple[str, ...]:
    """What a person can grant of what is asked; LoginRefused when the app is not open to them."""
    check_uri(login)
    unknown = [scope for scope in login.scopes if scope not in rules.permissions]
    inside = standard_access(person, login.app, world)
    if inside and unknown:
        raise LoginRefused(
            f"Invalid Scopes: {', '.join(unknown)}",
            "This message is only shown to developers. Users of your app will ignore these permissions if present.",
        )
    if not inside and login.app.mode == "development":
        raise LoginRefused(
            "App not active",
            "This app is not currently accessible and the app developer is aware of the issue. You will be able to log "
            "in when the app is reactivated.",
        )
    if not inside and login.app.permissions.get(ALWAYS) != "live":
        raise LoginRefused(
            "Feature unavailable",
            "Facebook Login is currently unavailable for this app, since we are updating additional details for this "
            "app. Please try again later.",
        )
    scopes = [scope for scope in login.scopes if scope in rules.permissions]
    if not inside:
        scopes = [scope for scope in scopes if login.app.permissions.get(scope) == "live"]
    if world.strictness == "strict" and set(scopes) <= set(PROFILE):
        raise LoginRefused(
            "It looks like this app isn't available", "This app needs at least one supported permission."
        )
    return tuple(scopes)


def to_ask(world: World, login: Login, person: Person, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """What the consent page has a box for: neither granted already, nor declined before unless it is asked again."""
    consent = world.consent(person.id, login.app.id)
    granted = consent.granted if consent is not None else []
    declined = consent.declined if consent is not None and not login.rerequest else []
    return tuple(scope for scope in scopes if scope != ALWAYS and scope not in granted and scope not in declined)


def answer(
    world: World,
    login: Login,
    person: Person,
    *,
    asked: tuple[str, ...],
    granted: tuple[str, ...],
    business_id: str | None,
    now: datetime,
) -> dict[str, str]:
    """Store a person's consent and make what their browser takes back: `code`, `access_token` and so on.

    Args:
        world: Changed.
        login: What the app asks for.
        person: Who answers.
        asked: What the page had boxes for.
        granted: Those that were ticked.
        business_id: For a configuration with a system user's token, the business that the person chose.
        now: The emulator's time.
    """
    if login.for_business and (business_id is None or person.businesses.get(business_id) != "ADMIN"):
        raise LoginRefused("Choose a business", "Only an admin of a business can connect it to this app.")
    consent = world.consent(person.id, login.app.id)
    if consent is None:
        consent = Consent(person.id, login.app.id)
        world.consents.append(consent)
    new = [ALWAYS, *(scope for scope in asked if scope in granted)]
    consent.granted = list(dict.fromkeys([*consent.granted, *new]))
    declined = [scope for scope in asked if scope not in granted]
    consent.declined = [s for s in dict.fromkeys([*consent.declined, *declined]) if s not in consent.granted]
    if login.for_business:
        consent.client_business_id = business_id
    return _given(world, login, person, consent, now)


def _given(world: World, login: Login, person: Person, consent: Consent, now: datetime) -> dict[str, str]:
    given: dict[str, str] = {}
    scopes = list(consent.granted)
    if "token" in login.kinds:
        value = minting.add_token(world, login.app.id, scopes, now, user_id=person.id, expires_at=now + minting.SHORT)
        given |= {"access_token": value, "expires_in": str(int(minting.SHORT.total_seconds()))}
        given["data_access_expiration_time"] = str(int((now + minting.DATA_ACCESS).timestamp()))
    if "code" in login.kinds:
        given["code"] = minting.add_code(
            world,
            login.app.id,
            person.id,
            scopes,
            now,
            redirect_uri=login.redirect_uri,
            config_id=None if login.configuration is None else login.configuration.id,
            client_business_id=consent.client_business_id if login.for_business else None,
        )
    if "granted_scopes" in login.kinds:
        given |= {"granted_scopes": ",".join(consent.granted), "denied_scopes": ",".join(consent.declined)}
    return given


DENIED = {"error_reason": "user_denied", "error": "access_denied", "error_description": "Permissions error"}


def return_address(login: Login, given: Mapping[str, str]) -> str:
    """Where the browser is sent: what was given in the query, or in the fragment when a token is among it."""
    text = urlencode({**given, **({} if login.state is None else {"state": login.state})})
    parts = urlsplit(login.redirect_uri or "")
    if "access_token" in given:
        return urlunsplit(parts._replace(fragment=text))
    return urlunsplit(parts._replace(query=f"{parts.query}&{text}" if parts.query else text))
