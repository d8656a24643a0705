"""How values are put into words: moments, spans, states and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from meta_emulator.clock import iso

if TYPE_CHECKING:
    from datetime import datetime

Tone = Literal["good", "wait", "bad", "idle"]

_TONES: dict[Tone, tuple[str, ...]] = {
    "good": ("verified", "accepted", "live", "valid", "approved", "granted", "active", "all_required"),
    "wait": (
        "pending", "pending_need_more_info", "pending_submission", "submitted", "expiring", "invited", "admin_required",
    ),
    "bad": ("failed", "rejected", "revoked", "expired", "declined", "ineligible", "unapproved", "no answer"),
}  # fmt: skip
MINUTE, HOUR, DAY = 60, 3600, 86400


def tone(state: str) -> Tone:
    """What a state means for the one who waits for it; an unknown one is neither good nor bad."""
    return next((name for name, states in _TONES.items() if state in states), "idle")


def plain(word: str) -> str:
    """A key of Graph as words: `pending_need_more_info` is `pending need more info`."""
    return word.replace("_", " ")


def moment(at: datetime | None) -> str:
    """`2026-11-24 08:00:00`; UTC, as everything here."""
    return "" if at is None else iso(at).replace("T", " ").removesuffix("Z")


def ahead(at: datetime, now: datetime) -> str:
    """`in 59 days`, `3 hours ago`: the largest unit, rounded down."""
    seconds = int((at - now).total_seconds())
    return f"in {span(seconds)}" if seconds >= 0 else f"{span(-seconds)} ago"


def span(seconds: int) -> str:
    """`59 days`, `3 hours`: the largest unit, rounded down."""
    units = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second"))
    length, unit = next((pair for pair in units if seconds >= pair[0]), units[-1])
    return count(seconds // length, unit)


def count(number: int, noun: str) -> str:
    """`1 call`, `2 calls`, `1,200 calls`; the nouns here all take an s."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
