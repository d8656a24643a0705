"""What answers show of a secret: pure functions on what moto or a record holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.aws.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_emulator.aws.records import Record

DEFAULT_KEY = "DefaultEncryptionKey"


def described(shown: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeSecret's answer from moto's: only labelled versions, only fields that have a value."""
    return _labelled(shown, keep="VersionIdsToStages", drop="SecretVersionsToStages")


def listed(shown: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of ListSecrets, likewise."""
    left = _labelled(shown, keep="SecretVersionsToStages", drop="VersionIdsToStages")
    left.pop("ReplicationStatus", None)  # DescribeSecret's alone
    return left


def versions(record: Record, start: int, size: int, *, deprecated: bool) -> dict[str, Any]:
    """One page of ListSecretVersionIds."""
    found = [version for version in record["versions"] if deprecated or version["version_stages"]]
    page = [
        {
            "VersionId": version["version_id"],
            "VersionStages": sorted(version["version_stages"]),
            "CreatedDate": version["createdate"],
            "KmsKeyIds": [record["kms_key_id"] or DEFAULT_KEY],
        }
        for version in found[start : start + size]
    ]
    following = str(start + size) if start + size < len(found) else None
    return without_none({"ARN": record["arn"], "Name": record["name"], "Versions": page, "NextToken": following})


def offset(token: str | None) -> int:
    """Where a page starts; moto's tokens, and so ours, are plain numbers.

    Raises:
        SecretsManagerClientError: InvalidNextTokenException.
    """
    if token is None:
        return 0
    if not token.isascii() or not token.isdigit():
        raise RefusedError("InvalidNextTokenException", "The NextToken value is invalid.")
    return int(token)


def without_none(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if value is not None}


def _labelled(shown: Mapping[str, Any], keep: str, drop: str) -> dict[str, Any]:
    left = {key: value for key, value in without_none(shown).items() if key != drop}
    if keep in left:
        left[keep] = {id_: sorted(stages) for id_, stages in left[keep].items() if stages}
    return left
