"""What `make bench` says of a run: tables, goals, ratios, how busy the machine was, the picture and the page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from tools.bench import page, picture, report
from tools.bench.calls import by_endpoint, split
from tools.bench.measure import Cost
from tools.bench.projects import Operation, Who
from tools.bench.run import Machine, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINE = Machine(
    at="2026-12-02T20:15+00:00",
    processors=2,
    model="AMD EPYC",
    memory_gib=24,
    python="3.11.7",
    engine="3.276.0",
    sdk="3.272.0",
    load=0.2,
)
WALL = {Who.OURS: 3.0, Who.FLOOR: 2.0, Who.PLAIN: 9.0}
CALLS = {"GET {id}/system_users": 2, "DescribeSecret": 11}


def rows(other_share: float = 0.0) -> list[Row]:
    return list(_rows(other_share))


def _rows(other_share: float) -> Iterator[Row]:
    for who in Who:
        for operation in Operation:
            cost = Cost(wall_s=WALL[who], cpu_s=1.5, peak_mib=400.4, host_mib=80.2, other_share=other_share)
            calls = CALLS if who is Who.OURS else {}
            yield Row(who, 10, operation, cost, resources=60, state_bytes=61440, calls=calls)


def test_calls_are_counted_by_endpoint_without_ids() -> None:
    calls = [
        {"service": "graph", "method": "GET", "path": "/v26.0/act_204320000000000/assigned_users"},
        {"service": "graph", "method": "GET", "path": "/v26.0/act_204320000000001/assigned_users"},
        {"service": "graph", "method": "GET", "path": "/v26.0/debug_token"},
        {"service": "graph", "method": "POST", "path": "/v26.0"},
        {"service": "secretsmanager", "method": "POST", "path": "ListSecrets", "operation": "ListSecrets"},
    ]

    found = by_endpoint(calls)

    assert found == {"GET {id}/assigned_users": 2, "GET debug_token": 1, "ListSecrets": 1}
    assert split(found) == (3, 1)


def test_reads_may_take_fifteen_percent_more_than_the_floor_and_four_round_trips() -> None:
    ours, floor = rows()[0], rows()[len(Operation)]

    assert report.limit_s(Operation.PREVIEW, ours, floor) == 1.15 * 2.0 + 0.6
    assert report.limit_s(Operation.CHANGE, ours, floor) is None


def test_writes_may_take_a_quarter_more_than_floor_or_calls() -> None:
    ours, floor = rows()[0], rows()[len(Operation)]

    assert report.limit_s(Operation.UP, ours, floor) == 1.25 * 2.0  # 13 calls of 150 ms by four workers: 0.49 s


def test_the_tables_name_ratios_and_whether_goals_are_held() -> None:
    text = "\n".join(report.tables(rows()))

    assert "| 10 | preview | 1.50 | 2.9 s | no | 3.00 |" in text
    assert "| 10 | one change | 1.50 |  |  | 3.00 |" in text
    assert "| 10 | 60 | ours | 3.0 | 3.0 | 3.0 | 3.0 | 3.0 | 3.0 |" in text
    assert "| 10 | 60 | ours | 2 + 11 | 2 + 11 | 2 + 11 | 2 + 11 | 2 + 11 | 2 + 11 |" in text
    assert "| 10 | 60 | floor | 400 / 80 |" in text
    assert "| 10 | ours | 60 | 1024 |" in text
    assert "| `DescribeSecret` | 11 | 11 | 11 | 11 | 11 | 11 |" in text


def test_a_quiet_machine_is_named_and_a_busy_one_loudly() -> None:
    assert report.load(MACHINE, rows(0.03)) == (
        "Others used 3% of the processors meanwhile (the median of all operations; the most was 3%), and the load was "
        "0.2 before the run."
    )
    assert report.load(MACHINE, rows(0.4)).startswith(
        "NOT TO BE TRUSTED, since the machine was busy: repeat it on a quiet one. Others used 40%"
    )


def test_the_picture_has_a_bar_for_each_operation_and_contender() -> None:
    root = ET.fromstring(picture.svg(rows()))

    bars = [each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("height") == "8"]
    assert len(bars) == 18


def test_a_run_replaces_what_the_page_said_of_the_last_one() -> None:
    typed = "# Performance\n\n<!-- measured -->\n\nold\n\n<!-- end -->\n\nThe end.\n"

    text = page.written(typed, MACHINE, rows())

    assert text.startswith("# Performance\n\n<!-- measured -->\n\nMeasured on 2026-12-02: 2 processors (AMD EPYC)")
    assert "Python 3.11.7, Pulumi 3.276.0, its SDK 3.272.0." in text
    assert text.endswith("<!-- end -->\n\nThe end.\n")
    assert "old" not in text
    assert page.written(text, MACHINE, rows()) == text
