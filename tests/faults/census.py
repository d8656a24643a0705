"""What a trial left at Meta and in Secrets Manager, read through the emulator's two doors. No value is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT = "AWSCURRENT"
INTENT = "META_INTENT"


@dataclass(frozen=True, slots=True)
class Version:
    """One labelled version.

    Attributes:
        state: Of its payload: `empty`, `minting`, `closed`, `retired`, `active`; "" for anything else.
        fingerprint: Of the token in it, "" when there is none.
        suspects: Generations that it lists.
    """

    labels: frozenset[str]
    state: str = ""
    generation: int = 0
    fingerprint: str = ""
    suspects: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret; the versions of one that waits for its deletion cannot be read."""

    name: str
    scheduled: bool = False
    versions: tuple[Version, ...] = ()

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(label for version in self.versions for label in version.labels)

    @property
    def current(self) -> Version | None:
        return next((version for version in self.versions if CURRENT in version.labels), None)

    @property
    def suspects(self) -> tuple[int, ...]:
        return next((version.suspects for version in self.versions if INTENT in version.labels), ())


@dataclass(frozen=True, slots=True)
class Census:
    """Everything of one trial.

    Attributes:
        live: Fingerprints of the tokens that Meta honours, those of the starting world aside.
        users: Names of the employee system users.
    """

    live: frozenset[str] = frozenset()
    users: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()

    @property
    def held(self) -> frozenset[str]:
        """Fingerprints of the tokens in labelled versions."""
        found = (version.fingerprint for secret in self.secrets for version in secret.versions)
        return frozenset(mark for mark in found if mark)

    @property
    def suspects(self) -> int:
        return sum(len(secret.suspects) for secret in self.secrets)


def take(world: Mapping[str, Any], secrets: SecretsManagerClient) -> Census:
    """Count.

    Args:
        world: As `GET /_control/world` shows it.
        secrets: A client of the same emulator.
    """
    live = frozenset(
        token["fingerprint"]
        for token in world["tokens"]
        if token["issued_by"] == "api"
        and token["revoked_at"] is None
        and (token["expires_at"] is None or token["expires_at"] > world["now"])
    )
    users = tuple(user["name"] for user in world["system_users"] if user["role"] == "EMPLOYEE")
    listed = secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    return Census(live, users, tuple(_secret(secrets, entry["ARN"]) for entry in listed))


def _secret(secrets: SecretsManagerClient, arn: str) -> Secret:
    shown = secrets.describe_secret(SecretId=arn)
    if "DeletedDate" in shown:
        return Secret(shown["Name"], scheduled=True)
    versions = []
    for version_id, labels in shown["VersionIdsToStages"].items():
        text = secrets.get_secret_value(SecretId=arn, VersionId=version_id)["SecretString"]
        versions.append(_version(frozenset(labels), text))
    return Secret(shown["Name"], versions=tuple(versions))


def _version(labels: frozenset[str], text: str) -> Version:
    try:
        payload = json.loads(text)
    except ValueError:
        return Version(labels)
    suspects = tuple(suspect["generation"] for suspect in payload.get("suspects", ()))
    return Version(labels, payload["state"], payload["generation"], payload.get("fingerprint", ""), suspects)
