"""`python -m tests.faults`: the fault matrix on the real engine. Exit code 0 when no trial fails, else 1."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from tests.faults import matrix, verdict
from tools.engine.obtain import obtain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.trials import Trial


@click.command()
@click.option("--all", "all_", is_flag=True, help="Every trial; a sample otherwise.")
@click.option("--only", default="", help="Trials whose name contains this text.")
@click.option("--jobs", type=int, default=0, help="Batches at a time; otherwise two to a core and one more.")
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON; progress goes to standard error.")
def main(*, all_: bool, only: str, jobs: int, json_: bool) -> None:
    """Disturb every call of every operation, and see that nothing is lost."""

    def say(text: str) -> None:
        print(text, file=sys.stderr if json_ else sys.stdout, flush=True)

    def choose(everything: Sequence[Trial]) -> Sequence[Trial]:
        if only:
            return [trial for trial in everything if only in trial.name]
        return everything if all_ else matrix.sample(everything)

    began = time.monotonic()
    # Most trials of a hang or of a late survivor wait: with one batch to a core, half of the processor lay idle.
    run = matrix.Matrix(obtain(say).folder, jobs or 2 * (os.cpu_count() or 1) + 1, say)
    small = not all_ and not only
    size = matrix.SAMPLE_SIZE if small else matrix.SIZE
    outcomes = run.run(choose, size=size, waiting=size if small else matrix.WAITING)
    counts, seconds = verdict.count(outcomes), time.monotonic() - began
    if json_:
        print(matrix.dump(outcomes, seconds))
    else:
        say(f"faults: {counts.suspects} suspects were listed, {seconds:.0f} s.")
        say(str(counts))
    sys.exit(1 if counts.failing or not counts.trials else 0)


if __name__ == "__main__":
    main()
