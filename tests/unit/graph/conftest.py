"""A connection, a clock that does not sleep, and a loopback server that answers as it is told."""

from __future__ import annotations

import http.server
import json
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from meta_access.graph.client import GraphClient
from meta_access.stack.credentials import Credentials
from tests import client_forms
from tests.connections import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meta_access.stack.connections import Connection

ADMIN_TOKEN = "EAA" + "EMU" + "adminadminadminadmin"
APP_SECRET = "EAA" + "EMU" + "appsecretappsecret"


class FakeClock:
    """Sleeping moves the clock and takes no time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Received:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


@dataclass
class Answer:
    """What the server does with one request; `cut` and `hang` come after reading it."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "answer"  # answer, cut, cut_body, hang, drip

    def in_batch(self) -> Answer:
        """The same as Graph answers it to the only call of a batch: text of JSON, and headers as a list."""
        rows = [{"name": name, "value": value} for name, value in self.headers.items()]
        return Answer([{"code": self.status, "headers": rows, "body": json.dumps(self.body)}])


class Server:
    """Answers from a list, the last one again and again; what is asked at once, by its path."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [Answer()]
        self.by_path: dict[str, Answer] = {}
        self.received: list[Received] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.serve(self)

            def do_POST(self) -> None:
                server.serve(self)

            def do_DELETE(self) -> None:
                server.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def serve(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        parts = urlsplit(request.path)
        with self._lock:
            self.received.append(
                Received(
                    request.command,
                    parts.path,
                    dict(parse_qsl(parts.query)),
                    dict(parse_qsl(body)),
                    {name.lower(): value for name, value in request.headers.items()},
                )
            )
            answer = self.by_path.get(parts.path)
            if answer is None:
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self._carry_out(request, answer)

    def _carry_out(self, request: http.server.BaseHTTPRequestHandler, answer: Answer) -> None:
        request.close_connection = True
        if answer.kind == "hang":
            self.stopping.wait(10)
        if answer.kind in {"cut", "hang"}:
            return
        raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        request.send_response_only(answer.status)
        standard = {"Date": request.date_time_string(), "Content-Length": str(len(raw)), "Connection": "close"}
        for name, value in {**standard, **answer.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        if answer.kind == "drip":
            for place in range(len(raw)):
                if self.stopping.wait(0.02):
                    return
                try:
                    request.wfile.write(raw[place : place + 1])
                    request.wfile.flush()
                except OSError:
                    return
            return
        request.wfile.write(raw[: len(raw) // 2] if answer.kind == "cut_body" else raw)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server; at its end no call that it received may use what Meta has ended, or what Meta does not know."""
    running = Server()
    yield running
    running.stop()
    calls = [(call.method, call.path, {**call.query, **call.form}, call.headers) for call in running.received]
    assert [problem for call in calls for problem in client_forms.problems(*call)] == []


@pytest.fixture
def connection(server: Server) -> Connection:
    return make_connection(server.url)


def make_connection(graph_url: str) -> Connection:
    return replace(
        MAIN,
        graph_url=graph_url,
        tier=None,
        app_secret="env:META_APP_SECRET",
        admin_token="env:META_ADMIN_TOKEN",
    )


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def make_client(
    clock: FakeClock, notices: list[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Connection], GraphClient]:
    monkeypatch.setenv("META_ADMIN_TOKEN", ADMIN_TOKEN)
    monkeypatch.setenv("META_APP_SECRET", APP_SECRET)
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)

    def make(connection: Connection) -> GraphClient:
        return GraphClient(connection, Credentials(connection), clock=clock, notify=notices.append)

    return make


@pytest.fixture
def client(make_client: Callable[[Connection], GraphClient], connection: Connection) -> GraphClient:
    return make_client(connection)


@pytest.fixture
def answer() -> type[Answer]:
    """The class, since tests cannot import a conftest under importlib mode."""
    return Answer


@pytest.fixture
def graph_error() -> Callable[..., Answer]:
    """Makes Meta's error answers."""

    def make(code: int, subcode: int = 0, message: str = "No.", status: int = 400, **fields: Any) -> Answer:
        error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbC123"}
        if subcode:
            error["error_subcode"] = subcode
        headers = fields.pop("headers", {})
        return Answer({"error": {**error, **fields}}, status, headers)

    return make
