"""Earlier states of every secret, for reads that lag behind their writes.

AWS's Secrets Manager is eventually consistent, and this one is not: a `stale` fault answers from here.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from meta_emulator.aws.secret import Secret

KEPT = 64  # writes per secret that a read can lie behind


class History:
    """States that a write ended, by region and name; None before a secret existed.

    Args:
        moment: The emulator's clock, with fractions; moving it on lets reads catch up.
    """

    def __init__(self, moment: Callable[[], datetime]) -> None:
        self._moment = moment
        self._past: dict[tuple[str, str], deque[tuple[datetime, Secret | None]]] = {}

    def add(self, region: str, name: str, before: Secret | None) -> None:
        past = self._past.setdefault((region, name), deque(maxlen=KEPT))
        past.append((self._moment(), before))

    def names(self, region: str) -> list[str]:
        """Names of the region's secrets that a write has changed, those that are gone included."""
        return [name for held_region, name in self._past if held_region == region]

    def name_of(self, region: str, secret_id: str) -> str | None:
        """The name behind a name or ARN that is no longer, or not yet, there."""
        for (held_region, name), past in self._past.items():
            if held_region == region and (name == secret_id or any(old and old.arn == secret_id for _, old in past)):
                return name
        return None

    def behind(
        self, region: str, name: str, now: Secret | None, *, writes: int | None, ms: float | None
    ) -> Secret | None:
        """The state some writes, or some milliseconds, ago: `now` when there was no write since."""
        past = self._past.get((region, name))
        if not past:
            return now
        if writes is not None:
            return now if writes <= 0 else past[-min(writes, len(past))][1]
        horizon = self._moment() - timedelta(milliseconds=ms or 0)
        return next((old for at, old in past if at > horizon), now)

    def clear(self) -> None:
        self._past.clear()
