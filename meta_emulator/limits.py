"""What has been used of each quota, on the emulator's clock. Pure counting: what a quota is for is not known here.

A quota is an amount within a moving span: each use leaves it after the span. Some quotas block for a fixed time once
they are used up, and then begin anew. Uses are kept in at most sixty steps per quota, each with the
moment of its first use, so a use may leave a sixtieth of the span early.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field

STEPS = 60
MOST = 2000  # quotas that are remembered; the ones used longest ago are forgotten first


@dataclass(frozen=True, slots=True)
class Quota:
    """An amount within a span.

    Attributes:
        key: What it is a quota of, such as an app and an ad account.
        limit: What may be used within the span.
        span_s: Seconds after which a use no longer counts.
        block_s: Seconds for which a quota that is used up refuses everything; None when it refuses until uses leave.
    """

    key: tuple[str, ...]
    limit: int
    span_s: int
    block_s: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a quota is used up.

    Attributes:
        percent: Above 100 where more was used than there is.
        wait_s: Seconds until a use would be taken again; 0 while it is.
        empty_s: Seconds until nothing counts any more.
    """

    percent: float
    wait_s: int = 0
    empty_s: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """A quota and its uses."""

    quota: Quota
    used: int
    reading: Reading


@dataclass(slots=True)
class _Used:
    quota: Quota
    uses: deque[list[int]] = field(default_factory=deque)
    total: int = 0
    blocked_until: int | None = None

    def expire(self, now_s: int) -> None:
        """Drop what no longer counts."""
        if self.blocked_until is not None and self.blocked_until <= now_s:
            self.forget(now_s)
            self.blocked_until = None
        self.forget(now_s - self.quota.span_s)

    def forget(self, until: int) -> None:
        """Drop the uses that began at a moment or before."""
        while self.uses and self.uses[0][0] <= until:
            self.total -= self.uses.popleft()[1]


class Limits:
    """The quotas of one emulator. The caller holds a lock."""

    def __init__(self) -> None:
        self._used: OrderedDict[tuple[str, ...], _Used] = OrderedDict()

    def use(self, quota: Quota, now_s: int, amount: int = 1) -> Reading:
        """Count a use, also one that is refused: a client that goes on calling waits longer."""
        used = self._current(quota, now_s)
        if used.uses and now_s < used.uses[-1][0] + max(1, quota.span_s // STEPS):
            used.uses[-1][1] += amount
        else:
            used.uses.append([now_s, amount])
        used.total += amount
        if quota.block_s is not None and used.total > quota.limit:
            used.blocked_until = now_s + quota.block_s
        return self._reading(quota, used, now_s)

    def read(self, quota: Quota, now_s: int) -> Reading:
        """How far a quota is used up, without using it."""
        return self._reading(quota, self._current(quota, now_s), now_s)

    def all(self, now_s: int) -> list[Count]:
        """Every quota of which something is used."""
        for used in self._used.values():
            used.expire(now_s)
        return [Count(u.quota, u.total, self._reading(u.quota, u, now_s)) for u in self._used.values() if u.total]

    def clear(self) -> None:
        self._used.clear()

    def _current(self, quota: Quota, now_s: int) -> _Used:
        used = self._used.setdefault(quota.key, _Used(quota))
        used.quota = quota  # the tier may have changed
        self._used.move_to_end(quota.key)
        if len(self._used) > MOST:
            self._used.popitem(last=False)
        used.expire(now_s)
        return used

    @staticmethod
    def _reading(quota: Quota, used: _Used, now_s: int) -> Reading:
        percent = 100 * used.total / quota.limit
        empty_s = used.uses[-1][0] + quota.span_s - now_s if used.uses else 0
        if used.blocked_until is not None:
            wait_s = used.blocked_until - now_s
            return Reading(max(percent, 100.0), wait_s, wait_s)
        excess, wait_s = used.total - quota.limit, 0
        for began, amount in used.uses:
            if excess <= 0:
                break
            excess -= amount
            wait_s = began + quota.span_s - now_s
        return Reading(percent, wait_s, empty_s)


def whole_percent(reading: Reading) -> int:
    """The whole percentage of a usage header: above 100 exactly when the quota is exceeded."""
    return math.ceil(reading.percent)


def minutes(reading: Reading) -> int:
    """The wait in the whole minutes of a usage header."""
    return math.ceil(reading.wait_s / 60)
