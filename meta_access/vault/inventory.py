"""Which secrets belong to a stack or a system user, by their tags.

Apart from the store, whose calls are the protocol's and about one secret.

Needs `secretsmanager:ListSecrets`, which AWS grants for all resources or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.vault import tags
from meta_access.vault.description import Description

if TYPE_CHECKING:
    from meta_access.vault.store import SecretStore

PAGE = 100


def owned_by(store: SecretStore, project: str, stack: str) -> list[Description]:
    """List the secrets whose tags name this owner, those that wait for their deletion included."""
    found = _tagged(store, f"list of {project}/{stack}", tags.STACK, stack)
    return [one for one in found if one.tags.get(tags.PROJECT) == project]


def of_user(store: SecretStore, system_user_id: str) -> list[Description]:
    """List the secrets, of any owner, whose tags name this system user."""
    return _tagged(store, f"list of system user {system_user_id}", tags.SYSTEM_USER, system_user_id)


def _tagged(store: SecretStore, what: str, key: str, value: str) -> list[Description]:
    # AWS compares the beginning of a value, and of any tag: the filter shortens the pages, the tags decide.
    wanted: dict[str, Any] = {
        "Filters": [{"Key": "tag-key", "Values": [key]}, {"Key": "tag-value", "Values": [value]}],
        "IncludePlannedDeletion": True,
        "MaxResults": PAGE,
    }
    found: list[Description] = []
    while True:
        answer = _page(store, what, wanted)
        found += [_listed(entry) for entry in answer["SecretList"]]
        if not answer.get("NextToken"):
            return [one for one in found if one.tags.get(key) == value]
        wanted["NextToken"] = answer["NextToken"]


def _page(store: SecretStore, what: str, wanted: dict[str, Any]) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        answer: dict[str, Any] = dict(store._client.list_secrets(**wanted))  # noqa: SLF001 - one package, one client
        # The store knows a usable answer by its ARN; a page of a list has none, and is one by its entries.
        return {**answer, "ARN": ""} if "SecretList" in answer else answer

    return store._ask("Reading the", what, ask)  # noqa: SLF001 - for its errors and its clock


def _listed(entry: dict[str, Any]) -> Description:
    return Description(
        arn=entry["ARN"],
        name=entry["Name"],
        tags={pair.get("Key", ""): pair.get("Value", "") for pair in entry.get("Tags", [])},
        stages={version: tuple(labels) for version, labels in entry.get("SecretVersionsToStages", {}).items()},
        kms_key=entry.get("KmsKeyId"),
        deletes_at=entry.get("DeletedDate"),
    )
