from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.endpoints import check_destination, roots, source_address
from meta_access.errors import ConfigError
from meta_access.stack.connections import AwsSettings
from meta_access.stack.credentials import check_pairing

if TYPE_CHECKING:
    from pathlib import Path

REAL = "https://graph.facebook.com"
FAKE = "http://127.0.0.1:8765"


def aws(endpoint_url: str | None) -> AwsSettings:
    return AwsSettings(region="eu-central-1", endpoint_url=endpoint_url, kms_key=None)


@pytest.mark.parametrize(
    ("graph_url", "endpoint_url"),
    [
        (REAL, None),
        ("https://graph.facebook.com/", None),
        ("https://graph.facebook.com:443", None),
        (FAKE, "http://127.0.0.1:8766"),
        ("http://localhost:1", "http://127.8.8.8:2"),
        ("http://[::1]:8765", "http://[::1]:8766"),
    ],
)
def test_like_goes_with_like(graph_url: str, endpoint_url: str | None) -> None:
    check_pairing(graph_url, aws(endpoint_url))


@pytest.mark.parametrize(
    ("graph_url", "endpoint_url"),
    [
        (REAL, "http://127.0.0.1:8766"),
        (REAL, "https://secretsmanager.eu-central-1.amazonaws.com"),
        (FAKE, None),
        (FAKE, "https://secretsmanager.eu-central-1.amazonaws.com"),
        ("https://graph.evil.example", None),
        ("https://graph.facebook.com.evil.example", None),
        ("https://graph.facebook.com:8443", None),
        ("http://graph.facebook.com", None),
        ("http://127.0.0.1.evil.example", "http://127.0.0.1:8766"),
        ("http://10.0.0.1:8765", "http://127.0.0.1:8766"),
    ],
)
def test_other_pairs_are_refused(graph_url: str, endpoint_url: str | None) -> None:
    with pytest.raises(ConfigError, match="1 problem in the configuration"):
        check_pairing(graph_url, aws(endpoint_url))


@pytest.mark.parametrize(
    "url",
    [
        "graph.facebook.com",
        "ftp://graph.facebook.com",
        "https://",
        "https://user@graph.facebook.com",
        "https://graph.facebook.com/v26.0",
        "https://graph.facebook.com?x=1",
        "https://graph.facebook.com#x",
        "https://[::1",
        "https://graph.facebook.com:port",
        "https://graph.face\nbook.com",
        "https://graph.facebook.com\t",
        "\u200bhttps://graph.facebook.com",
        "https://graph\u3002facebook.com",
        "https://\uff47raph.facebook.com",
    ],
)
def test_only_base_urls_are_endpoints(url: str) -> None:
    with pytest.raises(ConfigError, match=r"graph_url: is not the base URL of a service"):
        check_pairing(url, aws(None))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:1",
        "127.8.8.8",
        "localhost",
        "LOCALHOST.",
        "graph.localhost:8",
        "[::1]:8765",
        "[::ffff:127.0.0.1]:8765",
        "[::]:8765",
        "0.0.0.0:8765",
        "127.1:8765",
        "2130706433",
        "0x7f.1",
    ],
)
def test_only_the_emulators_values_go_to_this_machine_in_any_form(host: str) -> None:
    fake, real = "EAA" + "EMUx", "EAA" + "Bx"
    path = "meta:connections.main.admin_token"

    for value in (fake, f"120480000000201|{fake}"):
        check_destination(f"http://{host}", value, path=path, source="env:META_X")
    for value in (real, f"120480000000201|{real}"):
        with pytest.raises(ConfigError, match=r"admin_token: the value of env:META_X is not the emulator's") as refused:
            check_destination(f"http://{host}", value, path=path, source="env:META_X")
        assert real not in str(refused.value)


@pytest.mark.parametrize("host", ["graph.facebook.com", "graph.example:8443", "10.0.0.1:8765", "emulator:8765"])
def test_values_of_any_form_go_elsewhere(host: str) -> None:
    check_destination(f"https://{host}", "EAA" + "Bx", path="meta:connections.main.admin_token", source="env:META_X")


def test_the_message_names_both_ends_and_the_way_out() -> None:
    with pytest.raises(ConfigError) as refused:
        check_pairing(FAKE, aws(None), path="meta:connections.main")

    assert str(refused.value) == (
        "1 problem in the configuration:\n"
        "  - meta:connections.main: Graph at 127.0.0.1:8765 does not go with Secrets Manager at AWS's own endpoint: a "
        "token could end up where it must not. Fix: pair https://graph.facebook.com with AWS's own endpoint (no "
        "endpoint_url), or 127.0.0.1 with 127.0.0.1. An exception is made on the runner only, in "
        "META_ACCESS_ALLOW_GRAPH_HOST."
    )


@pytest.mark.parametrize(
    ("exceptions", "graph_url", "endpoint_url"),
    [
        ("graph.test:8443+aws", "https://graph.test:8443", None),
        ("a+b, emulator:8765+EMULATOR:8766", "http://emulator:8765", "http://emulator:8766"),
    ],
)
def test_the_runner_can_except_a_pair(
    monkeypatch: pytest.MonkeyPatch, exceptions: str, graph_url: str, endpoint_url: str | None
) -> None:
    monkeypatch.setenv("META_ACCESS_ALLOW_GRAPH_HOST", exceptions)

    check_pairing(graph_url, aws(endpoint_url))


@pytest.mark.parametrize(
    ("exceptions", "graph_url", "endpoint_url"),
    [
        ("graph.test+aws", "https://graph.test:8443", None),
        ("graph.test", "https://graph.test", None),
        ("*+aws", "https://graph.test", None),
        ("graph.facebook.com+aws", "http://graph.facebook.com", None),
    ],
)
def test_an_exception_counts_for_its_very_pair(
    monkeypatch: pytest.MonkeyPatch, exceptions: str, graph_url: str, endpoint_url: str | None
) -> None:
    monkeypatch.setenv("META_ACCESS_ALLOW_GRAPH_HOST", exceptions)

    with pytest.raises(ConfigError):
        check_pairing(graph_url, aws(endpoint_url))


@pytest.mark.parametrize(("url", "address"), [(FAKE, "127.0.0.1"), ("http://[::1]:8765", "::1")])
def test_the_address_that_a_call_would_come_from_is_the_routes(url: str, address: str) -> None:
    assert source_address(url) == address


@pytest.mark.parametrize("url", ["https://no-such-host.invalid", "https://"])
def test_where_there_is_no_way_the_address_is_not_known(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", nowhere)

    assert source_address(url) is None


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://127.0.0.1:8765/v26.0/me", True),
        ("https://localhost:8765", True),
        ("https://[::1]:8765", True),
        ("http://127.0.0.1:8765", False),
        # No variable of the shell decides who may be Meta.
        ("https://graph.facebook.com/v26.0/me", False),
        ("https://localhost.example", False),
        ("https://secretsmanager.eu-central-1.amazonaws.com", False),
    ],
)
def test_the_shells_authorities_vouch_for_this_machine_alone(
    url: str, trusted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert roots(url) is None
    (tmp_path / "bundle.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))
    assert roots(url) == (str(tmp_path / "bundle.pem") if trusted else None)


def test_a_file_of_authorities_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))
    with pytest.raises(ConfigError, match=r"SSL_CERT_FILE: names no file, and 127\.0\.0\.1:8765 .* emulator env"):
        roots("https://127.0.0.1:8765/me")
    assert roots("https://graph.facebook.com") is None
