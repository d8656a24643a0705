"""`make bench`: ours, the engine's floor and a plain provider, side by side on the real engine and the emulator.

A whole run writes docs/performance.md and its picture, after each size. `--quick` takes two minutes and only prints.
"""

from __future__ import annotations

import argparse
import sys

from tools.bench import page, report, run
from tools.bench.measure import adopt_orphans
from tools.bench.projects import Who
from tools.workspace.environment import ROOT, engine_folder, say
from tools.workspace.failures import explained

QUICK = (10,)
LARGEST = 1450
"""Together with what the users need, more than 1,500 resources; the plain provider would take minutes for it."""
SIZES = (10, 100, 300, 1000, LARGEST)


@explained("make bench can be repeated.")
def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    adopt_orphans()
    engine = engine_folder()
    machine = run.machine(engine)
    say(page.described(machine))
    rows: list[run.Row] = []
    for size in QUICK if quick else SIZES:
        rows += run.rows(size, [Who.OURS, Who.FLOOR] if size == LARGEST else Who, engine, say)
        if not quick:
            # After each size: the largest take most of an hour, and what was measured before is not lost with them.
            page.write(machine, rows)
            say(f"written: {page.PAGE.relative_to(ROOT)}, {page.PICTURE.relative_to(ROOT)}")
    say("\n" + "\n\n".join(report.tables(rows)))
    say(f"\n{report.load(machine, rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
