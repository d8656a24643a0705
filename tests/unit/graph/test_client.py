from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import logging
import os
import ssl
import threading
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
import urllib3.exceptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from meta_access import call_log, endpoints, errors
from meta_access.errors import (
    AuthError,
    ConfigError,
    GraphError,
    GraphUnreachableError,
    MetaAccessError,
    OfflineError,
    RateLimitedError,
)
from meta_access.graph import client as client_module
from meta_access.graph.client import Auth, GraphClient, TokenAuth, client_for
from meta_access.graph.landing import nothing_to_look_at
from meta_access.graph.patience import Caller, Patience, on_behalf_of
from meta_access.stack.credentials import Credentials
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from meta_access.stack.connections import Connection
    from tests.unit.graph.conftest import Answer, FakeClock, Server

    MakeAnswer = type[Answer]
    MakeError = Callable[..., Answer]
    MakeClient = Callable[[Connection], GraphClient]

ADMIN_TOKEN = "EAA" + "EMU" + "adminadminadminadmin"
APP_SECRET = "EAA" + "EMU" + "appsecretappsecret"
APP_TOKEN = f"120480000000201|{APP_SECRET}"
PAGE_TOKEN = "EAA" + "EMU" + "pagepagepagepage"


def proof(token: str) -> str:
    return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


# --- What is sent --------------------------------------------------------------------------------


def test_a_read_carries_its_token_in_the_header_and_nowhere_else(client: GraphClient, server: Server) -> None:
    client.get("178000000000101", {"fields": "id,name"})

    [seen] = server.received
    assert (seen.method, seen.path) == ("GET", "/v26.0/178000000000101")
    assert seen.query == {"fields": "id,name", "appsecret_proof": proof(ADMIN_TOKEN)}
    assert seen.headers["authorization"] == f"Bearer {ADMIN_TOKEN}"


def test_a_write_is_a_form(client: GraphClient, server: Server) -> None:
    client.post("act_104320000000501/assigned_users", {"user": "122090000000401", "tasks": ["A"]})

    [seen] = server.received
    assert (seen.method, seen.query) == ("POST", {})
    assert seen.form == {"user": "122090000000401", "tasks": '["A"]', "appsecret_proof": proof(ADMIN_TOKEN)}


def test_a_read_with_secrets_leaves_the_url_bare(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"data": {"is_valid": True}}).in_batch()]

    got = client.get("debug_token", {"input_token": SecretStr(PAGE_TOKEN)}, in_batch=True)

    assert got == {"data": {"is_valid": True}}
    [seen] = server.received
    assert (seen.method, seen.path, seen.query) == ("POST", "/v26.0", {})
    assert set(seen.form) == {"batch", "appsecret_proof"}
    assert json.loads(seen.form["batch"]) == [
        {
            "method": "GET",
            "relative_url": f"debug_token?input_token={PAGE_TOKEN}&appsecret_proof={proof(ADMIN_TOKEN)}",
        }
    ]
    assert seen.headers["authorization"] == f"Bearer {ADMIN_TOKEN}"


def test_an_item_of_a_batch_is_repeated_and_judged_as_a_plain_call(
    client: GraphClient, server: Server, answer: MakeAnswer, graph_error: Callable[..., Any], clock: FakeClock
) -> None:
    passing = graph_error(2, status=500, is_transient=True).in_batch()
    refused = graph_error(190, 463, "Session has expired").in_batch()
    server.answers = [answer([None]), passing, refused]

    with pytest.raises(AuthError) as raised:
        client.get("debug_token", {"input_token": SecretStr(PAGE_TOKEN)}, in_batch=True)

    assert len(server.received) == 3
    assert len(clock.slept) == 2
    assert (raised.value.code, raised.value.subcode, raised.value.http_status) == (190, 463, 400)
    assert not lacks(raised.value, "debug_token", "main", "Session has expired")


def test_the_fullest_limit_and_the_end_of_a_version_are_remembered(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    full = {"X-App-Usage": json.dumps({"call_count": 81}), "X-Ad-Api-Version-Warning": "v26.0 ends"}
    server.answers = [answer({}, headers=full), answer({}, headers={"X-App-Usage": json.dumps({"call_count": 2})})]
    assert (client.used_percent, client.served_version, client.version_ends) == (None, None, False)

    for path in ("1", "2"):
        client.get(path)

    assert (client.used_percent, client.version_ends) == (81.0, True)


def test_headers_of_an_item_are_learnt_as_those_of_a_plain_call(
    client: GraphClient, server: Server, answer: MakeAnswer, notices: list[str]
) -> None:
    usage = json.dumps({"1": [{"ads_api_access_tier": "standard_access"}]})
    headers = {"X-Business-Use-Case-Usage": usage, "facebook-api-version": "v27.0"}
    server.answers = [answer({"data": {}}, headers=headers).in_batch()]

    client.get("debug_token", {}, in_batch=True)

    assert client.served_version == "v27.0"
    assert client.observed_tier_header == "standard_access"
    assert client.server_time is not None
    assert len(notices) == 1
    assert not lacks(notices[0], "v27.0", "v26.0")


@pytest.mark.parametrize("body", [[None], [], [{"code": 400, "body": "{"}], "error", "whole"])
def test_nothing_of_a_batch_is_told_when_it_fails(
    *,
    client: GraphClient,
    server: Server,
    answer: MakeAnswer,
    graph_error: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    body: object,
) -> None:
    echo = f"input_token={PAGE_TOKEN}&appsecret_proof={proof(ADMIN_TOKEN)} {ADMIN_TOKEN}"
    refusal = graph_error(100, message=echo)
    server.answers = [{"error": refusal.in_batch(), "whole": refusal}.get(str(body)) or answer(body)]
    caplog.set_level(logging.DEBUG)

    with pytest.raises(MetaAccessError) as raised:
        client.get("debug_token", {"input_token": SecretStr(PAGE_TOKEN)}, in_batch=True, deadline_s=0.2)

    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + caplog.text
    for secret in (ADMIN_TOKEN, PAGE_TOKEN, proof(ADMIN_TOKEN)):
        assert secret not in shown
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("auth", "token"),
    [(Auth.ADMIN, ADMIN_TOKEN), (Auth.APP, APP_TOKEN), (TokenAuth(SecretStr(PAGE_TOKEN)), PAGE_TOKEN)],
)
def test_each_token_comes_with_its_own_proof(
    client: GraphClient, server: Server, auth: Auth | TokenAuth, token: str
) -> None:
    client.delete("1/assigned_users", {"user": "2"}, auth=auth)

    [seen] = server.received
    assert seen.headers["authorization"] == f"Bearer {token}"
    assert seen.query == {"user": "2", "appsecret_proof": proof(token)}


def test_netrc_proxies_and_redirects_do_not_move_the_token(
    *,
    make_client: MakeClient,
    connection: Connection,
    server: Server,
    answer: MakeAnswer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "netrc").write_text("default login canary password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.answers = [answer(status=302, headers={"Location": "/v26.0/elsewhere"})]

    with pytest.raises(GraphUnreachableError, match="a redirect, which is never followed"):
        make_client(connection).post("1", {})

    [seen] = server.received
    assert seen.headers["authorization"] == f"Bearer {ADMIN_TOKEN}"


def test_no_call_is_made_offline(client: GraphClient, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")
    monkeypatch.delenv("META_ADMIN_TOKEN")

    with pytest.raises(OfflineError, match="META_ACCESS_OFFLINE=1 forbids it"):
        client.get("1")
    assert server.received == []


# --- What comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize("body", [True, {"success": "true"}, {"data": []}])
def test_odd_bodies_are_data(client: GraphClient, server: Server, answer: MakeAnswer, body: object) -> None:
    server.answers = [answer(body)]

    assert client.get("1") == body


def test_clock_and_tier_are_learnt_from_every_answer(
    client: GraphClient, server: Server, answer: MakeAnswer, graph_error: MakeError, clock: FakeClock
) -> None:
    tier = {"x-ad-account-usage": '{"ads_api_access_tier": "development_access"}'}
    dated = {"Date": "Tue, 24 Nov 2026 08:00:00 GMT"}
    server.answers = [graph_error(100, headers={**tier, **dated}), answer()]
    assert client.server_time is None
    assert client.server_time_age_s() == float("inf")

    with pytest.raises(GraphError):
        client.get("1")

    assert client.server_time == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    clock.sleep(7)
    assert client.server_time_age_s() == 7
    client.get("1")
    assert client.observed_tier_header == "development_access"


def test_another_api_version_is_told_once(
    client: GraphClient, server: Server, answer: MakeAnswer, notices: list[str]
) -> None:
    server.answers = [answer(headers={"facebook-api-version": "v27.0"})]

    client.get("1")
    client.get("1")

    assert len(notices) == 1
    assert not lacks(notices[0], "v27.0", "v26.0")


def test_pages_are_read_to_the_end(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    following = {"next": "https://hidden.example/?access_token=x", "cursors": {"after": "c1"}}
    server.answers = [answer({"data": [{"id": "1"}], "paging": following}), answer({"data": [{"id": "2"}]})]

    rows = list(client.pages("1/system_users", {"fields": "id"}))

    assert rows == [{"id": "1"}, {"id": "2"}]
    assert [seen.query.get("after") for seen in server.received] == [None, "c1"]
    assert [seen.query["limit"] for seen in server.received] == ["100", "100"]


# --- Faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind_or_body",
    ["cut", "cut_body", b"", b"<html>", b"oops"],
)
def test_a_read_without_a_usable_answer_is_repeated(
    client: GraphClient, server: Server, answer: MakeAnswer, clock: FakeClock, kind_or_body: Any
) -> None:
    bad = answer(kind=kind_or_body) if isinstance(kind_or_body, str) else answer(kind_or_body)
    server.answers = [bad, bad, answer({"id": "1"})]

    assert client.get("1") == {"id": "1"}
    assert clock.slept == [0.5, 1.0]


def test_a_read_gives_up_after_four_attempts(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer(b"<html>", 502)]

    with pytest.raises(GraphUnreachableError, match=r"an HTML page \(HTTP 502\)") as raised:
        client.get("1")

    assert raised.value.sent is True
    assert len(server.received) == 4


def test_a_passing_fault_is_repeated(
    client: GraphClient, server: Server, answer: MakeAnswer, graph_error: MakeError
) -> None:
    server.answers = [graph_error(2, status=500), answer({"id": "1"})]

    assert client.get("1") == {"id": "1"}


def test_a_definite_refusal_is_not_repeated(client: GraphClient, server: Server, graph_error: MakeError) -> None:
    server.answers = [graph_error(100, 33)]

    with pytest.raises(errors.NotFoundError):
        client.get("1")
    assert len(server.received) == 1


def test_a_refused_connection_was_never_sent(
    make_client: MakeClient, connection: Connection, server: Server, clock: FakeClock
) -> None:
    server.stop()

    with pytest.raises(GraphUnreachableError) as raised:
        make_client(connection).post("1", {}, landed=nothing_to_look_at)

    host = server.url.removeprefix("http://")
    assert raised.value.sent is False
    assert not lacks(raised.value, host, "writing to 1", "main", "meta-access emulator start")
    assert clock.slept == [0.5, 1.0]


def test_an_unknown_host_was_never_sent(
    make_client: MakeClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACCESS_ALLOW_GRAPH_HOST", "graph.invalid+127.0.0.1:8766")

    with pytest.raises(GraphUnreachableError, match="Check the network and graph_url") as raised:
        make_client(replace(connection, graph_url="https://graph.invalid")).get("1")

    assert raised.value.sent is False


ELSEWHERE = "https://graph.invalid"


@pytest.fixture
def elsewhere(
    make_client: MakeClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[GraphClient, list[bytes]]]:
    """A client of a Graph that is not on this machine, and what a proxy that lets nobody in hears."""
    heard: list[bytes] = []

    class Closed(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            heard.append(self.requestline.encode() + bytes(self.headers))
            self.send_error(407)

        def log_message(self, *_: object) -> None:
            pass

    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("META_ACCESS_ALLOW_GRAPH_HOST", "graph.invalid+127.0.0.1:8766")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closed) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("PROXY_FOR_TESTS", f"127.0.0.1:{proxy.server_address[1]}")
        yield make_client(replace(connection, graph_url=ELSEWHERE)), heard
        proxy.shutdown()


def test_the_proxy_that_the_runner_names_is_used_and_sees_where_a_call_goes_and_no_more(
    elsewhere: tuple[GraphClient, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, heard = elsewhere
    proxy = os.environ["PROXY_FOR_TESTS"]
    monkeypatch.setenv("META_ACCESS_PROXY", f"http://runner:hunter2@{proxy}")

    with pytest.raises(GraphUnreachableError) as raised:
        found.post("1", {"secret": ADMIN_TOKEN}, once=True)

    assert heard
    assert all(line.startswith(b"CONNECT graph.invalid:443") for line in heard)
    assert ADMIN_TOKEN.encode() not in b"".join(heard)
    assert raised.value.sent is False
    assert not lacks(raised.value, "graph.invalid", "writing to 1", "main", proxy, "META_ACCESS_PROXY")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_ignored_is_named_when_there_is_no_way(
    elsewhere: tuple[GraphClient, list[bytes]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    found, heard = elsewhere
    monkeypatch.setenv(name, f"http://runner:hunter2@{os.environ['PROXY_FOR_TESTS']}")

    with pytest.raises(GraphUnreachableError) as raised:
        found.post("1", {}, once=True)

    assert heard == []
    assert not lacks(raised.value, name, "META_ACCESS_PROXY")
    assert "hunter2" not in str(raised.value)


@pytest.fixture
def intercepted(
    make_client: Callable[..., GraphClient], connection: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[GraphClient, Path, list[str]]]:
    """Graph behind a proxy that opens TLS: its certificate is of a private authority. With the file that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    public = key.public_key()
    for extension, critical in (
        (x509.SubjectAlternativeName([x509.DNSName("localhost")]), False),
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False),
    ):
        made = made.add_extension(extension, critical)
    signed = made.sign(key, hashes.SHA256())
    trusted, whole = tmp_path / "ca.pem", tmp_path / "server.pem"
    trusted.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    whole.write_bytes(trusted.read_bytes() + key.private_bytes(serialization.Encoding.PEM, pem, plain))
    heard: list[str] = []

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"id": "1"}')

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"https://localhost:{server.server_address[1]}"
        for module in (client_module, endpoints):
            monkeypatch.setattr(module, "is_loopback", lambda _: False)
        monkeypatch.setenv("META_ACCESS_ALLOW_GRAPH_HOST", f"{url.removeprefix('https://')}+127.0.0.1:8766")
        yield make_client(replace(connection, graph_url=url)), trusted, heard
        server.shutdown()


def test_a_certificate_that_is_not_trusted_is_said_so_and_nothing_is_sent(
    intercepted: tuple[GraphClient, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, trusted, heard = intercepted
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(trusted))

    with pytest.raises(GraphUnreachableError, match="its certificate is not trusted") as raised:
        found.get("1")

    assert raised.value.sent is False
    assert not lacks(raised.value, "META_ACCESS_CA_BUNDLE")
    assert heard == []


def test_certificates_that_the_runner_names_are_trusted(
    intercepted: tuple[GraphClient, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, trusted, heard = intercepted
    monkeypatch.setenv("META_ACCESS_CA_BUNDLE", str(trusted))

    assert found.get("1") == {"id": "1"}
    assert [path.partition("?")[0] for path in heard] == ["/v26.0/1"]


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\0"])
def test_what_is_no_file_of_certificates_is_refused_before_a_call(
    intercepted: tuple[GraphClient, Path, list[str]], monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    found, trusted, heard = intercepted
    trusted.unlink()
    if content is not None:
        trusted.write_bytes(content)
    monkeypatch.setenv("META_ACCESS_CA_BUNDLE", str(trusted))

    with pytest.raises(ConfigError, match="META_ACCESS_CA_BUNDLE: names no file of certificates that can be read"):
        found.get("1")

    assert heard == []


def test_named_certificates_are_never_looked_at_for_this_machine(
    client: GraphClient, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACCESS_CA_BUNDLE", "/no/such/file")

    client.get("1")

    assert len(server.received) == 1


def test_the_proxy_is_never_used_for_this_machine(
    client: GraphClient, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACCESS_PROXY", "http://127.0.0.1:1")

    client.get("1")

    assert len(server.received) == 1


def test_a_proxy_that_is_none_is_refused_before_a_call(
    elsewhere: tuple[GraphClient, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACCESS_PROXY", "proxy.example")

    with pytest.raises(ConfigError, match="META_ACCESS_PROXY: is not the address of a proxy"):
        elsewhere[0].get("1")


UNTRUSTED = requests.exceptions.SSLError(
    urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("unable to get local issuer certificate"))
)


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("127.0.0.1:8765", 'Run eval "$(meta-access emulator env)" in this shell, then the command again.'),
        (
            "graph.facebook.com",
            (
                "Check graph_url, and what stands between this machine and Meta. Only where a proxy of your network "
                "opens TLS, name a file of the certificates to trust in META_ACCESS_CA_BUNDLE."
            ),
        ),
    ],
)
def test_a_certificate_that_is_not_trusted_is_called_so(host: str, advice: str) -> None:
    assert not lacks(
        str(client_module._unreachable(UNTRUSTED, "reading 1", host)), host, "reading 1", "certificate", advice
    )


@pytest.mark.parametrize(
    ("failure", "sent"),
    [
        (requests.ConnectTimeout(), False),
        (requests.ReadTimeout(), True),
        (requests.ConnectionError(ConnectionResetError()), True),
        (requests.exceptions.SSLError("bad"), True),
        (UNTRUSTED, False),
        (requests.exceptions.ChunkedEncodingError(), True),
        (OSError("odd"), True),
    ],
)
def test_only_what_cannot_have_been_sent_counts_as_not_sent(failure: Exception, sent: bool) -> None:
    assert client_module._unreachable(failure, "reading 1", "graph.facebook.com").sent is sent


def test_a_hanging_answer_ends_at_the_deadline(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer(kind="hang")]

    with pytest.raises(GraphUnreachableError, match="no answer came in time") as raised:
        client.post("1/access_tokens", {}, deadline_s=0.05, once=True)

    assert raised.value.sent is True
    assert len(server.received) == 1


def test_an_answer_that_drips_ends_at_the_deadline(
    client: GraphClient, server: Server, answer: MakeAnswer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers = [answer({"data": ["x" * 200]}, kind="drip")]

    def late() -> float:
        # Each look at the clock costs a second, as if every byte came that late.
        clock.now += 1.0
        return clock.now

    monkeypatch.setattr(clock, "monotonic", late)

    with pytest.raises(GraphUnreachableError, match="no answer came in time"):
        client.post("1", {}, deadline_s=5, once=True)


def test_a_body_beyond_all_measure_is_not_read(
    client: GraphClient, server: Server, answer: MakeAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_LARGEST_BODY", 10)
    server.answers = [answer({"data": "x" * 100})]

    with pytest.raises(GraphUnreachableError):
        client.post("1", {}, once=True)


# --- Throttles -----------------------------------------------------------------------------------


def buc(minutes: int) -> dict[str, str]:
    row = f'{{"type": "ads_management", "estimated_time_to_regain_access": {minutes}}}'
    return {"x-business-use-case-usage": f'{{"1": [{row}]}}'}


@pytest.mark.parametrize("call", ["get", "post", "delete"])
def test_a_throttle_is_waited_out_as_long_as_meta_says(
    *,
    client: GraphClient,
    server: Server,
    answer: MakeAnswer,
    graph_error: MakeError,
    clock: FakeClock,
    notices: list[str],
    call: str,
) -> None:
    server.answers = [graph_error(80004, headers=buc(1)), answer({"id": "1"})]

    assert getattr(client, call)("1", {}) == {"id": "1"}
    assert clock.slept == [60.0]
    assert len(notices) == 1
    assert not lacks(notices[0], "code 80004", "waiting 60 s", "60 of at most 120 s")


def test_a_throttle_beyond_the_bound_says_when_to_come_back(
    client: GraphClient, server: Server, graph_error: MakeError, clock: FakeClock
) -> None:
    server.answers = [graph_error(17, headers={**buc(5), "Date": "Tue, 24 Nov 2026 08:00:00 GMT"})]

    with pytest.raises(RateLimitedError, match=r"access returns in 300 s \(2026-11-24T08:05:00Z\)") as raised:
        client.get("1")

    assert raised.value.regain_s == 300
    assert clock.slept == []


def test_repeated_throttles_end_at_the_bound(
    client: GraphClient, server: Server, graph_error: MakeError, clock: FakeClock
) -> None:
    server.answers = [graph_error(4)]

    with pytest.raises(RateLimitedError):
        client.get("1")

    assert clock.slept == [15.0, 30.0, 60.0]


def test_all_calls_of_a_run_wait_within_one_bound(
    *,
    client: GraphClient,
    server: Server,
    answer: MakeAnswer,
    graph_error: MakeError,
    clock: FakeClock,
    notices: list[str],
) -> None:
    server.answers = [graph_error(80004, headers=buc(1)), answer({"id": "1"})] * 2
    client.get("1")
    client.get("2")
    server.answers = [graph_error(80004, headers=buc(1)), answer({"id": "1"})]

    with on_behalf_of(Caller("asset assignment acme")), pytest.raises(RateLimitedError):
        client.post("3", {})

    assert clock.slept == [60.0, 60.0]
    assert not lacks(notices[-1], "acme", "writing to 3", "main", "code 80004", "not waited for", "120 s")

    server.answers = [graph_error(80004, headers=buc(1)), answer({"id": "1"})]
    with on_behalf_of(Caller("token reporting", keeps=True)):
        assert client.post("3", {}) == {"id": "1"}

    assert clock.slept == [60.0, 60.0, 60.0]
    assert not lacks(
        notices[-1], "reporting", "writing to 3", "main", "code 80004", "waiting 60 s", "180 of at most 240 s"
    )


NEARLY = {"x-app-usage": '{"call_count": 93, "total_cputime": 2, "total_time": 2}'}
SHOP, TOKEN = Caller("asset assignment shop"), Caller("token reporting", keeps=True)


@pytest.fixture
def hurried(
    connection: Connection, clock: FakeClock, notices: list[str], client: GraphClient
) -> tuple[GraphClient, Patience]:
    """A client of a run in which a token is due."""
    del client  # it sets the credentials
    run = Patience()
    run.expect("arn:one")
    return GraphClient(connection, Credentials(connection), clock=clock, notify=notices.append, run=run), run


def test_what_is_left_of_the_apps_limit_is_left_to_tokens_that_are_due(
    *,
    hurried: tuple[GraphClient, Patience],
    server: Server,
    answer: MakeAnswer,
    clock: FakeClock,
    notices: list[str],
) -> None:
    client, run = hurried
    server.answers = [answer({"id": "1"}, headers=NEARLY)]
    with on_behalf_of(SHOP):
        assert client.post("1", {}) == {"id": "1"}  # nobody has said yet how much is used
        assert client.get("1") == {"id": "1"}  # reads tell how it stands

        with pytest.raises(RateLimitedError, match=r"Writing to 2 .* was not begun: 93 % of what Meta allows the app"):
            client.post("2", {})
    with on_behalf_of(TOKEN):
        assert client.post("3", {}) == {"id": "1"}
    run.settled("arn:one")
    with on_behalf_of(SHOP):
        assert client.delete("4") == {"id": "1"}

    assert clock.slept == [15.0] * 8
    assert not lacks(notices[0], "Writing to 2", "waits 15 s", "93 %", "15 of at most 120 s")
    assert [seen.path for seen in server.received] == ["/v26.0/1", "/v26.0/1", "/v26.0/3", "/v26.0/4"]


def test_a_write_that_waited_for_a_token_goes_on_when_that_has_begun(
    *,
    hurried: tuple[GraphClient, Patience],
    server: Server,
    answer: MakeAnswer,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, run = hurried
    server.answers = [answer({"id": "1"}, headers=NEARLY)]
    client.get("1")
    sleep = clock.sleep

    def token_begins(seconds: float) -> None:
        sleep(seconds)
        run.settled("arn:one")

    monkeypatch.setattr(clock, "sleep", token_begins)
    with on_behalf_of(SHOP):
        assert client.post("2", {}) == {"id": "1"}

    assert clock.slept == [15.0]


def test_a_deadline_bounds_the_wait_for_a_throttle(
    client: GraphClient, server: Server, graph_error: MakeError, clock: FakeClock
) -> None:
    server.answers = [graph_error(4, headers=buc(1))]

    with pytest.raises(RateLimitedError):
        client.get("1", deadline_s=30)

    assert clock.slept == []


# --- Writes --------------------------------------------------------------------------------------


def test_an_unanswered_write_is_looked_for_before_it_is_repeated(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    server.answers = [answer(kind="cut"), answer({"name": "before"}), answer({"id": "2"})]
    seen_by_landed: list[Any] = []

    def landed() -> None:
        seen_by_landed.append(client.get("1"))

    assert client.post("1", {"name": "after"}, landed=landed) == {"id": "2"}
    assert seen_by_landed == [{"name": "before"}]
    assert [seen.method for seen in server.received] == ["POST", "GET", "POST"]


def test_a_write_that_landed_is_not_repeated(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer(b"", 500)]

    assert client.post("1", {}, landed=lambda: {"id": "found"}) == {"id": "found"}
    assert len(server.received) == 1


def test_an_unanswered_write_without_a_look_is_an_error(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    server.answers = [answer(kind="cut")]

    with pytest.raises(GraphUnreachableError, match="Whether it was carried out is not known") as raised:
        client.post("1", {})

    assert raised.value.sent is True
    assert len(server.received) == 1


@pytest.mark.parametrize("fault", ["cut", "throttle", "passing"])
def test_a_write_that_goes_once_goes_once(
    *, client: GraphClient, server: Server, answer: MakeAnswer, graph_error: MakeError, clock: FakeClock, fault: str
) -> None:
    faults = {"cut": answer(kind="cut"), "throttle": graph_error(4), "passing": graph_error(2)}
    server.answers = [faults[fault]]

    with pytest.raises(MetaAccessError):
        client.post("1/access_tokens", {}, landed=lambda: "found", once=True)

    assert len(server.received) == 1
    assert clock.slept == []


# --- Secrets and threads -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", ["cut", "cut_body", "html", "empty", "json", "graph", "throttle", "redirect", "hang", "refused"]
)
def test_no_secret_leaves_by_an_error_or_a_log(
    *,
    make_client: MakeClient,
    connection: Connection,
    server: Server,
    answer: MakeAnswer,
    graph_error: MakeError,
    notices: list[str],
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    echo = f"<html>{ADMIN_TOKEN} {PAGE_TOKEN} {APP_SECRET} {proof(ADMIN_TOKEN)}"
    server.answers = [
        {
            "html": answer(echo.encode(), 500),
            "empty": answer(b""),
            "json": answer({"echo": echo}, 500),
            "graph": graph_error(190, 463, echo, fbtrace_id="x", error_user_msg=f"appsecret_proof={proof(PAGE_TOKEN)}"),
            "throttle": graph_error(4, message=echo, headers=buc(9)),
            "redirect": answer(status=302, headers={"Location": f"http://127.0.0.1:1/?access_token={ADMIN_TOKEN}"}),
        }.get(fault)
        or answer(kind=fault)
    ]
    if fault == "refused":
        server.stop()
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)

    with pytest.raises(MetaAccessError) as raised:
        make_client(connection).post(
            "oauth/revoke",
            {"client_secret": SecretStr(APP_SECRET), "revoke_token": SecretStr(PAGE_TOKEN)},
            deadline_s=0.2,
        )

    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + caplog.text + "".join(notices)
    for secret in (ADMIN_TOKEN, APP_SECRET, PAGE_TOKEN):
        assert secret not in shown
    assert f"={proof(PAGE_TOKEN)}" not in shown
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_four_threads_share_a_client(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"id": "1"})]
    got: list[Any] = []

    def read() -> None:
        got.extend(client.get("1") for _ in range(5))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == [{"id": "1"}] * 20


def test_a_connection_has_one_client_per_process(connection: Connection) -> None:
    assert client_for(connection) is client_for(connection)
    assert client_for(connection) is not client_for(replace(connection, api_version="v25.0"))
    assert logging.getLogger("urllib3").level == logging.WARNING


# --- What is counted -----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _log_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_CALL_LOG", str(tmp_path / "calls"))


def test_calls_on_ad_accounts_are_logged_by_how_they_ended(
    client: GraphClient, server: Server, graph_error: MakeError, answer: MakeAnswer
) -> None:
    day = {"Date": "Tue, 24 Nov 2026 08:00:00 GMT"}
    good = answer({"id": "act_1"}, headers=day)
    server.answers = [good, graph_error(2, headers=day), good, answer({"id": "1"})]
    client.get("act_1")
    client.get("act_1")  # a passing fault, and the repetition that went well: two calls to Meta
    client.get("178000000000101")

    found = call_log.read("120480000000201", client.connection.graph_url)
    assert [call.outcome for call in found] == ["ok", "TransientError", "ok"]
    assert {call.at for call in found} == {datetime(2026, 11, 24, 8, tzinfo=UTC)}  # the server's time


def test_a_log_that_cannot_be_written_costs_no_call(client: GraphClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_CALL_LOG", "/dev/null/nowhere")

    assert client.get("act_1") == {}


def test_a_call_that_never_left_is_none(make_client: MakeClient, connection: Connection) -> None:
    closed = replace(connection, graph_url="http://127.0.0.1:9")
    with pytest.raises(GraphUnreachableError):
        make_client(closed).get("act_1")

    assert call_log.read("120480000000201", closed.graph_url) == []
