"""`make rehearsal`: thirty businesses at the limited tier, each with a stack, on the real engine and one emulator.

It writes what it found into docs/many-businesses.md.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from meta_access import rules
from tools.bench import businesses, hours, page, report, run
from tools.bench.calls import by_endpoint, split
from tools.bench.measure import adopt_orphans
from tools.bench.projects import Folder
from tools.bench.scene import LATENCY_MS
from tools.workspace.environment import ROOT, engine_folder, say
from tools.workspace.failures import explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.bench.businesses import Business
    from tools.bench.hours import Quota
    from tools.bench.measure import Cost
    from tools.bench.run import Machine

PAGE = ROOT / "docs" / "many-businesses.md"
TIER = "limited"
DUE_S = 45 * 86_400
"""After so long every token of sixty days is due."""
_MEASURED = re.compile(r"<!-- rehearsed -->\n.*?<!-- end -->", re.DOTALL)
_EACH = (
    'printf "%s\\n" "$@" | xargs -P {parallel} -I STACK pulumi up --yes --skip-preview --non-interactive --stack STACK'
)


class Step(StrEnum):
    """What is run, in this order."""

    PREVIEW = "run-all preview of the first update"
    UP = "pulumi up of each stack"
    CHANGE = "run-all preview of a change of the template"
    ROTATE = "run-all rotate --due of all tokens"


@dataclass(frozen=True, slots=True)
class Row:
    """One step.

    Attributes:
        graph: Calls that count at Meta.
        secrets: Calls to Secrets Manager.
        throttled: Calls that a quota refused.
        digest: The first line of the digest; "" where there is none.
    """

    step: Step
    cost: Cost
    graph: int
    secrets: int
    throttled: int
    quotas: Sequence[Quota]
    digest: str


@explained("make rehearsal can be repeated.")
def main() -> int:
    adopt_orphans()
    engine = engine_folder()
    machine = run.machine(engine)
    with tempfile.TemporaryDirectory(prefix="meta-access-rehearsal-") as folder:
        found = rehearsed(Path(folder), engine, psutil.cpu_count() or 1)
    text = section(machine, found, psutil.cpu_count() or 1)
    say(f"\n{text}")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    say(f"\nwritten: {PAGE.relative_to(ROOT)}")
    return 0


def rehearsed(folder: Path, engine: Path, parallel: int) -> list[Row]:
    """Go through all steps."""
    all_of_them, data = businesses.world(businesses.COUNT)
    emulator = businesses.emulator(folder / "emulator", data)
    try:
        project = Folder(folder / "project", engine, emulator)
        project.link("__main__.py", "components", "meta_access")
        for one in all_of_them:
            project.write(one.name, one.config(emulator, changed=False))
            project.init(one.name)
        return [_step(step, project, all_of_them, parallel) for step in Step]
    finally:
        emulator.stop()


def _step(step: Step, project: Folder, all_of_them: list[Business], parallel: int) -> Row:
    emulator = project.emulator
    for one in all_of_them:
        project.write(one.name, one.config(emulator, changed=step is Step.CHANGE))
    if step is Step.ROTATE:
        emulator.clock(advance_s=DUE_S)
    ours = [sys.executable, "-P", "-m", "meta_access.cli", "run-all"]
    argv = {
        Step.UP: ["sh", "-c", _EACH.format(parallel=parallel), "up", *(one.name for one in all_of_them)],
        Step.ROTATE: [*ours, "rotate", "--due", "--parallel", str(parallel)],
    }.get(step, [*ours, "preview", "--parallel", str(parallel)])
    users = len({row["system_user_id"] for row in emulator.world()["installations"]}) // len(all_of_them)
    emulator.forget_calls()
    environment = {**project.environment(), **businesses.credentials(emulator, all_of_them)}
    cost, printed = project.measure(step, argv, environment)
    calls = emulator.calls()
    counted = hours.counted(calls)
    row = Row(
        step,
        cost,
        len(counted),
        split(by_endpoint(calls))[1],
        hours.throttled(calls),
        hours.quotas(calls, rules.load(rules.newest()), TIER, businesses=len(all_of_them), users=users),
        next((line for line in printed.splitlines() if line.startswith(f"{len(all_of_them)} stacks: ")), ""),
    )
    say(f"{step:45} {cost.wall_s:6.1f} s  {cost.cpu_s:6.1f} CPU s  {row.graph:5} calls  {row.throttled} throttled")
    return row


def section(machine: Machine, rows: Sequence[Row], parallel: int) -> str:
    """What was found, for the page."""
    ruleset = rules.load(rules.newest())
    steps = [["Step", "Wall s", "CPU s", "Calls to Meta", "Per business", "To Secrets Manager", "Throttled"]]
    steps += [["---", *["---:"] * 6]]
    steps += [
        [
            str(row.step),
            f"{row.cost.wall_s:.0f}",
            f"{row.cost.cpu_s:.0f}",
            str(row.graph),
            f"{row.graph / businesses.COUNT:.1f}",
            str(row.secrets),
            str(row.throttled),
        ]
        for row in rows
    ]
    used = [["Step", "Quota of a business, the tightest", "Used", "An hour has", "Hours"]]
    used += [["---", "---", *["---:"] * 3]]
    for row in rows:
        worst = max(row.quotas, key=lambda quota: quota.hours)
        used.append([str(row.step), worst.what, str(worst.used), str(worst.hourly), f"{worst.hours:.2f}"])
    return "\n\n".join(
        [
            page.described(machine),
            report.load(machine, rows),
            f"{businesses.COUNT} businesses, {parallel} stacks at a time, {LATENCY_MS} ms for each call.",
            report.table(steps),
            "\n".join(f"- {row.step}: {row.digest}" for row in rows if row.digest),
            (
                f"The quotas are those of the {TIER} tier in rule set {ruleset.name}, from Meta's pages on "
                f"[the Marketing API]({ruleset.sources['rates']}) and [Graph]({ruleset.sources['graph_rates']})."
            ),
            report.table(used),
        ]
    )


def written(text: str, found: str) -> str:
    """The page with a rehearsal in its place."""
    return _MEASURED.sub(lambda _: f"<!-- rehearsed -->\n\n{found}\n\n<!-- end -->", text)


if __name__ == "__main__":
    sys.exit(main())
