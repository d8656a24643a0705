"""The state file: what survives a restart, and what is never half written."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.aws import BrokenStateError
from tests.emulator.aws.bench import FAKE_TOKEN, client, labels, refusal, served, value

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.emulator.aws.bench import Bench

V1, V2 = "1" * 32, "2" * 32


def everything(sm: SecretsManagerClient) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for secret in sm.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
        listed = sm.list_secret_version_ids(SecretId=secret["ARN"], IncludeDeprecated=True)
        shown[secret["Name"]] = (secret, listed["ARN"], listed["Versions"])
    return shown


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state" / "secretsmanager.json"
    with served(file) as before:
        before.sm.create_secret(
            Name="s", SecretString=FAKE_TOKEN, ClientRequestToken=V1, Description="d", Tags=[{"Key": "k", "Value": "v"}]
        )
        before.clock.advance(60)
        before.sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["META_G2"])
        before.sm.update_secret_version_stage(SecretId="s", VersionStage="META_G2", RemoveFromVersionId=V2)
        before.sm.create_secret(Name="scheduled", SecretBinary=b"\x00")
        before.sm.delete_secret(SecretId="scheduled")
        before.sm.create_secret(Name="empty", KmsKeyId="alias/meta-dev")
        before.sm.put_resource_policy(SecretId="s", ResourcePolicy='{"Statement":[{"Effect":"Deny"}]}')
        client(before.url, "us-east-1").create_secret(Name="far", SecretString="away")
        expected = everything(before.sm)

    with served(file) as after:
        assert everything(after.sm) == expected
        assert value(after.sm, "s") == FAKE_TOKEN
        assert value(after.sm, "s", VersionId=V2) == "two"
        assert after.sm.get_resource_policy(SecretId="s")["ResourcePolicy"] == '{"Statement":[{"Effect":"Deny"}]}'
        assert value(client(after.url, "us-east-1"), "far") == "away"
        assert refusal(lambda: after.sm.put_secret_value(SecretId="s", SecretString="x", ClientRequestToken=V2)) == (
            "ResourceExistsException"
        )
        assert refusal(lambda: after.sm.get_secret_value(SecretId="scheduled")) == "InvalidRequestException"


def test_the_file_is_written_before_the_answer_and_only_for_its_owner(bench: Bench, sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    assert '"one"' in bench.state_file.read_text()
    assert stat.S_IMODE(bench.state_file.stat().st_mode) == 0o600
    assert [entry.name for entry in bench.state_file.parent.iterdir()] == ["secretsmanager.json"]


def test_reads_and_refusals_write_nothing(bench: Bench, sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    bench.state_file.unlink()

    sm.describe_secret(SecretId="s")
    sm.put_secret_value(SecretId="s", SecretString="one", ClientRequestToken=V1)
    refusal(lambda: sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V1))

    assert not bench.state_file.exists()


def test_a_write_that_cannot_be_saved_is_not_made(
    bench: Bench, sm: SecretsManagerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("meta_emulator.aws.statefile.write", full)
        with pytest.raises(sm.exceptions.InternalServiceError):
            sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2)

    assert labels(sm, "s") == {V1: ["AWSCURRENT"]}


def test_reset_forgets_everything_also_on_disk(bench: Bench, sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    bench.door.reset()

    assert sm.list_secrets()["SecretList"] == []
    assert "one" not in bench.state_file.read_text()
    sm.create_secret(Name="s", SecretString="again")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        '{"format":"another","regions":{}}',
        '{"format":"meta-access-emulator-secretsmanager/1","regions":{"eu-central-1":[{"name":"s"}]}}',
        '{"format":"meta-access-emulator-secretsmanager/1","regions":[]}',
    ],
)
def test_a_broken_file_is_named_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secretsmanager.json"
    file.write_text(content)

    with pytest.raises(BrokenStateError, match=r"secretsmanager\.json"), served(file):
        pass

    assert file.read_text() == content


def test_a_draft_left_by_a_killed_process_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "secretsmanager.json"
    with served(file) as before:
        before.sm.create_secret(Name="s", SecretString="one")
    (tmp_path / ".secretsmanager.json.draft").write_text("half")
    (tmp_path / ".secretsmanager.json.draft").chmod(0o644)

    with served(file) as after:
        assert value(after.sm, "s") == "one"
        after.sm.put_secret_value(SecretId="s", SecretString="two")

    assert json.loads(file.read_text())["format"] == "meta-access-emulator-secretsmanager/1"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_of_the_first_version_is_read_with_what_came_later_at_its_defaults(tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:s-abcDEF"
    version = {"version_id": V1, "createdate": 1795507200, "version_stages": ["META_G1", "AWSCURRENT"]}
    secret = {
        "name": "s", "arn": arn, "description": "d", "kms_key_id": None, "tags": [{"Key": "k", "Value": "v"}],
        "created_date": 1795507200, "last_changed_date": 1795507260, "deleted_date": None, "policy": None,
        "versions": [{**version, "secret_string": "one"}], "pruned": [V2],
    }  # fmt: skip
    file = tmp_path / "secretsmanager.json"
    stored = {"format": "meta-access-emulator-secretsmanager/1", "regions": {"eu-central-1": [secret]}}
    file.write_text(json.dumps(stored))

    with served(file) as found:
        described = found.sm.describe_secret(SecretId=arn)
        assert (described["Name"], described["Tags"]) == ("s", [{"Key": "k", "Value": "v"}])
        assert described["VersionIdsToStages"] == {V1: ["AWSCURRENT", "META_G1"]}
        assert {"RotationEnabled", "ReplicationStatus", "PrimaryRegion"}.isdisjoint(described)
        assert value(found.sm, "s") == "one"
        assert refusal(lambda: found.sm.get_secret_value(SecretId="s", VersionId=V2)) == "InvalidRequestException"
        found.sm.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "b"}])

    (kept,) = json.loads(file.read_text())["regions"]["eu-central-1"]
    assert kept["tags"] == [{"Key": "k", "Value": "v"}, {"Key": "a", "Value": "b"}]
    assert {key: kept[key] for key in ("arn", "created_date", "pruned")} == {
        "arn": arn, "created_date": 1795507200, "pruned": [V2],
    }  # fmt: skip
    assert kept["versions"] == [{**version, "version_stages": ["AWSCURRENT", "META_G1"], "secret_string": "one"}]
