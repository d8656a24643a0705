"""moto's Secrets Manager of one region, with the behaviour of AWS where moto 5.2 differs.

What is not overridden here is moto's. Which behaviour is corrected, and on what evidence, is in
docs/emulator/secrets-manager.md.
"""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from moto.secretsmanager.exceptions import (
    InvalidRequestException,
    ResourceExistsException,
    SecretStageVersionMismatchException,
)

from meta_access.emulator.aws import labels, records
from meta_access.emulator.aws.inventory import Inventory
from meta_access.emulator.aws.limits import check_tags
from meta_access.emulator.aws.refusals import (
    NoValueException,
    RefusedError,
    ScheduledForDeletionException,
    VersionDeletedException,
)

if TYPE_CHECKING:
    from moto.secretsmanager.models import FakeSecret

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
        **_replication: Any,
    ) -> str:
        version_id = self._from_client_request_token(client_request_token)
        known = self._lookup(name)
        if known is not None:
            if known.is_deleted():
                raise InvalidRequestException(
                    "You can't create this secret because a secret with this name is already scheduled for deletion."
                )
            if _holds(known, version_id, secret_string, secret_binary):
                return known.to_short_dict(version_id=version_id)
            raise ResourceExistsException(f"The operation failed because the secret {name} already exists.")
        suffix = "".join(secrets.choice(SUFFIX) for _ in range(6))
        arn = f"{self._arn_prefix()}{name}-{suffix}"
        secret = records.new_secret(name, arn, self.account_id, self.region_name)
        secret.description, secret.tags, secret.kms_key_id = description, tags or None, kms_key_id or None
        secret.created_date = secret.last_changed_date = self._seconds()
        self.secrets[name] = secret
        if secret_string is None and secret_binary is None:
            return secret.to_short_dict(include_version_id=False)
        self._add_version(secret, version_id, secret_string, secret_binary, [labels.CURRENT])
        return secret.to_short_dict(version_id=version_id)

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
                raise ResourceExistsException(
                    f"You can't use ClientRequestToken {version_id} because that value is already in use for a version "
                    f"of secret {secret.arn}."
                )
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
            if version_id in secret.versions:
                raise ResourceExistsException(
                    f"You can't use ClientRequestToken {version_id} because that value is already in use for a version "
                    f"of secret {secret.arn}."
                )
            self._add_version(secret, version_id, secret_string, secret_binary, [labels.CURRENT])
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


def _valueless(version: dict[str, Any]) -> bool:
    return "secret_string" not in version and "secret_binary" not in version


def _holds(secret: FakeSecret, version_id: str, text: str | None, binary: str | None) -> bool:
    version = secret.versions.get(version_id)
    return version is not None and version.get("secret_string") == text and version.get("secret_binary") == binary
