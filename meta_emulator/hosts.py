"""The names that an emulator answers to, and the address that it is called by.

A page in a browser can make a name of its own point at this machine (DNS rebinding), and anybody can send a header, so
only loopback and the names that `--allow-host` lists count: for the control API, the dashboard, the dialog, and for
what a proxy in front says of itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access.errors import MetaAccessError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from werkzeug.wrappers import Request

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*", re.ASCII)


class HostError(MetaAccessError):
    """A value of `--allow-host` is no name of a host."""


class Hosts:
    """Loopback, and the names allowed besides."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """Take the names allowed.

        Args:
            allowed: Names as a client writes them, such as `meta` in a compose file: no scheme, port or wildcard.

        Raises:
            HostError: All that are no names, at once.
        """
        names = [name.strip().lower().rstrip(".") for name in allowed]
        if wrong := [name for name in names if not _NAME.fullmatch(name)]:
            raise HostError(
                f"--allow-host: {', '.join(repr(name[:64]) for name in wrong)} is no name of a host. Write the bare "
                "name that clients use, such as `meta` or `meta.example`: without scheme, port and wildcard."
            )
        self.allowed = tuple(dict.fromkeys(names))

    @property
    def all(self) -> Sequence[str]:
        return (*LOOPBACK, *self.allowed)

    def know(self, host: str) -> bool:
        """Whether a `Host` header, port included, is one of ours."""
        return _name(host) in self.all

    def base_url(self, request: Request) -> str:
        """Scheme, host and port that the client used: what a proxy says of them counts for a name that is known."""
        forwarded, scheme = _first(request, "X-Forwarded-Host"), _first(request, "X-Forwarded-Proto").lower()
        host = forwarded if forwarded and self.know(forwarded) else request.host
        if scheme not in ("http", "https") or not self.know(host):
            scheme = request.scheme
        return f"{scheme}://{host}"


def _name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:  # half an IPv6 address, or a port that is none
        return None
    plain = not (parts.path or parts.query or parts.fragment) and "@" not in parts.netloc
    return parts.hostname if plain else None


def _first(request: Request, header: str) -> str:
    # Each proxy on the way appends its own; the first is what the client used.
    return request.headers.get(header, "").partition(",")[0].strip()
