"""The emulator's clock: the machine's time plus an offset that tests and people move forward.

Both doors take their `Date` header, issue times and expiries from it, so that sixty days pass without waiting.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


_END = datetime(9990, 1, 1, tzinfo=UTC)  # room for the expiries and rotations that are computed from a moment


class ClockError(ValueError):
    """The clock cannot go backwards, or to a moment that cannot be represented."""


def _machine_time() -> datetime:
    return datetime.now(UTC)


class WorldClock:
    """Time as both services show it. Thread-safe.

    Args:
        offset: Added to the machine's time; what has to be kept over a restart.
        source: The machine's time; a test gives its own.
    """

    def __init__(self, offset: timedelta = timedelta(0), source: Callable[[], datetime] = _machine_time) -> None:
        self._offset = offset
        self._source = source
        self._lock = threading.Lock()

    @property
    def offset(self) -> timedelta:
        return self._offset

    def now(self) -> datetime:
        """The moment in UTC, whole seconds: Meta and AWS dates carry no fractions."""
        return self.exact().replace(microsecond=0)

    def exact(self) -> datetime:
        """The same moment with its fraction, for reads that lie milliseconds behind."""
        return self._source() + self._offset

    def advance(self, by: float | timedelta) -> datetime:
        """Move forward, by seconds or a timedelta; ClockError for less than nothing, or beyond the calendar."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        if seconds < 0:
            raise ClockError("advance_s is negative, and this clock never goes backwards; reset starts it anew.")
        with self._lock:
            self._move(self._offset, seconds)
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Go to a later moment; ClockError for an earlier one."""
        with self._lock:
            ahead = (moment - self.now()).total_seconds()
            if ahead < 0:
                raise ClockError(
                    f"{iso(moment)} is before the emulator's time {iso(self.now())}, and this clock never goes "
                    "backwards; reset starts it anew."
                )
            self._move(self._offset, ahead)
        return self.now()

    def reset(self) -> None:
        with self._lock:
            self._offset = timedelta(0)

    def _move(self, offset: timedelta, seconds: float) -> None:
        try:
            moved = offset + timedelta(seconds=seconds)
            beyond = self._source() + moved >= _END
        except (OverflowError, ValueError):
            beyond = True
        if beyond:
            raise ClockError(f"that moment lies beyond the end of {_END.year - 1}, where this clock ends.")
        self._offset = moved


def iso(moment: datetime) -> str:
    """`2026-11-24T08:00:00Z`, the form of the control API."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    """An ISO 8601 moment with a zone; ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone: end it with Z.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the zone leads out of the calendar
        raise ValueError("a moment that does not exist in UTC.") from None


def http_date(moment: datetime) -> str:
    """The form of the `Date` header."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def graph_time(moment: datetime) -> str:
    """`2026-11-24T08:00:00+0000`, the form of Graph's `created_time`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
