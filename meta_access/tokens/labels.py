"""The staging labels of a secret: ours, and the two of AWS that matter.

A label is the only thing that keeps a version's bytes alive: AWS hides versions without one and may remove them.
AWS's own labels track one current and one previous version, so each live token has a label of its own.
Source: Secrets Manager user guide, "What's in a secret", read 2026-11-24.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"
INTENT = "META_INTENT"

# AWS allows 20 labels on all versions of a secret together; eight are left for AWS's own and for a rotation at work.
MOST_CUSTOM_LABELS = 12

_LIVE = re.compile(r"META_G([1-9][0-9]*)")
_STAMP = re.compile(r"META_R([1-9][0-9]*)_([0-9]+)")


def live(generation: int) -> str:
    """The label of a token that counts as live: `META_G7`."""
    return f"META_G{generation}"


def stamp(generation: int, at: datetime) -> str:
    """The label of a superseded token, with the moment its grace began: `META_R7_1767225600`."""
    return f"META_R{generation}_{int(at.timestamp())}"


def closing(generation: int) -> str:
    """The label under which a closed record is put, until the ledger's label has moved to it.

    Spelled like a stamp of long ago, so that a run which dies in between leaves something that the next one sweeps.
    """
    return f"META_R{generation}_0"


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of a secret, read.

    Attributes:
        where: Label to version id.
        live: Generation to version id, from `META_G…`.
        stamps: Generation to the moments and version ids of `META_R…`.
    """

    where: Mapping[str, str]
    live: Mapping[int, str]
    stamps: Mapping[int, tuple[tuple[datetime, str], ...]]

    @property
    def current(self) -> str | None:
        return self.where.get(CURRENT)

    @property
    def custom(self) -> int:
        """How many count against our budget; AWS's own do not."""
        return sum(not label.startswith("AWS") for label in self.where)


def where(stages: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Turn AWS's answer (version id to labels) round."""
    return {label: version_id for version_id, labels in stages.items() for label in labels}


def read(where: Mapping[str, str]) -> Labels:
    """Read labels; those that are not ours stand in `where` only."""
    alive: dict[int, str] = {}
    stamps: dict[int, tuple[tuple[datetime, str], ...]] = {}
    for label, version_id in where.items():
        if found := _LIVE.fullmatch(label):
            alive[int(found[1])] = version_id
        elif found := _STAMP.fullmatch(label):
            mark = (datetime.fromtimestamp(int(found[2]), UTC), version_id)
            stamps[int(found[1])] = (*stamps.get(int(found[1]), ()), mark)
    return Labels(where=dict(where), live=alive, stamps=stamps)
