from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from meta_access import clock

MORNING = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (MORNING, "2026-11-24T08:00:00Z"),
        (MORNING.replace(microsecond=999_999), "2026-11-24T08:00:00Z"),
        (datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=2))), "2026-11-24T08:00:00Z"),
    ],
)
def test_a_moment_is_written_in_utc_without_fractions(moment: datetime, text: str) -> None:
    assert clock.iso(moment) == text


def test_a_moment_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="time zone"):
        clock.iso(datetime(2026, 11, 24, 8, 0))  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T08:00:00Z", "2026-11-24T08:00:00+00:00", "2026-11-24T08:00:00+0000", "2026-11-24T09:00:00+0100"],
)
def test_iso_moments_are_read_as_utc(text: str) -> None:
    assert clock.parse_iso(text) == MORNING
    assert clock.parse_iso(text).tzinfo == UTC


@pytest.mark.parametrize("text", ["", "2026-11-24", "2026-11-24T08:00:00", "yesterday"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        clock.parse_iso(text)


@pytest.mark.parametrize("text", ["Tue, 24 Nov 2026 08:00:00 GMT", "Tue, 24 Nov 2026 08:00:00 -0000"])
def test_the_date_header_is_read_as_utc(text: str) -> None:
    assert clock.parse_http_date(text) == MORNING
    assert clock.parse_http_date(text).tzinfo == UTC


def test_a_broken_date_header_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+"):
        clock.parse_http_date("soon")


def test_the_system_clock_goes_on() -> None:
    before = clock.SYSTEM_CLOCK.monotonic()
    clock.SYSTEM_CLOCK.sleep(0)

    assert clock.SYSTEM_CLOCK.monotonic() >= before
