"""Calls to the callbacks of apps: the handshake that a subscription begins with, and signed notifications.

Only an address of this machine is called, whatever a subscription says. Sources, read 2026-12-01:
https://developers.facebook.com/docs/graph-api/webhooks/getting-started (handshake, `X-Hub-Signature-256`, repeated
deliveries); codes and texts of a failed handshake, 2200 and 2201, as users report them. Meta repeats a delivery for 36
hours; here it is repeated twice, soon.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import queue
import secrets
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlencode, urlsplit

from meta_emulator.errors import GraphFault
from meta_emulator.httpd import is_loopback
from meta_emulator.journal import NO_ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from meta_emulator.journal import Journal
    from meta_emulator.keyring import Keyring
    from meta_emulator.webhooks import Notice

TIMEOUT_S = 5.0
PAUSES_S = (1.0, 5.0)
"""How long to wait before each repetition of a delivery that was not taken."""
MOST_WAITING = 1000
_LONGEST_ANSWER = 4096
_SHOWN = 100
_OK = range(200, 300)
ELSEWHERE = "not this machine"  # in the journal, of a callback that is not called


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    reason: str
    text: str


class _NoReplyError(Exception):
    """Nothing answered; the message says why, without the address."""


class Deliveries:
    """The callbacks of one emulator. Notifications are sent one after the other, from a thread."""

    def __init__(
        self, journal: Journal, keyring: Keyring, *, roots: Path | None, hold: Callable[[float], None] | None = None
    ) -> None:
        """Take what is needed to call.

        Args:
            journal: Lists each call as one of the service `webhook`.
            keyring: Has the app secrets that sign.
            roots: Authorities for https callbacks; None takes the public ones.
            hold: Waits before a repetition; the wait ends early when the emulator stops.
        """
        self._journal = journal
        self._keyring = keyring
        self._roots = roots
        self._waiting: queue.Queue[Notice | None] = queue.Queue(MOST_WAITING)
        self._stopped = threading.Event()
        self._hold = hold or self._stopped.wait

    def start(self) -> None:
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()

    def stop(self) -> None:
        """Send nothing more; what waits is lost, as the journal is."""
        self._stopped.set()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)

    def verify(self, url: str, verify_token: str) -> None:
        """Ask a callback whether it expects an app's notifications; GraphFault when it does not say so.

        An address elsewhere is not called, and passes.
        """
        challenge = str(secrets.randbelow(10**9) + 10**8)
        asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        parts = urlsplit(url)
        target = parts._replace(query="&".join(part for part in (parts.query, urlencode(asked)) if part))
        if not is_loopback(parts.hostname or ""):
            self._record("GET", parts, NO_ANSWER, ELSEWHERE)
            return
        failed = "(#2200) Callback verification failed with the following errors: "
        try:
            reply = self._call("GET", target)
        except _NoReplyError as why:
            self._record("GET", parts, NO_ANSWER, str(why))
            raise GraphFault(2200, f"{failed}{why}; HTTP Status Code = 0") from None
        self._record("GET", parts, reply.status)
        if reply.status not in _OK:
            raise GraphFault(2200, f"{failed}HTTP Status Code = {reply.status}; HTTP Message = {reply.reason[:_SHOWN]}")
        if reply.text.strip() != challenge:
            got = json.dumps(reply.text[:_SHOWN])
            raise GraphFault(
                2201, f'(#2201) response does not match challenge, expected value="{challenge}", received={got}'
            )

    def send(self, notices: Iterable[Notice]) -> None:
        """Send soon; what finds no room is noted in the journal."""
        for notice in notices:
            try:
                self._waiting.put_nowait(notice)
            except queue.Full:
                self._record("POST", urlsplit(notice.callback_url), NO_ANSWER, f"more than {MOST_WAITING} wait")

    def clear(self) -> None:
        """Forget what waits: it is about a world that is gone."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()

    def deliver(self, notice: Notice) -> bool:
        """Send one now, with its repetitions; whether it was taken."""
        parts = urlsplit(notice.callback_url)
        if not is_loopback(parts.hostname or ""):
            self._record("POST", parts, NO_ANSWER, ELSEWHERE)
            return False
        body = json.dumps(notice.body, separators=(",", ":")).encode()
        secret = self._keyring.app_secret(notice.app_id).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature": f"sha1={hmac.new(secret, body, hashlib.sha1).hexdigest()}",
            "X-Hub-Signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}",
        }
        for pause in (*PAUSES_S, None):
            try:
                reply = self._call("POST", parts, body, headers)
            except _NoReplyError as why:
                self._record("POST", parts, NO_ANSWER, str(why))
            else:
                self._record("POST", parts, reply.status)
                if reply.status in _OK:
                    return True
            if pause is None or self._stopped.is_set():
                break
            self._hold(pause)
        return False

    def _run(self) -> None:
        while not self._stopped.is_set():
            notice = self._waiting.get()
            if notice is not None:
                self.deliver(notice)

    def _record(self, method: str, url: SplitResult, status: int, code: str | None = None) -> None:
        # Without its query, in which a callback may carry a secret of its own.
        self._journal.record("webhook", method, f"{url.scheme}://{url.netloc}{url.path}", status, code)

    def _call(
        self, method: str, url: SplitResult, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> _Reply:
        # No proxy and no redirect: both would lead away from this machine.
        kind: Callable[..., http.client.HTTPConnection] = http.client.HTTPConnection
        options: dict[str, object] = {}
        if url.scheme == "https":
            kind = http.client.HTTPSConnection
            options["context"] = ssl.create_default_context(cafile=None if self._roots is None else str(self._roots))
        connection = kind(url.hostname, url.port, timeout=TIMEOUT_S, **options)
        ends = time.monotonic() + TIMEOUT_S
        try:
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            return _Reply(answer.status, answer.reason, _read(answer, ends))
        except TimeoutError:
            raise _NoReplyError("curl_errno = 28; curl_error = Operation timed out") from None
        except ConnectionRefusedError:
            raise _NoReplyError("curl_errno = 7; curl_error = Failed to connect to host") from None
        except ssl.SSLError:
            raise _NoReplyError("curl_errno = 60; curl_error = SSL certificate problem") from None
        except (OSError, http.client.HTTPException, ValueError) as failed:
            raise _NoReplyError(f"curl_errno = 56; curl_error = {type(failed).__name__}") from None
        finally:
            connection.close()


def _read(answer: http.client.HTTPResponse, ends: float) -> str:
    text = bytearray()
    # Piece by piece: a server that sends a byte now and then would outlast every timeout of a socket.
    while len(text) < _LONGEST_ANSWER and (piece := answer.read1(_LONGEST_ANSWER)):
        text += piece
        if time.monotonic() > ends:
            raise TimeoutError
    return text.decode(errors="replace")
