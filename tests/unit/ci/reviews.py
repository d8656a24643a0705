"""Reviews as the scripts are given them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.review import stored
from meta_access.review.facts import Cause, Fact, Kind, Review

if TYPE_CHECKING:
    from pathlib import Path

GAINS = Fact(
    kind=Kind.TASKS_GAINED,
    resource="AssetAssignment",
    name="acme-trading-act_1",
    who="trading",
    tasks=("MANAGE",),
    asset="act_1",
    client="acme",
)
DRIFTED = Fact(
    kind=Kind.TASKS_LOST,
    cause=Cause.DRIFT,
    resource="AssetAssignment",
    name="acme-reporting-act_2",
    who="reporting",
    tasks=("ADVERTISE",),
    asset="act_2",
    client="acme",
)


def review(*facts: Fact, stack: str = "prod", failed: bool = False) -> Review:
    return Review(stack=stack, project="meta-access", facts=facts, failed=failed)


def write(file: Path, made: Review) -> None:
    """What `meta-access review --json` prints."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(stored.write([made]), encoding="utf-8")
