"""moto's Secrets Manager of one region, with the behaviour of AWS where moto 5.2 differs.

What is not overridden here is moto's. Which behaviour is corrected, and on what evidence, is in
docs/emulator/secrets-manager.md.
"""

from __future__ import annotations

import json
import secrets
import string
from typing import TYPE_CHECKING, Any

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    OperationNotPermittedOnReplica,
    ResourceExistsException,
    SecretStageVersionMismatchException,
)

from meta_emulator.aws import labels, records, replication
from meta_emulator.aws.inventory import Inventory
from meta_emulator.aws.limits import check_tags
from meta_emulator.aws.refusals import (
    NoValueException,
    RefusedError,
    ScheduledForDeletionException,
    TokenInUseException,
    VersionDeletedException,
)

if TYPE_CHECKING:
    from meta_emulator.aws.records import Secret

SUFFIX = string.ascii_letters + string.digits
DAY_S = 86_400


class Backend(Inventory):
    """Secrets Manager's operations, in moto's signatures."""

    # --- values ------------------------------------------------------------------------------------

    def create_secret(  # type: ignore[override] # moto's responses pass everything by keyword
        self,
        *,
        name: str,
        secret_string: str | None,
        secret_binary: str | None,
        description: str | None,
        tags: list[dict[str, str]] | None,
        kms_key_id: str | None,
        client_request_token: str,
        replica_regions: list[dict[str, str]],
        force_overwrite: bool,
    ) -> str:
        version_id = self._from_client_request_token(client_request_token)
        self._check_regions(replica_regions)
        known = self._lookup(name)
        if known is not None:
            if known.is_deleted():
                raise InvalidRequestException(
                    "You can't create this secret because a secret with this name is already scheduled for deletion."
                )
            if _holds(known, version_id, secret_string, secret_binary):
                return _created(known, version_id, known.replication)
            if version_id in known.versions:
                raise TokenInUseException(version_id, known.arn)
            raise ResourceExistsException(f"The operation failed because the secret {name} already exists.")
        suffix = "".join(secrets.choice(SUFFIX) for _ in range(6))
        arn = f"{self._arn_prefix()}{name}-{suffix}"
        secret = records.new_secret(name, arn, self.account_id, self.region_name)
        secret.description, secret.tags, secret.kms_key_id = description, tags or None, kms_key_id or None
        secret.created_date = secret.last_changed_date = self._seconds()
        self.secrets[name] = secret
        given = secret_string is not None or secret_binary is not None
        if given:
            self._add_version(secret, version_id, secret_string, secret_binary, [labels.CURRENT])
        begun = self._replicate(secret, replica_regions, overwrite=force_overwrite)
        return _created(secret, version_id if given else None, begun)

    def put_secret_value(
        self,
        secret_id: str,
        secret_string: str | None,
        secret_binary: str | None,
        client_request_token: str,
        version_stages: list[str],
    ) -> str:
        secret = self._usable(secret_id)
        version_id = self._from_client_request_token(client_request_token)
        if version_id in secret.versions and _valueless(secret.versions[version_id]):
            # AWS made the version when it began a rotation; its value comes from the function.
            if secret_string is not None:
                secret.versions[version_id]["secret_string"] = secret_string
            if secret_binary is not None:
                secret.versions[version_id]["secret_binary"] = secret_binary
            labels.place(secret.versions, version_id, list(dict.fromkeys(version_stages)))
            records.follow_current(secret)
            secret.last_changed_date = self._seconds()
        elif version_id in secret.versions:
            if not _holds(secret, version_id, secret_string, secret_binary):
                raise TokenInUseException(version_id, secret.arn)
        else:
            stages = list(dict.fromkeys(version_stages))
            if not secret.versions and labels.CURRENT not in stages:
                stages.append(labels.CURRENT)
            self._add_version(secret, version_id, secret_string, secret_binary, stages)
        return secret.to_short_dict(include_version_stages=True, version_id=version_id)

    def update_secret(  # type: ignore[override] # likewise
        self,
        *,
        secret_id: str,
        secret_string: str | None = None,
        secret_binary: str | None = None,
        client_request_token: str | None = None,
        kms_key_id: str | None = None,
        description: str | None = None,
    ) -> str:
        secret = self._usable(secret_id)
        version_id = None
        if secret_string is not None or secret_binary is not None:
            version_id = self._from_client_request_token(client_request_token)
            if version_id not in secret.versions:
                self._add_version(secret, version_id, secret_string, secret_binary, [labels.CURRENT])
            elif not _holds(secret, version_id, secret_string, secret_binary):
                raise TokenInUseException(version_id, secret.arn)
        if description is not None:
            secret.description = description
        if kms_key_id is not None:
            secret.kms_key_id = kms_key_id or None
        secret.last_changed_date = self._seconds()
        return secret.to_short_dict(version_id=version_id, include_version_id=version_id is not None)

    def get_secret_value(self, secret_id: str, version_id: str | None, version_stage: str | None) -> dict[str, Any]:
        secret = self._usable(secret_id)
        wanted = version_id or labels.holder(secret.versions, version_stage or labels.CURRENT)
        if wanted is None:
            raise NoValueException(f"staging label: {version_stage or labels.CURRENT}")
        version = secret.versions.get(wanted)
        if version is None:
            if wanted in self._pruned.get(secret.name, []):
                raise VersionDeletedException(wanted)
            raise NoValueException(f"VersionId: {wanted}")
        if _valueless(version):
            raise NoValueException(f"VersionId: {wanted}")
        if version_stage and version_stage not in version["version_stages"]:
            raise SecretStageVersionMismatchException
        shown: dict[str, Any] = {"ARN": secret.arn, "Name": secret.name, "VersionId": wanted}
        shown |= {"VersionStages": sorted(version["version_stages"]), "CreatedDate": version["createdate"]}
        for key, kind in (("secret_string", "SecretString"), ("secret_binary", "SecretBinary")):
            if key in version:
                shown[kind] = version[key]
        return shown

    def list_secrets(
        self,
        filters: list[dict[str, Any]],
        max_results: int | None = None,
        next_token: str | None = None,
        include_planned_deletion: bool = False,
    ) -> tuple[list[dict[str, Any]], str | None]:
        # moto knows replicas by a class of its own.
        regions = [wanted["Values"] for wanted in filters if wanted["Key"] == "primary-region"]
        others = [wanted for wanted in filters if wanted["Key"] != "primary-region"]
        found, _ = super().list_secrets(others, len(self.secrets) or 1, None, include_planned_deletion)
        kept = [shown for shown in found if all(shown.get("PrimaryRegion") in values for values in regions)]
        return self._get_secret_values_page_and_next_token(kept, max_results, next_token)

    # --- labels, tags, policy ----------------------------------------------------------------------

    def update_secret_version_stage(
        self, secret_id: str, version_stage: str, remove_from_version_id: str | None, move_to_version_id: str | None
    ) -> tuple[str, str]:
        secret = self._usable(secret_id)
        labels.move(
            secret.versions,
            version_stage,
            remove_from=remove_from_version_id or None,
            move_to=move_to_version_id or None,
        )
        records.follow_current(secret)
        secret.last_changed_date = self._seconds()
        return secret.arn, secret.name

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        secret = self._usable(arn)
        held = {tag["Key"]: tag for tag in secret.tags or []}
        check_tags(list({**held, **{key: {"Key": key, "Value": value} for key, value in tags.items()}}.values()))
        super().tag_resource(arn, tags)
        secret.last_changed_date = self._seconds()

    def untag_resource(self, arn: str, tag_keys: list[str]) -> None:
        secret = self._usable(arn)
        super().untag_resource(arn, tag_keys)
        secret.last_changed_date = self._seconds()

    def put_resource_policy(self, secret_id: str, policy: str) -> tuple[str, str]:
        self._usable(secret_id)
        return super().put_resource_policy(secret_id, policy)

    def get_resource_policy(self, secret_id: str) -> str:
        self._usable(secret_id)
        return super().get_resource_policy(secret_id)

    def delete_resource_policy(self, secret_id: str) -> tuple[str, str]:
        self._usable(secret_id)
        return super().delete_resource_policy(secret_id)

    # --- life --------------------------------------------------------------------------------------

    def delete_secret(
        self, secret_id: str, recovery_window_in_days: int | None, force_delete_without_recovery: bool | None
    ) -> tuple[str, str, float]:
        known = self._lookup(secret_id)
        if known is not None and known.replication:
            regions = ", ".join(status["Region"] for status in known.replication)
            raise InvalidParameterException(
                f"You can't delete secret {known.arn} that still has replica regions [{regions}]."
            )
        if known is not None and known.is_deleted() and not force_delete_without_recovery:
            raise ScheduledForDeletionException
        arn, name, _ = super().delete_secret(secret_id, recovery_window_in_days, bool(force_delete_without_recovery))
        if force_delete_without_recovery or known is None:
            self._pruned.pop(name, None)
            return arn, name, self._seconds()
        known.deleted_date = self._seconds() + (recovery_window_in_days or 30) * DAY_S
        return arn, name, known.deleted_date

    def rotate_secret(
        self,
        secret_id: str,
        client_request_token: str | None = None,
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict[str, Any] | None = None,
        rotate_immediately: bool = True,
    ) -> str:
        secret = self._usable(secret_id)
        version_id = self._from_client_request_token(client_request_token)
        function = rotation_lambda_arn or secret.rotation_lambda_arn
        if not function:
            raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
        pending = labels.holder(secret.versions, labels.PENDING)
        if pending is not None and pending != labels.holder(secret.versions, labels.CURRENT):
            raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
        if function not in self.functions:
            raise RefusedError(
                "AccessDeniedException",
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
                "access to the principal secretsmanager.amazonaws.com.",
            )
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = function
        secret.auto_rotate_after_days = (rotation_rules or {}).get("AutomaticallyAfterDays", 0)
        copied = {} if rotate_immediately else secret.versions[str(labels.holder(secret.versions, labels.CURRENT))]
        text, binary = copied.get("secret_string"), copied.get("secret_binary")
        self._add_version(secret, version_id, text, binary, [labels.PENDING])
        return secret.to_short_dict(version_id=version_id)

    def rotated(self, secret_id: str, version_id: str, *, tested_only: bool) -> None:
        """Note that a rotation has succeeded; the copy of one that was only tested goes."""
        secret = self._usable(secret_id)
        secret.last_rotation_date = self._seconds()
        if tested_only:
            del secret.versions[version_id]

    # --- replicas ----------------------------------------------------------------------------------

    def check_writable(self, secret_id: str) -> None:
        """Refuse a write to a replica.

        Raises:
            OperationNotPermittedOnReplica: It is one.
        """
        secret = self._lookup(secret_id)
        if secret is not None and secret.primary_region is not None:
            raise OperationNotPermittedOnReplica

    def replicate_secret_to_regions(
        self, secret_id: str, replica_regions: list[dict[str, str]], force_overwrite: bool
    ) -> tuple[str, list[dict[str, str]]]:
        secret = self._usable(secret_id)
        self._check_regions(replica_regions)
        begun = self._replicate(secret, replica_regions, overwrite=force_overwrite)
        return secret.arn, begun

    def remove_regions_from_replication(
        self, secret_id: str, replica_regions: list[str]
    ) -> tuple[str, list[dict[str, str]]]:
        secret = self._usable(secret_id)
        for status in [status for status in secret.replication if status["Region"] in replica_regions]:
            secret.replication.remove(status)
            if status["Status"] != replication.FAILED:
                self.elsewhere(status["Region"]).restore_record(secret.name, None)
        return secret.arn, secret.replication

    def stop_replication_to_replica(self, secret_id: str) -> str:
        """Make a replica a secret of its own; its ARN."""
        replica = self._usable(secret_id)
        if replica.primary_region is None:
            raise InvalidRequestException("The secret is not a replica.")
        primaries = self.elsewhere(replica.primary_region)
        record = primaries.record(replica.name)
        assert record is not None  # a primary that has replicas cannot be deleted
        record["replication"] = [status for status in record["replication"] if status["Region"] != self.region_name]
        primaries.restore_record(replica.name, record)
        replica.primary_region = None
        for attribute, default in records.ROTATION.items():
            setattr(replica, attribute, default)
        return replica.arn

    def spread(self, secret_id: str) -> None:
        """Bring the replicas of a secret up to date with it."""
        record = self.record(secret_id)
        for status in record["replication"] if record else ():
            if record and status["Status"] != replication.FAILED:
                region = status["Region"]
                copied = replication.copied(record, self.region_name, region, status["KmsKeyId"])
                self.elsewhere(region).restore_record(record["name"], copied)

    def _check_regions(self, wanted: list[dict[str, str]]) -> None:
        if not all(replication.is_possible(self.region_name, row.get("Region", "")) for row in wanted):
            raise InvalidParameterException("Invalid replica region.")

    def _replicate(self, secret: Secret, wanted: list[dict[str, str]], *, overwrite: bool) -> list[dict[str, str]]:
        """Note where the secret is copied to from now on; the answer, in which nothing is copied yet."""
        begun = []
        for row in wanted:
            found = self.elsewhere(row["Region"]).record(secret.name)
            status = replication.status(row, found, secret.name, self.region_name, overwrite=overwrite)
            others = [known for known in secret.replication if known["Region"] != row["Region"]]
            secret.replication = [*others, status]
            begun.append(replication.begun(status))
        if begun:
            secret.last_changed_date = self._seconds()
        regions = {status["Region"] for status in begun}
        return [status for status in secret.replication if status["Region"] not in regions] + begun


def _created(secret: Secret, version_id: str | None, begun: list[dict[str, str]]) -> str:
    answer = json.loads(secret.to_short_dict(version_id=version_id, include_version_id=version_id is not None))
    return json.dumps({**answer, **({"ReplicationStatus": begun} if begun else {})})


def _valueless(version: dict[str, Any]) -> bool:
    return "secret_string" not in version and "secret_binary" not in version


def _holds(secret: Secret, version_id: str, text: str | None, binary: str | None) -> bool:
    version = secret.versions.get(version_id)
    return version is not None and version.get("secret_string") == text and version.get("secret_binary") == binary
