"""Deletion, rotation and pruning."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.emulator.aws.bench import labels, refusal, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.emulator.aws.bench import Bench

V1, V2, V3 = "1" * 32, "2" * 32, "3" * 32
DAY = 86_400


@pytest.fixture
def scheduled(sm: SecretsManagerClient) -> SecretsManagerClient:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1, Tags=[{"Key": "k", "Value": "v"}])
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["META_G2"])
    sm.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    return sm


@pytest.mark.parametrize("given", [{"SecretString": "one", "ClientRequestToken": V1}, {"SecretString": "other"}, {}])
def test_create_over_a_scheduled_name_is_an_invalid_request(
    scheduled: SecretsManagerClient, given: dict[str, str]
) -> None:
    assert refusal(lambda: scheduled.create_secret(Name="s", **given)) == "InvalidRequestException"  # type: ignore[arg-type]


CALLS: dict[str, Callable[[SecretsManagerClient], object]] = {
    "put": lambda sm: sm.put_secret_value(SecretId="s", SecretString="x"),
    "promote": lambda sm: sm.update_secret_version_stage(
        SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2
    ),
    "tag": lambda sm: sm.tag_resource(SecretId="s", Tags=[{"Key": "k", "Value": "changed"}]),
    "untag": lambda sm: sm.untag_resource(SecretId="s", TagKeys=["k"]),
    "policy": lambda sm: sm.put_resource_policy(SecretId="s", ResourcePolicy='{"Statement":[{"Effect":"Deny"}]}'),
    "update": lambda sm: sm.update_secret(SecretId="s", Description="x"),
    "get": lambda sm: sm.get_secret_value(SecretId="s"),
    "get by version": lambda sm: sm.get_secret_value(SecretId="s", VersionId=V2),
    "get by label": lambda sm: sm.get_secret_value(SecretId="s", VersionStage="AWSPENDING"),
    "delete": lambda sm: sm.delete_secret(SecretId="s"),
    "rotate": lambda sm: sm.rotate_secret(SecretId="s"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_scheduled_secret_refuses_and_stays_as_it_is(
    scheduled: SecretsManagerClient, call: Callable[[SecretsManagerClient], object]
) -> None:
    before = scheduled.describe_secret(SecretId="s")

    assert refusal(lambda: call(scheduled)) == "InvalidRequestException"

    after = scheduled.describe_secret(SecretId="s")
    assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}


def test_a_scheduled_secret_is_described_with_its_date_and_restored_whole(scheduled: SecretsManagerClient) -> None:
    described = scheduled.describe_secret(SecretId="s")
    assert described["DeletedDate"] == datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    assert scheduled.list_secrets()["SecretList"] == []
    assert len(scheduled.list_secrets(IncludePlannedDeletion=True)["SecretList"]) == 1

    scheduled.restore_secret(SecretId="s")

    assert "DeletedDate" not in scheduled.describe_secret(SecretId="s")
    assert labels(scheduled, "s") == {V1: ["AWSCURRENT"], V2: ["META_G2"]}
    assert value(scheduled, "s") == "one"


def test_the_window_is_thirty_days_unless_said_otherwise(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one")

    deleted = sm.delete_secret(SecretId="s")

    assert deleted["DeletionDate"] == datetime(2026, 12, 24, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("given", [{"RecoveryWindowInDays": 6}, {"RecoveryWindowInDays": 31}])
def test_a_window_outside_seven_to_thirty_days_is_refused(sm: SecretsManagerClient, given: dict[str, int]) -> None:
    sm.create_secret(Name="s", SecretString="one")

    assert refusal(lambda: sm.delete_secret(SecretId="s", **given)) == "InvalidParameterException"  # type: ignore[arg-type]


def test_a_secret_is_gone_when_the_emulators_clock_passes_its_date(
    bench: Bench, scheduled: SecretsManagerClient
) -> None:
    bench.clock.advance(7 * DAY - 1)
    assert "DeletedDate" in scheduled.describe_secret(SecretId="s")

    bench.clock.advance(1)

    assert refusal(lambda: scheduled.describe_secret(SecretId="s")) == "ResourceNotFoundException"
    arn = scheduled.create_secret(Name="s", SecretString="another")["ARN"]
    assert value(scheduled, arn) == "another"


def test_a_forced_deletion_is_at_once_and_repeatable(sm: SecretsManagerClient) -> None:
    old = sm.create_secret(Name="s", SecretString="one")["ARN"]
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)

    new = sm.create_secret(Name="s", SecretString="two")["ARN"]

    assert new != old
    assert refusal(lambda: sm.describe_secret(SecretId=old)) == "ResourceNotFoundException"


def test_rotation_without_a_function_is_refused_and_changes_nothing(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    assert refusal(lambda: sm.rotate_secret(SecretId="s")) == "InvalidRequestException"

    assert labels(sm, "s") == {V1: ["AWSCURRENT"]}
    assert value(sm, "s") == "one"


def test_rotation_while_another_version_is_pending_is_refused_and_changes_nothing(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["AWSPENDING"])
    function = "arn:aws:lambda:eu-central-1:123456789012:function:rotate"

    assert refusal(lambda: sm.rotate_secret(SecretId="s", RotationLambdaARN=function)) == "InvalidRequestException"

    assert labels(sm, "s") == {V1: ["AWSCURRENT"], V2: ["AWSPENDING"]}


def test_rotation_by_a_function_that_cannot_be_called_is_refused_and_changes_nothing(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    function = "arn:aws:lambda:eu-central-1:123456789012:function:rotate"

    assert refusal(lambda: sm.rotate_secret(SecretId="s", RotationLambdaARN=function)) == "AccessDeniedException"

    assert labels(sm, "s") == {V1: ["AWSCURRENT"]}


def test_more_than_a_hundred_versions_push_out_old_ones_without_label(bench: Bench, sm: SecretsManagerClient) -> None:
    # Simplified: the oldest goes exactly when room is needed, never earlier.
    sm.create_secret(Name="s", SecretString="0", ClientRequestToken=V1)
    for number in range(99):
        sm.put_secret_value(SecretId="s", SecretString=str(number), ClientRequestToken=f"{number:032}")
    assert (
        refusal(lambda: sm.put_secret_value(SecretId="s", SecretString="x", ClientRequestToken=V2))
        == "LimitExceededException"
    )

    bench.clock.advance(DAY)
    sm.put_secret_value(SecretId="s", SecretString="x", ClientRequestToken=V2)

    assert labels(sm, "s") == {f"{98:032}": ["AWSPREVIOUS"], V2: ["AWSCURRENT"]}
    assert refusal(lambda: sm.get_secret_value(SecretId="s", VersionId=V1)) == "InvalidRequestException"
    assert value(sm, "s", VersionId=f"{0:032}") == "0"


def test_rotation_under_the_token_of_a_version_is_refused_and_keeps_its_value(
    bench: Bench, sm: SecretsManagerClient
) -> None:
    function = "arn:aws:lambda:eu-central-1:123456789012:function:rotate"
    bench.door.functions.add(function, "http://127.0.0.1:1")
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    def rotate() -> object:
        return sm.rotate_secret(SecretId="s", RotationLambdaARN=function, ClientRequestToken=V1)

    assert refusal(rotate) == "ResourceExistsException"

    assert (labels(sm, "s"), value(sm, "s")) == ({V1: ["AWSCURRENT"]}, "one")
    assert "RotationEnabled" not in sm.describe_secret(SecretId="s")


def test_rotation_is_turned_off_where_there_is_any(bench: Bench, sm: SecretsManagerClient) -> None:
    function = "arn:aws:lambda:eu-central-1:123456789012:function:rotate"
    bench.door.functions.add(function, "http://127.0.0.1:1")
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    assert refusal(lambda: sm.cancel_rotate_secret(SecretId="s")) == "InvalidRequestException"
    sm.rotate_secret(SecretId="s", RotationLambdaARN=function, ClientRequestToken=V2)

    cancelled = sm.cancel_rotate_secret(SecretId="s")

    described = sm.describe_secret(SecretId="s")
    assert cancelled["Name"] == "s"
    assert (described["RotationEnabled"], described["RotationLambdaARN"]) == (False, function)
    assert labels(sm, "s") == {V1: ["AWSCURRENT"], V2: ["AWSPENDING"]}
