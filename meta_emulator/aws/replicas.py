"""Replicas of a secret in other regions.

A replica is a secret of its own region that has its primary's name, values, labels, tags and policy, an ARN that
differs in the region only, and a key of its own. AWS copies behind the answer; here the copy is there with the answer,
which says `InProgress` all the same. Sources: docs/emulator/secrets-manager.md.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_emulator.aws.secret import Secret

FAILED = "Failed"
DEFAULT_KEY = "alias/aws/secretsmanager"
REGION = re.compile(r"[a-z]{2}(-[a-z]+){1,3}-\d{1,2}")
PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eusc-": "aws-eusc",
}

Status = dict[str, str]


def partition(region: str) -> str:
    return next((found for prefix, found in PARTITIONS.items() if region.startswith(prefix)), "aws")


def is_possible(primary: str, region: str) -> bool:
    """Whether a secret of one region can have a replica in another: of the same partition, and not the same region."""
    return region != primary and REGION.fullmatch(region) is not None and partition(region) == partition(primary)


def status(row: Mapping[str, str], found: Secret | None, secret: Secret, *, overwrite: bool) -> Status:
    """What becomes of one wanted replica, as AWS's `ReplicationStatusType`.

    Args:
        row: Of `AddReplicaRegions`.
        found: What has the secret's name in that region.
        secret: The primary.
        overwrite: Whether another secret may be overwritten. One that is replicated itself is not.
    """
    region = row["Region"]
    shown = {"Region": region, "KmsKeyId": row.get("KmsKeyId") or DEFAULT_KEY}
    ours = found is None or found.primary_region == secret.region
    free = found is not None and overwrite and not found.primary_region and not found.replication
    if ours or free:
        return {**shown, "Status": "InSync", "StatusMessage": "Replication succeeded"}
    message = f"Replication failed: Secret name {secret.name} already exists in region {region}."
    return {**shown, "Status": FAILED, "StatusMessage": message}


def begun(shown: Status) -> Status:
    """The status as the call that begins the replication answers it."""
    if shown["Status"] == FAILED:
        return shown
    return {"Region": shown["Region"], "KmsKeyId": shown["KmsKeyId"], "Status": "InProgress"}


def copied(secret: Secret, region: str, key: str) -> Secret:
    """The replica of a secret in a region."""
    return replace(
        secret,
        arn=secret.arn.replace(f":{secret.region}:", f":{region}:", 1),
        kms_key_id=None if key == DEFAULT_KEY else key,
        primary_region=secret.region,
        replication=(),
    )
