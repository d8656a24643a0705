"""How near a day is by which a person must have done something. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

WARNED_BEFORE = (7, 30, 60)
"""Days before the day from which it is said: the last of them first."""
LEAD_DAYS = 14
"""From here on it is urgent: a command that looks ends with an exit code of its own, as before the lapse of a tier."""


def in_words(due: date, today: date) -> str:
    """`due 2027-03-01, in 29 days`, once the day is 60 days away or has gone; empty before."""
    left = (due - today).days
    if left < 0:
        return f"overdue since {due}, {days(-left)} ago"
    if left == 0:
        return f"due today, {due}"
    near = next((before for before in WARNED_BEFORE if left <= before), None)
    return "" if near is None else f"due {due}, in {days(left)} (told from {near} days before)"


def near(due: date, today: date) -> bool:
    """Whether the day is within the lead time, or has gone."""
    return (due - today).days <= LEAD_DAYS


def days(count: int) -> str:
    """`1 day`, `2 days`."""
    return f"{count} day" if count == 1 else f"{count} days"
