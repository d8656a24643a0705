from __future__ import annotations

import base64
import http.server
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from meta_access import aws
from meta_access.errors import (
    ConfigError,
    GraphUnreachableError,
    SecretNotFoundError,
    SecretScheduledForDeletionError,
    SecretStoreError,
    SecretUnreachableError,
)
from meta_access.redaction import scrub
from meta_access.stack import credentials
from meta_access.stack.connections import AwsSettings, Connection
from meta_access.stack.credentials import Credentials, credentials_for
from tests.connections import LOOPBACK, MAIN
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "EAA" + "EMU" + "adminadminadmin"
SECRET = "EAA" + "EMU" + "appsecretappsecret"
REGION = "eu-central-1"
OWN = AwsSettings(region=REGION, endpoint_url=None, kms_key=None)


def connection(
    admin_token: str = "env:META_ADMIN_TOKEN",
    app_secret: str = "env:META_APP_SECRET",
    graph_url: str = "http://127.0.0.1:8765",
    aws: AwsSettings = LOOPBACK,
) -> Connection:
    return replace(MAIN, graph_url=graph_url, app_secret=app_secret, admin_token=admin_token, aws=aws)


def real(admin_token: str) -> Credentials:
    return Credentials(connection(admin_token, graph_url="https://graph.facebook.com", aws=OWN))


# --- env -----------------------------------------------------------------------------------------


def test_env_references_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ADMIN_TOKEN", f" {TOKEN}\n")
    monkeypatch.setenv("META_APP_SECRET", SECRET)
    found = Credentials(connection())

    assert found.admin_token().get_secret_value() == TOKEN
    assert found.app_secret().get_secret_value() == SECRET
    assert TOKEN not in repr(found) + repr(found.admin_token())


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_missing_variable_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("META_ADMIN_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("META_ADMIN_TOKEN", value)

    with pytest.raises(ConfigError) as refused:
        Credentials(connection()).admin_token()

    assert not lacks(refused.value.problems[0], "meta:connections.main.admin_token", "export META_ADMIN_TOKEN")


def test_a_value_is_kept_until_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ADMIN_TOKEN", TOKEN + "1")
    found = Credentials(connection())
    assert found.admin_token().get_secret_value() == TOKEN + "1"
    monkeypatch.setenv("META_ADMIN_TOKEN", TOKEN + "2")
    assert found.admin_token().get_secret_value() == TOKEN + "1"

    found.forget()

    assert found.admin_token().get_secret_value() == TOKEN + "2"


def test_a_pasted_secret_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="may be the secret itself") as refused:
        Credentials(connection(TOKEN)).admin_token()

    assert TOKEN not in str(refused.value)


def test_an_identity_must_have_been_looked_up() -> None:
    with pytest.raises(ConfigError, match="was not looked up"):
        Credentials(connection("identity:root")).admin_token()


def test_nothing_is_resolved_for_a_mixed_pair_of_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ADMIN_TOKEN", TOKEN)

    with pytest.raises(ConfigError, match="does not go with"):
        Credentials(connection(graph_url="https://graph.evil.example", aws=OWN)).admin_token()


def test_a_connection_has_one_set_of_credentials_per_process() -> None:
    assert credentials_for(connection()) is credentials_for(connection())
    assert credentials_for(connection()) is not credentials_for(connection("env:META_OTHER"))


# --- Secrets Manager -----------------------------------------------------------------------------


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name=REGION)


def test_an_aws_secret_is_read_by_arn_and_key(vault: Any) -> None:
    arn = vault.create_secret(Name="meta/prod/app", SecretString=json.dumps({"app_secret": SECRET}))["ARN"]

    assert real(f"aws-secret:{arn}#app_secret").admin_token().get_secret_value() == SECRET


def test_an_identity_is_read_from_the_current_version_of_its_secret(vault: Any) -> None:
    vault.create_secret(Name="meta/prod/root", SecretString=json.dumps({"state": "active", "access_token": TOKEN}))
    vault.put_secret_value(SecretId="meta/prod/root", SecretString="{}", VersionStages=["META_G2"])

    assert real("secret:meta/prod/root").admin_token().get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("payload", "part"),
    [
        ('{"state": "empty", "generation": 0}', "holds no active token"),
        ('{"state": "retired", "access_token": "x"}', "holds no active token"),
        ('{"state": "active"}', "has no text under access_token"),
        ('{"access_token": 5}', "has no text under access_token"),
        ("[]", "holds no JSON object"),
        ("plain", "holds no JSON object"),
    ],
)
def test_a_secret_without_an_active_token_is_refused(vault: Any, payload: str, part: str) -> None:
    vault.create_secret(Name="meta/prod/root", SecretString=payload)

    with pytest.raises(ConfigError, match=part):
        real("secret:meta/prod/root").admin_token()


def test_an_absent_secret_is_named(vault: Any) -> None:
    with pytest.raises(SecretNotFoundError, match=r"admin_token: reading secret meta/prod/none was refused"):
        real("secret:meta/prod/none").admin_token()


def test_a_secret_that_waits_for_its_deletion_is_named(vault: Any) -> None:
    vault.create_secret(Name="meta/prod/root", SecretString="{}")
    vault.delete_secret(SecretId="meta/prod/root", RecoveryWindowInDays=7)

    with pytest.raises((SecretScheduledForDeletionError, SecretNotFoundError), match="meta/prod/root"):
        real("secret:meta/prod/root").admin_token()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ResourceNotFoundException", "SecretNotFoundError"),
        ("AccessDeniedException", "SecretDeniedError"),
        ("DecryptionFailure", "SecretDeniedError"),
        ("InvalidRequestException", "SecretScheduledForDeletionError"),
        ("InternalServiceError", "SecretUnreachableError"),
        ("ThrottlingException", "SecretUnreachableError"),
    ],
)
def test_refusals_of_secrets_manager_keep_their_meaning(monkeypatch: pytest.MonkeyPatch, code: str, name: str) -> None:
    class Refusing:
        def get_secret_value(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": code, "Message": f"about {TOKEN}"}}, "GetSecretValue")

    monkeypatch.setattr(aws, "secrets_manager", lambda *_: Refusing())

    with pytest.raises(SecretStoreError, match=code) as refused:
        real("secret:meta/prod/root").admin_token()

    assert type(refused.value).__name__ == name
    assert TOKEN not in str(refused.value)


def test_an_unreachable_secrets_manager_is_named(unused_port: int) -> None:
    aws = AwsSettings(region=REGION, endpoint_url=f"http://127.0.0.1:{unused_port}", kms_key=None)

    with pytest.raises(SecretUnreachableError, match="EndpointConnectionError"):
        Credentials(connection("secret:meta/dev/root", aws=aws)).admin_token()


# --- values that were pasted ---------------------------------------------------------------------

HEX = "f1e2d3c4b5a69788" * 2
UNCLEAN = [
    ("{0}\n{0}", "has a line break in it"),
    ("{0}\r\n{0}", "has a line break in it"),
    ("{0} {0}", "has a blank in it"),
    ("{0}\t{0}", "has a blank in it"),
    ("{0}\u00a0{0}", "has a blank in it"),
    ("{0}\u200b", "has U+200B (zero width space) in it"),
    ("{0}\u2060{0}", "has U+2060 (word joiner) in it"),
    ("\ufeff{0}", "has U+FEFF (zero width no-break space) in it"),
    ("{0}\x07", "has U+0007 (a control character) in it"),
    ("{0}\x1b[31m", "has U+001B (a control character) in it"),
    ("{0}\u202e", "has U+202E (right-to-left override) in it"),
    ("{0}\u0430", "has U+0430 (cyrillic small letter a) in it"),
    ('"{0}"', "stands in quotes"),
    ("'{0}'", "stands in quotes"),
    ('{0}"', "has a quotation mark in it"),
    ("\u201c{0}\u201d", "has a quotation mark in it"),
    ('{{"app_secret":"{0}"}}', "is JSON, where the bare value is meant"),
    ('{{"token": "{0}"}}', "is JSON, where the bare value is meant"),
    ('["{0}"]', "is JSON, where the bare value is meant"),
    ("META_APP_SECRET={0}", "is NAME=value or a reference, where the bare value is meant"),
    ("export META_APP_SECRET={0}", "is NAME=value or a reference, where the bare value is meant"),
    ('META_APP_SECRET="{0}"', "is NAME=value or a reference, where the bare value is meant"),
    ("access_token: {0}", "is NAME=value or a reference, where the bare value is meant"),
    ("env:META_APP_SECRET", "is NAME=value or a reference, where the bare value is meant"),
    ("https://graph.facebook.com/?access_token={0}", "is NAME=value or a reference, where the bare value is meant"),
    ("Bearer {0}", "has the word Bearer in front"),
    ("bearer%20{0}", "has the word Bearer in front"),
    ("OAuth {0}", "has the word Oauth in front"),
    ("{0}\x00", "has U+0000 (a control character) in it"),
    ("{0}\u00e9", "has U+00E9 (latin small letter e with acute) in it"),
    ("{0},{0}", "has a character that no token has in it"),
    ("{0}\\n", "has a character that no token has in it"),
]


def shown(value: str) -> list[str]:
    """Every form in which a text could give the value away."""
    raw = value.encode()
    coded = [base64.b64encode(bytes(lead) + raw).decode()[4 if lead else 0 : -4] for lead in range(3)]
    return [value, repr(value)[1:-1], *coded]


@pytest.mark.parametrize("form", ["{0}\n", " {0}", "\r\n{0}\t", "{0}\u2028"])
@pytest.mark.parametrize("name", ["env", "aws-secret"])
def test_blanks_around_a_value_are_taken_away(
    vault: Any, monkeypatch: pytest.MonkeyPatch, name: str, form: str
) -> None:
    arn = vault.create_secret(Name="meta/prod/app", SecretString=json.dumps({"app_secret": form.format(HEX)}))["ARN"]
    monkeypatch.setenv("META_APP_SECRET", form.format(HEX))
    reference = {"env": "env:META_APP_SECRET", "aws-secret": f"aws-secret:{arn}#app_secret"}[name]

    assert real(reference).admin_token().get_secret_value() == HEX


@pytest.mark.parametrize("value", [HEX, TOKEN])
@pytest.mark.parametrize(("form", "reason"), UNCLEAN)
def test_an_unclean_value_is_refused_by_its_reference_and_not_repeated(
    vault: Any, monkeypatch: pytest.MonkeyPatch, form: str, reason: str, value: str
) -> None:
    pasted = form.format(value)
    arn = vault.create_secret(Name="meta/prod/app", SecretString=json.dumps({"app_secret": pasted}))["ARN"]
    references = [f"aws-secret:{arn}#app_secret"]
    if "\0" not in pasted:  # which no variable can hold
        monkeypatch.setenv("META_APP_SECRET", pasted)
        references.append("env:META_APP_SECRET")

    for reference in references:
        with pytest.raises(ConfigError) as refused:
            real(reference).admin_token()

        assert not lacks(refused.value.problems[0], "meta:connections.main.admin_token", reference, reason)
    # Whatever another library says of it is masked, too; a reference in the value's place holds none.
    if value in pasted:
        quoted = scrub(f"Invalid header value {pasted!r} {value} {base64.b64encode(b'x|' + value.encode()).decode()}")
        for given in shown(value):
            assert given not in quoted


@pytest.mark.parametrize("ending", ["", "\n"])
@pytest.mark.parametrize("value", [HEX, TOKEN, "120480000000201|abcDEF_-x"])
def test_base64_of_a_value_is_refused_as_that(monkeypatch: pytest.MonkeyPatch, value: str, ending: str) -> None:
    coded = base64.b64encode(f"{value}{ending}".encode()).decode()
    for given in (coded, coded.rstrip("="), coded.replace("+", "-").replace("/", "_")):
        monkeypatch.setenv("META_APP_SECRET", given)

        with pytest.raises(ConfigError, match="the value of env:META_APP_SECRET is base64 of the value") as refused:
            real("env:META_APP_SECRET").admin_token()

        assert given not in str(refused.value)
        assert value not in str(refused.value)


@pytest.mark.parametrize("value", ["EAA" + "Bx9" * 20 + "ZD", "EAA" + "Gq" * 40, "0123456789abcdef" * 2, "1|a=", "a=="])
def test_what_meta_gives_out_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("META_APP_SECRET", value)

    assert real("env:META_APP_SECRET").admin_token().get_secret_value() == value


@pytest.mark.parametrize("text", ["\ufeff{}", "[" * 100_000, '{{"app_secret": "{}\n"}}', "{}"])
def test_a_whole_value_that_is_no_json_object_is_not_repeated(vault: Any, text: str) -> None:
    arn = vault.create_secret(Name="meta/prod/app", SecretString=text.replace("{}", HEX))["ARN"]

    with pytest.raises(ConfigError, match="holds no JSON object") as refused:
        real(f"aws-secret:{arn}#app_secret").admin_token()

    assert HEX not in str(refused.value)


# --- Emulator ------------------------------------------------------------------------------------


@pytest.fixture
def unused_port() -> int:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        return server.server_address[1]


@pytest.fixture
def emulator() -> Iterator[Callable[[int, bytes], str]]:
    """Starts a server that gives one answer to everything; returns its URL."""
    servers = []

    def start(status: int, body: bytes) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status if self.path == "/_control/credentials" else 404)
                self.send_header("Location", "/_control/credentials")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


OFFERED = {"app_id": "120480000000201", "app_secret": SECRET, "business_id": "178000000000101", "admin_token": TOKEN}


def test_the_emulator_gives_its_fake_credentials(
    emulator: Callable[[int, bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    url = emulator(200, json.dumps(OFFERED).encode())
    found = Credentials(connection("emulator:", "emulator:", url))

    assert found.admin_token().get_secret_value() == TOKEN
    assert found.app_secret().get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({**OFFERED, "app_id": "1"}, "runs another app than 120480000000201"),
        ({"app_id": "120480000000201"}, "is not this emulator"),
        ({"app_id": "120480000000201", "admin_token": 5}, "is not this emulator"),
    ],
)
def test_another_servers_answer_is_refused(
    emulator: Callable[[int, bytes], str], body: dict[str, object], part: str
) -> None:
    with pytest.raises(ConfigError, match=part):
        Credentials(connection("emulator:", graph_url=emulator(200, json.dumps(body).encode()))).admin_token()


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"{}"), (500, b"{}"), (302, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b"")]
)
def test_what_is_not_the_emulator_is_said_so(emulator: Callable[[int, bytes], str], status: int, body: bytes) -> None:
    with pytest.raises(GraphUnreachableError, match="meta-access emulator") as refused:
        Credentials(connection("emulator:", graph_url=emulator(status, body))).admin_token()

    assert refused.value.sent is False


def test_an_emulator_that_is_not_running_is_said_so(unused_port: int) -> None:
    with pytest.raises(GraphUnreachableError, match=r"ConnectionRefusedError.*Start it with"):
        Credentials(connection("emulator:", graph_url=f"http://127.0.0.1:{unused_port}")).admin_token()


def test_emulator_credentials_are_for_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_ALLOW_GRAPH_HOST", "emulator.example+aws")

    with pytest.raises(ConfigError, match="works on this machine only"):
        Credentials(connection("emulator:", graph_url="http://emulator.example", aws=OWN)).admin_token()


# --- verify tokens of webhooks -------------------------------------------------------------------


def test_a_verify_token_is_read_from_its_own_key_of_a_secret_and_hidden(
    vault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_APP_SECRET", SECRET)
    held = json.dumps({"verify_token": " chosen-for-the-hook \n", "access_token": TOKEN})
    arn = vault.create_secret(Name="meta/prod/hook", SecretString=held)["ARN"]
    at_meta = connection(graph_url="https://graph.facebook.com", aws=OWN)

    found = credentials.verify_token(f"aws-secret:{arn}#verify_token", at_meta)

    assert found.get_secret_value() == "chosen-for-the-hook"
    assert scrub("it is chosen-for-the-hook") == "it is [redacted]"
    with pytest.raises(ConfigError, match="is no reference to a verify token"):
        credentials.verify_token(f"aws-secret:{arn}#access_token", at_meta)


def test_no_verify_token_is_read_for_a_pair_of_endpoints_that_does_not_go_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("META_VERIFY_TOKEN", "chosen")
    with pytest.raises(ConfigError, match="does not go with Secrets Manager at AWS's own endpoint"):
        credentials.verify_token("env:META_VERIFY_TOKEN", connection(aws=OWN))
