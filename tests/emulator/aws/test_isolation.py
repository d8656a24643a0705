"""The door keeps to itself: moto in the same process does not touch it, and it serves nothing but one path."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import moto
import pytest

from tests.emulator.aws.bench import served, value

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.emulator.aws.bench import Bench

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def test_a_mock_that_starts_and_ends_leaves_the_door_alone(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="ours", SecretString="kept")

    with moto.mock_aws():
        pass

    assert value(sm, "ours") == "kept"


def test_two_doors_share_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.sm.create_secret(Name="s", SecretString="one")

    with served(tmp_path / "other.json") as other:
        assert other.sm.list_secrets()["SecretList"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/moto-api/"),
        ("GET", "/moto-api/data.json"),
        ("POST", "/moto-api/reset"),
        ("POST", "/moto-api/recorder/start-recording"),
        ("GET", "/"),
        ("OPTIONS", "/"),
        ("POST", "/anything"),
    ],
)
def test_only_secrets_manager_is_served(bench: Bench, method: str, path: str) -> None:
    # moto's server has control pages under these names; they print every stored secret, to any web page too.
    bench.sm.create_secret(Name="s", SecretString="canary")

    with pytest.raises(urllib.error.HTTPError) as caught:
        OPENER.open(urllib.request.Request(bench.url + path, method=method, headers={"Origin": "http://evil.example"}))

    assert caught.value.code == 404
    assert b"canary" not in caught.value.read()
    assert "Access-Control-Allow-Origin" not in caught.value.headers
    assert (path, 404, "UnknownOperationException") in bench.journalled()


def test_a_web_page_is_not_served(bench: Bench) -> None:
    request = urllib.request.Request(
        bench.url, b"{}", {"X-Amz-Target": "secretsmanager.ListSecrets", "Origin": "http://evil.example"}
    )

    with pytest.raises(urllib.error.HTTPError) as caught:
        OPENER.open(request)

    assert caught.value.code == 403


def test_an_unexpected_failure_is_answered_like_aws_and_tells_nothing(
    bench: Bench, sm: SecretsManagerClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("with canary inside")

    monkeypatch.setattr("meta_emulator.aws.views.described", fail)
    sm.create_secret(Name="s", SecretString="one")

    with pytest.raises(sm.exceptions.InternalServiceError) as caught:
        sm.describe_secret(SecretId="s")

    assert "canary" not in str(caught.value)
    assert "canary" not in caplog.text
    assert "DescribeSecret failed: ValueError" in caplog.text
    assert bench.journalled()[-1] == ("DescribeSecret", 500, "InternalServiceError")
