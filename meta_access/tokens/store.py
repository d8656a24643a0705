"""Secrets Manager: one method for each call that the protocol needs, with its errors as ours.

Two calls are not idempotent (measured: a retry after a 500 fails although the first attempt worked):
UpdateSecretVersionStage and DeleteSecret. Both are looked at again before they count as failed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from meta_access import errors
from meta_access.aws_refusals import INVALID_PARAMETER, INVALID_REQUEST, NOT_FOUND
from meta_access.clock import SYSTEM_CLOCK, parse_http_date
from meta_access.tokens import recorded, tags
from meta_access.tokens.listed import ListedSecrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from meta_access.clock import Clock
    from meta_access.stack.connections import AwsSettings


@dataclass(frozen=True, slots=True)
class Description:
    """What DescribeSecret shows: everything but values.

    Attributes:
        stages: Version id to labels. Versions without a label are not shown.
        deletes_at: Set while the secret waits for its deletion.
        rotated_by: ARN of the function with which AWS rotates the secret by itself; None while it does not.
        primary_region: Of a replica: where the secret itself is.
        replicas: Regions that AWS copies the secret to.
    """

    arn: str
    name: str
    tags: Mapping[str, str]
    stages: Mapping[str, tuple[str, ...]]
    kms_key: str | None = None
    deletes_at: datetime | None = None
    rotated_by: str | None = None
    primary_region: str | None = None
    replicas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its value, which may be a token's and is kept out of `repr`, and when AWS got it."""

    text: str = field(repr=False)
    created_at: datetime


T = TypeVar("T", bound="Mapping[str, Any]")

# "All Secrets Manager operations are eventually consistent": a secret may be unknown for a moment after its creation.
_CREATION_SETTLES = (0.5, 1.0, 2.0, 4.0)
_LOOK_AGAIN = (0.0, 1.0, 2.0)
_TAGGING = "Tagging"
_PAGE = 100


class SecretStore:
    """Secrets Manager of one region.

    Attributes:
        server_time: The `Date` of the last answer: the only clock for leases, grace and expiry.
        listed: A stack's secrets as their list shows them, for reads alone.
    """

    def __init__(self, client: SecretsManagerClient, region: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._client = client
        self._clock = clock
        self._made_here: set[str] = set()
        self.region = region
        self.server_time: datetime | None = None
        self.listed = ListedSecrets(self)

    def now(self) -> datetime:
        """AWS's clock at the last answer."""
        if self.server_time is None:
            raise errors.SecretStoreError(
                f"Secrets Manager in {self.region} answers without a Date header: no lease or grace can be measured. "
                "Nothing was changed.",
                next_step="Check what answers at its endpoint.",
            )
        return self.server_time

    def describe(self, secret: str) -> Description:
        """Read everything but values.

        Raises:
            SecretNotFoundError: Unless it was created here a moment ago; then it is waited for.
        """
        answer = self._ask("Describing", secret, lambda: self._client.describe_secret(SecretId=secret))
        return _described(answer, "VersionIdsToStages")

    def create(
        self, name: str, text: str, *, token: str, tags: Mapping[str, str], description: str, kms_key: str | None
    ) -> Description:
        """Create a secret with its first version.

        Raises:
            VersionExistsError: Somebody else created it meanwhile.
            SecretScheduledForDeletionError: Its name is still held by one that goes.
        """
        pairs: Any = [{"Key": key, "Value": value} for key, value in tags.items()]
        encryption: Any = {} if kms_key is None else {"KmsKeyId": kms_key}
        try:
            answer = self._call(
                "Creating",
                name,
                lambda: self._client.create_secret(
                    Name=name,
                    ClientRequestToken=token,
                    SecretString=text,
                    Description=description,
                    Tags=pairs,
                    **encryption,
                ),
            )
        except errors.SecretStoreError as failed:
            if failed.code == INVALID_REQUEST:
                raise errors.SecretScheduledForDeletionError(
                    f"Creating secret {name} was refused: the name still belongs to a secret that is being deleted.",
                    next_step="Wait for that, restore it, or choose another name.",
                ) from None
            raise
        self._made_here.add(answer["ARN"])
        return Description(answer["ARN"], answer["Name"], dict(tags), {answer["VersionId"]: ("AWSCURRENT",)}, kms_key)

    def restore(self, arn: str) -> None:
        """Take back a scheduled deletion."""
        self._ask("Restoring", arn, lambda: self._client.restore_secret(SecretId=arn))

    def read(self, arn: str, version_id: str) -> Version | None:
        """Read one version by its id; None when there is none (any more)."""
        try:
            answer = self._call(
                "Reading", arn, lambda: self._client.get_secret_value(SecretId=arn, VersionId=version_id)
            )
        except errors.SecretStoreError as failed:
            # A version that AWS has removed answers InvalidRequest, as does a secret that waits for its deletion.
            error = self._told("Reading", arn, failed)
            gone = failed.code == INVALID_REQUEST and not isinstance(error, errors.SecretScheduledForDeletionError)
            if failed.code == NOT_FOUND or gone:
                return None
            raise error from None
        return Version(answer.get("SecretString", ""), answer["CreatedDate"])

    def put(self, arn: str, version_id: str, text: str, *labels: str) -> tuple[str, ...]:
        """Put a version under an id of ours; the same id with the same text again is no-op.

        Returns:
            The labels it has now. A no-op does not attach `labels` again.

        Raises:
            VersionExistsError: The id holds another text.
        """
        answer = self._ask(
            "Writing to",
            arn,
            lambda: self._client.put_secret_value(
                SecretId=arn, ClientRequestToken=version_id, SecretString=text, VersionStages=list(labels)
            ),
        )
        return tuple(answer.get("VersionStages", []))

    def move(self, arn: str, label: str, *, to: str | None, source: str | None) -> bool:
        """Move, attach (no `source`) or drop (no `to`) one label.

        Returns:
            Whether the label is where it should be. False: it was not on `source`, somebody else moved it.
        """
        where: Any = {"RemoveFromVersionId": source} if source else {}
        where |= {"MoveToVersionId": to} if to else {}
        try:
            self._call(
                "Moving a label of",
                arn,
                lambda: self._client.update_secret_version_stage(SecretId=arn, VersionStage=label, **where),
            )
        except errors.SecretStoreError as failed:
            lost = isinstance(failed, errors.SecretUnreachableError)
            if not lost and failed.code != INVALID_PARAMETER:
                raise self._told("Moving a label of", arn, failed) from None
            for pause in _LOOK_AGAIN:
                self._clock.sleep(pause)
                stages = self.describe(arn).stages
                if label in stages.get(to, ()) if to else label not in stages.get(source or "", ()):
                    return True
            if lost:
                raise
            return False
        return True

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Write tags; others stay."""
        pairs: Any = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._ask(_TAGGING, arn, lambda: self._client.tag_resource(SecretId=arn, Tags=pairs))

    def use_key(self, arn: str, kms_key: str) -> None:
        """Encrypt with another key from now on. AWS re-encrypts the versions under its own labels, not ours."""
        self._ask("Changing the key of", arn, lambda: self._client.update_secret(SecretId=arn, KmsKeyId=kms_key))

    def stop_rotation(self, arn: str) -> None:
        """Let AWS start no rotation of its own any more. One that is at work may leave its version pending."""
        self._ask("Stopping the rotation of", arn, lambda: self._client.cancel_rotate_secret(SecretId=arn))

    def schedule_deletion(self, arn: str, days: int) -> datetime | None:
        """Schedule the deletion; already scheduled is success.

        Returns:
            When the secret goes.
        """
        try:
            answer = self._call(
                "Deleting", arn, lambda: self._client.delete_secret(SecretId=arn, RecoveryWindowInDays=days)
            )
        except errors.SecretDeniedError:
            raise
        except errors.SecretStoreError as failed:
            described = self.describe(arn)
            if described.deletes_at is None:
                # AWS's page names one of the two codes and not which.
                if failed.code in {INVALID_PARAMETER, INVALID_REQUEST} and described.replicas:
                    raise _replicated(described, self.region) from None
                raise
            return described.deletes_at
        return answer.get("DeletionDate")

    # --- lists -------------------------------------------------------------------------------

    def owned_by(self, project: str, stack: str) -> list[Description]:
        """List the secrets whose tags name this owner, those that wait for their deletion included."""
        found = self._tagged(f"list of {project}/{stack}", tags.STACK, stack)
        return [one for one in found if one.tags.get(tags.PROJECT) == project]

    def of_user(self, system_user_id: str) -> list[Description]:
        """List the secrets, of any owner, whose tags name this system user."""
        return self._tagged(f"list of system user {system_user_id}", tags.SYSTEM_USER, system_user_id)

    def named(self, prefix: str) -> list[Description]:
        """List the secrets, of any owner, whose names begin so."""
        found = self._listed(f"list of secrets {prefix}*", {"name": prefix})
        return [one for one in found if one.name.startswith(prefix)]

    def _tagged(self, what: str, key: str, value: str) -> list[Description]:
        # AWS compares the beginning of a value, and of any tag: the filter shortens the pages, the tags decide.
        found = self._listed(what, {"tag-key": key, "tag-value": value})
        return [one for one in found if one.tags.get(key) == value]

    def _listed(self, what: str, filters: Mapping[str, str]) -> list[Description]:
        wanted: dict[str, Any] = {
            "Filters": [{"Key": key, "Values": [value]} for key, value in filters.items()],
            "IncludePlannedDeletion": True,
            "MaxResults": _PAGE,
        }
        found: list[Description] = []
        while True:
            answer = self._ask("Reading the", what, lambda: self._page(wanted))
            found += [_described(entry, "SecretVersionsToStages") for entry in answer["SecretList"]]
            if not answer.get("NextToken"):
                return found
            wanted["NextToken"] = answer["NextToken"]

    def _page(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = dict(self._client.list_secrets(**wanted))
        # A usable answer is known by its ARN; a page of a list has none, and is one by its entries.
        return {**answer, "ARN": ""} if "SecretList" in answer else answer

    # --- one call ----------------------------------------------------------------------------

    def _ask(self, verb: str, secret: str, call: Callable[[], T]) -> T:
        pauses = _CREATION_SETTLES if secret in self._made_here else ()
        for pause in (*pauses, None):
            try:
                return self._call(verb, secret, call)
            except errors.SecretStoreError as failed:
                if failed.code != NOT_FOUND or pause is None:
                    raise self._told(verb, secret, failed) from None
                self._clock.sleep(pause)
        raise AssertionError("the last round returns or raises")

    def _told(self, verb: str, secret: str, failed: errors.SecretStoreError) -> errors.SecretStoreError:
        if failed.code != INVALID_REQUEST or verb == "Describing":
            return failed
        try:
            goes = self.describe(secret).deletes_at
        except errors.SecretStoreError:
            return failed
        if goes is None:
            return failed
        return errors.SecretScheduledForDeletionError(
            f"{verb} secret {secret} was refused: it is being deleted.",
            next_step="Restore it, or name another secret.",
        )

    def _call(self, verb: str, secret: str, call: Callable[[], T]) -> T:
        from meta_access import aws  # noqa: PLC0415 - see `tokens.recorded.client`

        try:
            answer = call()
        except (aws.Refused, *aws.FAILURES) as error:
            if isinstance(error, aws.Refused) and not aws.is_of_credentials(error):
                self._note_time(error.response)
            raise aws.failure(f"{verb} secret {secret}", self.region, error) from None
        self._note_time(answer)
        if _says_too_much(answer) if verb == _TAGGING else "ARN" not in answer:
            # botocore takes a body that is no JSON for an answer without members.
            found = aws.no_answer("not an answer of Secrets Manager")
            raise aws.failed(f"{verb} secret {secret} in {self.region}", found)
        return answer

    def _note_time(self, answer: Mapping[str, Any]) -> None:
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date:
            self.server_time = parse_http_date(date)


def _says_too_much(answer: Mapping[str, Any]) -> bool:
    """Whether a write of tags was answered by something else: AWS's answer to it is empty, a web page never is.

    Measured with the fault `garbage`: a claim taken for written that was not kept its own resource out for good.
    """
    length = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("content-length", "0")
    return int(length) > len("{}")


def _replicated(described: Description, region: str) -> errors.SecretStoreError:
    regions, listed = " ".join(described.replicas), ", ".join(described.replicas)
    return errors.SecretStoreError(
        f"Deleting secret {described.name} in {region} was refused: it has replicas in {listed}, and AWS "
        "deletes no secret that has any. Nothing was deleted.",
        next_step=(
            "Look who reads them, then remove them with RemoveRegionsFromReplication (`aws secretsmanager "
            f"remove-regions-from-replication --region {region} --secret-id {described.arn} --remove-replica-regions "
            f"{regions}`), and run again."
        ),
    )


_stores: dict[tuple[str, str | None], SecretStore] = {}
_stores_lock = threading.Lock()


def store_for(settings: AwsSettings) -> SecretStore:
    """The store of these settings, one per process."""
    with _stores_lock:
        key = (settings.region, settings.endpoint_url)
        if key not in _stores:
            _stores[key] = SecretStore(recorded.client(settings.region, settings.endpoint_url), settings.region)
        return _stores[key]


def _described(entry: Mapping[str, Any], stages: str) -> Description:
    """An answer of DescribeSecret, or an entry of ListSecrets, which says nothing of replicas."""
    return Description(
        arn=entry["ARN"],
        name=entry["Name"],
        tags={pair.get("Key", ""): pair.get("Value", "") for pair in entry.get("Tags", [])},
        stages={version: tuple(labels) for version, labels in entry.get(stages, {}).items()},
        kms_key=entry.get("KmsKeyId"),
        deletes_at=entry.get("DeletedDate"),
        rotated_by=entry.get("RotationLambdaARN", "AWS") if entry.get("RotationEnabled") else None,
        primary_region=entry.get("PrimaryRegion"),
        replicas=tuple(row.get("Region", "") for row in entry.get("ReplicationStatus", [])),
    )
