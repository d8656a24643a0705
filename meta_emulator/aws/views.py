"""What answers show of a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.aws.replicas import DEFAULT_KEY

if TYPE_CHECKING:
    from meta_emulator.aws.secret import Secret, Version

Shown = dict[str, Any]


def named(secret: Secret) -> Shown:
    return {"ARN": secret.arn, "Name": secret.name}


def described(secret: Secret) -> Shown:
    """DescribeSecret's answer: only labelled versions, only fields that have a value."""
    replication = {"ReplicationStatus": list(secret.replication)} if secret.replication else {}
    return {**_common(secret, "VersionIdsToStages"), **replication}


def listed(secret: Secret) -> Shown:
    """One entry of ListSecrets, likewise."""
    return _common(secret, "SecretVersionsToStages")


def value(secret: Secret, version: Version) -> Shown:
    """GetSecretValue's answer."""
    return _without_none(
        {
            **named(secret),
            "VersionId": version.version_id,
            "VersionStages": secret.labels(version.version_id),
            "CreatedDate": version.createdate,
            "SecretString": version.secret_string,
            "SecretBinary": version.secret_binary,
        }
    )


def version(secret: Secret, version: Version) -> Shown:
    """One entry of ListSecretVersionIds."""
    return {
        "VersionId": version.version_id,
        "VersionStages": secret.labels(version.version_id),
        "CreatedDate": version.createdate,
        "KmsKeyIds": [secret.kms_key_id or "DefaultEncryptionKey"],
    }


def _common(secret: Secret, versions: str) -> Shown:
    shown: Shown = {
        **named(secret),
        "Description": secret.description or None,
        "KmsKeyId": None if secret.kms_key_id == DEFAULT_KEY else secret.kms_key_id,
        "Tags": None if secret.tags is None else [{"Key": key, "Value": held} for key, held in secret.tags.items()],
        "CreatedDate": secret.created_date,
        "LastChangedDate": secret.last_changed_date,
        "DeletedDate": secret.deleted_date,
        "PrimaryRegion": secret.primary,
    }
    if secret.versions:
        shown[versions] = {id_: labels for id_ in secret.versions if (labels := secret.labels(id_))}
    if secret.rotation_requested:
        shown["RotationEnabled"] = secret.rotation_enabled
        shown["RotationLambdaARN"] = secret.rotation_lambda_arn
        shown["RotationRules"] = {"AutomaticallyAfterDays": secret.auto_rotate_after_days}
        shown["LastRotatedDate"] = secret.last_rotation_date
    return _without_none(shown)


def _without_none(shown: Shown) -> Shown:
    return {key: held for key, held in shown.items() if held is not None}
