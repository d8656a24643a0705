"""One secret as plain JSON, and back: what is persisted, and what stale reads and undone writes go back to."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from moto.secretsmanager.models import FakeSecret

from meta_emulator.aws import labels

if TYPE_CHECKING:
    from collections.abc import Iterable

Record = dict[str, Any]

ATTRIBUTES = (
    "name",
    "arn",
    "description",
    "kms_key_id",
    "tags",
    "created_date",
    "last_changed_date",
    "deleted_date",
    "policy",
)
# With what a secret has that was stored before rotation was served.
ROTATION = {
    "rotation_requested": False,
    "rotation_enabled": False,
    "rotation_lambda_arn": "",
    "auto_rotate_after_days": 0,
    "last_rotation_date": None,
}

# With what a secret has that was stored before replication was served.
REPLICATION: Record = {"primary_region": None, "replication": []}

VERSION_KEYS = {"version_id", "createdate", "version_stages"}


class Secret(FakeSecret):
    """moto's secret, which knows where else it is.

    Attributes:
        primary_region: Of a replica: the region of the secret that it is a copy of.
        replication: Of a primary: AWS's `ReplicationStatusType` for each region that it is copied to.
    """

    primary_region: str | None
    replication: list[dict[str, str]]

    def to_dict(self) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_dict()
        if self.replication:
            shown["ReplicationStatus"] = self.replication
        if self.replication or self.primary_region:
            shown["PrimaryRegion"] = self.primary_region or self.region
        return shown


def new_secret(name: str, arn: str, account_id: str, region: str) -> Secret:
    """An empty secret of moto's own kind, unknown to moto's dashboard.

    moto's `BaseModel.__new__` lists every object at `/moto-api/data.json` of any moto server in the process; ours are
    nobody else's business, hence the plain allocation.
    """
    secret = object.__new__(Secret)
    Secret.__init__(secret, account_id, region, name, secret_version={}, version_id="")
    secret.arn = arn
    secret.primary_region, secret.replication = None, []
    return secret


def follow_current(secret: Secret) -> None:
    """Let moto's idea of the default version be the one that carries AWSCURRENT."""
    secret.set_default_version_id(labels.holder(secret.versions, labels.CURRENT))


def to_record(secret: Secret, pruned: Iterable[str]) -> Record:
    """The secret with its versions in their order, and the ids of versions that were removed from it."""
    record = {attribute: getattr(secret, attribute) for attribute in (*ATTRIBUTES, *ROTATION, *REPLICATION)}
    return copy.deepcopy({**record, "versions": list(secret.versions.values()), "pruned": list(pruned)})


def from_record(record: Record, account_id: str, region: str) -> Secret:
    """The secret of a record.

    Raises:
        KeyError, TypeError: The record is not one of `to_record`.
    """
    record = copy.deepcopy(record)
    secret = new_secret(record["name"], record["arn"], account_id, region)
    for attribute in ATTRIBUTES:
        setattr(secret, attribute, record[attribute])
    for attribute, default in {**ROTATION, **copy.deepcopy(REPLICATION)}.items():
        setattr(secret, attribute, record.get(attribute, default))
    secret.versions = {version["version_id"]: version for version in record["versions"]}
    if any(not version.keys() >= VERSION_KEYS for version in record["versions"]):
        raise KeyError("a version lacks a key")
    follow_current(secret)
    return secret
