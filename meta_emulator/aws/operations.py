"""The operations of Secrets Manager: what each does to the secrets of a region, and what it answers.

Each takes a region and the request, which `limits` has checked, and raises `RefusedError` where AWS refuses.
The evidence for what they do is in docs/emulator/secrets-manager.md.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meta_emulator.aws import errors, filters, labels, replicas, views
from meta_emulator.aws.errors import RefusedError, invalid_parameter, invalid_request
from meta_emulator.aws.limits import check_tags
from meta_emulator.aws.secret import Secret, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_emulator.aws.region import Region

DAY_S = 86_400
PAGE = 100
SHORTEST_PASSWORD = 4

Given = dict[str, Any]
Shown = dict[str, Any]


# --- Values --------------------------------------------------------------------------------------


def create_secret(region: Region, given: Given) -> Shown:
    name, version_id, value = given["Name"], _version_id(given), _value(given)
    _check_regions(region, given.get("AddReplicaRegions", []))
    known = region.find(name)
    if known is not None:
        return _created_before(known, version_id, value)
    secret = Secret(
        name=name,
        arn=region.new_arn(name),
        created_date=region.now,
        last_changed_date=region.now,
        description=given.get("Description", ""),
        tags={tag["Key"]: tag.get("Value", "") for tag in given.get("Tags", [])} or None,
        kms_key_id=given.get("KmsKeyId") or None,
    )
    if value != (None, None):
        secret = _add(region, secret, version_id, value, [labels.CURRENT])
    secret, statuses = _replicated(region, secret, given)
    region.put(secret)
    shown = views.named(secret) | ({"VersionId": version_id} if secret.versions else {})
    return shown | ({"ReplicationStatus": statuses} if statuses else {})


def _created_before(known: Secret, version_id: str, value: tuple[str | None, str | None]) -> Shown:
    """Repeating CreateSecret with its token and value is no error."""
    if known.deleted_date is not None:
        raise invalid_request(
            "You can't create this secret because a secret with this name is already scheduled for deletion."
        )
    if not _holds(known, version_id, value):
        text = f"The operation failed because the secret {known.name} already exists."
        raise RefusedError("ResourceExistsException", text)
    shown = views.named(known) | {"VersionId": version_id}
    return shown | ({"ReplicationStatus": list(known.replication)} if known.replication else {})


def put_secret_value(region: Region, given: Given) -> Shown:
    value = _value(given)
    if value == (None, None):
        raise invalid_request("You must provide either SecretString or SecretBinary.")
    secret = region.usable(given["SecretId"])
    version_id = _version_id(given)
    known = secret.versions.get(version_id)
    stages = given.get("VersionStages", [labels.CURRENT])
    if known is not None and not known.has_value:
        # AWS made the version when it began a rotation; its value comes from the function.
        filled = replace(known, secret_string=value[0], secret_binary=value[1])
        placed = labels.place(secret.stages, version_id, stages)
        versions = {**secret.versions, version_id: filled}
        secret = region.put(replace(secret, versions=versions, stages=placed, last_changed_date=region.now))
    elif not _holds(secret, version_id, value):
        first = [] if secret.versions else [labels.CURRENT]
        secret = region.put(_add(region, secret, version_id, value, [*stages, *first]))
    return views.named(secret) | {"VersionId": version_id, "VersionStages": secret.labels(version_id)}


def update_secret(region: Region, given: Given) -> Shown:
    secret = region.usable(given["SecretId"])
    value, shown = _value(given), views.named(secret)
    if value != (None, None):
        version_id = _version_id(given)
        shown["VersionId"] = version_id
        if not _holds(secret, version_id, value):
            secret = _add(region, secret, version_id, value, [labels.CURRENT])
    region.put(
        replace(
            secret,
            description=given.get("Description", secret.description),
            kms_key_id=given.get("KmsKeyId", secret.kms_key_id) or None,
            last_changed_date=region.now,
        )
    )
    return shown


def get_secret_value(region: Region, given: Given) -> Shown:
    secret, label = region.usable(given["SecretId"]), given.get("VersionStage")
    wanted = given.get("VersionId") or secret.stages.get(label or labels.CURRENT)
    if wanted is None:
        raise errors.no_value(f"staging label: {label or labels.CURRENT}")
    version = secret.versions.get(wanted)
    if version is None and wanted in secret.pruned:
        raise invalid_request(f"You can't perform this operation on secret version {wanted} because it was deleted.")
    if version is None or not version.has_value:
        raise errors.no_value(f"VersionId: {wanted}")
    if label and secret.stages.get(label) != wanted:
        raise invalid_request("You provided a VersionStage that is not associated to the provided VersionId.")
    return views.value(secret, version)


def batch_get_secret_value(region: Region, given: Given) -> Shown:
    ids, wanted = given.get("SecretIdList", []), given.get("Filters", [])
    filters.check(wanted)
    if ids and wanted:
        raise invalid_parameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
    if "MaxResults" in given and not wanted:
        raise invalid_parameter(
            "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided."
        )
    if wanted:
        ids = [one.name for one in region.all() if one.deleted_date is None and filters.matches(one, wanted)]
    page, following = _page(given, ids)
    values, failed = [], []
    for secret_id in page:
        try:
            values.append(get_secret_value(region, {"SecretId": secret_id}))
        except RefusedError as refused:
            failed.append({"SecretId": secret_id, "ErrorCode": refused.code, "Message": refused.message})
    return {"SecretValues": values, "Errors": failed, **following}


def get_random_password(_region: Region, given: Given) -> Shown:
    length = given.get("PasswordLength", 32)
    if length < SHORTEST_PASSWORD:
        raise invalid_parameter("Password length is too short based on the required types.")
    kinds = {
        "ExcludeLowercase": string.ascii_lowercase,
        "ExcludeUppercase": string.ascii_uppercase,
        "ExcludeNumbers": string.digits,
        "ExcludePunctuation": string.punctuation,
    }
    kept = [letters for exclusion, letters in kinds.items() if not given.get(exclusion, False)]
    kept += [" "] if given.get("IncludeSpace", False) else []
    excluded = given.get("ExcludeCharacters", "")
    kept = ["".join(letter for letter in letters if letter not in excluded) for letters in kept]
    required = [letters for letters in kept if given.get("RequireEachIncludedType", True)]
    if not any(kept) or not all(required):
        raise invalid_parameter("The exclusions leave no character to choose from.")
    pool = "".join(kept)
    drawn = [secrets.choice(letters) for letters in required]
    drawn += [secrets.choice(pool) for _ in range(length - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return {"RandomPassword": "".join(drawn[:length])}


def _version_id(given: Given) -> str:
    token: str = given["ClientRequestToken"]
    if not 32 <= len(token) <= 64:  # noqa: PLR2004 - ClientRequestTokenType
        raise invalid_parameter("ClientRequestToken must be 32-64 characters long.")
    return token


def _value(given: Given) -> tuple[str | None, str | None]:
    return given.get("SecretString"), given.get("SecretBinary")


def _holds(secret: Secret, version_id: str, value: tuple[str | None, str | None]) -> bool:
    """Whether the secret has this version already; ResourceExistsException when it holds another value."""
    version = secret.versions.get(version_id)
    if version is not None and not version.holds(*value):
        raise errors.token_in_use(version_id, secret.arn)
    return version is not None


def _add(
    region: Region, secret: Secret, version_id: str, value: tuple[str | None, str | None], stages: list[str]
) -> Secret:
    version = Version(version_id=version_id, createdate=region.now, secret_string=value[0], secret_binary=value[1])
    secret = secret.with_version(version, region.now)
    return replace(secret, stages=labels.place(secret.stages, version_id, stages))


# --- Descriptions, labels, tags, policies --------------------------------------------------------


def describe_secret(region: Region, given: Given) -> Shown:
    return views.described(region.known(given["SecretId"]))


def list_secrets(region: Region, given: Given) -> Shown:
    wanted = given.get("Filters", [])
    filters.check(wanted)
    planned = given.get("IncludePlannedDeletion", False)
    found = [one for one in region.all() if (planned or one.deleted_date is None) and filters.matches(one, wanted)]
    page, following = _page(given, found)
    return {"SecretList": [views.listed(one) for one in page], **following}


def list_secret_version_ids(region: Region, given: Given) -> Shown:
    secret = region.known(given["SecretId"])
    deprecated = given.get("IncludeDeprecated", False)
    found = [version for id_, version in secret.versions.items() if deprecated or secret.labels(id_)]
    page, following = _page(given, found)
    return views.named(secret) | {"Versions": [views.version(secret, one) for one in page], **following}


def update_secret_version_stage(region: Region, given: Given) -> Shown:
    secret = region.usable(given["SecretId"])
    stages = labels.move(
        secret.stages,
        secret.versions,
        given["VersionStage"],
        remove_from=given.get("RemoveFromVersionId"),
        move_to=given.get("MoveToVersionId"),
    )
    return views.named(region.put(replace(secret, stages=stages, last_changed_date=region.now)))


def tag_resource(region: Region, given: Given) -> Shown:
    secret = region.usable(given["SecretId"])
    tags = {**(secret.tags or {}), **{tag["Key"]: tag.get("Value", "") for tag in given["Tags"]}}
    check_tags([{"Key": key, "Value": value} for key, value in tags.items()])
    region.put(replace(secret, tags=tags, last_changed_date=region.now))
    return {}


def untag_resource(region: Region, given: Given) -> Shown:
    secret = region.usable(given["SecretId"])
    tags = None if secret.tags is None else {k: v for k, v in secret.tags.items() if k not in given["TagKeys"]}
    region.put(replace(secret, tags=tags, last_changed_date=region.now))
    return {}


def put_resource_policy(region: Region, given: Given) -> Shown:
    return views.named(region.put(replace(region.usable(given["SecretId"]), policy=given["ResourcePolicy"])))


def get_resource_policy(region: Region, given: Given) -> Shown:
    secret = region.usable(given["SecretId"])
    return views.named(secret) | ({"ResourcePolicy": secret.policy} if secret.policy is not None else {})


def delete_resource_policy(region: Region, given: Given) -> Shown:
    return views.named(region.put(replace(region.usable(given["SecretId"]), policy=None)))


def _page(given: Given, found: list[Any]) -> tuple[list[Any], Shown]:
    """A page, and the token of the next one; a token is the number of what was shown."""
    token, size = given.get("NextToken", "0"), given.get("MaxResults", PAGE)
    if not token.isascii() or not token.isdigit():
        raise RefusedError("InvalidNextTokenException", "The NextToken value is invalid.")
    ends = int(token) + size
    return found[int(token) : ends], {"NextToken": str(ends)} if ends < len(found) else {}


# --- Life ----------------------------------------------------------------------------------------


def delete_secret(region: Region, given: Given) -> Shown:
    secret, window = region.find(given["SecretId"]), given.get("RecoveryWindowInDays")
    forced = given.get("ForceDeleteWithoutRecovery", False)
    if secret is not None and secret.replication:
        regions = ", ".join(status["Region"] for status in secret.replication)
        raise invalid_parameter(f"You can't delete secret {secret.arn} that still has replica regions [{regions}].")
    if secret is not None and secret.deleted_date is not None and not forced:
        raise errors.scheduled()
    if window is not None and not 7 <= window <= 30:  # noqa: PLR2004 - the API reference
        raise invalid_parameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
    if window is not None and forced:
        raise invalid_parameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
    if secret is None and forced:  # AWS answers success
        return {"ARN": region.new_arn(given["SecretId"]), "Name": given["SecretId"], "DeletionDate": region.now}
    if secret is None:
        raise errors.not_found()
    if forced:
        region.drop(secret.name)
        return views.named(secret) | {"DeletionDate": region.now}
    ends = region.now + (window or 30) * DAY_S
    return views.named(region.put(replace(secret, deleted_date=ends))) | {"DeletionDate": ends}


def restore_secret(region: Region, given: Given) -> Shown:
    return views.named(region.put(replace(region.known(given["SecretId"]), deleted_date=None)))


def rotate_secret(region: Region, given: Given) -> Shown:
    secret = region.usable(given["SecretId"])
    version_id, function = _version_id(given), given.get("RotationLambdaARN") or secret.rotation_lambda_arn
    if not function:
        raise invalid_request("No Lambda rotation function ARN is associated with this secret.")
    current = secret.stages.get(labels.CURRENT)
    if secret.stages.get(labels.PENDING, current) != current:
        raise invalid_request("A previous rotation isn't complete. That rotation will be reattempted.")
    if function not in region.functions:
        raise RefusedError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            "access to the principal secretsmanager.amazonaws.com.",
        )
    if version_id in secret.versions:
        raise errors.token_in_use(version_id, secret.arn)
    # To test the function alone, AWS gives it a copy of the current value.
    tested = secret.versions.get(current or "") if given.get("RotateImmediately") is False else None
    value = (None, None) if tested is None else (tested.secret_string, tested.secret_binary)
    secret = replace(
        secret,
        rotation_requested=True,
        rotation_enabled=True,
        rotation_lambda_arn=function,
        auto_rotate_after_days=given.get("RotationRules", {}).get("AutomaticallyAfterDays", 0),
    )
    secret = region.put(_add(region, secret, version_id, value, [labels.PENDING]))
    return views.named(secret) | {"VersionId": version_id}


def rotated(region: Region, arn: str, version_id: str, *, tested_only: bool) -> None:
    """Note that a rotation has succeeded; the copy of one that was only tested goes."""
    secret = region.usable(arn)
    if tested_only:
        versions = {id_: version for id_, version in secret.versions.items() if id_ != version_id}
        stages = {label: id_ for label, id_ in secret.stages.items() if id_ != version_id}
        secret = replace(secret, versions=versions, stages=stages)
    region.put(replace(secret, last_rotation_date=region.now))


def cancel_rotate_secret(region: Region, given: Given) -> Shown:
    secret = region.usable(given["SecretId"])
    if not secret.rotation_lambda_arn:
        raise invalid_request(
            "You tried to enable rotation on a secret that doesn't already have a Lambda function ARN configured and "
            "you didn't include such an ARN as a parameter in this call."
        )
    secret = region.put(replace(secret, rotation_enabled=False))
    current = secret.stages.get(labels.CURRENT)
    return views.named(secret) | ({"VersionId": current} if current is not None else {})


# --- Replicas ------------------------------------------------------------------------------------


def replicate_secret_to_regions(region: Region, given: Given) -> Shown:
    secret = region.usable(given["SecretId"])
    _check_regions(region, given["AddReplicaRegions"])
    secret, statuses = _replicated(region, secret, given)
    region.put(secret)
    return {"ARN": secret.arn, "ReplicationStatus": statuses}


def remove_regions_from_replication(region: Region, given: Given) -> Shown:
    secret, gone = region.usable(given["SecretId"]), given["RemoveReplicaRegions"]
    for status in secret.replication:
        if status["Region"] in gone and status["Status"] != replicas.FAILED:
            region.drop(secret.name, status["Region"])
    secret = _without_replicas(secret, gone)
    region.put(secret)
    return {"ARN": secret.arn, "ReplicationStatus": list(secret.replication)}


def stop_replication_to_replica(region: Region, given: Given) -> Shown:
    """Make a replica a secret of its own."""
    replica = region.usable(given["SecretId"])
    if replica.primary_region is None:
        raise invalid_request("The secret is not a replica.")
    primary = region.elsewhere(replica.primary_region, replica.name)
    assert primary is not None  # a primary that has replicas cannot be deleted
    region.put(_without_replicas(primary, [region.name]))
    region.put(
        replace(
            replica,
            primary_region=None,
            rotation_requested=False,
            rotation_enabled=False,
            rotation_lambda_arn="",
            auto_rotate_after_days=0,
            last_rotation_date=None,
        )
    )
    return {"ARN": replica.arn}


def _check_regions(region: Region, wanted: list[Mapping[str, str]]) -> None:
    if not all(replicas.is_possible(region.name, row.get("Region", "")) for row in wanted):
        raise invalid_parameter("Invalid replica region.")


def _replicated(region: Region, secret: Secret, given: Given) -> tuple[Secret, list[Mapping[str, str]]]:
    """The secret with the replicas that are wanted, and their statuses as answered: nothing is copied yet."""
    shown = {status["Region"]: status for status in secret.replication}
    for row in given.get("AddReplicaRegions", []):
        found = region.elsewhere(row["Region"], secret.name)
        overwrite = given.get("ForceOverwriteReplicaSecret", False)
        status = replicas.status(row, found, secret, overwrite=overwrite)
        secret = _without_replicas(secret, [row["Region"]])
        secret = replace(secret, replication=(*secret.replication, status), last_changed_date=region.now)
        shown.pop(row["Region"], None)
        shown[row["Region"]] = replicas.begun(status)
    return secret, list(shown.values())


def _without_replicas(secret: Secret, regions: list[str]) -> Secret:
    return replace(secret, replication=tuple(one for one in secret.replication if one["Region"] not in regions))


# --- The table -----------------------------------------------------------------------------------

READS: Mapping[str, Callable[[Region, Given], Shown]] = {
    "BatchGetSecretValue": batch_get_secret_value,
    "DescribeSecret": describe_secret,
    "GetRandomPassword": get_random_password,
    "GetResourcePolicy": get_resource_policy,
    "GetSecretValue": get_secret_value,
    "ListSecretVersionIds": list_secret_version_ids,
    "ListSecrets": list_secrets,
}
WRITES: Mapping[str, Callable[[Region, Given], Shown]] = {
    "CancelRotateSecret": cancel_rotate_secret,
    "CreateSecret": create_secret,
    "DeleteResourcePolicy": delete_resource_policy,
    "DeleteSecret": delete_secret,
    "PutResourcePolicy": put_resource_policy,
    "PutSecretValue": put_secret_value,
    "RemoveRegionsFromReplication": remove_regions_from_replication,
    "ReplicateSecretToRegions": replicate_secret_to_regions,
    "RestoreSecret": restore_secret,
    "RotateSecret": rotate_secret,
    "StopReplicationToReplica": stop_replication_to_replica,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateSecret": update_secret,
    "UpdateSecretVersionStage": update_secret_version_stage,
}
# What does not go to a secret that is there, and the one write that a replica takes.
NOT_TO_A_PRIMARY = frozenset({"CreateSecret", "StopReplicationToReplica"})


def carry_out(operation: str, region: Region, given: Given) -> Shown:
    """Carry out one of READS and WRITES.

    Raises:
        RefusedError: AWS's refusal.
    """
    if operation in READS:
        return READS[operation](region, given)
    found = None if operation in NOT_TO_A_PRIMARY else region.find(given["SecretId"])
    if found is not None and found.primary_region is not None:
        raise invalid_parameter(
            "Operation not permitted on a replica secret. Call must be made in primary secret's region."
        )
    return WRITES[operation](region, given)
