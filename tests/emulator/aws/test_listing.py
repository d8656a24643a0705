"""Lists, their pages and filters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.aws.bench import client, post, refusal

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.emulator.aws.bench import Bench

SIGNED = "AWS4-HMAC-SHA256 Credential=A/20261124/eu-central-1/secretsmanager/aws4_request"
V1, V2, V3 = "1" * 32, "2" * 32, "3" * 32


def test_versions_are_listed_with_the_arn_and_the_dates_they_were_made(bench: Bench, sm: SecretsManagerClient) -> None:
    arn = sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)["ARN"]
    bench.clock.advance(60)
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2)
    bench.clock.advance(3600)

    listed = sm.list_secret_version_ids(SecretId="s")

    assert (listed["ARN"], listed["Name"]) == (arn, "s")
    assert "NextToken" not in listed
    assert [(v["VersionId"], v["CreatedDate"], v["KmsKeyIds"]) for v in listed["Versions"]] == [
        (V1, datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC), ["DefaultEncryptionKey"]),
        (V2, datetime(2026, 11, 24, 8, 1, 0, tzinfo=UTC), ["DefaultEncryptionKey"]),
    ]


def test_versions_are_listed_in_pages(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    for version, label in ((V2, "A"), (V3, "B")):
        sm.put_secret_value(SecretId="s", SecretString=version, ClientRequestToken=version, VersionStages=[label])

    first = sm.list_secret_version_ids(SecretId="s", MaxResults=2)
    second = sm.list_secret_version_ids(SecretId="s", MaxResults=2, NextToken=first["NextToken"])

    assert [v["VersionId"] for v in first["Versions"]] == [V1, V2]
    assert [v["VersionId"] for v in second["Versions"]] == [V3]
    assert "NextToken" not in second


@pytest.mark.parametrize("operation", ["list_secrets", "list_secret_version_ids", "batch_get_secret_value"])
def test_a_broken_next_token_is_refused(sm: SecretsManagerClient, operation: str) -> None:
    sm.create_secret(Name="s", SecretString="one")
    given: dict[str, dict[str, Any]] = {
        "list_secrets": {},
        "list_secret_version_ids": {"SecretId": "s"},
        "batch_get_secret_value": {"Filters": [{"Key": "name", "Values": ["s"]}]},
    }

    assert (
        refusal(lambda: getattr(sm, operation)(NextToken="broken", **given[operation])) == "InvalidNextTokenException"
    )


def test_secrets_are_listed_by_tag_and_page(sm: SecretsManagerClient) -> None:
    # The orphans command depends on it.
    for name in ("a", "b", "c"):
        sm.create_secret(Name=name, SecretString="x", Tags=[{"Key": "meta-tokens:stack", "Value": "dev"}])
    sm.create_secret(Name="other", SecretString="x")

    first = sm.list_secrets(Filters=[{"Key": "tag-key", "Values": ["meta-tokens:stack"]}], MaxResults=2)
    second = sm.list_secrets(
        Filters=[{"Key": "tag-key", "Values": ["meta-tokens:stack"]}], MaxResults=2, NextToken=first["NextToken"]
    )

    assert [secret["Name"] for secret in first["SecretList"] + second["SecretList"]] == ["a", "b", "c"]
    assert "NextToken" not in second


def test_regions_are_apart(bench: Bench, sm: SecretsManagerClient) -> None:
    west = client(bench.url, "us-west-2")
    sm.create_secret(Name="s", SecretString="central")

    arn = west.create_secret(Name="s", SecretString="west")["ARN"]

    assert arn.startswith("arn:aws:secretsmanager:us-west-2:123456789012:secret:s-")
    assert west.get_secret_value(SecretId="s")["SecretString"] == "west"
    assert sm.get_secret_value(SecretId="s")["SecretString"] == "central"
    assert refusal(lambda: sm.get_secret_value(SecretId=arn)) == "ResourceNotFoundException"


def test_describe_and_list_show_only_fields_that_have_a_value(bench: Bench, sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1, Description="d")
    common = {"ARN", "Name", "Description", "CreatedDate", "LastChangedDate"}

    _, described = post(bench.url, "DescribeSecret", {"SecretId": "s"}, Authorization=SIGNED)
    _, listed = post(bench.url, "ListSecrets", {}, Authorization=SIGNED)

    assert described.keys() == common | {"VersionIdsToStages"}
    assert listed.keys() == {"SecretList"}
    assert listed["SecretList"][0].keys() == common | {"SecretVersionsToStages"}


@pytest.mark.parametrize(
    ("key", "values", "found"),
    [
        ("name", ["meta/"], ["meta/dev/Reporting"]),
        ("name", ["Meta/"], []),
        ("name", ["!meta/"], ["OtherThing", "my/odd_one"]),
        ("tag-key", ["own"], ["meta/dev/Reporting"]),
        ("tag-value", ["ag", "x"], ["meta/dev/Reporting"]),
        ("description", ["SPEND daily"], ["meta/dev/Reporting"]),
        ("all", ["thing"], ["OtherThing"]),
        ("all", ["meta/dev/rep"], ["meta/dev/Reporting"]),
        ("all", ["dev"], ["meta/dev/Reporting"]),
        ("all", ["odd"], []),
        ("all", ["my"], ["my/odd_one"]),
        ("all", ["AGENCY"], ["meta/dev/Reporting"]),
        ("owning-service", ["rds"], []),
    ],
)
def test_secrets_are_found_by_filter(sm: SecretsManagerClient, key: str, values: list[str], found: list[str]) -> None:
    # The words of a text with one kind of mark are its parts, and begin at capitals; with two kinds it is one word.
    sm.create_secret(
        Name="meta/dev/Reporting",
        Description="daily spend",
        Tags=[{"Key": "owner", "Value": "agency"}],
        SecretString="x",
    )
    sm.create_secret(Name="OtherThing", SecretString="x")
    sm.create_secret(Name="my/odd_one", SecretString="x")
    filters: Any = [{"Key": key, "Values": values}]

    assert [secret["Name"] for secret in sm.list_secrets(Filters=filters)["SecretList"]] == found


def test_filters_hold_together_and_an_unknown_one_is_refused(bench: Bench, sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="a", SecretString="x", Tags=[{"Key": "k", "Value": "v"}])
    sm.create_secret(Name="b", SecretString="x")
    both: Any = [{"Key": "name", "Values": ["a", "b"]}, {"Key": "tag-key", "Values": ["k"]}]

    assert [secret["Name"] for secret in sm.list_secrets(Filters=both)["SecretList"]] == ["a"]
    _, refused = post(bench.url, "ListSecrets", {"Filters": [{"Key": "colour", "Values": ["red"]}]})
    assert refused["__type"] == "ValidationException"
    _, refused = post(bench.url, "ListSecrets", {"Filters": [{"Values": ["red"]}]})
    assert refused["__type"] == "InvalidParameterException"
