"""Preflight: what each kind of trouble is told as, and that the troubles of all connections come together."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import errors, preflight
from meta_access.errors import ConfigError
from meta_access.graph.admin_token import Doubts
from meta_access.graph.auth import Auth
from meta_access.stack.connections import settings_of
from meta_access.stack.load import load_stack
from meta_access.stack.tier import TierSeen
from meta_access.tokens.issuer import TokenFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meta_access.graph.client import GraphClient
    from meta_access.stack.load import Stack

APP = "1204817736400555"
GOOD = TokenFacts(True, APP, "122096106543457614", "SYSTEM_USER", ("business_management",), None, None)
PATH = "meta:connections.main"


def connection(graph_port: int = 1, aws_port: int = 1) -> dict[str, Any]:
    return {
        "business": "agency",
        "app": "ads",
        "graph_url": f"http://127.0.0.1:{graph_port}",
        "api_version": "v26.0",
        "app_secret": "env:META_TEST_SECRET",
        "admin_token": "env:META_TEST_TOKEN",
        "aws": {"region": "eu-central-1", "endpoint_url": f"http://127.0.0.1:{aws_port}"},
    }


def problems(connections: dict[str, Any]) -> list[str]:
    stack = loaded(connections)
    try:
        preflight.preflight(stack, settings_of(stack.spec))
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def loaded(connections: dict[str, Any]) -> Stack:
    return load_stack(
        {
            "meta:environment": "test",
            "meta:rules": "2026-05",
            "meta:connections": connections,
            "meta:businesses": {"agency": {"id": "178435550012345"}},
            "meta:apps": {"ads": {"id": APP, "tier": "full", "permissions": {"standard": ["ads_read"]}}},
            "meta:token_defaults": {"secret": "meta/{identity}/{suffix}"},
            "meta:identities": {
                f"reporting-{name}": {"use_case": "read_reports", "connection": name} for name in connections
            },
        },
        "test",
        Path("nowhere"),
    )


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.setenv("META_TEST_SECRET", "EAA" + "EMU" + "secret")
    monkeypatch.setenv("META_TEST_TOKEN", "EAA" + "EMU" + "token")


class World:
    """Meta and Secrets Manager as told; `asked` lists the secrets looked at."""

    def __init__(self) -> None:
        self.answer: TokenFacts | Exception = GOOD
        self.refusal: Exception = errors.SecretNotFoundError("no such secret")
        self.asked: list[str] = []
        self.doubts = Doubts()

    def describe(self, secret: str) -> None:
        self.asked.append(secret)
        raise self.refusal

    def inspect(self, client: GraphClient, token: Auth) -> TokenFacts:
        assert client.connection.app_id == APP
        assert token is Auth.ADMIN
        client.credentials.admin_token()  # as the client does before it sends anything
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    here = World()
    monkeypatch.setattr(preflight, "store_for", lambda aws: here)
    monkeypatch.setattr(preflight, "inspect", here.inspect)
    monkeypatch.setattr(preflight, "examine", lambda *_: here.doubts)
    return here


def test_a_sound_connection_passes_though_its_secret_does_not_exist_yet(world: World) -> None:
    assert problems({"main": connection()}) == []
    assert world.asked == ["meta/reporting-main/00000000"]


def test_a_token_of_another_app(world: World) -> None:
    world.answer = TokenFacts(True, "99", "1", "SYSTEM_USER", (), None, None)
    assert problems({"main": connection()}) == [
        (
            f"{PATH}.admin_token: is a token of app 99, while the connection's app is {APP}. "
            "Fix: mint a token for this app, or name the app it belongs to."
        )
    ]


def test_a_token_that_has_ended(world: World) -> None:
    world.answer = TokenFacts(False, APP, "", "", (), None, None, "Error validating access token: Session has expired.")
    assert problems({"main": connection()}) == [
        (
            f"{PATH}.admin_token: Meta says that the token is not valid (Error validating access token: Session has "
            "expired). Fix: put a valid admin system user's token where admin_token points."
        )
    ]


def test_a_wrong_app_secret(world: World) -> None:
    world.answer = errors.AuthError(
        "Meta refused calling debug_token (code 190).", next_step="Compare app and app_secret."
    )
    assert problems({"main": connection()}) == [
        f"{PATH}: Meta refused calling debug_token (code 190). Fix: compare app and app_secret."
    ]


def test_advice_of_two_sentences_stays_whole(world: World) -> None:
    world.answer = errors.HumanNeededError(
        "Meta refused calling debug_token: no. It is blocked.", next_step="Look there. Do not repeat it."
    )
    assert problems({"main": connection()}) == [
        f"{PATH}: Meta refused calling debug_token: no. It is blocked. Fix: look there. Do not repeat it."
    ]


def test_what_is_doubtful_about_an_admin_token_holds_nothing_up(world: World) -> None:
    world.doubts = Doubts(("the token is a person's own.",))
    stack = loaded({"main": connection()})
    assert preflight.preflight(stack, settings_of(stack.spec)).doubts == {"main": world.doubts}


def test_a_pages_token_is_refused(world: World) -> None:
    world.answer = replace(GOOD, type="PAGE")
    assert problems({"main": connection()}) == [
        (
            f"{PATH}.admin_token: is a Page's token (type PAGE), which can act for no business. "
            "Fix: point it to the token of an admin system user; `meta-access bootstrap` makes one."
        )
    ]


@pytest.mark.parametrize("refusal", [errors.SecretDeniedError, errors.SecretUnreachableError])
def test_a_secrets_manager_that_cannot_be_used(world: World, refusal: type[errors.SecretStoreError]) -> None:
    world.refusal = refusal(
        "Describing secret meta/x was refused (Code).", next_step="Check the AWS credentials, and more."
    )
    assert problems({"main": connection()}) == [
        f"{PATH}.aws: Describing secret meta/x was refused (Code). Fix: check the AWS credentials, and more."
    ]


def test_the_troubles_of_meta_and_of_secrets_manager_come_together(world: World) -> None:
    world.answer = errors.GraphUnreachableError("Meta gave no usable answer.", sent=True, next_step="Run again.")
    world.refusal = errors.SecretDeniedError("Refused.")
    assert problems({"main": connection()}) == [
        f"{PATH}: Meta gave no usable answer. Fix: run again.",
        f"{PATH}.aws: Refused. Fix: correct the connection, then run again.",
    ]


def test_a_missing_environment_variable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("META_TEST_TOKEN")
    first, *_ = problems({"main": connection(2, 2)})
    assert first == (
        f"{PATH}.admin_token: the environment variable META_TEST_TOKEN is not set. "
        "Fix: export META_TEST_TOKEN in the shell that runs this."
    )


def test_what_a_snapshot_does_not_hold_is_no_problem(world: World) -> None:
    world.refusal = errors.NotRecordedError("Describing was not possible: the snapshot does not hold it.")
    assert problems({"main": connection()}) == []
    world.answer = errors.NotRecordedError("Calling was not possible: the snapshot does not hold it.")
    world.asked.clear()
    assert problems({"main": connection()}) == []
    assert world.asked == []


def test_the_troubles_of_all_connections_come_together(world: World) -> None:
    world.answer = TokenFacts(True, "99", "1", "SYSTEM_USER", (), None, None)
    found = problems({"main": connection(), "other": connection(3, 3)})
    assert [text.split(": ")[0] for text in found] == [f"{PATH}.admin_token", "meta:connections.other.admin_token"]


def test_connections_are_asked_at_once_and_then_all_else_of_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, rest = threading.Barrier(2), threading.Barrier(6)  # each lets nobody pass before all have come

    def inspect(*_: object) -> TokenFacts:
        tokens.wait(5)
        return GOOD

    def met() -> bool:
        rest.wait(5)
        return False

    monkeypatch.setattr(preflight, "inspect", inspect)
    monkeypatch.setattr(preflight, "_secrets_manager", lambda *_: met() or [])
    monkeypatch.setattr(preflight, "examine", lambda *_: met() or Doubts())
    monkeypatch.setattr(preflight, "_tier", lambda *_: met() or TierSeen(None, "none"))
    stack = loaded({"main": connection(), "other": connection(3, 3)})

    assert list(preflight.preflight(stack, settings_of(stack.spec)).tiers) == ["main", "other"]


def test_a_refused_token_is_not_used_for_anything_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[str] = []
    world.answer = TokenFacts(True, "99", "1", "SYSTEM_USER", (), None, None)
    monkeypatch.setattr(preflight, "examine", lambda *_: used.append("examine"))
    monkeypatch.setattr(preflight, "_tier", lambda *_: used.append("tier"))

    assert len(problems({"main": connection()})) == 1
    assert used == []


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_an_emulator_that_does_not_run_is_told_once(closed_port: int) -> None:
    (found,) = problems({"main": connection(closed_port, closed_port)})
    assert found.startswith(f"{PATH}: Meta's Graph API at 127.0.0.1:{closed_port} was not reached")
    assert found.endswith("Fix: start the emulator: meta-access emulator start.")


@pytest.fixture
def answering() -> Iterator[Callable[[int, bytes, str], int]]:
    """A server that answers every request alike."""
    started: list[http.server.ThreadingHTTPServer] = []

    def start(status: int, body: bytes, kind: str) -> int:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        started.append(server)
        return int(server.server_address[1])

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>Sorry</html>", "text/html"),
        (200, b"", "application/json"),
        (200, json.dumps({"data": []}).encode(), "application/json"),
        (
            400,
            json.dumps({"error": {"code": 190, "message": "Invalid OAuth access token"}}).encode(),
            "application/json",
        ),
    ],
)
def test_an_answer_that_is_none_is_one_problem_without_a_traceback(
    answering: Callable[[int, bytes, str], int], monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, kind: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(preflight, "store_for", lambda aws: World())
    (found,) = problems({"main": connection(answering(status, body, kind), 1)})
    assert found.startswith(f"{PATH}: ")
    assert "<html>" not in found
    assert "\n" not in found
