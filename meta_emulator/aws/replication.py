"""Replicas of a secret in other regions: pure functions on what is recorded of it.

A replica is a secret of its own region that has its primary's name, values, labels, tags and policy, an ARN that
differs in the region only, and a key of its own. AWS copies behind the answer; here the copy is there with the answer,
which says `InProgress` all the same. Sources: docs/emulator/secrets-manager.md.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from moto.utilities.utils import get_partition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_emulator.aws.records import Record

IN_SYNC, FAILED, IN_PROGRESS = "InSync", "Failed", "InProgress"
DEFAULT_KEY = "alias/aws/secretsmanager"
REGION = re.compile(r"[a-z]{2}(-[a-z]+){1,3}-\d{1,2}")

Status = dict[str, str]


def is_possible(primary: str, region: str) -> bool:
    """Whether a secret of one region can have a replica in another: of the same partition, and not the same region."""
    return (
        region != primary and REGION.fullmatch(region) is not None and get_partition(region) == get_partition(primary)
    )


def status(row: Mapping[str, str], found: Record | None, name: str, primary: str, *, overwrite: bool) -> Status:
    """What becomes of one wanted replica.

    Args:
        row: Of `AddReplicaRegions`.
        found: What has the name in that region.
        name: Of the secret.
        primary: Its region.
        overwrite: Whether another secret may be overwritten. One that is replicated itself is not.

    Returns:
        AWS's `ReplicationStatusType`.
    """
    region = row["Region"]
    shown = {"Region": region, "KmsKeyId": row.get("KmsKeyId") or DEFAULT_KEY}
    ours = found is None or found["primary_region"] == primary
    free = found is not None and overwrite and not found["primary_region"] and not found["replication"]
    if ours or free:
        return {**shown, "Status": IN_SYNC, "StatusMessage": "Replication succeeded"}
    message = f"Replication failed: Secret name {name} already exists in region {region}."
    return {**shown, "Status": FAILED, "StatusMessage": message}


def begun(shown: Status) -> Status:
    """The status as the call that begins the replication answers it."""
    if shown["Status"] == FAILED:
        return shown
    return {"Region": shown["Region"], "KmsKeyId": shown["KmsKeyId"], "Status": IN_PROGRESS}


def copied(record: Record, primary: str, region: str, key: str) -> Record:
    """The replica of a secret in a region."""
    return {
        **copy.deepcopy(record),
        "arn": record["arn"].replace(f":{primary}:", f":{region}:", 1),
        "kms_key_id": None if key == DEFAULT_KEY else key,
        "primary_region": primary,
        "replication": [],
    }
