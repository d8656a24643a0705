"""A served Secrets Manager door with everything around it, and a real boto3 client for it."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.serving import WSGIRequestHandler, make_server

from meta_emulator import aws
from meta_emulator.clock import WorldClock
from meta_emulator.faults import Faults
from meta_emulator.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mypy_boto3_secretsmanager import SecretsManagerClient

START = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
FAKE_TOKEN = "EAA" + "EMU" + "x" * 40


@dataclass
class Bench:
    door: aws.AwsDoor
    clock: WorldClock
    faults: Faults
    journal: Journal
    state_file: Path
    url: str
    sm: SecretsManagerClient

    def journalled(self) -> list[tuple[str, int, int | str | None]]:
        return [(call.path, call.status, call.code) for call in self.journal.calls()]


@contextmanager
def served(state_file: Path) -> Iterator[Bench]:
    # The machine's time stands still, so that dates can be written out by hand.
    clock = WorldClock(offset=timedelta(0), source=lambda: START)
    faults, journal = Faults(), Journal(clock)
    door = aws.AwsDoor(clock, faults, journal, state_file)
    with listening(door.wsgi) as url:
        yield Bench(door, clock, faults, journal, state_file, url, client(url))


@contextmanager
def listening(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client(url: str, region: str = "eu-central-1", attempts: int = 1, read_timeout: float = 5) -> SecretsManagerClient:
    return boto3.client(
        "secretsmanager",
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="fake",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=3,
            read_timeout=read_timeout,
            proxies={},
        ),
    )


def token() -> str:
    return str(uuid.uuid4())


def refusal(call: Callable[[], object]) -> str:
    """The error code of a call that has to be refused, with HTTP status 400."""
    return refusal_in_words(call)[0]


def refusal_in_words(call: Callable[[], object]) -> tuple[str, str]:
    """The error code and the message, likewise."""
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def post(url: str, operation: str, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
    """One call without boto3, which checks much itself and hides nulls."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(
        url + "/", data, {"X-Amz-Target": f"secretsmanager.{operation}", "Content-Type": "x", **headers}
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def labels(sm: SecretsManagerClient, secret_id: str) -> dict[str, list[str]]:
    return sm.describe_secret(SecretId=secret_id).get("VersionIdsToStages", {})


def value(sm: SecretsManagerClient, secret_id: str, **which: str) -> str:
    return sm.get_secret_value(SecretId=secret_id, **which)["SecretString"]


class _Quiet(WSGIRequestHandler):
    def send_response(self, code: int, message: str | None = None) -> None:
        """Add neither Server nor Date: the machine's date would stand before the door's."""
        self.send_response_only(code, message)

    def log(self, *_: Any, **__: Any) -> None:
        """Keep the test's output clean."""
