"""Whoever meets an error of a connection is told what to do: the step is a value that programs pass on."""

from __future__ import annotations

import json
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests
import urllib3.exceptions
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from meta_access import aws
from meta_access.errors import MetaAccessError
from meta_access.graph import client, wire
from meta_access.stack.credentials import Credentials
from meta_access.tokens.store import SecretStore
from tests.connections import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable

GRAPH, HERE, AWS = "graph.facebook.com", "127.0.0.1:8765", "https://secretsmanager.eu-central-1.amazonaws.com"
REFUSED = requests.ConnectionError(urllib3.exceptions.NewConnectionError(cast("Any", None), "refused"))
UNTRUSTED = requests.exceptions.SSLError(urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("unknown issuer")))


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "META_ACCESS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("META_ACCESS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("AWS_CA_BUNDLE", "/ca.pem")
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.delenv("AWS_DEFAULT_PROFILE", raising=False)


def graph(failure: Exception, host: str = GRAPH) -> MetaAccessError:
    return client._unreachable(failure, "reading 1", host)


def meta(body: dict[str, Any] | bytes, status: int = 400) -> MetaAccessError:
    text = body if isinstance(body, bytes) else json.dumps({"error": body}).encode()
    with pytest.raises(MetaAccessError) as raised:
        wire.decode(wire.Reply(status, {}, text), "reading 1")
    return raised.value


def secrets(error: Exception) -> MetaAccessError:
    return aws.failure("Reading secret meta/x", "eu-central-1", error)


def refused(code: str, operation: str = "GetSecretValue") -> MetaAccessError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return secrets(ClientError(answer, operation))


def credential(reference: str, url: str) -> MetaAccessError:
    with pytest.raises(MetaAccessError) as raised:
        Credentials(replace(MAIN, admin_token=reference, graph_url=url)).admin_token()
    return raised.value


def no_date() -> MetaAccessError:
    with pytest.raises(MetaAccessError) as raised:
        SecretStore(cast("Any", None), "eu-central-1").now()
    return raised.value


CASES: list[tuple[str, Callable[[], MetaAccessError], str]] = [
    ("Graph refuses the connection", lambda: graph(REFUSED), "graph_url"),
    ("Graph breaks off", lambda: graph(requests.ConnectionError(ConnectionResetError())), "run the same command"),
    ("Graph is too slow", lambda: graph(requests.ReadTimeout()), "run the same command"),
    ("Graph's certificate", lambda: graph(UNTRUSTED), "META_ACCESS_CA_BUNDLE"),
    ("Graph answers HTML", lambda: meta(b"<html>", 200), "graph_url"),
    ("the emulated Graph's certificate", lambda: graph(UNTRUSTED, HERE), 'eval "$(meta-access emulator env)"'),
    ("no emulator, seen by Graph's client", lambda: graph(REFUSED, HERE), "meta-access emulator start"),
    ("no emulator, asked for credentials", lambda: credential("emulator:", "http://127.0.0.1:1"), "emulator start"),
    ("an admin token that has expired", lambda: meta({"code": 190, "error_subcode": 463}), "admin_token"),
    ("an admin token that is none", lambda: meta({"code": 190, "message": "Cannot parse access token"}), "admin_token"),
    ("a wrong app secret", lambda: meta({"code": 100, "message": "Invalid appsecret_proof"}), "app_secret"),
    ("an app that Meta does not know", lambda: meta({"code": 101}), "secret in this connection"),
    ("a retired version", lambda: meta({"code": 2635}), "api_version"),
    ("Secrets Manager is not reached", lambda: secrets(EndpointConnectionError(endpoint_url=AWS)), "region"),
    ("AWS's certificate", lambda: secrets(SSLError(endpoint_url=AWS, error=OSError("x"))), "Check AWS_CA_BUNDLE"),
    ("AWS's proxy", lambda: secrets(ProxyConnectionError(proxy_url="http://p.example")), "Check HTTPS_PROXY"),
    ("AWS denies", lambda: refused("AccessDeniedException"), "`aws sts get-caller-identity`"),
    ("AWS's key denies", lambda: refused("DecryptionFailure"), "kms:Decrypt"),
    ("AWS's clock", lambda: refused("InvalidSignatureException"), "clock of this machine"),
    ("AWS's session has ended", lambda: refused("ExpiredTokenException"), "`aws sso login --profile prod`"),
    ("a role that is not ours", lambda: refused("AccessDenied", "AssumeRole"), "role_arn"),
    ("no AWS credentials", lambda: secrets(NoCredentialsError()), "`aws sso login --profile prod`"),
    ("no clock of AWS's", no_date, "endpoint"),
]


@pytest.mark.parametrize(("make", "step"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_error_of_a_connection_carries_its_next_step(make: Callable[[], MetaAccessError], step: str) -> None:
    error = make()

    assert step in error.next_step
    assert step not in error.problem
    assert str(error) == f"{error.problem} {error.next_step}"


@pytest.mark.parametrize(
    ("variable", "step"),
    [("META_ACCESS_PROXY", "Calls go through the proxy"), ("HTTPS_PROXY", "META_ACCESS_PROXY")],
)
def test_a_proxy_between_is_part_of_the_step(monkeypatch: pytest.MonkeyPatch, variable: str, step: str) -> None:
    monkeypatch.setenv(variable, "http://proxy.example:3128")

    found = graph(REFUSED).next_step

    assert step in found
    assert variable in found


def test_a_credential_that_is_not_set_is_named_with_what_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("META_TEST_TOKEN", raising=False)

    with pytest.raises(MetaAccessError) as raised:
        Credentials(replace(MAIN, admin_token="env:META_TEST_TOKEN")).admin_token()

    [problem] = cast("Any", raised.value).problems
    assert (problem.path, "export META_TEST_TOKEN" in problem.fix) == (
        f"meta:connections.{MAIN.name}.admin_token",
        True,
    )
