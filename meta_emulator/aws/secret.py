"""A secret as it is stored: its versions, staging labels, tags, policy, rotation and replicas.

Nothing here is changed in place. A write makes a new `Secret`, so the one before it stays what it was: for a read that
lags behind, and for a write that fails halfway.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meta_emulator.aws.errors import over_quota

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = dict[str, Any]

# The quota page says about 100; versions younger than a day are never removed to make room.
VERSIONS = 100
YOUNG_S = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version; its fields are named as in the state file. Without a value while a rotation has only begun."""

    version_id: str
    createdate: int
    secret_string: str | None = None
    secret_binary: str | None = None

    @property
    def has_value(self) -> bool:
        return self.secret_string is not None or self.secret_binary is not None

    def holds(self, text: str | None, binary: str | None) -> bool:
        return (self.secret_string, self.secret_binary) == (text, binary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret of one region; its fields are named as in the state file.

    Attributes:
        versions: By id, the oldest first.
        stages: Each staging label with the one version that carries it.
        pruned: Ids of versions that were removed to make room.
        primary_region: Of a replica: the region of the secret that it is a copy of.
        replication: Of a primary: AWS's `ReplicationStatusType` for each region that it is copied to.
    """

    name: str
    arn: str
    created_date: int
    last_changed_date: int
    description: str | None = None
    kms_key_id: str | None = None
    tags: Mapping[str, str] | None = None
    deleted_date: int | None = None
    policy: str | None = None
    versions: Mapping[str, Version] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    pruned: tuple[str, ...] = ()
    rotation_requested: bool = False
    rotation_enabled: bool = False
    rotation_lambda_arn: str = ""
    auto_rotate_after_days: int = 0
    last_rotation_date: int | None = None
    primary_region: str | None = None
    replication: tuple[Mapping[str, str], ...] = ()

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def primary(self) -> str | None:
        """The primary's region, of a replica and of a secret that has replicas."""
        return self.primary_region or (self.region if self.replication else None)

    def labels(self, version_id: str) -> list[str]:
        """The staging labels of a version."""
        return sorted(label for label, holder in self.stages.items() if holder == version_id)

    def with_version(self, version: Version, now: int) -> Secret:
        """The secret with one more version, for which the oldest without label makes room.

        Raises:
            RefusedError: LimitExceededException, when too few versions are both without label and older than a day.
        """
        excess = len(self.versions) + 1 - VERSIONS
        held = set(self.stages.values())
        old = [one for one in self.versions.values() if one.version_id not in held and one.createdate <= now - YOUNG_S]
        gone = [one.version_id for one in sorted(old, key=lambda one: one.createdate)][: max(excess, 0)]
        if len(gone) < excess:
            raise over_quota("versions")
        kept = {id_: one for id_, one in self.versions.items() if id_ not in gone}
        versions = {**kept, version.version_id: version}
        return replace(self, versions=versions, pruned=(*self.pruned, *gone), last_changed_date=now)


def to_record(secret: Secret) -> Record:
    """The secret as plain JSON."""
    record = asdict(secret)
    del record["stages"]
    record["versions"] = [
        {
            **{key: value for key, value in asdict(one).items() if value is not None},
            "version_stages": secret.labels(id_),
        }
        for id_, one in secret.versions.items()
    ]
    if secret.tags is not None:
        record["tags"] = [{"Key": key, "Value": value} for key, value in secret.tags.items()]
    return record


def from_record(record: Record) -> Secret:
    """The secret of a record; what was stored before rotation or replication was served has the defaults.

    Raises:
        AttributeError, KeyError, TypeError: The record is not one of `to_record`.
    """
    rows: list[Record] = [dict(row) for row in record["versions"]]
    stages = {label: row["version_id"] for row in rows for label in row.pop("version_stages")}
    tags = record["tags"]
    given = {
        **record,
        "versions": {row["version_id"]: Version(**row) for row in rows},
        "stages": stages,
        "tags": None if tags is None else {tag["Key"]: tag.get("Value") or "" for tag in tags},
        "pruned": tuple(record["pruned"]),
        "replication": tuple(record.get("replication", ())),
    }
    return Secret(**given)
