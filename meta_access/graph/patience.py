"""How long a run waits for Meta's throttles: one bound for all its calls, and what keeps access alive goes first.

One process of a run has one `Patience` (the program, the plugin host, a command). Waits of several threads at a time
count once, because the run is longer by them once.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_BOUND_S = 240.0
"""Longest time that a run waits for throttles in all; the second half of it is for tokens alone."""
OTHERS_BOUND_S = 120.0
"""The share of everything else: what widens access gives up first."""
PLACES_BESIDE_A_ROTATION = 2
"""While a rotation is due, so many of the plugin host's threads may wait for anything else."""
SPARED_FROM_PERCENT = 90.0
"""From there on what is left of the app's limits is for the tokens that are due: Meta refuses all calls at 100."""
SPARING_PAUSE_S = 15.0
FORGOTTEN_AFTER_S = 900.0
"""A process that goes on (a rotation function kept warm) begins a new run after so long without a wait."""


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf calls are made.

    Attributes:
        name: `system user reporting`.
        keeps: For a token's, which keep access alive.
        waits: Whether a throttle is waited for.
    """

    name: str = ""
    keeps: bool = False
    waits: bool = True


NOBODY = Caller()
NOBODY_WAITS = Caller(waits=False)
"""For what is read before anybody asks for it."""
_caller: ContextVar[Caller] = ContextVar("caller")


@contextmanager
def on_behalf_of(caller: Caller) -> Iterator[None]:
    """Name who makes the calls within."""
    before = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(before)


def caller() -> Caller:
    """Who makes the calls of this thread."""
    return _caller.get(NOBODY)


@dataclass(frozen=True, slots=True)
class Wait:
    """Whether a call may wait: `refused` says why not; `announced` marks the one that makes the run longer."""

    refused: str = ""
    announced: bool = False
    so_far_s: float = 0.0
    at_most_s: float = 0.0


@dataclass(slots=True)
class Patience:
    """The waits of one process. Thread-safe; a caller that was let wait calls `end` afterwards.

    Attributes:
        looks_only: Whether a throttle is itself what the caller wants to know, and is never waited for.
    """

    looks_only: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spent_s: float = 0.0
    _until: float = float("-inf")
    _others: int = 0
    _due: set[str] = field(default_factory=set)

    def begin(self, who: Caller, pause_s: float, now: float) -> Wait:
        """Ask for a wait.

        Args:
            who: On whose behalf.
            pause_s: Seconds to wait.
            now: The clock's seconds.
        """
        if self.looks_only:
            return Wait("this run only looks")
        if not who.waits:
            return Wait("nobody has asked for it yet")
        bound = RUN_BOUND_S if who.keeps else OTHERS_BOUND_S
        with self._lock:
            if now - self._until > FORGOTTEN_AFTER_S:
                self._spent_s = 0.0
            added = max(0.0, now + pause_s - max(now, self._until))
            if self._spent_s + added > bound:
                for_what = "" if who.keeps else " for anything but a token"
                return Wait(f"this run has waited {self._spent_s:.0f} s, and waits at most {bound:.0f} s{for_what}")
            if not who.keeps and self._due and self._others >= PLACES_BESIDE_A_ROTATION:
                return Wait("a token is due, and enough other calls wait already")
            self._spent_s += added
            self._until = max(self._until, now + pause_s)
            self._others += 0 if who.keeps else 1
            return Wait(announced=added > 0, so_far_s=self._spent_s, at_most_s=bound)

    def spares(self, who: Caller, used_percent: float) -> bool:
        """Whether a write of this caller is to wait, though Meta would take it, since tokens are due."""
        with self._lock:
            return used_percent >= SPARED_FROM_PERCENT and not who.keeps and bool(self._due)

    def end(self, who: Caller) -> None:
        """The wait is over."""
        with self._lock:
            self._others -= 0 if who.keeps else 1

    def expect(self, token: str) -> None:
        """A token is due in this run."""
        with self._lock:
            self._due.add(token)

    def settled(self, token: str) -> None:
        """Its step has begun, and with that has a thread of its own."""
        with self._lock:
            self._due.discard(token)


RUN = Patience()
"""The one of this process."""
