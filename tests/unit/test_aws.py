"""AWS's own trouble: each kind in one sentence with its remedy, through both doors to Secrets Manager."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.httpsession
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError, SSLError
from moto import mock_aws

from meta_access.aws import secrets_manager, trouble
from meta_access.connection import AwsSettings
from meta_access.endpoints import proxy
from meta_access.errors import (
    ConfigError,
    MetaAccessError,
    SecretDeniedError,
    SecretNotFoundError,
    SecretStoreError,
    SecretUnreachableError,
)
from meta_access.stack.credentials import Credentials
from meta_access.tokens.store import SecretStore, store_for
from tests.connections import MAIN
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REGION = "eu-central-1"
OWN = AwsSettings(region=REGION)
LOGIN = "Log in again: `aws sso login"


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home without AWS, in which nothing may be asked of a network."""
    for name in (
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "META_ACCESS_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    program = tmp_path / "program"
    program.write_text(
        "#!/bin/sh\n"
        "if [ $# = 0 ]; then echo not json; exit; fi\n"
        'echo \'{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c", '
        '"Expiration": "2020-01-01T00:00:00Z"}\'\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "config").write_text(
        f"""
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Ops
[sso-session corp]
sso_region = {REGION}
sso_start_url = https://corp.awsapps.example/start
[profile failing]
credential_process = /bin/false
[profile nowhere]
credential_process = /no/such/program
[profile babbling]
credential_process = {program}
[profile unclosed]
credential_process = "/bin/echo
[profile listing]
credential_process = /bin/echo [1]
[profile waiting]
credential_process = /bin/sleep 1000
[profile through]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = waiting
[profile half]
aws_access_key_id = AKIAEXAMPLE
[profile ended]
credential_process = {program} ended
[profile loop]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = orphan
[profile orphan]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = gone
[profile rolling]
role_arn = arn:aws:iam::123456789012:role/x
[profile nobody]
role_arn = arn:aws:iam::123456789012:role/x
credential_source = Environment
[profile metal]
role_arn = arn:aws:iam::123456789012:role/x
credential_source = Ec2InstanceMetadata
[profile nonsense]
role_arn = arn:aws:iam::123456789012:role/x
credential_source = Nonsense
[profile nosession]
sso_session = gone
sso_account_id = 123456789012
sso_role_name = Ops
[profile cli]
login_session = arn:aws:iam::123456789012:user/me
[profile token]
role_arn = arn:aws:iam::123456789012:role/x
web_identity_token_file = /no/token
[profile odd]
retry_mode = sometimes
defaults_mode = odd
"""
    )
    return tmp_path


def by_the_store() -> None:
    # Not `store_for`, which keeps its clients.
    SecretStore(secrets_manager(REGION, None), REGION).describe("meta/prod/x")


def by_the_credentials() -> None:
    real = replace(MAIN, graph_url="https://graph.facebook.com", aws=OWN, admin_token="secret:meta/prod/root")
    Credentials(real).admin_token()


BOTH = [by_the_store, by_the_credentials]


@pytest.mark.parametrize("door", BOTH)
@pytest.mark.parametrize(
    ("variables", "said", "remedy"),
    [
        (
            {"AWS_PROFILE": "nope"},
            "the AWS profile nope (AWS_PROFILE) is not in the AWS config files",
            "Unset AWS_PROFILE",
        ),
        ({"AWS_PROFILE": "sso"}, "nobody is logged in to AWS for the AWS profile sso", LOGIN + " --profile sso`"),
        ({"AWS_PROFILE": "failing"}, "the AWS profile failing gave no AWS credentials (custom-process", "by hand"),
        (
            {"AWS_PROFILE": "nowhere"},
            "the AWS profile nowhere cannot be used: /no/such/program is not",
            "credential_pr",
        ),
        (
            {"AWS_PROFILE": "babbling"},
            "the AWS credentials of the AWS profile babbling cannot be read",
            "one JSON object",
        ),
        ({"AWS_PROFILE": "unclosed"}, "AWS profile unclosed cannot be read (ValueError)", "credential_process by hand"),
        ({"AWS_PROFILE": "listing"}, "of the AWS profile listing cannot be read (AttributeError)", "one JSON object"),
        ({"AWS_PROFILE": "waiting"}, "credential_process did not end within 0 s and was stopped", "must ask nobody"),
        ({"AWS_PROFILE": "through"}, "credential_process did not end within 0 s and was stopped", "must ask nobody"),
        (
            {"AWS_PROFILE": "half"},
            "half a pair: aws_secret_access_key is missing in the AWS profile half",
            "Write aws_access_key_id and aws_secret_access_key into it",
        ),
        ({"AWS_PROFILE": "orphan"}, "has a setting that cannot be used (InvalidConfigError)", "--profile orphan"),
        (
            {"AWS_PROFILE": "rolling"},
            "the AWS profile rolling takes a role (role_arn) and does not say with whose credentials",
            "Write source_profile or credential_source into it",
        ),
        ({"AWS_PROFILE": "nobody"}, "nobody gave no AWS credentials (Environment failed)", "What its credential_so"),
        (
            {"AWS_PROFILE": "metal"},
            "gave no AWS credentials (Ec2InstanceMetadata failed)",
            "What its credential_source",
        ),
        ({"AWS_PROFILE": "nonsense"}, "has a setting that cannot be used (InvalidConfigError)", "--profile nonsense"),
        ({"AWS_PROFILE": "nosession"}, "has a setting that cannot be used (InvalidConfigError)", "--profile nosession"),
        (
            {"AWS_PROFILE": "cli"},
            "the AWS profile cli logs in in a way that needs the AWS CLI (login_session)",
            '`eval "$(aws configure export-credentials --profile cli --format env)"`',
        ),
        ({"AWS_PROFILE": "token"}, "the AWS profile token cannot be used: /no/token is not", "AWS_WEB_IDENTITY_TOKEN"),
        (
            {"AWS_PROFILE": "ended"},
            "of the AWS profile ended have ended, and what renews them",
            LOGIN + " --profile ended`",
        ),
        ({"AWS_PROFILE": "loop"}, "the AWS profile loop or a variable AWS_… has a setting", "another profile"),
        (
            {"AWS_ACCESS_KEY_ID": "AKIA\n", "AWS_SECRET_ACCESS_KEY": "x"},
            "AWS_ACCESS_KEY_ID of the AWS",
            "the bare value",
        ),
        (
            {"AWS_SESSION_TOKEN": "a\u200bb"},
            "AWS_SESSION_TOKEN of the AWS credentials has a line break",
            "the bare value",
        ),
        ({"AWS_PROFILE": "odd"}, "has a setting that cannot be used (InvalidDefaultsMode)", "take another profile"),
        ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}, "half a pair: AWS_SECRET_ACCESS_KEY is missing", "Set both"),
        ({"AWS_SECRET_ACCESS_KEY": "x"}, "there are no AWS credentials", "Log in to AWS in this shell first"),
        ({}, "there are no AWS credentials", "Log in to AWS in this shell first"),
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/token", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x"},
            "the default AWS profile cannot be used: /no/token is not there",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
        ),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/token"}, "cannot be used (InvalidConfigError)", "aws sts get-caller-id"),
    ],
)
def test_a_broken_aws_configuration_is_one_sentence_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, door: Callable[[], None], variables: dict[str, str], said: str, remedy: str
) -> None:
    if "did not end" in said:  # a busy machine takes longer to start the processes that do
        monkeypatch.setattr("meta_access.aws.PROCESS_TIMEOUT_S", 0.1)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SecretDeniedError) as failed:
        door()

    assert said in str(failed.value)
    assert remedy in str(failed.value)
    assert "network" not in str(failed.value)
    assert "\n" not in str(failed.value)
    assert failed.value.__cause__ is None


@pytest.mark.parametrize("door", BOTH)
@pytest.mark.parametrize("name", ["config", "credentials"])
@pytest.mark.parametrize("text", ["this is [not ini", "\udcff[x]", "[profile x]\n[profile x]\n"])
def test_a_broken_config_file_is_named(shell: Path, door: Callable[[], None], name: str, text: str) -> None:
    (shell / name).write_text(text, errors="surrogateescape")

    with pytest.raises(
        SecretDeniedError, match=re.escape(f"the AWS config file {shell / name} cannot be read. Mend it")
    ):
        door()


@pytest.mark.parametrize("door", BOTH)
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "the session of these AWS credentials has ended. Log in again"),
        ("ExpiredTokenException", "the session of these AWS credentials has ended. Log in again"),
        ("InvalidClientTokenId", "AWS does not know these AWS credentials: the key was deleted"),
        ("UnrecognizedClientException", "AWS does not know these AWS credentials: the key was deleted"),
        ("IncompleteSignature", "the AWS credentials are incomplete or hold a foreign character"),
    ],
)
def test_refused_credentials_are_not_blamed_on_policies(
    monkeypatch: pytest.MonkeyPatch, door: Callable[[], None], code: str, said: str
) -> None:
    refuse(monkeypatch, code, "DescribeSecret" if door is by_the_store else "GetSecretValue")

    with pytest.raises(SecretDeniedError, match=re.escape(said)) as failed:
        door()

    assert "polic" not in str(failed.value)
    assert "GetSecretValue" not in str(failed.value)


@pytest.mark.parametrize("door", BOTH)
@pytest.mark.parametrize(
    ("operation", "code", "said"),
    [
        ("AssumeRole", "AccessDenied", "AWS gave no credentials, since AssumeRole was refused (AccessDenied). Compare"),
        (
            "AssumeRole",
            "ExpiredToken",
            "AssumeRole was refused (ExpiredToken): the session of these AWS credentials has",
        ),
        ("AssumeRoleWithWebIdentity", "InvalidIdentityToken", "was refused (InvalidIdentityToken). Compare role_arn"),
        ("GetRoleCredentials", "ForbiddenException", "GetRoleCredentials was refused (ForbiddenException). Log in"),
        # Never "the secret does not exist": this is said of the role.
        (
            "GetRoleCredentials",
            "ResourceNotFoundException",
            "GetRoleCredentials was refused (ResourceNotFoundException)",
        ),
        ("GetRoleCredentials", "InvalidRequestException", "GetRoleCredentials was refused (InvalidRequestException)"),
    ],
)
def test_a_refusal_of_what_gives_the_credentials_says_nothing_about_the_secret(
    monkeypatch: pytest.MonkeyPatch, door: Callable[[], None], operation: str, code: str, said: str
) -> None:
    refuse(monkeypatch, code, operation)

    with pytest.raises(SecretDeniedError, match=re.escape(said)):
        door()


def refuse(monkeypatch: pytest.MonkeyPatch, code: str, operation: str) -> None:
    class Refusing:
        def answer(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "about a secret value"}}, operation)

        describe_secret = get_secret_value = answer

    monkeypatch.setattr("meta_access.aws.secrets_manager", lambda *_: Refusing())
    monkeypatch.setitem(globals(), "secrets_manager", lambda *_: Refusing())


def test_a_missing_secret_stays_a_missing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "ResourceNotFoundException", "DescribeSecret")

    with pytest.raises(SecretNotFoundError):
        by_the_store()


def test_a_code_that_nobody_can_type_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mfa")

    # What botocore's prompt ends with in a job.
    found = trouble(EOFError())

    assert not lacks(found.why, "profile mfa", "MFA code")
    assert found.ours is True


def test_a_character_that_no_header_takes_is_not_blamed_on_the_network() -> None:
    found = trouble(HTTPClientError(error=ValueError("Invalid header value b'canary'")))

    assert not lacks(found.why, "default AWS profile", "character")
    assert "canary" not in f"{found}"
    assert found.ours is True


def test_a_certificate_that_a_variable_spoils_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/bundle")

    found = trouble(SSLError(endpoint_url="https://secretsmanager.eu-central-1.amazonaws.com", error=OSError()))

    assert found.remedy == "Check AWS_CA_BUNDLE, or unset it, then run again."
    assert found.ours is False


def test_a_proxy_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "bogus:::")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    with pytest.raises(SecretDeniedError, match="HTTPS_PROXY is not the address of a proxy"):
        by_the_store()


HOSTILE = {
    "AWS_PROFILE": "corp-admin",
    "AWS_DEFAULT_PROFILE": "corp-admin",
    "AWS_ACCESS_KEY_ID": "AKIA" + "REALREALREALREAL",
    "AWS_SESSION_TOKEN": "real-session",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_DEFAULTS_MODE": "odd",
    "AWS_RETRY_MODE": "odd",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_STS_REGIONAL_ENDPOINTS": "odd",
    "AWS_CA_BUNDLE": "/no/bundle",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/token",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_DATA_PATH": "/no/models",
    "META_ACCESS_PROXY": "http://127.0.0.1:1",
}


@pytest.mark.parametrize("text", ["", "this is [not ini"])
def test_a_loopback_endpoint_looks_at_no_aws_configuration(
    monkeypatch: pytest.MonkeyPatch, shell: Path, text: str
) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    (shell / "config").write_text(text or "[profile corp-admin]\ncredential_process = /bin/false\n")
    (shell / "credentials").write_text(text)

    made = secrets_manager(REGION, "http://127.0.0.1:8766")

    held = cast("Any", made)._request_signer._credentials
    assert (held.access_key, held.secret_key, held.token) == ("emulator", "emulator", None)
    assert made.meta.endpoint_url == "http://127.0.0.1:8766"
    assert cast("Any", made.meta.config).proxies == {}


@pytest.mark.parametrize("host", ["sts.mars-1.amazonaws.com", "portal.sso.mars-1.amazonaws.com"])
def test_who_was_to_give_the_credentials_is_named_where_it_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mars")

    found = trouble(EndpointConnectionError(endpoint_url=f"https://{host}/"))

    assert not lacks(found.why, host, "EndpointConnectionError")
    assert not lacks(found.remedy, "region", "AWS profile mars")


def test_a_login_that_has_ended_is_said_so(monkeypatch: pytest.MonkeyPatch, shell: Path) -> None:
    name = hashlib.sha1(b"corp").hexdigest()  # botocore's name of the file
    cache = shell / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    ended = {"accessToken": "canary", "expiresAt": "2020-01-01T00:00:00Z", "startUrl": "https://corp.awsapps.example"}
    (cache / f"{name}.json").write_text(json.dumps(ended))
    monkeypatch.setenv("AWS_PROFILE", "sso")

    with pytest.raises(SecretDeniedError, match="nobody is logged in to AWS for the AWS profile sso, or the login"):
        by_the_store()


def test_a_network_that_is_not_there_is_no_matter_of_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = AwsSettings(REGION, "http://127.0.0.1:1")

    with pytest.raises(SecretUnreachableError, match=r"no usable answer .*Check the network, the region and the endp"):
        store_for(aws).describe("meta/x")


# --- the proxy -----------------------------------------------------------------------------------


def test_certificates_that_the_runner_names_are_trusted_for_aws_and_not_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = str(shutil.copy(botocore.httpsession.where(), tmp_path / "all.pem"))
    monkeypatch.setenv("META_ACCESS_CA_BUNDLE", named)

    assert cast("Any", secrets_manager(REGION, None))._endpoint.http_session._verify == named
    assert cast("Any", secrets_manager(REGION, "http://127.0.0.1:1"))._endpoint.http_session._verify != named

    monkeypatch.setenv("META_ACCESS_CA_BUNDLE", "/no/such/file")
    with pytest.raises(ConfigError, match="META_ACCESS_CA_BUNDLE: names no file of certificates that can be read"):
        secrets_manager(REGION, None)
    secrets_manager(REGION, "http://127.0.0.1:1")


def test_the_proxy_of_the_runner_serves_aws_and_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("META_ACCESS_PROXY", "http://runner:hunter2@127.0.0.1:1/")
    made = secrets_manager(REGION, None)
    config = cast("Any", made.meta.config)

    assert config.proxies == {
        "http": "http://runner:hunter2@127.0.0.1:1",
        "https": "http://runner:hunter2@127.0.0.1:1",
    }
    with pytest.raises(MetaAccessError, match=r"the proxy of META_ACCESS_PROXY was not reached") as failed:
        SecretStore(made, REGION).describe("meta/x")
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize(
    "text",
    [
        "proxy.example:3128",
        "socks5://proxy.example:1080",
        "http://proxy.example",
        "http://:3128",
        "http://proxy.example:port",
        "http://proxy.example:3128/path",
        "http://proxy.example:3128?x=hunter2",
        "http://proxy.example:3128#hunter2",
        "http://proxy.example:3128\nX-Evil: hunter2",
        "http://hunter2\u200b@proxy.example:3128",
        "http://[::1:3128",
    ],
)
def test_a_proxy_that_is_none_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("META_ACCESS_PROXY", text)

    with pytest.raises(
        ConfigError, match=r"META_ACCESS_PROXY: is not the address of a proxy\. Fix: write it like"
    ) as no:
        secrets_manager(REGION, None)

    assert "hunter2" not in str(no.value)


@pytest.mark.parametrize("text", ["", "  "])
def test_no_proxy_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("META_ACCESS_PROXY", text)

    assert proxy() is None


# --- replicas ------------------------------------------------------------------------------------


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name=REGION)


@pytest.mark.parametrize("code", ["InvalidParameterException", "InvalidRequestException"])
def test_replicas_that_keep_a_secret_from_its_deletion_are_named_with_the_way_out(
    vault: Any, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    text, regions = json.dumps({}), [{"Region": "eu-west-1"}, {"Region": "us-east-1"}]
    arn = vault.create_secret(Name="meta/prod/x", SecretString=text, AddReplicaRegions=regions)["ARN"]
    made = secrets_manager(REGION, None)

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DeleteSecret")

    monkeypatch.setattr(made, "delete_secret", refuse)
    with pytest.raises(SecretStoreError) as failed:
        SecretStore(made, REGION).schedule_deletion(arn, 7)

    assert not lacks(failed.value, "eu-west-1, us-east-1")
    assert (
        f"aws secretsmanager remove-regions-from-replication --region eu-central-1 --secret-id {arn} "
        "--remove-replica-regions eu-west-1 us-east-1"
    ) in str(failed.value)


def test_another_refusal_of_a_deletion_is_not_blamed_on_replicas(vault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = vault.create_secret(Name="meta/prod/x", SecretString="{}", AddReplicaRegions=[{"Region": "eu-west-1"}])["ARN"]
    made = secrets_manager(REGION, None)

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DeleteSecret")

    monkeypatch.setattr(made, "delete_secret", refuse)
    with pytest.raises(SecretDeniedError, match="a policy does not allow it"):
        SecretStore(made, REGION).schedule_deletion(arn, 7)
