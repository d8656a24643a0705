"""All dates come from the emulator's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.emulator.aws.bench import Bench

V1, V2 = "1" * 32, "2" * 32
EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def test_dates_and_the_date_header_follow_the_clock(bench: Bench, sm: SecretsManagerClient) -> None:
    created = sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    assert created["ResponseMetadata"]["HTTPHeaders"]["date"] == "Tue, 24 Nov 2026 08:00:00 GMT"
    bench.clock.set(NINE)
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["META_G2"])
    bench.clock.set(TEN)

    described = sm.describe_secret(SecretId="s")

    assert described["ResponseMetadata"]["HTTPHeaders"]["date"] == "Tue, 24 Nov 2026 10:00:00 GMT"
    assert (described["CreatedDate"], described["LastChangedDate"]) == (EIGHT, NINE)
    assert sm.get_secret_value(SecretId="s")["CreatedDate"] == EIGHT
    assert sm.get_secret_value(SecretId="s", VersionId=V2)["CreatedDate"] == NINE


def test_labels_and_tags_change_the_secret_and_not_its_versions(bench: Bench, sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    bench.clock.set(NINE)

    sm.update_secret_version_stage(SecretId="s", VersionStage="META_G1", MoveToVersionId=V1)
    assert sm.describe_secret(SecretId="s")["LastChangedDate"] == NINE
    bench.clock.set(TEN)
    sm.tag_resource(SecretId="s", Tags=[{"Key": "k", "Value": "v"}])

    assert sm.describe_secret(SecretId="s")["LastChangedDate"] == TEN
    assert sm.get_secret_value(SecretId="s")["CreatedDate"] == EIGHT
