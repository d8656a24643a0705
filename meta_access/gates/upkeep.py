"""Keeping the higher tier of the Marketing API: whether the calls of the last days are enough, and until when. Pure.

Meta takes the tier back from an app that calls too little or fails too often; how much that is, the rule set says
(`thresholds`). No edge of Graph shows the numbers. Two sources do: figures that a person or an export brought, about
the whole app, and the calls this tool made itself, a lower bound. What neither of them shows is not guessed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from meta_access.gates import deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from meta_access.call_log import Call
    from meta_access.rules import RuleSet
    from meta_access.rules.model import Thresholds
    from meta_access.stack.load import Stack

WARNED_BEFORE = (3, deadline.LEAD_DAYS)
"""Days before the day from which it is said: the last of them first."""
_PACE = 3  # the share of the window that tells today's pace of our own calls: its last third
_DAY = timedelta(days=1)


class Figures(Protocol):
    """What is known of the whole app at a time.

    Attributes:
        days: How many days before `at` the calls are of.
        calls: Calls of the Marketing API.
        graph_calls: All Graph calls, of which those are a part.
        error_rate: Of the Marketing API's calls, over what the rule set counts it over.
    """

    @property
    def at(self) -> datetime: ...
    @property
    def days(self) -> float: ...
    @property
    def calls(self) -> int | None: ...
    @property
    def graph_calls(self) -> int | None: ...
    @property
    def error_rate(self) -> float | None: ...


class Standing(StrEnum):
    STANDS = "stands"
    LAPSES = "lapses"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Where an app stands.

    Attributes:
        on: The day from which the calls are too few, or the errors too many; None unless it lapses.
        rule: What Meta wants, with the rule set's date and link.
    """

    app: str
    standing: Standing
    on: date | None
    reason: str
    rule: str

    def as_output(self) -> dict[str, str]:
        """What a stack exports: without the counts, which would be another text in every preview."""
        return {"standing": str(self.standing), "on": "" if self.on is None else self.on.isoformat(), "rule": self.rule}

    def as_json(self) -> dict[str, str]:
        return {**self.as_output(), "reason": self.reason}

    def warning(self, today: date) -> str:
        """What to say from 14 days before the day on; empty before, and when nothing lapses."""
        if self.on is None or not self.near(today):
            return ""
        return f"meta:apps.{self.app}: the tier {self._when((self.on - today).days)}. {self.reason} {self.rule}"

    def sentence(self, today: date) -> str:
        left = None if self.on is None else (self.on - today).days
        said = str(self.standing) if left is None else self._when(left)
        return f"{self.app}: {said}. {self.reason}"

    def near(self, today: date) -> bool:
        """Whether the day is within the lead time, or has come."""
        return self.on is not None and deadline.near(self.on, today)

    def _when(self, left: int) -> str:
        if left <= 0:
            return f"may lapse any day: since {self.on} what Meta wants is not met"
        warned = next((before for before in WARNED_BEFORE if left <= before), None)
        return f"lapses on {self.on}, in {deadline.days(left)}" + (
            f" (told from {warned} days before)" if warned else ""
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the two conditions: whether it is met, None when nothing tells, and the day from which it is not."""

    met: bool | None
    reason: str
    on: date | None = None


def of_stack(
    stack: Stack, seen: Mapping[str, str | None], own: Callable[[str, str], Sequence[Call]], now: datetime
) -> list[Upkeep]:
    """One answer for each app that has the higher tier to lose.

    Args:
        stack: Whose apps; with the figures in its evidence.
        seen: Connection to the tier that was observed; None, or left out, when nothing showed it.
        own: From an app's id and the Graph address to the calls this tool made.
        now: The server's time, where it is known.
    """
    highest = list(stack.rules.tiers)[-1]
    found = []
    for key, app in stack.spec.apps.items():
        names = [name for name, one in stack.spec.connections.items() if one.app == key]
        known = next((tier for name in names if (tier := seen.get(name))), app.tier)
        if known == highest and (one := of_app(key, stack, own, now)) is not None:
            found.append(one)
    return found


def of_app(app: str, stack: Stack, own: Callable[[str, str], Sequence[Call]], now: datetime) -> Upkeep | None:
    """What is known of one app, whatever its tier; None when no connection acts for it."""
    url = next((one.graph_url for one in stack.spec.connections.values() if one.app == app), None)
    if url is None:
        return None
    return judge(app, stack.rules, stack.figures.get(app, ()), own(stack.spec.apps[app].id, url), now)


def judge(app: str, rules: RuleSet, figures: Sequence[Figures], own: Sequence[Call], now: datetime) -> Upkeep:
    """Hold what is known against the rule set's thresholds.

    Args:
        app: Its name, for messages.
        rules: The edition whose thresholds count.
        figures: About the whole app, in any order.
        own: The calls this tool made, in any order.
        now: The server's time.
    """
    wanted = rules.thresholds
    past = sorted((one for one in figures if one.at <= now), key=lambda one: one.at)
    fresh = [one for one in past if now - one.at <= timedelta(days=wanted.days)]
    mine = sorted((call for call in own if call.at <= now), key=lambda call: call.at)
    recent = [call for call in mine if call.at > now - timedelta(days=wanted.days)]
    enough = sum(call.succeeded for call in recent) >= wanted.calls
    parts = [
        _own_count(wanted, recent, now) if enough else _count(wanted, fresh, past, recent, now),
        _errors(wanted, fresh, mine if enough else [], now),
    ]
    days = [part.on for part in parts if part.on is not None]
    unknown = [part for part in parts if part.met is None]
    if days:
        standing, deciding = Standing.LAPSES, [part for part in parts if part.on is not None]
    elif unknown:
        standing, deciding = Standing.CANNOT_TELL, unknown
    else:
        standing, deciding = Standing.STANDS, parts
    rule = f"Meta wants {wants(wanted)} (rule set {rules.name} of {rules.published}, {rules.sources[wanted.source]})."
    return Upkeep(app, standing, min(days, default=None), " ".join(part.reason for part in deciding), rule)


def wants(wanted: Thresholds) -> str:
    """The thresholds in words."""
    return (
        f"{wanted.calls} successful Marketing API calls in the last {wanted.days} days and an error rate below "
        f"{wanted.error_rate:.0%} over {wanted.error_window}"
    )


def _own_count(wanted: Thresholds, recent: Sequence[Call], now: datetime) -> _Part:
    """Our calls alone are enough today. They stay so, unless today's pace is slower than that of the window."""
    good = [call.at for call in recent if call.succeeded]
    span = timedelta(days=wanted.days)
    a_day = sum(at > now - span / _PACE for at in good) * _PACE / wanted.days
    said = f"meta-access alone made {len(good)} successful calls in {wanted.days} days"
    for ahead in range(1, wanted.days + 1):
        left = sum(at > now + ahead * _DAY - span for at in good)
        if left + a_day * ahead < wanted.calls:
            on = (now + ahead * _DAY).date()
            text = f"{said}, and {a_day:.0f} a day lately: at that pace they are fewer than {wanted.calls} on {on}."
            return _Part(met=True, reason=text, on=on)
    return _Part(met=True, reason=f"{said}.")


def _count(
    wanted: Thresholds, fresh: Sequence[Figures], past: Sequence[Figures], recent: Sequence[Call], now: datetime
) -> _Part:
    good = sum(call.succeeded for call in recent)
    if not fresh:
        old = (
            f"the newest figures are of {past[-1].at.date()}, older than {wanted.days} days"
            if past
            else "none are there"
        )
        return _Part(
            met=None,
            reason=f"meta-access itself made {good} successful calls in {wanted.days} days. What other programs call "
            f"with this app only figures of Meta's tell, and {old}.",
        )
    for one in reversed(fresh):
        most = one.calls if one.calls is not None else one.graph_calls
        if most is not None and one.days >= wanted.days and _successful(one, most) < wanted.calls:
            what = "calls" if one.calls is not None else "Graph calls of every kind"
            text = f"The figures of {one.at.date()} show {most} {what} in {one.days:g} days, which is too few."
            return _Part(met=False, reason=text, on=one.at.date())
        if one.calls is not None:
            return _enough(wanted, one, one.calls, past, now)
    if all(one.graph_calls is None for one in fresh):
        return _Part(met=None, reason=f"How many calls the app made in {wanted.days} days is not known.")
    text = "The figures count Graph calls of every kind, of which those of the Marketing API are a part."
    return _Part(met=None, reason=text)


def _enough(wanted: Thresholds, newest: Figures, calls: int, past: Sequence[Figures], now: datetime) -> _Part:
    """Whether the newest figures show enough calls; that there are too few is ruled out."""
    day = newest.at.date()
    said = f"The figures of {day} show {calls} calls in {newest.days:g} days"
    if newest.days > wanted.days:
        return _Part(met=None, reason=f"{said}, which does not tell of the last {wanted.days}.")
    # Where nobody knows how many failed, the most that the other condition allows.
    good = math.floor(calls * (1 - (wanted.error_rate if newest.error_rate is None else newest.error_rate)))
    if good < wanted.calls:
        lacks = "and not how many failed" if newest.days == wanted.days else f"not those of all {wanted.days}"
        return _Part(met=None, reason=f"{said}, {lacks}.")
    return _trend(wanted, newest, good, past, now)


def _trend(wanted: Thresholds, newest: Figures, good: int, past: Sequence[Figures], now: datetime) -> _Part:
    """Enough at the newest figures; followed along the line from the ones before, for one window ahead at most."""
    said = f"The figures of {newest.at.date()} show {newest.calls} calls in {newest.days:g} days"
    before = [one for one in past if one.days == newest.days and one.calls and newest.at - one.at >= _DAY]
    if before and newest.calls is not None and before[-1].calls is not None:
        earlier, lost = before[-1], before[-1].calls - newest.calls
        if lost > 0:
            on = (newest.at + (newest.at - earlier.at) * (good - wanted.calls) / lost).date() + _DAY
            if on <= (now + timedelta(days=wanted.days)).date():
                text = f"{said}, those of {earlier.at.date()} {earlier.calls}: on that line they are too few on {on}."
                return _Part(met=True, reason=text, on=on)
    return _Part(met=True, reason=f"{said}.")


def _errors(wanted: Thresholds, fresh: Sequence[Figures], own: Sequence[Call], now: datetime) -> _Part:
    """`own` is empty unless our calls alone count for the app's."""
    rates = [(one.error_rate, one.at.date(), "The figures of") for one in fresh if one.error_rate is not None]
    window = wanted.error_window
    counted = (
        list(own)[-window.calls :]
        if window.calls is not None
        else [call for call in own if window.days is not None and call.at > now - timedelta(days=window.days)]
    )
    if not rates and counted:
        rates = [(sum(not call.succeeded for call in counted) / len(counted), now.date(), "Our own calls until")]
    if not rates:
        return _Part(met=None, reason=f"How many of the app's calls failed over {window} is not known.")
    rate, day, whose = rates[-1]
    text = f"{whose} {day} show an error rate of {rate:.1%}"
    if rate < wanted.error_rate:
        return _Part(met=True, reason=f"{text}.")
    return _Part(met=False, reason=f"{text}, which is not below {wanted.error_rate:.0%}.", on=day)


def _successful(figures: Figures, most: int) -> int:
    return most if figures.error_rate is None else math.floor(most * (1 - figures.error_rate))
