"""How a day that comes near is told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from meta_access.gates import deadline

DAY = date(2027, 3, 1)


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (61, ""),
        (60, "due 2027-03-01, in 60 days (told from 60 days before)"),
        (31, "due 2027-03-01, in 31 days (told from 60 days before)"),
        (30, "due 2027-03-01, in 30 days (told from 30 days before)"),
        (7, "due 2027-03-01, in 7 days (told from 7 days before)"),
        (1, "due 2027-03-01, in 1 day (told from 7 days before)"),
        (0, "due today, 2027-03-01"),
        (-1, "overdue since 2027-03-01, 1 day ago"),
        (-40, "overdue since 2027-03-01, 40 days ago"),
    ],
)
def test_a_day_is_told_from_sixty_days_before(left: int, text: str) -> None:
    assert deadline.in_words(DAY, DAY - timedelta(days=left)) == text


@pytest.mark.parametrize(("left", "near"), [(15, False), (14, True), (0, True), (-400, True)])
def test_a_day_is_near_from_fourteen_days_before(left: int, near: bool) -> None:
    assert deadline.near(DAY, DAY - timedelta(days=left)) is near
