"""`docs/performance.md`: what the last whole run found goes between two of its lines; the rest of the page is typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.bench import picture, report
from tools.workspace.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.bench.run import Machine, Row

PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "images" / "performance.svg"
_MEASURED = re.compile(r"<!-- measured -->\n.*?<!-- end -->", re.DOTALL)


def write(machine: Machine, rows: Sequence[Row]) -> None:
    """Put a run into the page and draw its picture."""
    PICTURE.write_text(picture.svg(rows), encoding="utf-8")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), machine, rows), encoding="utf-8")


def written(text: str, machine: Machine, rows: Sequence[Row]) -> str:
    """The page with a run in its place."""
    parts = [
        "<!-- measured -->",
        described(machine),
        report.load(machine, rows),
        "![Seconds of wall time of each operation, by size and contender](images/performance.svg)",
        *report.tables(rows),
        "<!-- end -->",
    ]
    return _MEASURED.sub(lambda _: "\n\n".join(parts), text)


def described(machine: Machine) -> str:
    """The machine, in a sentence."""
    return (
        f"Measured on {machine.at[:10]}: {machine.processors} processors ({machine.model}), {machine.memory_gib} GiB, "
        f"Python {machine.python}, Pulumi {machine.engine}, its SDK {machine.sdk}."
    )
