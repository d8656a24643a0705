"""Requests that AWS refuses by their form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.aws.bench import FAKE_TOKEN, post, refusal, value

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.emulator.aws.bench import Bench

V1 = "1" * 32
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
# Assembled here, so that nothing in the repository looks like a token.
REAL = "EAA" + "B" * 30


@pytest.mark.parametrize("operation", ["CreateSecret", "PutSecretValue", "UpdateSecret", "RotateSecret"])
def test_raw_http_needs_a_client_request_token(bench: Bench, operation: str) -> None:
    status, body = post(bench.url, operation, {"Name": "s", "SecretId": "s", "SecretString": "one"})

    assert (status, body["__type"]) == (400, "InvalidRequestException")


@pytest.mark.parametrize("token", ["short", "x" * 65])
def test_a_client_request_token_has_32_to_64_characters(bench: Bench, token: str) -> None:
    # boto3 checks the shorter one itself, hence raw HTTP.
    status, body = post(bench.url, "CreateSecret", {"Name": "s", "SecretString": "one", "ClientRequestToken": token})

    assert (status, body["__type"]) == (400, "InvalidParameterException")


@pytest.mark.parametrize("name", ["with space", "a:b", "ä", "a!b", "x" * 513])
def test_a_name_holds_512_of_the_allowed_characters(sm: SecretsManagerClient, name: str) -> None:
    assert refusal(lambda: sm.create_secret(Name=name, SecretString="one")) == "ValidationException"
    assert sm.list_secrets()["SecretList"] == []


def test_every_allowed_character_is_taken(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="aZ09/_+=.@-", SecretString="one")

    assert value(sm, "aZ09/_+=.@-") == "one"


def test_a_value_has_65536_bytes_not_characters(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="x" * 65536)

    assert refusal(lambda: sm.put_secret_value(SecretId="s", SecretString="x" * 65537)) == "ValidationException"
    assert refusal(lambda: sm.put_secret_value(SecretId="s", SecretString="ä" * 32769)) == "ValidationException"
    assert refusal(lambda: sm.put_secret_value(SecretId="s", SecretBinary=b"x" * 65537)) == "ValidationException"


def test_text_and_binary_together_are_refused(sm: SecretsManagerClient) -> None:
    code = refusal(lambda: sm.create_secret(Name="s", SecretString="one", SecretBinary=b"one"))

    assert code == "InvalidParameterException"


def test_more_than_twenty_labels_in_one_put_are_refused(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one")
    many = [f"L{number}" for number in range(21)]

    code = refusal(lambda: sm.put_secret_value(SecretId="s", SecretString="two", VersionStages=many))

    assert code == "ValidationException"


def test_a_secret_has_fifty_tags(sm: SecretsManagerClient) -> None:
    def tags(numbers: range) -> list[Any]:
        return [{"Key": f"k{number}", "Value": "v"} for number in numbers]

    assert refusal(lambda: sm.create_secret(Name="t", Tags=tags(range(51)))) == "InvalidParameterException"
    sm.create_secret(Name="s", SecretString="one", Tags=tags(range(50)))
    assert refusal(lambda: sm.tag_resource(SecretId="s", Tags=tags(range(50, 51)))) == "InvalidParameterException"

    sm.tag_resource(SecretId="s", Tags=[{"Key": "k0", "Value": "changed"}])

    held = {tag["Key"]: tag["Value"] for tag in sm.describe_secret(SecretId="s")["Tags"]}
    assert (len(held), held["k0"]) == (50, "changed")


@pytest.mark.parametrize("tag", [{"Key": "k" * 129, "Value": "v"}, {"Key": "k", "Value": "v" * 257}])
def test_a_tag_of_the_wrong_length_is_refused(sm: SecretsManagerClient, tag: dict[str, str]) -> None:
    assert refusal(lambda: sm.create_secret(Name="s", Tags=[tag])) == "ValidationException"  # type: ignore[list-item]


def test_a_reserved_tag_is_refused(sm: SecretsManagerClient) -> None:
    code = refusal(lambda: sm.create_secret(Name="s", Tags=[{"Key": "aws:mine", "Value": "v"}]))

    assert code == "InvalidParameterException"


@pytest.mark.parametrize(
    "key", ["alias/no-such-key", "no-such-key", "arn:aws:kms:eu-central-1:123456789012:alias/nope"]
)
def test_an_unknown_key_is_refused(sm: SecretsManagerClient, key: str) -> None:
    assert refusal(lambda: sm.create_secret(Name="s", KmsKeyId=key)) == "InvalidParameterException"
    sm.create_secret(Name="s", SecretString="one")
    assert refusal(lambda: sm.update_secret(SecretId="s", KmsKeyId=key)) == "InvalidParameterException"


@pytest.mark.parametrize("key", [KEY, KEY.rpartition("/")[2], "alias/meta-prod"])
def test_a_key_id_or_an_alias_of_ours_is_taken_and_shown(sm: SecretsManagerClient, key: str) -> None:
    sm.create_secret(Name="s", SecretString="one", KmsKeyId=key)

    assert sm.describe_secret(SecretId="s")["KmsKeyId"] == key
    assert sm.list_secret_version_ids(SecretId="s")["Versions"][0]["KmsKeyIds"] == [key]


def test_the_managed_key_is_not_shown(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", KmsKeyId="alias/aws/secretsmanager")

    assert "KmsKeyId" not in sm.describe_secret(SecretId="s")


@pytest.mark.parametrize(
    "given",
    [
        {"SecretString": REAL},
        {"SecretString": json.dumps({"access_token": REAL})},
        {"SecretString": json.dumps({"note": f"{FAKE_TOKEN} and {REAL}"})},
        {"SecretBinary": REAL.encode()},
        {"Description": f"token {REAL}"},
        {"Tags": [{"Key": "token", "Value": REAL}]},
    ],
)
def test_what_looks_like_a_real_token_is_refused_stored_nowhere_and_not_repeated(
    bench: Bench, sm: SecretsManagerClient, given: dict[str, Any]
) -> None:
    with pytest.raises(sm.exceptions.InvalidParameterException, match="real Meta access token") as caught:
        sm.create_secret(Name="s", **given)

    assert REAL not in str(caught.value)
    assert sm.list_secrets()["SecretList"] == []
    assert not bench.state_file.exists() or REAL not in bench.state_file.read_text()


def test_a_word_that_happens_to_start_like_a_token_is_taken(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="EAA is a prefix, so is XEAA" + "B" * 30)

    assert value(sm, "s").startswith("EAA is")


def test_a_malformed_policy_is_refused(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one")
    public = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})

    assert (
        refusal(lambda: sm.put_resource_policy(SecretId="s", ResourcePolicy="{")) == "MalformedPolicyDocumentException"
    )
    assert (
        refusal(lambda: sm.put_resource_policy(SecretId="s", ResourcePolicy=public, BlockPublicPolicy=True))
        == "PublicPolicyException"
    )
    sm.put_resource_policy(SecretId="s", ResourcePolicy=public)
    assert sm.get_resource_policy(SecretId="s")["ResourcePolicy"] == public


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("DescribeSecret", {"SecretId": 5}, "SerializationException"),
        ("DescribeSecret", {}, "ValidationException"),
        ("DescribeSecret", [], "SerializationException"),
        ("DescribeSecret", b"{", "SerializationException"),
        ("DescribeSecret", b"[" * 100_000, "SerializationException"),
        ("DescribeSecret", b"\xff", "SerializationException"),
        ("PutSecretValue", {"SecretId": "s", "VersionStages": "AWSCURRENT"}, "SerializationException"),
        ("CreateSecret", {"Name": "s", "ClientRequestToken": V1, "SecretBinary": "?"}, "SerializationException"),
        ("CreateSecret", {"Name": "s", "ClientRequestToken": V1, "Tags": [{"Key": 1}]}, "ValidationException"),
        ("ListSecrets", {"Filters": [{"Key": "name", "Values": 5}]}, "SerializationException"),
        ("RotateSecret", {"SecretId": "s", "ClientRequestToken": V1, "RotationRules": []}, "SerializationException"),
        ("ListSecrets", {"MaxResults": 101}, "ValidationException"),
        ("GetRandomPassword", {"PasswordLength": 5000}, "ValidationException"),
        ("ReplicateSecretToRegions", {"SecretId": "s"}, "ValidationException"),
        ("ReplicateSecretToRegions", {"SecretId": "s", "AddReplicaRegions": []}, "ValidationException"),
        ("ReplicateSecretToRegions", {"SecretId": "s", "AddReplicaRegions": [{"Region": 5}]}, "SerializationException"),
        ("RemoveRegionsFromReplication", {"SecretId": "s", "RemoveReplicaRegions": [5]}, "SerializationException"),
        ("ValidateResourcePolicy", {"ResourcePolicy": "{}"}, "UnknownOperationException"),
        ("NoSuchOperation", {}, "UnknownOperationException"),
    ],
)
def test_a_malformed_request_is_refused_without_a_server_error(
    bench: Bench, operation: str, body: object, code: str
) -> None:
    status, answer = post(bench.url, operation, body)

    assert (status, answer["__type"]) == (400, code)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("Bearer x", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=A/20261124/../secretsmanager/aws4_request", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=A/20261124/eu-central-1/sts/aws4_request", "InvalidSignatureException"),
    ],
)
def test_a_signature_for_something_else_is_refused(bench: Bench, authorization: str, code: str) -> None:
    # The signature itself is not checked.
    status, answer = post(bench.url, "ListSecrets", {}, Authorization=authorization)

    assert (status, answer["__type"]) == (400, code)


def test_a_body_beyond_a_mebibyte_is_refused(bench: Bench) -> None:
    status, answer = post(bench.url, "ListSecrets", b" " * 1_048_577)

    assert (status, answer["__type"]) == (413, "RequestEntityTooLargeException")
