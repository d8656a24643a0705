"""Staging labels of one secret: what a write does to them.

Pure functions from label to the id of the version that carries it, so that no label can sit on two. AWSPREVIOUS
follows AWSCURRENT; a version without label is deprecated and may be removed.
Source: API reference of PutSecretValue and UpdateSecretVersionStage, read 2026-11-24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_emulator.aws.errors import invalid_parameter, over_quota

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

Stages = dict[str, str]

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"

# "Staging labels attached across all versions of a secret: 20" - the quota page.
LABELS = 20


def place(stages: Mapping[str, str], version_id: str, labels: Iterable[str]) -> Stages:
    """Attach the labels of a Put or Update to a version, taking them from the others.

    A new current version made this way abandons a pending rotation: AWSPENDING leaves the other versions
    (recorded from AWS; `move` leaves it alone).
    """
    placed = {**stages, **dict.fromkeys(labels, version_id)}
    before = stages.get(CURRENT, version_id)
    if placed.get(CURRENT) == version_id != before:
        placed[PREVIOUS] = before
    _check_room(placed)
    if placed.get(CURRENT) == version_id != before and placed.get(PENDING) != version_id:
        placed.pop(PENDING, None)
    return placed


def move(
    stages: Mapping[str, str], versions: Container[str], label: str, remove_from: str | None, move_to: str | None
) -> Stages:
    """Apply UpdateSecretVersionStage: attach, move or remove one label.

    Raises:
        RefusedError: A version is unknown, `remove_from` is not where the label sits, or there is no room for it.
    """
    for id_ in (remove_from, move_to):
        if id_ is not None and id_ not in versions:
            raise invalid_parameter(f"Not a valid version: {id_}")
    if remove_from is None and move_to is None:
        raise invalid_parameter("You must specify RemoveFromVersionId, MoveToVersionId, or both.")
    at = stages.get(label)
    if at is not None and remove_from is None:
        raise invalid_parameter(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version "
            f"{at}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    if remove_from is not None and at != remove_from:
        raise invalid_parameter(f"Staging label {label} is not attached to version {remove_from}.")
    if move_to is None and label == CURRENT:
        raise invalid_parameter(f"You can't remove staging label {label}; you can only move it.")
    if move_to == remove_from:
        raise invalid_parameter(f"Staging label {label} is already attached to version {move_to}.")
    moved = {held: id_ for held, id_ in stages.items() if held != label}
    if move_to is not None:
        moved[label] = move_to
        if label == CURRENT and remove_from is not None:
            moved[PREVIOUS] = remove_from
        _check_room(moved)
    return moved


def _check_room(stages: Stages) -> None:
    if len(stages) > LABELS:
        raise over_quota(f"{LABELS} staging labels")
