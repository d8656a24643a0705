"""What a pull request, a runner's environment or a home folder may hold, and where no token may go because of it.

Each attack has a canary: a credential that must not reach the attacker's listener, nor anything that is printed.
"""

from __future__ import annotations

import http.client
import http.server
import io
import json
import logging
import py_compile
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yaml
from pydantic import SecretStr

from meta_access import redaction
from meta_access.aws import secrets_manager
from meta_access.connection import AwsSettings
from meta_access.errors import ConfigError, GraphUnreachableError, MetaAccessError, SecretStoreError
from meta_access.graph.client import GraphClient, TokenAuth
from meta_access.graph.issuer import TokenIssuer
from meta_access.stack import credentials
from meta_access.stack.credentials import Credentials
from meta_access.stack.load import load_stack
from meta_access.tokens import store
from meta_access.tokens.store import SecretStore, store_for
from tests.connections import MAIN
from tests.unit.graph.conftest import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "EAA" + "EMU" + "canarycanarycanary"
APP_SECRET = "EAA" + "EMU" + "canary" + "appsecretappsecret"
OWN = AwsSettings(region="eu-central-1")
REAL = "https://secretsmanager.eu-central-1.amazonaws.com"
MAY_NOT = "it may not be sent, printed or logged"


@dataclass
class Listener:
    """Somebody's server: takes whatever comes, and remembers it to the byte."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"{}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def knows(self) -> bool:
        said = b"".join(self.heard)
        return CANARY.encode() in said or APP_SECRET.encode() in said


@pytest.fixture
def listener() -> Iterator[Listener]:
    yield from listening()


@pytest.fixture
def graph() -> Iterator[Listener]:
    yield from listening()


def listening() -> Iterator[Listener]:
    found = Listener()

    class Door(http.server.BaseHTTPRequestHandler):
        def take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.heard.append(self.requestline.encode() + bytes(self.headers) + body)
            status, headers, text = found.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = do_CONNECT = take  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A runner with credentials, and a home of its own."""
    monkeypatch.setenv("META_ADMIN_TOKEN", CANARY)
    monkeypatch.setenv("META_APP_SECRET", APP_SECRET)
    monkeypatch.setenv("CI_TOKEN", CANARY)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", APP_SECRET)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(store, "_stores", {})


def client(**changed: Any) -> GraphClient:
    found = {"app_secret": "env:META_APP_SECRET", "admin_token": "env:META_ADMIN_TOKEN", **changed}
    connection = replace(MAIN, **found)
    return GraphClient(connection, Credentials(connection), clock=FakeClock())


# --- a stack file --------------------------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", ["aws", "graph", "both real names"])
def test_a_stack_file_cannot_pair_a_foreign_host_with_a_real_service(listener: Listener, elsewhere: str) -> None:
    changed: dict[str, Any] = {
        "aws": {"aws": AwsSettings("eu-central-1", listener.url), "graph_url": "https://graph.facebook.com"},
        "graph": {"graph_url": listener.url, "aws": OWN},
        "both real names": {"graph_url": f"http://graph.facebook.com:{listener.port}", "aws": OWN},
    }[elsewhere]

    with pytest.raises(ConfigError, match=r"does not go with|over https only"):
        client(**changed).get("1")

    assert listener.heard == []


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.facebook.com.evil.example",
        "https://graph.facebook.com@evil.example",
        "https://evil.example/graph.facebook.com",
        "https://evil.example#graph.facebook.com",
        "https://graph.facebook.com:8443",
        "file:///etc/passwd",
    ],
)
def test_a_host_that_only_looks_like_metas_gets_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def resolve(*_: object) -> str:
        read.append("a credential")
        return CANARY

    monkeypatch.setattr(credentials, "_resolve", resolve)

    with pytest.raises(ConfigError) as refused:
        client(graph_url=url, aws=OWN).get("1")

    assert read == []
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    "reference",
    [
        "env:CI_TOKEN",
        "env:AWS_SECRET_ACCESS_KEY",
        "env:META_ADMIN_TOKEN CI_TOKEN",
        "aws-secret:arn:aws:secretsmanager:eu-central-1:123456789012:secret:payroll/db-AbCdEf#password",
        "aws-secret:arn:aws:secretsmanager:eu-central-1:123456789012:secret:metadata/db-AbCdEf#password",
        "file:/etc/passwd",
        "env:meta_admin_token",
    ],
)
def test_a_stack_file_cannot_name_what_is_not_this_tools(listener: Listener, reference: str) -> None:
    loopback = AwsSettings("eu-central-1", listener.url)

    with pytest.raises(ConfigError):
        client(admin_token=reference, graph_url=listener.url, aws=loopback).get("1")

    assert not listener.knows()
    assert listener.heard == []


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system", "!!python/object/new:os.system", "!!python/name:os"]
)
def test_yaml_tags_run_nothing(tmp_path: Path, tag: str) -> None:
    touched = tmp_path / "touched"
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "evil.yaml").write_text(f"business: {tag} ['touch {touched}']\n")
    config = {"meta:environment": "dev", "meta:rules": "2026-05", "meta:clients_dir": "clients"}

    with pytest.raises(MetaAccessError) as refused:
        load_stack(config, "dev", tmp_path)
    # About the tag, and not about something else that this small stack lacks.
    assert "clients/evil.yaml: is not valid YAML: a tag (!…) is not read here" in str(refused.value)
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load((tmp_path / "clients" / "evil.yaml").read_text())

    assert not touched.exists()


# --- the environment and the home ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "~/.aws/config"])
def test_configured_endpoints_do_not_move_secrets_manager(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    if name.startswith("~"):
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws" / "config").write_text(
            f"[default]\nservices = evil\n[services evil]\nsecrets_manager =\n  endpoint_url = {listener.url}\n"
        )
    else:
        monkeypatch.setenv(name, listener.url)
    assert (
        boto3.session.Session().client("secretsmanager", region_name="eu-central-1").meta.endpoint_url == listener.url
    )

    assert store_for(OWN)._client.meta.endpoint_url == REAL
    assert secrets_manager("eu-central-1", None).meta.endpoint_url == REAL


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"])
def test_a_proxy_sees_no_call_to_graph(
    listener: Listener, graph: Listener, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, listener.url)
    monkeypatch.setenv("NO_PROXY", "")
    loopback = AwsSettings("eu-central-1", graph.url)

    client(graph_url=graph.url, aws=loopback).get("1")

    assert graph.knows()
    assert listener.heard == []


def test_a_proxy_sees_of_a_call_to_aws_where_it_goes_and_no_more(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.answer = (403, {}, b"")
    monkeypatch.setenv("HTTPS_PROXY", listener.url)

    with pytest.raises(SecretStoreError):
        store_for(OWN).put(f"arn:aws:secretsmanager:eu-central-1:1:secret:x-{'A' * 6}", "v" * 32, CANARY, "META_G1")

    assert listener.heard
    assert not listener.knows()
    assert all(line.startswith(b"CONNECT secretsmanager.eu-central-1.amazonaws.com:443") for line in listener.heard)


def strange(kind: str) -> str:
    """A real credential, so to speak: of a real one's form, and not the emulator's."""
    return {"token": "EAA" + "Bcanary" * 4, "secret": "0ca9a47" * 4 + "beef", "glued": "x" + CANARY}[kind]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
@pytest.mark.parametrize(("token", "secret"), [("token", "secret"), ("token", ""), ("", "secret"), ("glued", "glued")])
def test_no_real_credential_goes_to_a_port_of_this_machine(
    graph: Listener, monkeypatch: pytest.MonkeyPatch, host: str, token: str, secret: str
) -> None:
    real = [strange(kind) for kind in (token, secret) if kind]
    monkeypatch.setenv("META_ADMIN_TOKEN", strange(token) if token else CANARY)
    monkeypatch.setenv("META_APP_SECRET", strange(secret) if secret else APP_SECRET)
    # What a runner excepts is a pair of endpoints; no credential goes to this machine for it.
    monkeypatch.setenv("META_ACCESS_ALLOW_GRAPH_HOST", f"{host}:{graph.port}+aws")

    for aws in (AwsSettings("eu-central-1", graph.url), OWN):
        with pytest.raises(ConfigError, match="is not the emulator's, and graph_url is") as refused:
            client(graph_url=f"http://{host}:{graph.port}", aws=aws).get("1")
        assert f"{host}:{graph.port} on this machine" in str(refused.value)
        assert not any(value in str(refused.value) for value in real)

    assert graph.heard == []


def test_no_real_token_of_the_vault_goes_to_a_port_of_this_machine(graph: Listener) -> None:
    found = client(graph_url=graph.url, aws=AwsSettings("eu-central-1", graph.url))

    with pytest.raises(ConfigError, match="a secret of this stack is not the emulator's"):
        TokenIssuer(found).inspect(SecretStr(strange("token")))
    with pytest.raises(ConfigError, match="a secret of this stack is not the emulator's"):
        found.get("1", auth=TokenAuth(SecretStr(strange("token"))))

    assert graph.heard == []


def test_what_a_port_of_this_machine_hands_out_as_its_own_is_not_sent_back_to_it(graph: Listener) -> None:
    offered = {"app_id": MAIN.app_id, "app_secret": strange("secret"), "admin_token": strange("token")}
    graph.answer = (200, {}, json.dumps(offered).encode())

    with pytest.raises(ConfigError, match="is not the emulator's"):
        client(
            admin_token="emulator:",
            app_secret="emulator:",
            graph_url=graph.url,
            aws=AwsSettings("eu-central-1", graph.url),
        ).get("1")

    assert [line.split()[1] for line in graph.heard] == [b"/_control/credentials"]


def test_netrc_does_not_replace_the_token(graph: Listener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("default login evil password evil\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    client(graph_url=graph.url, aws=AwsSettings("eu-central-1", graph.url)).get("1")

    assert f"Bearer {CANARY}".encode() in graph.heard[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_no_token_along(listener: Listener, graph: Listener, status: int) -> None:
    graph.answer = (status, {"Location": f"{listener.url}/v26.0/1"}, b"")
    found = client(graph_url=graph.url, aws=AwsSettings("eu-central-1", graph.url))

    for call in (
        lambda: found.post("1", {"secret": CANARY}, once=True),
        lambda: found.get("1"),
        lambda: found.get("debug_token", {"input_token": CANARY}, in_batch=True),
        lambda: list(found.pages("1/system_users")),
        lambda: found.delete("1"),
    ):
        with pytest.raises(GraphUnreachableError, match="a redirect, which is never followed"):
            call()

    assert graph.knows()
    assert listener.heard == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_secrets_manager_takes_no_value_along(listener: Listener, graph: Listener, status: int) -> None:
    graph.answer = (status, {"Location": f"{listener.url}/"}, b"{}")
    arn = f"arn:aws:secretsmanager:eu-central-1:1:secret:x-{'A' * 6}"

    with pytest.raises(SecretStoreError):
        store_for(AwsSettings("eu-central-1", graph.url)).put(arn, "v" * 32, CANARY, "META_G1")

    assert graph.knows()
    assert listener.heard == []


def test_a_redirect_of_the_emulators_credentials_is_not_followed(listener: Listener, graph: Listener) -> None:
    graph.answer = (302, {"Location": f"{listener.url}/_control/credentials"}, b"")

    with pytest.raises(GraphUnreachableError):
        client(admin_token="emulator:", graph_url=graph.url, aws=AwsSettings("eu-central-1", graph.url)).get("1")

    assert listener.heard == []


# --- what is logged ------------------------------------------------------------------------------


def test_debug_logs_of_every_library_show_no_secret(
    graph: Listener, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    monkeypatch.setenv("PYTHONVERBOSE", "2")
    heard = io.StringIO()
    root = logging.getLogger()
    handler = logging.StreamHandler(heard)
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    payload = json.dumps({"state": "active", "access_token": CANARY})
    aws = AwsSettings("eu-central-1", graph.url)
    arn = f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/x-{'A' * 6}"
    graph.answer = (
        200,
        {},
        json.dumps({"ARN": arn, "SecretString": payload, "CreatedDate": 1, "VersionStages": []}).encode(),
    )
    try:
        found = client(graph_url=graph.url, aws=aws)
        sink: SecretStore = store_for(aws)
        found.get("1")
        plain = graph.answer
        graph.answer = (200, {}, json.dumps([{"code": 200, "headers": [], "body": "{}"}]).encode())
        TokenIssuer(found)._client.get("debug_token", {"input_token": CANARY}, in_batch=True)
        graph.answer = plain
        sink.put(arn, "v" * 32, payload, "META_G1")
        sink.read(arn, "v" * 32)
        client(admin_token="secret:meta/x", graph_url=graph.url, aws=aws).get("1")
        with pytest.raises(GraphUnreachableError):
            client(graph_url="http://127.0.0.1:1", aws=aws).post("1", {"secret": CANARY}, once=True)
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    printed = capfd.readouterr()

    assert len(graph.heard) >= 5
    for text in (heard.getvalue(), printed.out, printed.err):
        assert CANARY not in text, MAY_NOT
        assert APP_SECRET not in text, MAY_NOT


def test_what_somebody_logs_by_hand_is_masked() -> None:
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.addFilter(redaction.RedactingFilter())
    logger = logging.getLogger("somebody")
    logger.addHandler(handler)

    logger.warning("sent %s", {"access_token": CANARY})

    logger.removeHandler(handler)
    assert CANARY not in heard.getvalue()


# --- what is imported ----------------------------------------------------------------------------


def test_only_what_is_meant_to_be_there_can_be_imported_from_the_project(tmp_path: Path) -> None:
    from tools.workspace import shadows

    for file in (
        *("__main__.py", "components/x.py", "meta_access/__init__.py", "tools/a/b.py", "tests/conftest.py"),
        *("stacks/Pulumi.dev.yaml", "docs/examples/one/__main__.py", "build/lib/meta_access/x.py", "json/data.json"),
        *("my-notes/x.py", ".hidden/x.py", "__pycache__/__main__.cpython-311.pyc"),
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert shadows.found(tmp_path) == []

    foreign = [
        "requests.py",  # a dependency's name
        "secrets.py",  # the standard library's
        "simplejson.py",  # what a library asks for where it is there
        "sitecustomize.py",
        "usercustomize.pyc",
        "boto3.cpython-311-x86_64-linux-gnu.so",
        "yaml.abi3.so",
        "components/late.pyc",
        "meta_access/fast.so",
        "stacks/x.py",
        "docs/__init__.pyc",
    ]
    for file in foreign:
        (tmp_path / file).touch()
    for package in ("pulumi/__init__.py", "google/protobuf/message.py", "six/deep/er/x.pyc"):
        (tmp_path / package).parent.mkdir(parents=True)
        (tmp_path / package).touch()

    assert shadows.found(tmp_path) == sorted([*foreign, "google", "pulumi", "six"])


def test_what_a_link_leads_to_and_what_says_it_is_an_installed_package_are_named(tmp_path: Path) -> None:
    from tools.workspace import shadows

    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "docs" / "deep" / "x.py").touch()
    for folder in ("components", "google", "data", "notes.d", "meta_access.egg-info"):
        (tmp_path / folder).mkdir()
    (tmp_path / "data" / "rows.csv").touch()
    (tmp_path / "components" / "late").symlink_to(tmp_path / "docs" / "deep")
    (tmp_path / "google" / "protobuf").symlink_to(tmp_path / "docs" / "deep")
    (tmp_path / "grpc").symlink_to(tmp_path / "docs")
    (tmp_path / "pulumi_random-9.9.9.dist-info").mkdir()
    (tmp_path / "evil.egg-info").touch()

    assert shadows.found(tmp_path) == [
        "components/late",
        "evil.egg-info",
        "google",
        "grpc",
        "pulumi_random-9.9.9.dist-info",
    ]


def test_a_compiled_file_that_is_run_without_a_look_at_its_source_is_named(tmp_path: Path) -> None:
    from tools.workspace import shadows

    source = tmp_path / "components" / "gate_board.py"
    source.parent.mkdir()
    source.write_text("x = 1\n")
    mode = py_compile.PycInvalidationMode
    py_compile.compile(str(source), invalidation_mode=mode.TIMESTAMP)
    assert shadows.found(tmp_path) == []
    py_compile.compile(str(source), invalidation_mode=mode.CHECKED_HASH)
    assert shadows.found(tmp_path) == []

    made = py_compile.compile(str(source), invalidation_mode=mode.UNCHECKED_HASH)

    assert made is not None
    assert shadows.found(tmp_path) == [str(Path(made).relative_to(tmp_path))]


def test_this_checkout_shadows_nothing() -> None:
    from tools.workspace import shadows
    from tools.workspace.environment import ROOT

    assert shadows.found(ROOT) == []


def test_the_environment_of_the_targets_has_no_import_path_of_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.workspace.environment import environment

    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE"):
        monkeypatch.setenv(name, "/somebody")

    for stack in ("dev", "prod"):
        assert "/somebody" not in environment(None, stack).values()
