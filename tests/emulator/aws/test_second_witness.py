"""What moto, another's Secrets Manager, does as AWS does: both answer an ordinary life of a secret alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import boto3
import moto

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from mypy_boto3_secretsmanager import SecretsManagerClient

V1, V2 = "1" * 32, "2" * 32
POLICY = '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}'


def life(sm: SecretsManagerClient) -> Iterator[Any]:
    tags: Any = [{"Key": "meta-tokens:stack", "Value": "dev"}]
    by_tag: Any = [{"Key": "tag-key", "Values": ["meta-tokens:stack"]}]
    yield sm.create_secret(Name="meta/dev/s", SecretString="one", ClientRequestToken=V1, Description="d", Tags=tags)
    yield sm.put_secret_value(
        SecretId="meta/dev/s", SecretString="two", ClientRequestToken=V2, VersionStages=["META_G2"]
    )
    yield sm.get_secret_value(SecretId="meta/dev/s")
    yield sm.get_secret_value(SecretId="meta/dev/s", VersionStage="META_G2")
    yield sm.update_secret_version_stage(
        SecretId="meta/dev/s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2
    )
    yield sm.get_secret_value(SecretId="meta/dev/s", VersionStage="AWSPREVIOUS")
    yield sm.describe_secret(SecretId="meta/dev/s")
    yield sm.tag_resource(SecretId="meta/dev/s", Tags=[{"Key": "meta-tokens:claim", "Value": "ours"}])
    yield sm.untag_resource(SecretId="meta/dev/s", TagKeys=["meta-tokens:stack"])
    yield sm.list_secrets(Filters=by_tag)
    yield sm.list_secrets()
    yield sm.put_resource_policy(SecretId="meta/dev/s", ResourcePolicy=POLICY)
    yield sm.get_resource_policy(SecretId="meta/dev/s")
    yield sm.delete_secret(SecretId="meta/dev/s", RecoveryWindowInDays=7)
    yield sm.restore_secret(SecretId="meta/dev/s")
    yield sm.delete_secret(SecretId="meta/dev/s", ForceDeleteWithoutRecovery=True)
    yield sm.list_secrets()


def compared(shown: Any) -> Any:
    """An answer without what differs from call to call: dates, an ARN's suffix, the order of labels."""
    if isinstance(shown, dict):
        kept = {key: held for key, held in shown.items() if key != "ResponseMetadata" and not key.endswith("Date")}
        return {key: compared(held) for key, held in kept.items()}
    if isinstance(shown, list):
        found = [compared(held) for held in shown]
        return sorted(found) if all(isinstance(held, str) for held in found) else found
    return re.sub(r"(secret:meta/dev/s)-\w{6}$", r"\1", shown) if isinstance(shown, str) else shown


def test_an_ordinary_life_is_answered_as_moto_answers_it(
    sm: SecretsManagerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with moto.mock_aws():
        theirs = [compared(answer) for answer in life(boto3.client("secretsmanager", region_name="eu-central-1"))]

    assert [compared(answer) for answer in life(sm)] == theirs
