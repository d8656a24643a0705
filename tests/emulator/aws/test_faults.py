"""Injected faults, as the vault meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from meta_access.errors import SecretUnreachableError
from meta_access.tokens.store import SecretStore
from tests.emulator.aws.bench import client, labels, refusal, value

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.emulator.aws.bench import Bench

V1, V2, V3 = "1" * 32, "2" * 32, "3" * 32


@pytest.fixture
def one(sm: SecretsManagerClient) -> SecretsManagerClient:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    return sm


def put_two(sm: SecretsManagerClient) -> object:
    return sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["META_G2"])


def fault(bench: Bench, kind: str, operation: str, **options: Any) -> Any:
    return bench.faults.add({"service": "secretsmanager", "operation": operation, "kind": kind, **options})


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "ThrottlingException"), (500, "InternalServiceError"), (400, "AccessDeniedException")],
)
def test_an_aws_error_can_be_injected_for_one_operation(
    bench: Bench, one: SecretsManagerClient, status: int, code: str
) -> None:
    struck = fault(bench, "http", "PutSecretValue", status=status, body={"__type": code, "Message": "injected"})

    with pytest.raises(ClientError) as caught:
        put_two(one)

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert "date" in caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert labels(one, "s") == {V1: ["AWSCURRENT"]}
    assert struck.hits == 1
    assert ("PutSecretValue", status, code) in bench.journalled()


def test_boto3_gets_over_throttling(bench: Bench, one: SecretsManagerClient) -> None:
    fault(bench, "http", "PutSecretValue", times=1, status=400, body={"__type": "ThrottlingException"})

    put_two(client(bench.url, attempts=2))

    assert labels(one, "s") == {V1: ["AWSCURRENT"], V2: ["META_G2"]}


def test_an_error_after_the_write_leaves_it_written(bench: Bench, one: SecretsManagerClient) -> None:
    fault(bench, "http", "PutSecretValue", status=500, body={"__type": "InternalServiceError"}, applied=True)

    with pytest.raises(ClientError):
        put_two(one)

    assert labels(one, "s")[V2] == ["META_G2"]
    put_two(one)


def test_a_connection_cut_before_the_call_writes_nothing(bench: Bench, one: SecretsManagerClient) -> None:
    fault(bench, "drop_before", "PutSecretValue")

    with pytest.raises(ConnectionClosedError):
        put_two(one)

    assert labels(one, "s") == {V1: ["AWSCURRENT"]}
    assert ("PutSecretValue", 0, None) in bench.journalled()


def test_a_connection_cut_after_the_call_leaves_it_written(bench: Bench, one: SecretsManagerClient) -> None:
    fault(bench, "drop_after", "UpdateSecretVersionStage")
    put_two(one)

    def promote() -> object:
        return one.update_secret_version_stage(
            SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2
        )

    with pytest.raises(ConnectionClosedError):
        promote()

    assert value(one, "s") == "two"
    assert refusal(promote) == "InvalidParameterException"


def test_a_hanging_answer_meets_the_clients_time_limit(bench: Bench, one: SecretsManagerClient) -> None:
    fault(bench, "hang", "DescribeSecret", seconds=30)
    hasty = client(bench.url, read_timeout=0.2)

    with pytest.raises(ReadTimeoutError):
        hasty.describe_secret(SecretId="s")

    bench.faults.clear()


def test_garbage_reaches_the_caller_as_an_answer_without_its_fields(bench: Bench, one: SecretsManagerClient) -> None:
    # boto3 raises nothing for a 200 that is not JSON; whoever reads the answer has to look.
    fault(bench, "garbage", "DescribeSecret")

    assert "ARN" not in one.describe_secret(SecretId="s")


def test_a_web_page_in_answer_to_a_write_of_tags_is_not_taken_for_done(bench: Bench, one: SecretsManagerClient) -> None:
    arn = one.describe_secret(SecretId="s")["ARN"]
    store = SecretStore(one, "eu-central-1")
    fault(bench, "garbage", "TagResource")

    with pytest.raises(SecretUnreachableError, match=r"^Tagging secret .* \(not an answer of Secrets Manager\)"):
        store.tag(arn, {"meta-tokens:claim": "ours"})
    store.tag(arn, {"meta-tokens:claim": "ours"})

    assert store.describe(arn).tags == {"meta-tokens:claim": "ours"}


def test_the_nth_call_is_struck(bench: Bench, one: SecretsManagerClient) -> None:
    fault(bench, "http", "DescribeSecret", nth=2, status=500, body={"__type": "InternalServiceError"})

    one.describe_secret(SecretId="s")
    with pytest.raises(ClientError):
        one.describe_secret(SecretId="s")
    one.describe_secret(SecretId="s")


def test_describe_and_get_can_lie_writes_behind(bench: Bench, one: SecretsManagerClient) -> None:
    put_two(one)
    one.put_secret_value(SecretId="s", SecretString="three", ClientRequestToken=V3)

    fault(bench, "stale", "DescribeSecret", writes=1)
    fault(bench, "stale", "GetSecretValue", writes=2)

    assert labels(one, "s") == {V1: ["AWSCURRENT"], V2: ["META_G2"]}
    assert value(one, "s") == "one"
    assert refusal(lambda: one.get_secret_value(SecretId="s", VersionId=V2)) == "ResourceNotFoundException"
    bench.faults.clear()
    assert labels(one, "s") == {V1: ["AWSPREVIOUS"], V2: ["META_G2"], V3: ["AWSCURRENT"]}


def test_a_write_that_changed_nothing_does_not_count_as_one_to_lie_behind(
    bench: Bench, one: SecretsManagerClient
) -> None:
    put_two(one)
    put_two(one)

    fault(bench, "stale", "DescribeSecret", writes=1)

    assert labels(one, "s") == {V1: ["AWSCURRENT"]}


def test_a_stale_read_may_not_know_the_secret_yet(bench: Bench, one: SecretsManagerClient) -> None:
    arn = one.describe_secret(SecretId="s")["ARN"]
    fault(bench, "stale", "DescribeSecret", writes=1)

    assert refusal(lambda: one.describe_secret(SecretId="s")) == "ResourceNotFoundException"
    assert refusal(lambda: one.describe_secret(SecretId=arn)) == "ResourceNotFoundException"


def test_a_stale_read_may_still_know_a_deleted_secret(bench: Bench, one: SecretsManagerClient) -> None:
    arn = one.describe_secret(SecretId="s")["ARN"]
    one.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    fault(bench, "stale", "DescribeSecret", writes=1)

    assert one.describe_secret(SecretId=arn)["Name"] == "s"


def test_a_stale_list_shows_each_secret_as_it_was(bench: Bench, one: SecretsManagerClient) -> None:
    one.tag_resource(SecretId="s", Tags=[{"Key": "team", "Value": "ads"}])
    one.create_secret(Name="later", SecretString="x")
    fault(bench, "stale", "ListSecrets", writes=1)

    assert [(row["Name"], row.get("Tags")) for row in one.list_secrets()["SecretList"]] == [("s", None)]


def test_reads_behind_by_time_catch_up_when_the_clock_moves(bench: Bench, one: SecretsManagerClient) -> None:
    bench.clock.advance(60)
    put_two(one)
    fault(bench, "stale", "DescribeSecret", ms=30_000)
    assert labels(one, "s") == {V1: ["AWSCURRENT"]}

    bench.clock.advance(31)

    assert labels(one, "s") == {V1: ["AWSCURRENT"], V2: ["META_G2"]}


def test_writes_are_never_stale(bench: Bench, one: SecretsManagerClient) -> None:
    put_two(one)
    bench.faults.add({"service": "secretsmanager", "kind": "stale", "writes": 1})

    one.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2)

    bench.faults.clear()
    assert labels(one, "s") == {V1: ["AWSPREVIOUS"], V2: ["AWSCURRENT", "META_G2"]}


def test_latency_comes_on_top(bench: Bench, one: SecretsManagerClient) -> None:
    struck = fault(bench, "latency", "DescribeSecret", ms=1)

    one.describe_secret(SecretId="s")

    assert struck.hits == 1


def test_the_journal_names_operations_and_errors_and_no_values(bench: Bench, one: SecretsManagerClient) -> None:
    refusal(lambda: one.get_secret_value(SecretId="s", VersionId=V2))

    assert bench.journalled() == [
        ("CreateSecret", 200, None),
        ("GetSecretValue", 400, "ResourceNotFoundException"),
    ]
    assert [(call.service, call.method) for call in bench.journal.calls()] == [("secretsmanager", "POST")] * 2
