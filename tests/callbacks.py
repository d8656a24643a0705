"""A callback of webhooks as an app has it: answers the handshake, and keeps what it is sent."""

from __future__ import annotations

import contextlib
import http.server
import json
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Callback:
    """A callback on this machine.

    Attributes:
        verify_token: What a handshake has to bring; another one is answered with 403.
        statuses: What the next notifications are answered with; 200 once it is empty.
        echo: What a handshake is answered with; its own challenge when None.
        asked: The handshakes' parameters.
    """

    url: str
    verify_token: str
    statuses: list[int] = field(default_factory=list)
    echo: str | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    received: queue.Queue[tuple[dict[str, str], bytes]] = field(default_factory=queue.Queue)

    def next(self) -> tuple[dict[str, str], bytes]:
        """The next notification, its headers in lower case."""
        return self.received.get(timeout=30)

    def body(self) -> Any:
        return json.loads(self.next()[1])


@contextlib.contextmanager
def callback(verify_token: str) -> Iterator[Callback]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            made.asked.append(given)
            known = given.get("hub.verify_token") == made.verify_token
            self._answer(200 if known else 403, made.echo or given.get("hub.challenge", ""))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = made.statuses.pop(0) if made.statuses else 200
            made.received.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self._answer(status, "")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Callback(f"http://127.0.0.1:{server.server_port}/hook", verify_token)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
