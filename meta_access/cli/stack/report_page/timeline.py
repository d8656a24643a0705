"""Tokens on a line of time: when each was issued, from when a successor is wanted, when it ends, and today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_access.cli.stack.summary import NEVER, TokenState
from meta_access.clock import parse_iso
from meta_access.gates.deadline import days
from meta_access.html import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meta_access.cli.stack.summary import Summary

LABELS = 7
"""Months that are named on the line, at most."""
MARGIN = timedelta(days=4)
FAR = datetime.max.replace(tzinfo=UTC)
TONES = {
    TokenState.EXPIRED: "bad",
    TokenState.DECISION: "bad",
    TokenState.DUE: "wait",
    TokenState.CURRENT: "good",
}


@dataclass(frozen=True, slots=True)
class Life:
    """A token's.

    Attributes:
        says: What is due, in words; "" when nothing is.
        ends: None: it never ends, or nobody can tell (`never` says which).
    """

    name: str
    state: TokenState
    says: str
    issued: datetime | None
    rotate: datetime | None
    ends: datetime | None
    never: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """What of the line's width, in percent, a moment is at."""

    begin: datetime
    end: datetime

    @classmethod
    def of(cls, lives: Sequence[Life], now: datetime) -> Scale:
        known = [at for one in lives for at in (one.issued, one.rotate, one.ends) if at is not None]
        return cls(min([now, *known]) - MARGIN, max([now, *known]) + MARGIN)

    def at(self, moment: datetime) -> str:
        share = (moment - self.begin) / (self.end - self.begin)
        return f"{100 * min(max(share, 0), 1):.2f}%"

    def months(self) -> Iterator[datetime]:
        """The first days of months, so few that their names have room."""
        first = self.begin.year * 12 + self.begin.month
        last = self.end.year * 12 + self.end.month - 1
        step = max(1, -(-(last - first + 1) // LABELS))
        for number in range(first, last + 1, step):
            yield datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def lives(summary: Summary) -> list[Life]:
    """The tokens of secrets, the worst first; then admin tokens that the last update saw near their end."""
    order = list(TokenState)
    found = [_life(name, row) for name, row in summary.secrets.items()]
    found.sort(key=lambda one: (order.index(one.state), one.ends or FAR, one.name))
    return found


def of_admins(summary: Summary, now: datetime) -> list[Life]:
    """The admin tokens that the last update saw near their end."""
    found = []
    for name, row in summary.admin_tokens.items():
        ends = _moment(row.get("ends")) if isinstance(row, dict) else None
        if ends is not None:
            state = TokenState.EXPIRED if ends <= now else TokenState.DUE
            says = "A person makes its successor, where the connection's admin_token points."
            found.append(Life(f"admin token of {name}", state, says, None, None, ends))
    return found


def _life(name: str, row: Mapping[str, Any]) -> Life:
    state = TokenState(row["state"])
    never = row.get("expires_at") in {None, NEVER}
    says = str(row.get("freshness") or "")
    says = "" if says == TokenState.CURRENT else says
    lifetime = row.get("lifetime")
    if never and isinstance(lifetime, dict) and isinstance(why := lifetime.get("never"), dict):
        says = " ".join(
            part for part in (says, f"{why.get('reason', '')}; to be looked at until {why.get('until')}.") if part
        )
    return Life(
        name,
        state,
        says,
        _moment(row.get("issued_at")),
        _moment(row.get("rotate_at")),
        _moment(row.get("expires_at")),
        never,
    )


def _moment(text: object) -> datetime | None:
    try:
        return parse_iso(str(text))
    except ValueError:
        return None


def when(life: Life, now: datetime) -> str:
    """The end of a token, in words."""
    if life.ends is None:
        return "never expires" if life.never else "when it expires, nobody knows"
    left = (life.ends - now).days
    day = f"{life.ends:%Y-%m-%d}"
    if life.ends <= now:
        return f"expired {day}, {days(-left - 1)} ago" if left < -1 else f"expired {day}"
    told = f"expires {day}, in {days(left)}"
    return f"{told}; a successor is wanted from {life.rotate:%Y-%m-%d} on" if life.rotate else told


def table(lives: Sequence[Life], now: datetime) -> Markup:
    """A row for each, with its line."""
    scale = Scale.of(lives, now)
    head = element(
        "thead",
        element(
            "tr",
            element("th", "Token", scope="col"),
            element("th", "State", scope="col"),
            element("th", element("span", "Time line", class_="unseen"), _axis(scale, now), scope="col", class_="line"),
        ),
    )
    rows = (
        element(
            "tr",
            element("th", life.name, scope="row"),
            element("td", *_state(life, now)),
            element("td", _line(life, scale, now), class_="line"),
        )
        for life in lives
    )
    return element("table", head, element("tbody", *rows), class_="reflow tokens")


def _state(life: Life, now: datetime) -> list[Markup]:
    told = [element("span", str(life.state), class_=f"status {TONES[life.state]}"), element("p", when(life, now))]
    return [*told, element("p", life.says, class_="soft")] if life.says else told


def _svg(*inside: Markup, height: int) -> Markup:
    return element("svg", *inside, width="100%", height=height, aria_hidden="true", focusable="false")


def _axis(scale: Scale, now: datetime) -> Markup:
    marks = [element("text", f"{at:%Y-%m}", x=scale.at(at), y=12) for at in scale.months()]
    today = scale.at(now)
    late = (now - scale.begin) / (scale.end - scale.begin) > 1 / 2
    word = element(
        "text", "today", x=today, y=28, class_="today", text_anchor="end" if late else "start", dx=-4 if late else 4
    )
    return _svg(*marks, _vertical(today, "today", top=16), word, height=32)


def _line(life: Life, scale: Scale, now: datetime) -> Markup:
    begin, end = scale.at(life.issued or scale.begin), scale.at(life.ends or scale.end)
    parts = [_vertical(scale.at(at), "month") for at in scale.months()]
    if life.issued is None:
        parts.append(element("line", x1=begin, x2=end, y1=16, y2=16, class_="unknown"))
    else:
        parts.append(_bar(begin, end, f"life {TONES[life.state]}{' never' if life.never else ''}"))
    if life.rotate is not None and life.ends is not None:
        parts.append(_bar(scale.at(max(life.rotate, life.issued or life.rotate)), end, "wanted"))
    if life.ends is not None:
        parts.append(_vertical(end, "end"))
    return _svg(*parts, _vertical(scale.at(now), "today"), height=32)


def _bar(begin: str, end: str, kind: str) -> Markup:
    width = f"{max(float(end[:-1]) - float(begin[:-1]), 0.4):.2f}%"
    return element("rect", x=begin, y=10, width=width, height=12, class_=kind)


def _vertical(at: str, kind: str, *, top: int = 0) -> Markup:
    return element("line", x1=at, x2=at, y1=top, y2="100%", class_=kind)


def legend() -> Markup:
    """What the parts of a line are."""
    parts = (("life good", "from its issue to its end"), ("wanted", "a successor is wanted"))
    shown = [
        element(
            "li",
            element("svg", element("rect", width=24, height=10, class_=kind), width=24, height=10, aria_hidden="true"),
            f" {what}",
        )
        for kind, what in parts
    ]
    return element("ul", joined(shown), class_="legend", aria_label="Time line")
