"""Whether the login dialog may return to an address, and what it says when it may not.

Source: https://developers.facebook.com/docs/facebook-login/security, updated 2024-10-16, read 2026-11: strict mode, the
whole URI with its query, `state` ignored, HTTPS. The texts are as users report them. That a fragment is refused is
inferred from OAuth 2.0.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit, urlunsplit

if TYPE_CHECKING:
    from meta_emulator.world import App

# RFC 3986 without the fragment's sign, which OAuth 2.0 forbids.
_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+", re.ASCII)
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.ASCII)
DESKTOP = "https://www.facebook.com/connect/login_success.html"
BLOCKED = (
    "URL Blocked",
    (
        "This redirect failed because the redirect URI is not whitelisted in the app's Client OAuth Settings. Make "
        "sure Client and Web OAuth Login are on and add all your app domains as Valid OAuth Redirect URIs."
    ),
)
FOREIGN_DOMAIN = (
    "Can't Load URL",
    (
        "The domain of this URL isn't included in the app's domains. To be able to load this URL, add all domains and "
        "subdomains of your app to the App Domains field in your app settings."
    ),
)


def unsound(uri: str) -> bool:
    """Whether programs may disagree on where an address leads: it is never listed, shown or returned to.

    Browsers take a backslash for a slash and drop tabs and line breaks, so that the text before them is no longer
    the host. A user name, a zone, an empty port and a host of other letters are likewise read in more than one way.
    """
    if not _CHARACTERS.fullmatch(uri):
        return True
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
        if ":" in (host or ""):
            host = f"[{ipaddress.IPv6Address(host or '')}]"  # a zone is refused below
    except ValueError:
        return True
    if not parts.scheme:
        return True
    netloc = (host or "") if port is None else f"{host}:{port}"
    return not _HOST.fullmatch(host or "") or netloc != parts.netloc.lower() or urlunsplit(parts) != uri


def refusal(app: App, uri: str) -> tuple[str, str] | None:
    """Title and text of the page shown instead of a login; None when the app lists the address."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return BLOCKED
    if host is None or "#" in uri or not app.client_oauth_login:
        return BLOCKED
    if parts.scheme != "https":
        # http://localhost is allowed by itself while the app is in development, whatever its port and path.
        return None if (parts.scheme, host, app.mode) == ("http", "localhost", "development") else BLOCKED
    if (app.native and uri == DESKTOP) or any(_same(uri, listed) for listed in app.redirect_uris):
        return None
    domains = app.settings.get("app_domains") or []
    known = any(host == domain or host.endswith(f".{domain}") for domain in domains)
    return FOREIGN_DOMAIN if domains and not known else BLOCKED


def _same(given: str, listed: str) -> bool:
    """Equal in every character, query included, except for `state`."""
    (given_base, given_query), (listed_base, listed_query) = _split(given), _split(listed)
    return given_base == listed_base and given_query == listed_query


def _split(uri: str) -> tuple[str, list[tuple[str, str]]]:
    base, _, query = uri.partition("?")
    return base, [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "state"]
