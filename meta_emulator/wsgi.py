"""Raw HTTP answers of the doors: sending one, and cutting a connection instead."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PHRASES = {int(status): status.phrase for status in HTTPStatus}
SOCKET = "werkzeug.socket"  # where the doors' server, and Werkzeug's own, put the connection into the environ


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer; `Content-Length` is added when it is sent."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def send(answer: Answer, start_response: StartResponse) -> Iterable[bytes]:
    """Send an answer."""
    phrase = PHRASES.get(answer.status, "Emulated")
    start_response(f"{answer.status} {phrase}", [*answer.headers, ("Content-Length", str(len(answer.body)))])
    return [answer.body]


def send_or_cut(answer: Answer | None, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Send an answer; None closes the connection without one, as a proxy or a crash would.

    Last of all, when the journal has the call: who sees the cut may look there at once.
    """
    if answer is not None:
        return send(answer, start_response)
    connection = environ.get(SOCKET)
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    # The server's loop meets the closed socket and ends; nothing more is written.
    raise ConnectionAbortedError("cut by a fault")
