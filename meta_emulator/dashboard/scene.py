"""What a page may look at: the world at one moment, journal, faults, counts of quotas, and the query of the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from meta_access.rules import RuleSet
    from meta_emulator.fault import Fault
    from meta_emulator.journal import Call
    from meta_emulator.limits import Count
    from meta_emulator.world import World


@dataclass(frozen=True, slots=True)
class Scene:
    """One look. Its maker holds the store's lock until the page is rendered."""

    world: World
    rules: RuleSet
    now: datetime
    calls: Sequence[Call]
    faults: Sequence[Fault]
    counts: Sequence[Count]
    query: Mapping[str, str]
