"""The picture of a run: for each size one panel of bars, three for each operation. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tools.bench.projects import Operation, Who

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tools.bench.run import Row

COLOURS = {Who.FLOOR: "#9aa3ad", Who.OURS: "#1f6feb", Who.PLAIN: "#d9822b"}
NAMES = {Who.FLOOR: "as many no-op resources", Who.OURS: "meta-access", Who.PLAIN: "a plain provider"}
LABEL, BAR, GAP, PANEL, WIDE = 110, 9, 8, 300, 2
"""Pixels: room for names, a bar, between operations, a panel's width; and panels next to each other."""
HEAD, TITLE = 40, 26
GROUP = 3 * BAR + GAP
HEIGHT = TITLE + len(Operation) * GROUP + 12


def svg(rows: Sequence[Row]) -> str:
    """Draw seconds of wall time; each panel has a scale of its own."""
    sizes = sorted({row.assignments for row in rows})
    width = min(WIDE, len(sizes)) * (LABEL + PANEL)
    height = HEAD + -(-len(sizes) // WIDE) * HEIGHT
    letters = 'font-family="sans-serif" font-size="11" fill="#1f2328"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {letters}>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_legend(),
    ]
    for place, size in enumerate(sizes):
        x, y = place % WIDE * (LABEL + PANEL), HEAD + place // WIDE * HEIGHT
        parts.append(f'<g transform="translate({x} {y})">')
        parts += _panel([row for row in rows if row.assignments == size], size)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> Iterator[str]:
    for place, (who, colour) in enumerate(COLOURS.items()):
        x = 12 + place * 170
        yield f'<rect x="{x}" y="14" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 18}" y="24">{escape(NAMES[who])}</text>'


def _panel(rows: Sequence[Row], size: int) -> Iterator[str]:
    longest = max(row.cost.wall_s for row in rows)
    yield f'<text x="12" y="16" font-weight="bold">{size} assignments, seconds</text>'
    for place, operation in enumerate(Operation):
        top = TITLE + place * GROUP
        yield f'<text x="{LABEL - 8}" y="{top + 2 * BAR}" text-anchor="end">{operation}</text>'
        for line, who in enumerate(COLOURS):
            for row in rows:
                if (row.who, row.operation) == (who, operation):
                    yield from _bar(row, top + line * BAR, longest)


def _bar(row: Row, y: int, longest: float) -> Iterator[str]:
    width = max(1.0, (PANEL - 50) * row.cost.wall_s / longest)
    yield f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR - 1}" fill="{COLOURS[row.who]}"/>'
    yield f'<text x="{LABEL + width + 4:.1f}" y="{y + BAR - 2}" font-size="9">{row.cost.wall_s:.1f}</text>'
