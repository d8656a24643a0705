"""What keeps other web pages out of the emulator's own pages and of its control API.

Three locks, each enough for one attack: the `Host` must be ours (a name rebound to loopback), a request that a browser
makes for another site is refused by `Origin` and `Sec-Fetch-Site` (a form or script elsewhere), and a form carries a
value that only our own pages show (a browser that sends neither header).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from meta_emulator.tokens import same

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from meta_emulator.hosts import Hosts


class ForeignError(ValueError):
    """A request that did not come from us; answered with `status`."""

    status = 403


def check_host(request: Request, hosts: Hosts) -> None:
    """Refuse a name that somebody else made point here."""
    if not hosts.know(request.host):
        names = " and ".join(("127.0.0.1", "localhost", *hosts.allowed))
        raise ForeignError(f"this emulator answers to {names} only; a start with --allow-host adds a name.")


def check_local(request: Request, hosts: Hosts) -> None:
    """Refuse a request for another host, and one that a browser makes for another origin."""
    check_host(request, hosts)
    origin = request.headers.get("Origin")
    if origin is not None and origin != hosts.base_url(request):
        raise ForeignError("this emulator does not answer other web pages.")


class FormGuard:
    """The forms of one emulator process: every one of them has `value`, under the name `FIELD`.

    Pages with a form send `Referrer-Policy: same-origin`: with `no-referrer` a browser hides its own origin too.
    """

    FIELD = "form_token"

    def __init__(self, hosts: Hosts) -> None:
        self.value = secrets.token_urlsafe(32)
        self._hosts = hosts

    def check(self, request: Request) -> None:
        """Refuse a form that was not sent from a page of this process."""
        check_local(request, self._hosts)
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise ForeignError("this emulator does not take forms of other web pages.")
        if not same(request.form.get(self.FIELD, ""), self.value):
            raise ForeignError("this form is not of the running emulator: open the page again, then send it.")
