"""What a run has found, as tables and sentences. Pure."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Protocol

from tools.bench.calls import split
from tools.bench.projects import Operation, Who
from tools.bench.scene import LATENCY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tools.bench.measure import Cost
    from tools.bench.run import Machine, Row

READS = (Operation.PREVIEW, Operation.REFRESH, Operation.UNCHANGED)
WRITES = (Operation.UP, Operation.DESTROY)
WORKERS = 4
"""Of Pulumi's plugin host for dynamic providers."""
ROUND_TRIPS = 4
QUIET = 0.1
"""Up to this share of the processors in other hands, ratios are taken as they are."""


class Costed(Protocol):
    """Whatever was measured."""

    @property
    def cost(self) -> Cost: ...


def trusted(rows: Sequence[Costed]) -> bool:
    return _others(rows) <= QUIET


def load(machine: Machine, rows: Sequence[Costed]) -> str:
    """One line on how busy the machine was; a loud one if it was."""
    said = (
        f"Others used {_others(rows):.0%} of the processors meanwhile (the median of all operations; the most was "
        f"{_most(rows):.0%}), and the load was {machine.load} before the run."
    )
    return said if trusted(rows) else f"NOT TO BE TRUSTED, since the machine was busy: repeat it on a quiet one. {said}"


def limit_s(operation: Operation, ours: Row, floor: Row) -> float | None:
    """What an operation of ours may take at most; None where no goal is set."""
    latency_s = LATENCY_MS / 1000
    if operation in READS:
        return 1.15 * floor.cost.wall_s + ROUND_TRIPS * latency_s
    if operation in WRITES:
        return 1.25 * max(floor.cost.wall_s, sum(ours.calls.values()) * latency_s / WORKERS)
    return None


def tables(rows: Sequence[Row]) -> Iterator[str]:
    """All tables, each with its heading."""
    yield _titled("Seconds of wall time", _by_operation(rows, lambda row: f"{row.cost.wall_s:.1f}"))
    yield _titled("Ratios", _ratios(rows))
    yield _titled("Seconds of processor time", _by_operation(rows, lambda row: f"{row.cost.cpu_s:.1f}"))
    yield _titled("Calls to Meta + Secrets Manager", _by_operation(rows, _calls))
    yield _titled("MiB of memory: all processes / the plugin host", _by_operation(rows, _memory))
    yield _titled("State after `up`", _states(rows))
    yield _titled("Calls by endpoint", _endpoints(rows))


def _ratios(rows: Sequence[Row]) -> str:
    lines = [
        ["Assignments", "Operation", "Ours / floor", "Limit", "Held", "Plain / ours"],
        ["---:", "---", *["---:"] * 4],
    ]
    for ours in (row for row in rows if row.who is Who.OURS):
        floor, plain = (_of(rows, who, ours) for who in (Who.FLOOR, Who.PLAIN))
        limit = None if floor is None else limit_s(ours.operation, ours, floor)
        lines.append(
            [
                str(ours.assignments),
                ours.operation,
                "" if floor is None else f"{ours.cost.wall_s / floor.cost.wall_s:.2f}",
                "" if limit is None else f"{limit:.1f} s",
                "" if limit is None else ("yes" if ours.cost.wall_s <= limit else "no"),
                "" if plain is None else f"{plain.cost.wall_s / ours.cost.wall_s:.2f}",
            ]
        )
    return table(lines)


def _by_operation(rows: Sequence[Row], cell: Callable[[Row], str]) -> str:
    lines = [["Assignments", "Resources", "Who", *Operation], ["---:", "---:", "---", *["---:"] * len(Operation)]]
    for first in (row for row in rows if row.operation is Operation.UP):
        found = {
            row.operation: cell(row) for row in rows if (row.who, row.assignments) == (first.who, first.assignments)
        }
        lines.append([str(first.assignments), str(first.resources), first.who, *(found[one] for one in Operation)])
    return table(lines)


def _states(rows: Sequence[Row]) -> str:
    lines = [["Assignments", "Who", "KiB", "Bytes per resource"], ["---:", "---", "---:", "---:"]]
    lines += [
        [str(row.assignments), row.who, str(row.state_bytes >> 10), str(row.state_bytes // row.resources)]
        for row in rows
        if row.operation is Operation.UP
    ]
    return table(lines)


def _endpoints(rows: Sequence[Row]) -> str:
    """Of ours with the most assignments that all contenders had."""
    most = max((row.assignments for row in rows if row.who is Who.PLAIN), default=max(row.assignments for row in rows))
    found = {row.operation: row.calls for row in rows if (row.who, row.assignments) == (Who.OURS, most)}
    names = sorted({name for calls in found.values() for name in calls}, key=lambda name: (" " not in name, name))
    lines = [[f"Ours, {most} assignments", *Operation], ["---", *["---:"] * len(Operation)]]
    lines += [[f"`{name}`", *(str(found[one].get(name, "")) for one in Operation)] for name in names]
    return table(lines)


def _calls(row: Row) -> str:
    graph, secrets = split(row.calls)
    return f"{graph} + {secrets}"


def _memory(row: Row) -> str:
    return f"{row.cost.peak_mib:.0f} / {row.cost.host_mib:.0f}"


def _of(rows: Sequence[Row], who: Who, like: Row) -> Row | None:
    """What another contender needed for the same."""
    wanted = (who, like.assignments, like.operation)
    return next((row for row in rows if (row.who, row.assignments, row.operation) == wanted), None)


def _others(rows: Sequence[Costed]) -> float:
    return median(row.cost.other_share for row in rows)


def _most(rows: Sequence[Costed]) -> float:
    return max(row.cost.other_share for row in rows)


def _titled(title: str, table: str) -> str:
    return f"### {title}\n\n{table}"


def table(lines: Sequence[Sequence[str]]) -> str:
    """Rows of cells as Markdown; the second row aligns."""
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
