"""Replicas in other regions, as AWS's pages and users' reports have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import SecretStoreError
from meta_access.tokens.store import SecretStore
from tests.emulator.aws.bench import client, labels, refusal, refusal_in_words, served, value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.emulator.aws.bench import Bench

V1, V2 = "1" * 32, "2" * 32
IN_SYNC = {"Status": "InSync", "StatusMessage": "Replication succeeded"}
ON_A_REPLICA = (
    "InvalidParameterException",
    "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
)


@pytest.fixture
def ireland(bench: Bench) -> SecretsManagerClient:
    return client(bench.url, "eu-west-1")


@pytest.fixture
def arn(sm: SecretsManagerClient) -> str:
    """A secret of eu-central-1 with a replica in eu-west-1."""
    made = sm.create_secret(
        Name="s",
        SecretString="one",
        ClientRequestToken=V1,
        Tags=[{"Key": "k", "Value": "v"}],
        AddReplicaRegions=[{"Region": "eu-west-1"}],
    )
    assert made["ReplicationStatus"] == [
        {"Region": "eu-west-1", "KmsKeyId": "alias/aws/secretsmanager", "Status": "InProgress"}
    ]
    return made["ARN"]


def there(arn: str) -> str:
    return arn.replace("eu-central-1", "eu-west-1")


def test_a_replica_has_all_of_its_primary_but_the_region(
    sm: SecretsManagerClient, ireland: SecretsManagerClient, arn: str
) -> None:
    primary, replica = sm.describe_secret(SecretId="s"), ireland.describe_secret(SecretId=there(arn))

    assert primary["ReplicationStatus"] == [{"Region": "eu-west-1", "KmsKeyId": "alias/aws/secretsmanager", **IN_SYNC}]
    assert (primary["ARN"], primary["PrimaryRegion"]) == (arn, "eu-central-1")
    assert (replica["ARN"], replica["Name"], replica["PrimaryRegion"]) == (there(arn), "s", "eu-central-1")
    assert (replica["Tags"], replica["VersionIdsToStages"]) == ([{"Key": "k", "Value": "v"}], {V1: ["AWSCURRENT"]})
    assert "ReplicationStatus" not in replica
    assert value(ireland, "s") == "one"
    assert refusal(lambda: ireland.describe_secret(SecretId=arn)) == "ResourceNotFoundException"


def test_what_changes_changes_everywhere(sm: SecretsManagerClient, ireland: SecretsManagerClient, arn: str) -> None:
    policy = '{"Statement":[{"Effect":"Deny"}]}'
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["META_G2"])
    sm.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2)
    sm.tag_resource(SecretId="s", Tags=[{"Key": "k", "Value": "w"}])
    sm.put_resource_policy(SecretId="s", ResourcePolicy=policy)

    assert value(ireland, "s") == "two"
    assert labels(ireland, "s") == {V1: ["AWSPREVIOUS"], V2: ["AWSCURRENT", "META_G2"]}
    assert ireland.describe_secret(SecretId="s")["Tags"] == [{"Key": "k", "Value": "w"}]
    assert ireland.get_resource_policy(SecretId="s")["ResourcePolicy"] == policy


WRITES: dict[str, Callable[[SecretsManagerClient], object]] = {
    "put": lambda there: there.put_secret_value(SecretId="s", SecretString="two"),
    "update": lambda there: there.update_secret(SecretId="s", Description="d"),
    "move": lambda there: there.update_secret_version_stage(SecretId="s", VersionStage="X", MoveToVersionId=V1),
    "tag": lambda there: there.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "b"}]),
    "untag": lambda there: there.untag_resource(SecretId="s", TagKeys=["k"]),
    "policy": lambda there: there.put_resource_policy(SecretId="s", ResourcePolicy='{"Statement":[{}]}'),
    "no policy": lambda there: there.delete_resource_policy(SecretId="s"),
    "rotate": lambda there: there.rotate_secret(SecretId="s"),
    "cancel": lambda there: there.cancel_rotate_secret(SecretId="s"),
    "delete": lambda there: there.delete_secret(SecretId="s", RecoveryWindowInDays=7),
    "delete now": lambda there: there.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True),
    "restore": lambda there: there.restore_secret(SecretId="s"),
    "replicate": lambda there: there.replicate_secret_to_regions(
        SecretId="s", AddReplicaRegions=[{"Region": "us-east-1"}]
    ),
    "remove": lambda there: there.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=["us-east-1"]),
}


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
def test_a_replica_takes_no_writes(
    ireland: SecretsManagerClient, arn: str, call: Callable[[SecretsManagerClient], object]
) -> None:
    before = ireland.describe_secret(SecretId="s")

    assert refusal_in_words(lambda: call(ireland)) == ON_A_REPLICA

    after = ireland.describe_secret(SecretId="s")
    assert {**before, "ResponseMetadata": {}} == {**after, "ResponseMetadata": {}}


@pytest.mark.parametrize("how", [{"RecoveryWindowInDays": 7}, {"ForceDeleteWithoutRecovery": True}])
def test_a_primary_with_replicas_is_not_deleted(sm: SecretsManagerClient, arn: str, how: dict[str, Any]) -> None:
    sm.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": "us-east-1"}])

    assert refusal_in_words(lambda: sm.delete_secret(SecretId="s", **how)) == (
        "InvalidParameterException",
        f"You can't delete secret {arn} that still has replica regions [eu-west-1, us-east-1].",
    )
    assert "DeletedDate" not in sm.describe_secret(SecretId="s")


def test_a_removed_replica_is_gone_and_the_primary_can_go(
    sm: SecretsManagerClient, ireland: SecretsManagerClient, arn: str
) -> None:
    for _ in range(2):  # removing is repeatable
        left = sm.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=["eu-west-1", "us-east-1"])
        assert (left["ARN"], left["ReplicationStatus"]) == (arn, [])

    assert refusal(lambda: ireland.describe_secret(SecretId="s")) == "ResourceNotFoundException"
    assert "PrimaryRegion" not in sm.describe_secret(SecretId="s")
    sm.delete_secret(SecretId="s", RecoveryWindowInDays=7)


def test_a_promoted_replica_is_a_secret_of_its_own(
    sm: SecretsManagerClient, ireland: SecretsManagerClient, arn: str
) -> None:
    promoted = ireland.stop_replication_to_replica(SecretId="s")["ARN"]
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2)

    assert promoted == there(arn)
    assert value(ireland, "s") == "one"
    ireland.put_secret_value(SecretId="s", SecretString="three")
    ireland.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    sm.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    assert refusal(lambda: sm.stop_replication_to_replica(SecretId="s")) == "InvalidRequestException"


def test_only_a_replica_is_promoted(sm: SecretsManagerClient, arn: str) -> None:
    assert refusal(lambda: sm.stop_replication_to_replica(SecretId="s")) == "InvalidRequestException"
    assert refusal(lambda: sm.stop_replication_to_replica(SecretId="absent")) == "ResourceNotFoundException"


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1", "moon-1"])
def test_a_region_that_cannot_hold_a_replica_is_refused_before_anything_is_made(
    sm: SecretsManagerClient, region: str
) -> None:
    wanted: Any = [{"Region": "eu-west-1"}, {"Region": region}]
    expected = ("InvalidParameterException", "Invalid replica region.")

    made = refusal_in_words(lambda: sm.create_secret(Name="s", SecretString="one", AddReplicaRegions=wanted))
    assert made == expected
    assert refusal(lambda: sm.describe_secret(SecretId="s")) == "ResourceNotFoundException"
    sm.create_secret(Name="s", SecretString="one")
    assert refusal_in_words(lambda: sm.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=wanted)) == expected
    assert "ReplicationStatus" not in sm.describe_secret(SecretId="s")


def test_a_taken_name_fails_until_it_may_be_overwritten(
    sm: SecretsManagerClient, ireland: SecretsManagerClient
) -> None:
    ireland.create_secret(Name="s", SecretString="theirs")
    failed = {
        "Region": "eu-west-1",
        "KmsKeyId": "alias/aws/secretsmanager",
        "Status": "Failed",
        "StatusMessage": "Replication failed: Secret name s already exists in region eu-west-1.",
    }

    made = sm.create_secret(Name="s", SecretString="ours", AddReplicaRegions=[{"Region": "eu-west-1"}])
    sm.put_secret_value(SecretId="s", SecretString="ours too")
    assert made["ReplicationStatus"] == sm.describe_secret(SecretId="s")["ReplicationStatus"] == [failed]
    assert value(ireland, "s") == "theirs"

    sm.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=["eu-west-1"])
    assert value(ireland, "s") == "theirs"

    sm.replicate_secret_to_regions(
        SecretId="s",
        AddReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": "alias/meta-ie"}],
        ForceOverwriteReplicaSecret=True,
    )
    assert value(ireland, "s") == "ours too"
    assert ireland.describe_secret(SecretId="s")["KmsKeyId"] == "alias/meta-ie"
    assert "KmsKeyId" not in sm.describe_secret(SecretId="s")


def test_a_replica_or_a_replicated_secret_is_not_overwritten(
    sm: SecretsManagerClient, ireland: SecretsManagerClient, bench: Bench, arn: str
) -> None:
    virginia = client(bench.url, "us-east-1")
    virginia.create_secret(Name="s", SecretString="american")

    for region, holds in (("eu-west-1", "one"), ("eu-central-1", "one")):
        answer = virginia.replicate_secret_to_regions(
            SecretId="s", AddReplicaRegions=[{"Region": region}], ForceOverwriteReplicaSecret=True
        )
        assert answer["ReplicationStatus"][-1]["Status"] == "Failed"
        assert value(client(bench.url, region), "s") == holds
    assert ireland.describe_secret(SecretId="s")["PrimaryRegion"] == "eu-central-1"


def test_lists_tell_replicas_by_their_primary_region(
    sm: SecretsManagerClient, ireland: SecretsManagerClient, arn: str
) -> None:
    sm.create_secret(Name="alone", SecretString="x")
    filters: Any = [{"Key": "primary-region", "Values": ["eu-central-1"]}]

    for of_region in (sm, ireland):
        (found,) = of_region.list_secrets(Filters=filters)["SecretList"]
        assert (found["Name"], found["PrimaryRegion"]) == ("s", "eu-central-1")
        assert "ReplicationStatus" not in found
    assert sm.list_secrets(Filters=[{"Key": "primary-region", "Values": ["eu-west-1"]}])["SecretList"] == []
    assert [row["Name"] for row in sm.list_secrets()["SecretList"]] == ["s", "alone"]
    assert [row["Name"] for row in sm.list_secrets(MaxResults=1)["SecretList"]] == ["s"]


def test_replicas_survive_a_restart_and_an_undone_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secretsmanager.json"
    with served(file) as before:
        before.sm.create_secret(
            Name="s", SecretString="one", ClientRequestToken=V1, AddReplicaRegions=[{"Region": "eu-west-1"}]
        )
    with served(file) as after:
        far = client(after.url, "eu-west-1")
        monkeypatch.setattr("meta_emulator.aws.statefile.write", lambda *_: 1 / 0)
        with pytest.raises(after.sm.exceptions.InternalServiceError):
            after.sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2)
        assert labels(after.sm, "s") == labels(far, "s") == {V1: ["AWSCURRENT"]}
        monkeypatch.undo()

        after.sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2)

        assert value(far, "s") == "two"
        assert far.describe_secret(SecretId="s")["PrimaryRegion"] == "eu-central-1"


def test_a_stale_read_of_a_replica_lies_behind_its_primary(
    bench: Bench, sm: SecretsManagerClient, ireland: SecretsManagerClient, arn: str
) -> None:
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2)
    bench.faults.add({"kind": "stale", "operation": "GetSecretValue", "writes": 1, "times": 1})

    assert [value(ireland, "s"), value(ireland, "s")] == ["one", "two"]


def test_the_product_names_replicas_and_the_way_out(sm: SecretsManagerClient, arn: str) -> None:
    sm.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": "us-east-1"}])
    store = SecretStore(sm, "eu-central-1")

    with pytest.raises(SecretStoreError) as failed:
        store.schedule_deletion(arn, 7)

    assert str(failed.value) == (
        "Deleting secret s in eu-central-1 was refused: it has replicas in eu-west-1, us-east-1, and AWS deletes no "
        "secret that has any. Nothing was deleted. Look who reads them, then remove them with "
        "RemoveRegionsFromReplication (`aws secretsmanager remove-regions-from-replication --region eu-central-1 "
        f"--secret-id {arn} --remove-replica-regions eu-west-1 us-east-1`), and run again."
    )
    sm.remove_regions_from_replication(SecretId=arn, RemoveReplicaRegions=["eu-west-1", "us-east-1"])
    assert store.schedule_deletion(arn, 7) is not None


def test_the_product_tells_a_replica_from_its_primary(
    sm: SecretsManagerClient, ireland: SecretsManagerClient, arn: str
) -> None:
    primary = SecretStore(sm, "eu-central-1").describe(arn)
    replica = SecretStore(ireland, "eu-west-1").describe(there(arn))

    assert (primary.primary_region, primary.replicas) == ("eu-central-1", ("eu-west-1",))
    assert (replica.primary_region, replica.replicas) == ("eu-central-1", ())
