"""A function on this machine that an emulator can call, as AWS's runtime interface emulator serves one."""

from __future__ import annotations

import http.server
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:rotate"


@contextmanager
def serving(handler: Callable[[dict[str, Any], Any], Any]) -> Iterator[str]:
    """Serve one handler; gives its URL. A handler that raises is answered as the runtime answers it."""

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                answer = handler(event, None)
            except Exception as error:  # noqa: BLE001 - whatever it raises is an answer
                answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
