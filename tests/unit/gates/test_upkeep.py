"""Whether an app keeps its tier: figures, our own calls and the day, against the thresholds of both rule sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from meta_access import rules
from meta_access.call_log import Call
from meta_access.gates import upkeep
from meta_access.gates.upkeep import Standing
from tests.texts import lacks

if TYPE_CHECKING:
    from meta_access.gates.upkeep import Upkeep

OLD, NEW = "2025-06", "2026-05"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)
WANTS_NEW = (
    "Meta wants 500 successful Marketing API calls in the last 15 days and an error rate below 15% over the last 500 "
    "calls (rule set 2026-05 of 2026-05-04, "
    "https://developers.meta.com/blog/updates-to-ads-management-standard-access-feature/)."
)


@dataclass(frozen=True)
class Given:
    at: datetime
    calls: int | None = None
    graph_calls: int | None = None
    error_rate: float | None = None
    days: float = 15


def judged(*figures: Given, own: list[Call] | None = None, rule_set: str = NEW, now: datetime = NOW) -> Upkeep:
    return upkeep.judge("ads", rules.load(rule_set), figures, own or [], now)


def calls(a_day: int, days: range, outcome: str = "ok") -> list[Call]:
    """`a_day` calls on each of the days that many days before now."""
    return [Call(NOW - ago * DAY - timedelta(hours=1), outcome) for ago in days for _ in range(a_day)]


# --- Nothing is invented -------------------------------------------------------------------------


def test_without_any_figure_nobody_can_tell() -> None:
    found = judged()

    assert (found.standing, found.on) == (Standing.CANNOT_TELL, None)
    assert not lacks(found.reason, "0 successful calls", "15 days", "500 calls")
    assert found.rule == WANTS_NEW


def test_few_calls_of_our_own_prove_nothing_about_the_app() -> None:
    found = judged(own=calls(20, range(15)))

    assert found.standing is Standing.CANNOT_TELL
    assert not lacks(found.reason, "300 successful calls", "15 days")


def test_figures_older_than_the_window_tell_nothing_of_today() -> None:
    found = judged(Given(NOW - 15 * DAY - timedelta(seconds=1), calls=4000, error_rate=0.01))

    assert found.standing is Standing.CANNOT_TELL
    assert not lacks(found.reason, "2026-11-09", "15 days")


def test_figures_of_the_future_are_not_used() -> None:
    assert judged(Given(NOW + DAY, calls=4000, error_rate=0.01)).standing is Standing.CANNOT_TELL


def test_enough_calls_without_an_error_rate_are_half_an_answer() -> None:
    found = judged(Given(NOW - DAY, calls=4000))

    assert found.standing is Standing.CANNOT_TELL
    assert not lacks(found.reason, "500 calls")


def test_graph_calls_of_every_kind_can_only_show_that_they_are_too_few() -> None:
    many = judged(Given(NOW - DAY, graph_calls=90000, error_rate=0.01))
    assert many.standing is Standing.CANNOT_TELL
    assert not lacks(many.reason, "Graph calls of every kind", "Marketing API")

    few = judged(Given(NOW - DAY, graph_calls=499))
    assert (few.standing, few.on) == (Standing.LAPSES, date(2026, 11, 23))
    assert not lacks(few.reason, "2026-11-23", "499 Graph calls", "15 days")


def test_newer_figures_of_another_kind_hide_no_older_ones() -> None:
    # An export after a look at the dashboard, and an error rate that somebody read alone.
    stated = Given(NOW - 3 * DAY, calls=900, error_rate=0.02)
    assert judged(stated, Given(NOW - DAY, graph_calls=9000)).standing is Standing.STANDS
    assert judged(stated, Given(NOW - DAY, error_rate=0.3)).on == date(2026, 11, 23)
    assert judged(stated, Given(NOW - DAY, graph_calls=100)).on == date(2026, 11, 23)

    alone = judged(Given(NOW - DAY, error_rate=0.02))
    assert not lacks(alone.reason, "How many calls", "15 days")


def test_figures_of_another_span_do_not_tell_of_the_window() -> None:
    assert judged(Given(NOW, calls=499, error_rate=0, days=1)).standing is Standing.CANNOT_TELL
    assert judged(Given(NOW, calls=900, error_rate=0, days=30)).standing is Standing.CANNOT_TELL
    # Fewer in a month than are wanted in half of one are too few all the same, and enough in a day is enough.
    assert judged(Given(NOW, calls=499, error_rate=0, days=30)).standing is Standing.LAPSES
    assert judged(Given(NOW, calls=500, error_rate=0, days=1)).standing is Standing.STANDS


# --- Thresholds, per rule set --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule_set", "count", "rate", "standing"),
    [
        (NEW, 500, 0.0, Standing.STANDS),
        (NEW, 499, 0.0, Standing.LAPSES),
        (NEW, 600, 0.149, Standing.STANDS),
        (NEW, 600, 0.15, Standing.LAPSES),
        (OLD, 1500, 0.0, Standing.STANDS),
        (OLD, 1499, 0.0, Standing.LAPSES),
        (OLD, 1700, 0.099, Standing.STANDS),
        (OLD, 1700, 0.1, Standing.LAPSES),
        # Enough for one edition and not for the other.
        (OLD, 600, 0.01, Standing.LAPSES),
        (NEW, 1700, 0.12, Standing.STANDS),
        # 580 calls, 87 of which failed: 493 successful ones.
        (NEW, 575, 0.14, Standing.LAPSES),
    ],
)
def test_each_rule_set_has_thresholds_of_its_own(rule_set: str, count: int, rate: float, standing: Standing) -> None:
    assert judged(Given(NOW, calls=count, error_rate=rate), rule_set=rule_set).standing is standing


def test_too_many_errors_are_told_with_their_day() -> None:
    found = judged(Given(NOW - 2 * DAY, calls=4000, error_rate=0.2))

    assert (found.standing, found.on) == (Standing.LAPSES, date(2026, 11, 22))
    assert not lacks(found.reason, "2026-11-22", "20.0%", "15%")


# --- The day ahead -------------------------------------------------------------------------------


def test_falling_figures_are_followed_to_the_day_that_they_are_too_few() -> None:
    # 40 calls fewer a day: 900 on the 20th are 500 ten days later, and fewer on the day after.
    found = judged(Given(NOW - 14 * DAY, calls=1300, error_rate=0), Given(NOW - 4 * DAY, calls=900, error_rate=0))

    assert (found.standing, found.on) == (Standing.LAPSES, date(2026, 12, 1))
    assert not lacks(found.reason, "2026-11-20", "900 calls", "2026-11-10", "1300", "2026-12-01")


def test_a_line_is_not_followed_beyond_a_window() -> None:
    slow = judged(Given(NOW - 14 * DAY, calls=1000, error_rate=0), Given(NOW, calls=990, error_rate=0))
    assert slow.standing is Standing.STANDS


def test_our_own_calls_count_when_they_alone_are_enough() -> None:
    found = judged(own=calls(40, range(15)))

    assert found.standing is Standing.STANDS
    assert not lacks(found.reason, "600 successful calls", "15 days", "2026-11-24", "0.0%")


def test_our_own_calls_at_a_slower_pace_lapse_on_a_day() -> None:
    # 100 a day until eight days ago, none since: 700 now, 600 tomorrow, 500 the day after, 400 on the 27th.
    found = judged(own=calls(100, range(8, 15)))

    assert (found.standing, found.on) == (Standing.LAPSES, date(2026, 11, 27))
    assert not lacks(found.reason, "700 successful calls", "15 days", "0 a day", "500", "2026-11-27")


def test_failed_calls_of_ours_count_as_errors_over_the_window_of_the_rule() -> None:
    # The last 500 calls: 100 failed of 500, which is over 15 %; over all 15 days it is 100 of 1900.
    own = [*calls(150, range(3, 15)), *calls(100, range(1), "TransientError")]
    assert not lacks(judged(own=own).reason, "20.0%", "15%")

    # Of 1,800 good calls with 60 a day lately 1,440 are left on the 28th; the errors do not matter there.
    found = judged(own=own, rule_set=OLD)
    assert (found.standing, found.on) == (Standing.LAPSES, date(2026, 11, 28))
    assert "error rate" not in found.reason


# --- Warnings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 11, 16), ""),
        (date(2026, 11, 17), "the tier lapses on 2026-12-01, in 14 days (told from 14 days before)."),
        (date(2026, 11, 27), "the tier lapses on 2026-12-01, in 4 days (told from 14 days before)."),
        (date(2026, 11, 28), "the tier lapses on 2026-12-01, in 3 days (told from 3 days before)."),
        (date(2026, 11, 30), "the tier lapses on 2026-12-01, in 1 day (told from 3 days before)."),
        (date(2026, 12, 1), "the tier may lapse any day: since 2026-12-01 what Meta wants is not met."),
    ],
)
def test_it_is_said_from_fourteen_and_three_days_before(today: date, words: str) -> None:
    found = judged(Given(NOW - 14 * DAY, calls=1300, error_rate=0), Given(NOW - 4 * DAY, calls=900, error_rate=0))

    assert found.warning(today) == (f"meta:apps.ads: {words} {found.reason} {WANTS_NEW}" if words else "")
    assert found.near(today) is bool(words)


def test_what_stands_and_what_nobody_can_tell_warns_of_nothing() -> None:
    assert judged(Given(NOW, calls=4000, error_rate=0)).warning(NOW.date()) == ""
    assert judged().warning(NOW.date()) == ""
