"""Staging labels of one secret: which version carries which, and what a write does to the others.

Pure functions on moto's own `versions` mapping (version id -> its dict). AWS: a label sits on at most one version;
AWSPREVIOUS follows AWSCURRENT; a version without label is deprecated and may be removed.
Source: API reference of PutSecretValue and UpdateSecretVersionStage, read 2026-11-24.
"""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.exceptions import InvalidParameterException

from meta_emulator.aws.refusals import LimitExceededError

Versions = dict[str, dict[str, Any]]

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"

# "Staging labels attached across all versions of a secret: 20" - the quota page.
LABELS_PER_SECRET = 20
# The quota page says about 100; versions younger than a day are never removed to make room.
VERSIONS_PER_SECRET = 100
YOUNG_S = 24 * 3600


def holder(versions: Versions, label: str) -> str | None:
    """The id of the version that carries the label, or None."""
    return next((id_ for id_, version in versions.items() if label in version["version_stages"]), None)


def place(versions: Versions, version_id: str, labels: list[str]) -> None:
    """Attach the labels of a Put or Update to a version, taking them from the others.

    A new current version made this way abandons a pending rotation: AWSPENDING leaves the other versions
    (recorded from AWS; `move` leaves it alone).
    """
    before = holder(versions, CURRENT)
    _check_room(versions, labels)
    for label in labels:
        _attach(versions, version_id, label)
    if CURRENT in labels and before not in (None, version_id):
        _follow(versions, str(before), version_id)
        for id_, version in versions.items():
            if id_ != version_id and PENDING in version["version_stages"]:
                version["version_stages"].remove(PENDING)


def move(versions: Versions, label: str, *, remove_from: str | None, move_to: str | None) -> None:
    """Apply UpdateSecretVersionStage: attach, move or remove one label.

    Raises:
        InvalidParameterException: A version is unknown, or `remove_from` is not where the label sits.
        LimitExceededError: The secret has no room for another label.
    """
    for id_ in (remove_from, move_to):
        if id_ is not None and id_ not in versions:
            raise InvalidParameterException(f"Not a valid version: {id_}")
    if remove_from is None and move_to is None:
        raise InvalidParameterException("You must specify RemoveFromVersionId, MoveToVersionId, or both.")
    at = holder(versions, label)
    if at is not None and remove_from is None:
        raise InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version "
            f"{at}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    if remove_from is not None and at != remove_from:
        raise InvalidParameterException(f"Staging label {label} is not attached to version {remove_from}.")
    if move_to is None and label == CURRENT:
        raise InvalidParameterException(f"You can't remove staging label {label}; you can only move it.")
    if move_to == remove_from:
        raise InvalidParameterException(f"Staging label {label} is already attached to version {move_to}.")
    if move_to is None:
        versions[str(remove_from)]["version_stages"].remove(label)
        return
    _check_room(versions, [label])
    _attach(versions, move_to, label)
    if label == CURRENT and remove_from is not None:
        _follow(versions, remove_from, move_to)


def prune(versions: Versions, now: float) -> list[str]:
    """Make room for one more version by removing the oldest deprecated ones; answer their ids.

    Raises:
        LimitExceededError: Too few versions are both without label and older than a day.
    """
    excess = len(versions) + 1 - VERSIONS_PER_SECRET
    if excess <= 0:
        return []
    old = [
        id_
        for id_, version in sorted(versions.items(), key=lambda item: float(item[1]["createdate"]))
        if not version["version_stages"] and version["createdate"] <= now - YOUNG_S
    ]
    if len(old) < excess:
        raise LimitExceededError("You have reached the quota of versions of this secret.")
    for id_ in old[:excess]:
        del versions[id_]
    return old[:excess]


def _attach(versions: Versions, version_id: str, label: str) -> None:
    for version in versions.values():
        if label in version["version_stages"]:
            version["version_stages"].remove(label)
    versions[version_id]["version_stages"].append(label)


def _follow(versions: Versions, before: str, after: str) -> None:
    _attach(versions, before, PREVIOUS)
    if PREVIOUS in versions[after]["version_stages"]:
        versions[after]["version_stages"].remove(PREVIOUS)


def _check_room(versions: Versions, labels: list[str]) -> None:
    attached = {label for version in versions.values() for label in version["version_stages"]} | set(labels)
    if CURRENT in labels and holder(versions, CURRENT) is not None:
        attached.add(PREVIOUS)
    if len(attached) > LABELS_PER_SECRET:
        raise LimitExceededError(f"You have reached the quota of {LABELS_PER_SECRET} staging labels of this secret.")
