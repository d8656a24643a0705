"""Which secrets a stack owns, by their tags. Apart from the store, whose calls are the protocol's and about one secret.

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
    # AWS compares the beginning of a value, and of any tag: the filter shortens the pages, the tags decide.
    wanted: dict[str, Any] = {
        "Filters": [{"Key": "tag-key", "Values": [tags.STACK]}, {"Key": "tag-value", "Values": [stack]}],
        "IncludePlannedDeletion": True,
        "MaxResults": PAGE,
    }
    found: list[Description] = []
    while True:
        answer = _page(store, f"list of {project}/{stack}", wanted)
        found += [_listed(entry) for entry in answer["SecretList"]]
        if not answer.get("NextToken"):
            return [one for one in found if (one.tags.get(tags.PROJECT), one.tags.get(tags.STACK)) == (project, stack)]
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
