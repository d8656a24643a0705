"""The emulator where clients are: https, names beside loopback, a proxy in front, web pages of other origins."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from meta_emulator import authority
from meta_emulator.authority import CertificateError
from meta_emulator.certificates import Files
from meta_emulator.emulator import Emulator
from meta_emulator.hosts import HostError, Hosts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSINESS = "178000000000101"
ALLOWED = ("meta", "graph.meta.example")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str]

    @property
    def data(self) -> Any:
        return json.loads(self.text)


class Client:
    """Calls one emulator of the test's own, over either scheme, under any name."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.graph = urlsplit(emulator.graph_url)
        self.token = emulator.state.keyring.admin_token()

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        return _asked(http.client.HTTPConnection("127.0.0.1", self.graph.port, timeout=10), path, method, headers)

    def ask_https(self, path: str, **headers: str) -> Answer:
        context = trusting(self)
        connection = http.client.HTTPSConnection("127.0.0.1", self.graph.port, timeout=10, context=context)
        return _asked(connection, path, "GET", headers)

    def next_link(self, **headers: str) -> str:
        path = f"/v26.0/{BUSINESS}/owned_ad_accounts?limit=1"
        found = self.ask(path, Authorization=f"Bearer {self.token}", **headers)
        link = urlsplit(str(found.data["paging"]["next"]))
        return f"{link.scheme}://{link.netloc}"


def _asked(connection: http.client.HTTPConnection, path: str, method: str, headers: dict[str, str]) -> Answer:
    try:
        connection.request(method, path, None, {name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        shown = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, answer.read().decode(), shown)
    finally:
        connection.close()


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home = tmp_path_factory.mktemp("secure")
    emulator = Emulator(home, port=0, aws_port=0, tls=True, allowed_hosts=ALLOWED)
    emulator.start()
    yield Client(emulator)
    emulator.stop()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    emulator = Emulator(tmp_path_factory.mktemp("plain"), port=0, aws_port=0)
    emulator.start()
    yield Client(emulator)
    emulator.stop()


def trusting(client: Client) -> ssl.SSLContext:
    assert client.emulator.state.certificates is not None
    return ssl.create_default_context(cafile=str(client.emulator.state.certificates.authority))


# --- TLS -----------------------------------------------------------------------------------------


def test_both_doors_speak_https_and_the_same_ports_still_take_http(secure: Client) -> None:
    emulator = secure.emulator
    assert (emulator.graph_url[:18], emulator.aws_url[:18]) == ("https://127.0.0.1:", "https://127.0.0.1:")
    assert secure.ask_https("/healthz").data["tls"] is True
    assert secure.ask("/healthz").data["graph"] == emulator.graph_url

    import boto3

    store = boto3.client(
        "secretsmanager", region_name="eu-central-1", endpoint_url=emulator.aws_url,
        verify=str(Files(emulator.state.folder.tls_folder).bundle), aws_access_key_id="x", aws_secret_access_key="x",
    )  # fmt: skip
    assert store.list_secrets()["SecretList"] == []


def test_the_certificate_is_good_for_loopback_and_the_names_allowed(secure: Client) -> None:
    context = trusting(secure)
    for name in ("127.0.0.1", "localhost", "::1", *ALLOWED):
        assert _handshake(secure, context, name) == "meta-access emulator, this machine only"
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(secure, context, "graph.facebook.com")
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(secure, ssl.create_default_context(), "localhost")
    # A client that does not trust it leaves the emulator as it was.
    assert secure.ask_https("/healthz").status == 200


def _handshake(client: Client, context: ssl.SSLContext, name: str) -> str:
    import socket

    with (
        socket.create_connection(("127.0.0.1", client.graph.port or 0), timeout=10) as bare,
        context.wrap_socket(bare, server_hostname=name) as secured,
    ):
        issuer: Any = (secured.getpeercert() or {})["issuer"]
        return str(dict(part for row in issuer for part in row)["commonName"])


def test_a_connection_is_cut_over_https_as_well(secure: Client) -> None:
    secure.emulator.state.faults.add(kind="drop_after", path="/me$")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError, ssl.SSLError)):
        secure.ask_https("/v26.0/me", Authorization=f"Bearer {secure.token}")
    assert secure.ask_https("/v26.0/me", Authorization=f"Bearer {secure.token}").status == 200


def test_private_keys_are_private_and_the_authority_outlives_the_emulator(tmp_path: Path) -> None:
    files, seen = Files(tmp_path / "home" / "tls"), []
    for _ in range(2):
        emulator = Emulator(tmp_path / "home", port=0, aws_port=0, tls=True)
        emulator.start()
        emulator.stop()
        seen.append((files.authority.read_bytes(), files.server.read_bytes()))
        modes = {path.name: path.stat().st_mode & 0o777 for path in files.folder.iterdir()}
        assert modes == {"ca.key": 0o600, "ca.pem": 0o600, "server.pem": 0o600, "bundle.pem": 0o600}
    assert seen[0][0] == seen[1][0]
    assert seen[0][1] != seen[1][1]
    assert files.folder.stat().st_mode & 0o777 == 0o700


def test_the_bundle_holds_the_public_roots_too_so_that_the_shell_reaches_everything_else(tmp_path: Path) -> None:
    files = Files(tmp_path / "tls")
    authority.server_context(files, ["localhost"])

    assert files.bundle.read_bytes().startswith(files.authority.read_bytes())
    assert len(ssl.create_default_context(cafile=str(files.bundle)).get_ca_certs()) > 50
    assert files.variables() == {
        "SSL_CERT_FILE": str(tmp_path / "tls" / "bundle.pem"),
        "REQUESTS_CA_BUNDLE": str(tmp_path / "tls" / "bundle.pem"),
        "CURL_CA_BUNDLE": str(tmp_path / "tls" / "bundle.pem"),
        "AWS_CA_BUNDLE": str(tmp_path / "tls" / "bundle.pem"),
        "NODE_EXTRA_CA_CERTS": str(tmp_path / "tls" / "ca.pem"),
    }


def test_an_authority_near_its_end_is_made_anew(tmp_path: Path) -> None:
    files, now = Files(tmp_path / "tls"), datetime(2026, 12, 1, tzinfo=UTC)
    authority.server_context(files, ["localhost"], now)
    first = files.authority.read_bytes()
    authority.server_context(files, ["localhost"], now + timedelta(days=3250))
    assert files.authority.read_bytes() == first
    # What it signed then would outlive it.
    authority.server_context(files, ["localhost"], now + timedelta(days=3254))
    assert files.authority.read_bytes() != first


@pytest.mark.parametrize("name", ["ca.key", "ca.pem"])
def test_an_authority_that_is_none_is_named_and_nothing_starts(tmp_path: Path, name: str) -> None:
    files = Files(tmp_path / "tls")
    authority.server_context(files, ["localhost"])
    (files.folder / name).write_text("something else")

    with pytest.raises(CertificateError, match=r"not what the emulator wrote\. Remove that folder"):
        Emulator(tmp_path, port=0, aws_port=0, tls=True)
    # The folder is free again.
    emulator = Emulator(tmp_path, port=0, aws_port=0)
    emulator.start()
    emulator.stop()


# --- names and proxies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "http://127.0.0.1:{port}"),
        ({"Host": "meta:9000"}, "http://meta:9000"),
        # What a proxy says counts for a name that is known.
        ({"X_Forwarded_Proto": "https"}, "https://127.0.0.1:{port}"),
        ({"X_Forwarded_Proto": "https, http", "X_Forwarded_Host": "META:8443, inner"}, "https://META:8443"),
        ({"X_Forwarded_Host": "graph.meta.example", "X_Forwarded_Proto": "https"}, "https://graph.meta.example"),
        # Anybody can say anything of any other.
        ({"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}, "https://127.0.0.1:{port}"),
        ({"Host": "other.example", "X_Forwarded_Proto": "https"}, "http://other.example"),
        ({"X_Forwarded_Host": "meta@evil.example"}, "http://127.0.0.1:{port}"),
        ({"X_Forwarded_Host": "meta/evil"}, "http://127.0.0.1:{port}"),
        ({"X_Forwarded_Host": "meta:99999"}, "http://127.0.0.1:{port}"),
        ({"X_Forwarded_Proto": "javascript"}, "http://127.0.0.1:{port}"),
    ],
)
def test_links_to_the_next_page_lead_where_the_client_called(
    secure: Client, headers: dict[str, str], expected: str
) -> None:
    assert secure.next_link(**headers) == expected.format(port=secure.graph.port)


def test_a_link_asked_for_over_https_is_https(secure: Client) -> None:
    path = f"/v26.0/{BUSINESS}/owned_ad_accounts?limit=1"
    found = secure.ask_https(path, Authorization=f"Bearer {secure.token}")
    assert found.data["paging"]["next"].startswith(f"https://127.0.0.1:{secure.graph.port}/v26.0/{BUSINESS}/")


@pytest.mark.parametrize("path", ["/healthz", "/_control/world", "/dashboard", "/v26.0/dialog/oauth?client_id=1"])
def test_the_own_pages_and_the_control_api_answer_to_allowed_names_only(
    secure: Client, plain: Client, path: str
) -> None:
    allowed, foreign = secure.ask(path, Host="meta:8765"), secure.ask(path, Host="other:8765")
    assert allowed.status != 403
    assert foreign.status == 403
    # Without an allow-list only loopback is answered.
    assert plain.ask(path, Host="meta:8765").status == 403
    assert plain.ask(path, Host="localhost:1").status != 403


def test_a_page_behind_a_proxy_is_of_the_origin_that_the_browser_sees(secure: Client) -> None:
    seen = {"X_Forwarded_Host": "graph.meta.example", "X_Forwarded_Proto": "https"}
    assert secure.ask("/healthz", Origin="https://graph.meta.example", **seen).status == 200
    assert secure.ask("/healthz", Origin="https://evil.example", **seen).status == 403
    evil = {"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}
    assert secure.ask("/healthz", Origin="https://evil.example", **evil).status == 403


@pytest.mark.parametrize("name", ["*", "*.example", "https://meta", "meta:8765", "", "a b", "mëta", "meta/x", "-x"])
def test_what_is_no_name_of_a_host_is_refused(name: str) -> None:
    with pytest.raises(HostError, match=r"^--allow-host: .* is no name of a host\. Write the bare name"):
        Hosts(["meta", name])


def test_names_are_taken_in_any_case_and_once() -> None:
    assert Hosts(["Meta", "meta.", "graph.example"]).allowed == ("meta", "graph.example")


# --- web pages -----------------------------------------------------------------------------------


def test_every_answer_of_graph_may_be_read_by_any_page(plain: Client) -> None:
    for path, token in ((f"/v26.0/{BUSINESS}", plain.token), ("/v26.0/me", "nothing"), ("/v26.0/nothing", plain.token)):
        found = plain.ask(path, Authorization=f"Bearer {token}", Origin="https://app.example")
        assert found.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in found.headers


def test_a_browser_may_ask_before_a_call(plain: Client) -> None:
    asked = {"Access_Control_Request_Method": "DELETE", "Access_Control_Request_Headers": "authorization,content-type"}
    found = plain.ask("/v26.0/me/permissions", "OPTIONS", Origin="https://app.example", **asked)

    assert (found.status, found.text) == (200, "")
    assert found.headers["access-control-allow-origin"] == "*"
    assert found.headers["access-control-allow-methods"] == "GET, POST, DELETE, OPTIONS"
    assert found.headers["access-control-allow-headers"] == "authorization,content-type"
    last = plain.emulator.state.journal.calls()[-1]
    assert (last.method, last.path, last.status) == ("OPTIONS", "/v26.0/me/permissions", 200)


@pytest.mark.parametrize(
    "path", ["/healthz", "/_control/credentials", "/_control/world", "/dashboard", "/dashboard/journal"]
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
def test_no_page_of_another_origin_reads_the_control_api_or_the_dashboard(
    plain: Client, path: str, method: str
) -> None:
    for headers in ({}, {"Origin": "https://app.example"}):
        found = plain.ask(path, method, Access_Control_Request_Method="GET", **headers)
        assert [name for name in found.headers if name.startswith("access-control-")] == []
    assert found.status == 403
    assert plain.token not in found.text
    dialog = plain.ask("/v26.0/dialog/oauth", method, Origin="https://app.example")
    assert [name for name in dialog.headers if name.startswith("access-control-")] == []
