"""Random and hostile calls: no server error, no traceback, and labels that stay possible."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from meta_emulator import aws
from meta_emulator.aws import limits
from meta_emulator.aws.operations import READS, WRITES
from meta_emulator.clock import WorldClock
from meta_emulator.faults import Faults
from meta_emulator.journal import Journal
from tests.emulator.aws.bench import START

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSIONS = st.sampled_from([digit * 32 for digit in "123456"])
LABELS = st.sampled_from(["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "META_G1", "META_G2"])
NAMES = st.sampled_from(["a", "b"])
REGIONS = st.sampled_from(["us-east-1", "us-east-2", "eu-west-1"])  # unsigned requests go to the first one
REPLICAS = st.fixed_dictionaries({"Region": REGIONS})
VALUES = st.sampled_from(["x", "y"])

Calls = list[tuple[str, dict[str, Any]]]


def call(operation: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(operation), st.fixed_dictionaries(given))


SENSIBLE = st.one_of(
    call("CreateSecret", Name=NAMES, ClientRequestToken=VERSIONS, SecretString=VALUES),
    call("CreateSecret", Name=NAMES, ClientRequestToken=VERSIONS),
    call("PutSecretValue", SecretId=NAMES, ClientRequestToken=VERSIONS, SecretString=VALUES),
    call(
        "PutSecretValue",
        SecretId=NAMES,
        ClientRequestToken=VERSIONS,
        SecretString=VALUES,
        VersionStages=st.lists(LABELS, min_size=1, max_size=3),
    ),
    call("UpdateSecret", SecretId=NAMES, ClientRequestToken=VERSIONS, SecretString=VALUES),
    call(
        "UpdateSecretVersionStage",
        SecretId=NAMES,
        VersionStage=LABELS,
        RemoveFromVersionId=st.none() | VERSIONS,
        MoveToVersionId=st.none() | VERSIONS,
    ),
    call("DeleteSecret", SecretId=NAMES, ForceDeleteWithoutRecovery=st.booleans()),
    call("RestoreSecret", SecretId=NAMES),
    call("RotateSecret", SecretId=NAMES, ClientRequestToken=VERSIONS),
    call("ReplicateSecretToRegions", SecretId=NAMES, AddReplicaRegions=st.lists(REPLICAS, min_size=1, max_size=2)),
    call("RemoveRegionsFromReplication", SecretId=NAMES, RemoveReplicaRegions=st.lists(REGIONS, min_size=1)),
    call("StopReplicationToReplica", SecretId=NAMES),
    call("GetSecretValue", SecretId=NAMES, VersionStage=st.none() | LABELS, VersionId=st.none() | VERSIONS),
)

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40) | NAMES | VERSIONS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Key", "Value", "Values"]), inner),
    max_leaves=5,
)
KEYS = sorted({*limits.TEXTS, *limits.NUMBERS, *limits.FLAGS, *limits.LISTS})
OPERATIONS = sorted({*READS, *WRITES})


@pytest.fixture(scope="module")
def door_at(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], tuple[aws.AwsDoor, Client]]:
    file: Path = tmp_path_factory.mktemp("state") / "secretsmanager.json"

    def opened() -> tuple[aws.AwsDoor, Client]:
        file.unlink(missing_ok=True)
        clock = WorldClock(offset=timedelta(0), source=lambda: START)
        door = aws.AwsDoor(clock, Faults(), Journal(clock), file)
        return door, Client(door.wsgi)

    return opened


def post(client: Client, operation: str, params: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post("/", data=json.dumps(params), headers={"X-Amz-Target": f"secretsmanager.{operation}"})
    return answer.status_code, json.loads(answer.data)


def check_labels(client: Client) -> None:
    for name in ("a", "b"):
        status, described = post(client, "DescribeSecret", {"SecretId": name})
        versions = described.get("VersionIdsToStages") if status == 200 else None
        if not versions:
            continue
        attached = [label for labels in versions.values() for label in labels]
        assert len(attached) == len(set(attached)), "a label sits on one version"
        assert "AWSCURRENT" in attached, "a secret with versions has a current one"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(SENSIBLE, max_size=25))
def test_labels_stay_possible_whatever_is_called(
    door_at: Callable[[], tuple[aws.AwsDoor, Client]], calls: Calls
) -> None:
    _, client = door_at()
    for operation, params in calls:
        status, answer = post(client, operation, params)
        assert status in (200, 400), answer
        check_labels(client)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operation=st.sampled_from(OPERATIONS), params=st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=5))
def test_no_request_makes_a_server_error(
    door_at: Callable[[], tuple[aws.AwsDoor, Client]], operation: str, params: dict[str, Any]
) -> None:
    _, client = door_at()
    post(client, "CreateSecret", {"Name": "a", "ClientRequestToken": "1" * 32, "SecretString": "x"})

    status, answer = post(client, operation, {"SecretId": "a", **params})

    assert status in (200, 400), (status, answer)
    check_labels(client)
