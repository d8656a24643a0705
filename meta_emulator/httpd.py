"""A small threaded HTTP/1.1 server for WSGI applications, on loopback.

Werkzeug's own server closes the connection after every answer; clients of both services keep theirs, and a cut
connection is one of the faults to inject, so this one keeps connections alive and hands the socket to the application.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import logging
import re
import socket
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from meta_access.errors import MetaAccessError
from meta_emulator.wsgi import SOCKET

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
GRAPH_PORT = 8765
AWS_PORT = 8766
LARGEST_BODY = 8 * 1024 * 1024
LONGEST_LINE = 65536  # of a chunk's head, as http.server reads its other lines
MOST_TRAILERS = 100  # behind a body in chunks; they say nothing that is used here
IDLE_S = 120
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_TLS_HANDSHAKE = b"\x16"  # the first byte of every one, and of no HTTP request


class PortError(MetaAccessError):
    """A port is not free."""

    def __init__(self, port: int, reason: str, host: str = HOST) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {reason}")
        self.port = port


class ExposedError(MetaAccessError):
    """An address that others can reach, without `--expose`."""


EXPOSED = (
    "everyone who reaches this machine can use it: it hands out its fake credentials and lets anybody change its world"
)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_address(host: str, *, exposed: bool) -> None:
    """ExposedError for an address beyond loopback, unless it is wanted."""
    if not exposed and not is_loopback(host):
        raise ExposedError(
            f"host: {host} is not this machine's own address, and {EXPOSED}. Add --expose if that is what you want, "
            "such as inside a container."
        )


class Door(ThreadingHTTPServer):
    """One listening port and the application behind it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    # A stopped emulator's port is free again at once; a port with a listener is still refused.
    allow_reuse_address = True

    def __init__(self, port: int, app: WSGIApplication, host: str = HOST, *, tls: ssl.SSLContext | None = None) -> None:
        self.app = app
        self._tls = tls
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as failed:
            raise PortError(port, getattr(failed, "strerror", None) or str(failed), host) from None
        # Every address includes loopback, which this machine's own programs use.
        shown = {"0.0.0.0": HOST, "::": "[::1]", "::1": "[::1]"}.get(host, host)  # noqa: S104 - it is shown, not taken
        self.url = f"{'http' if tls is None else 'https'}://{shown}:{self.server_port}"

    def server_bind(self) -> None:
        # The standard one looks the host's name up, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, in its thread. With TLS the port takes http, too: this machine's commands use it."""
        if self._tls is None:
            return super().finish_request(request, client_address)
        request.settimeout(IDLE_S)
        if request.recv(1, socket.MSG_PEEK) != _TLS_HANDSHAKE:
            return super().finish_request(request, client_address)
        with self._tls.wrap_socket(request, server_side=True) as secured:
            return super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """Say what failed, without the traceback, whose text may hold what a client sent."""
        failed = sys.exc_info()[0]
        # A client that does not trust the certificate, or asks for another protocol, is no failure of ours.
        if failed is None or not issubclass(failed, ConnectionError | TimeoutError | ssl.SSLError):
            log.error("a connection ended with %s", failed.__name__ if failed else "nothing")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Door
    timeout = IDLE_S
    # Headers and body leave in one write; with Nagle's algorithm a second one would wait for an acknowledgement.
    disable_nagle_algorithm = True

    def version_string(self) -> str:
        return "meta-access-emulator"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """No access log: request lines hold tokens."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request for us, without quoting it; a method or version nobody knows is not our failure."""
        del message, explain
        super().send_error(400 if code in (501, 505) else code)

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        head: list[bytes] = []
        try:
            chunks = self.server.app(self._environ(body), self._start(head))
            content = b"" if self.command == "HEAD" else b"".join(chunks)
        except ConnectionError:
            self.close_connection = True
            return
        except Exception as broken:  # noqa: BLE001 - one request must not end the connection without an answer
            log.error("a request ended with %s", type(broken).__name__)  # noqa: TRY400 - its text may quote the request
            self.send_error(500)
            return
        with contextlib.suppress(ConnectionError):
            self.wfile.write(b"".join(head) + content)
            return
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = _serve  # noqa: N815 - names of http.server

    def _body(self) -> bytes | None:
        """The whole body, read even if it is not used, so that the next request begins where it should."""
        if "Transfer-Encoding" in self.headers:
            return self._chunked()
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdecimal()):
            self.send_error(411)
        elif len(length) > len(str(LARGEST_BODY)) or int(length) > LARGEST_BODY:
            self.send_error(413)
        else:
            return self.rfile.read(int(length)) if int(length) else b""
        self.close_connection = True
        return None

    def _chunked(self) -> bytes | None:
        """A body in chunks, as Node, Java and `curl -T -` send one whose length they do not know."""
        codings = [one.strip().lower() for one in self.headers.get_all("Transfer-Encoding", [])]
        # Two lengths, or another coding, may mean different ends to the programs on the way (RFC 9112).
        refused = 400 if "Content-Length" in self.headers or codings != ["chunked"] else 0
        body = b""
        while not refused:
            size = self.rfile.readline(LONGEST_LINE).partition(b";")[0].strip()
            if not _CHUNK_SIZE.fullmatch(size):
                refused = 400
            elif len(body) + int(size, 16) > LARGEST_BODY:
                refused = 413
            elif int(size, 16):
                body += self.rfile.read(int(size, 16))
                refused = 400 if self.rfile.readline(LONGEST_LINE).strip() else 0
            elif any(not self.rfile.readline(LONGEST_LINE).strip() for _ in range(MOST_TRAILERS)):
                return body
            else:
                refused = 400
        self.close_connection = True
        self.send_error(refused)
        return None

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            # WSGI wants the bytes of the path dressed as latin-1.
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "RAW_URI": self.path,
            "REQUEST_URI": self.path,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if isinstance(self.connection, ssl.SSLSocket) else "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            SOCKET: self.connection,
        }
        for name, value in self.headers.items():
            # The body is whole by now, however it came.
            if name.lower() not in {"content-type", "content-length", "transfer-encoding"}:
                environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ

    def _start(self, head: list[bytes]) -> Callable[..., Any]:
        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            del exc_info  # nothing has been sent yet, so a second call simply wins
            head.clear()
            names = {name.lower() for name, _ in headers}
            lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
            if "date" not in names:
                lines.append(f"Date: {self.date_time_string()}")
            if "content-length" not in names:
                # Without its length only the end of the connection ends an answer.
                self.close_connection = True
            if self.close_connection:
                lines.append("Connection: close")
            head.append(
                ("\r\n".join(line.replace("\r", "").replace("\n", "") for line in lines)).encode("latin-1", "replace")
            )
            head.append(b"\r\n\r\n")
            return head.append

        return start_response
