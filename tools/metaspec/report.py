"""What a comparison says: counts, and the differences with their reasons, as text, JSON or a part of a page."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tools.metaspec.compare import SIDES, SORTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.metaspec.compare import Difference
    from tools.metaspec.scope import Scope

BEGIN, END = "<!-- specification: begin -->", "<!-- specification: end -->"
BLOCK = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Report:
    """A comparison within the scope.

    Attributes:
        specified: How many calls the specification has there.
        served: How many of them the emulator serves.
        outside: How many calls on the same nodes are about something else.
        found: The differences, with the reason of each or None.
    """

    specified: int
    served: int
    outside: int
    found: tuple[tuple[Difference, str | None], ...]

    @property
    def unexplained(self) -> list[Difference]:
        return [difference for difference, why in self.found if why is None]


def explained(found: list[Difference], scope: Scope) -> tuple[tuple[Difference, str | None], ...]:
    return tuple((difference, scope.why(difference)) for difference in found)


def as_json(report: Report) -> dict[str, Any]:
    """`{specified, served, outside, differences: [{call, sort, side, name, detail, why}]}`."""
    rows = [{**asdict(difference), "why": why} for difference, why in report.found]
    return {
        "specified": report.specified,
        "served": report.served,
        "outside": report.outside,
        "differences": rows,
    }


def as_text(report: Report) -> str:
    """The counts, then one difference a line; those that nobody explained come first."""
    served = f"{report.specified} calls of the specification are about access, {report.served} of them are served"
    lines = [
        f"{served}; {report.outside} calls on the same nodes are about something else.",
        f"{len(report.found)} differences, {len(report.unexplained)} without a reason.",
    ]
    lines += [f"no reason: {difference}" for difference in report.unexplained]
    lines += [f"{difference} ({why})" for difference, why in report.found if why is not None]
    return "\n".join(lines)


def as_page(report: Report) -> str:
    """A part of a page in Markdown: counts by sort and side, then the differences by their reason."""
    head = "| now | " + " | ".join(SIDES) + " |\n|---|" + "---|" * len(SIDES)
    rows = []
    for sort in SORTS:
        counts = (sum((one.sort, one.side) == (sort, side) for one, _ in report.found) for side in SIDES)
        rows.append(f"| {sort} | " + " | ".join(str(count) for count in counts) + " |")
    intro = (
        f"{report.specified} calls of the specification are about access, {report.served} of them are served; "
        f"{report.outside} more on the same nodes are about something else (ads, posts, messages, products)."
    )
    return "\n\n".join((intro, "\n".join((head, *rows)), "\n".join(_reasons(report))))


def _reasons(report: Report) -> Iterator[str]:
    by_reason: dict[str, dict[str, list[str]]] = {}
    for difference, why in report.found:
        named = f"{difference.sort} {difference.side}"
        what = f"`{difference.call}`" + (f" {difference.name}" if difference.name else "")
        by_reason.setdefault(why or "Not explained yet", {}).setdefault(named, []).append(what)
    yield "| Why it stays | What |\n|---|---|"
    for why, sorts in sorted(by_reason.items()):
        shown = "; ".join(f"{named}: {', '.join(dict.fromkeys(what))}" for named, what in sorts.items())
        yield f"| {why} | {shown} |"


def filled(page: str, report: Report) -> str:
    """A page with this part as it has to be."""
    return BLOCK.sub(lambda _: f"{BEGIN}\n{as_page(report)}\n{END}", page)
