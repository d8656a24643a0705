"""Time: a clock that tests can replace, and the spellings of moments and durations that cross our borders.

Only waiting and measuring use the runner's clock. Whether a token has expired, a grace has passed or a lease has
ended is decided by the server's `Date` header, because a runner's wall clock may be hours off.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta


class Clock(Protocol):
    """What waits and measures; tests pass one that does not sleep."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class _SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK: Clock = _SystemClock()


def iso(moment: datetime) -> str:
    """Spell a moment as `2026-11-24T08:00:00Z`; fractions of a second are dropped.

    Raises:
        ValueError: The moment has no time zone, so that nobody can tell when it is.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be written down")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: object) -> int | None:
    """A duration such as `24h` in seconds; None for anything that is none."""
    found = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    return int(found[1]) * _UNITS[found[2]] if found else None


def ago(past: timedelta) -> str:
    """How long something is past, in its largest unit: `3 hours ago`."""
    passed = int(past.total_seconds())
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if passed >= length:
            count = passed // length
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def parse_iso(text: str) -> datetime:
    """Read an ISO 8601 moment, Meta's `2026-11-24T08:00:00+0000` included, as UTC.

    Raises:
        ValueError: Not a moment, or one without a time zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it like 2026-11-24T08:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first and the last day of the calendar, in another zone
        raise ValueError(f"{text!r} does not exist in UTC") from None


def parse_http_date(text: str) -> datetime:
    """Read a `Date` header as UTC.

    Raises:
        ValueError: Not an HTTP date.
    """
    moment = parsedate_to_datetime(text)
    # RFC 9110 dates are GMT; email.utils answers a naive moment for the zone spelling "-0000".
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
