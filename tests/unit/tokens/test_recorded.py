"""Secrets Manager's descriptions in a snapshot: recorded without values, answered without a call, never written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from meta_access import aws, snapshot
from meta_access.connection import AwsSettings
from meta_access.errors import NotRecordedError, OfflineError, SecretDeniedError, SecretNotFoundError
from meta_access.snapshot import Subject
from meta_access.tokens import store as stores
from meta_access.tokens.store import SecretStore, store_for
from tests.connections import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/reporting-AbCdEf"
REPLICA = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/replica-AbCdEf"
SENT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
DATED = {"HTTPHeaders": {"date": "Tue, 24 Nov 2026 08:00:00 GMT"}}
GOES = datetime(2026, 12, 1, 8, tzinfo=UTC)
SETTINGS = AwsSettings("eu-central-1")
VALUE = "EAA" + "EMU" + "thevalue"


class Client:
    """A Secrets Manager with two secrets; `asked` lists the operations."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def describe_secret(self, SecretId: str) -> Any:  # noqa: N803 - AWS's name
        self.asked.append("describe")
        if SecretId.endswith("denied"):
            raise self._refused("AccessDeniedException")
        if SecretId not in {ARN, REPLICA}:
            raise self._refused("ResourceNotFoundException")
        return {"ResponseMetadata": DATED, **self._entry(SecretId, "VersionIdsToStages")}

    def list_secrets(self, **wanted: Any) -> Any:
        self.asked.append("list")
        if "NextToken" in wanted:
            return {"ResponseMetadata": DATED, "SecretList": [self._entry(REPLICA, "SecretVersionsToStages")]}
        first = [self._entry(ARN, "SecretVersionsToStages")]
        return {"ResponseMetadata": DATED, "SecretList": first, "NextToken": "2"}

    def get_secret_value(self, **_: Any) -> Any:
        self.asked.append("value")
        return {"ResponseMetadata": DATED, "ARN": ARN, "SecretString": VALUE, "CreatedDate": SENT}

    @staticmethod
    def _entry(arn: str, stages: str) -> dict[str, Any]:
        tags = {
            "meta-tokens:project": "meta-access",
            "meta-tokens:stack": "dev",
            "meta-tokens:trigger": f"sha256:{'0' * 64}",
            "cost-centre": "nobody else's business",
        }
        found = {
            "ARN": arn,
            "Name": arn.rpartition(":")[2][:-7],
            "Description": "nobody else's business",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            stages: {"v1": ["AWSCURRENT"]},
        }
        more = {"PrimaryRegion": "eu-west-1", "DeletedDate": GOES, "ReplicationStatus": [{"Region": "eu-west-1"}]}
        return {**found, **more} if arn == REPLICA else found

    @staticmethod
    def _refused(code: str) -> ClientError:
        answer: Any = {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": DATED}
        return ClientError(answer, "DescribeSecret")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Client:
    """What stands for AWS while this process records."""
    made = Client()
    (tmp_path / "reads").mkdir()
    monkeypatch.setattr(aws, "secrets_manager", lambda *_: made)
    monkeypatch.setattr(snapshot, "_given", {})
    monkeypatch.setattr(stores, "_stores", {})
    monkeypatch.delenv(snapshot.VARIABLE, raising=False)
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.setenv(snapshot.READS_VARIABLE, str(tmp_path / "reads"))
    monkeypatch.setenv(snapshot.MAX_AGE_VARIABLE, "99999d")
    return made


def written(folder: Path) -> str:
    return "".join(file.read_text() for file in sorted((folder / "reads").iterdir()))


def replayed(folder: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> SecretStore:
    """The store of another process, which has the snapshot of what was recorded."""
    subject = Subject.of("meta-access", "dev", "dev", "2026-11", [MAIN])
    snapshot.write(snapshot.made(subject, folder / "reads", {"version": 3}), folder / "s.json")
    monkeypatch.delenv(snapshot.READS_VARIABLE)
    monkeypatch.setenv(snapshot.VARIABLE, str(folder / "s.json"))
    monkeypatch.setattr(stores, "_stores", {})
    client.asked.clear()
    return store_for(SETTINGS)


def test_descriptions_and_lists_come_back_as_they_were(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = store_for(SETTINGS)
    shown = [live.describe(ARN), live.describe(REPLICA)]
    listed = live.owned_by("meta-access", "dev")
    assert client.asked == ["describe", "describe", "list", "list"]

    store = replayed(tmp_path, client, monkeypatch)

    ours = {key: value for key, value in shown[0].tags.items() if key.startswith("meta-tokens:")}
    assert len(ours) == 3
    assert [store.describe(ARN), store.describe(REPLICA)] == [replace(one, tags=ours) for one in shown]
    assert (shown[1].deletes_at, shown[1].primary_region, shown[1].replicas) == (GOES, "eu-west-1", ("eu-west-1",))
    assert store.owned_by("meta-access", "dev") == [replace(one, tags=ours) for one in listed]
    assert len(listed) == 2
    assert store.now() == SENT
    assert client.asked == []


def test_no_value_and_nothing_of_others_is_recorded(client: Client, tmp_path: Path) -> None:
    store = store_for(SETTINGS)
    version = store.read(ARN, "v1")
    assert version is not None
    assert version.text == VALUE
    store.describe(ARN)

    text = written(tmp_path)

    assert [json.loads(line)["question"]["operation"] for line in text.splitlines()] == ["DescribeSecret"]
    assert VALUE not in text
    assert "nobody else's business" not in text
    assert client.asked == ["value", "describe"]


def test_a_secret_that_was_not_there_is_missing_and_one_that_was_denied_is_unknown(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = store_for(SETTINGS)
    with pytest.raises(SecretNotFoundError) as missing:
        live.describe("meta/dev/none")
    with pytest.raises(SecretDeniedError):
        live.describe("meta/dev/denied")

    store = replayed(tmp_path, client, monkeypatch)

    with pytest.raises(SecretNotFoundError) as again:
        store.describe("meta/dev/none")
    assert again.value.code == missing.value.code
    for name in ("meta/dev/denied", "meta/dev/other"):
        with pytest.raises(
            NotRecordedError, match=f"^Describing secret {name} was not possible: the snapshot of 2026-"
        ):
            store.describe(name)
    assert client.asked == []


def test_no_value_is_read_and_nothing_is_written(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_for(SETTINGS).describe(ARN)
    store = replayed(tmp_path, client, monkeypatch)
    calls: dict[str, Callable[[], object]] = {
        f"get_secret_value of secret {ARN}": lambda: store.read(ARN, "v1"),
        f"put_secret_value of secret {ARN}": lambda: store.put(ARN, "v2", "text", "AWSPENDING"),
        f"update_secret_version_stage of secret {ARN}": lambda: store.move(ARN, "a", to="v1", source=None),
        f"tag_resource of secret {ARN}": lambda: store.tag(ARN, {"meta-tokens:ended": "1"}),
        f"delete_secret of secret {ARN}": lambda: store.schedule_deletion(ARN, 30),
        "create_secret of secret new": lambda: store.create(
            "new", "text", token="t", tags={}, description="", kms_key=None
        ),
    }

    for doing, call in calls.items():
        with pytest.raises(OfflineError) as refused:
            call()
        assert str(refused.value) == (
            f"{doing} is refused: META_ACCESS_SNAPSHOT forbids every call and every change. Unset it and repeat."
        )
    assert client.asked == []
