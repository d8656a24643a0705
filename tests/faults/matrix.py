"""The matrix: every trial, in batches, on all cores, with progress; the counts come last."""

from __future__ import annotations

import json
import multiprocessing
import random
import tempfile
import time
import traceback
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults import scenarios, verdict
from tests.faults.bases import Bases
from tests.faults.batch import Played, play
from tests.faults.trials import Trial, batches, trials
from tests.faults.verdict import Complaint, Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.faults.trials import Point

# A batch costs five seconds of processor time and a quarter of one for each trial in it.
SIZE = 16
# The plugin host of Pulumi's Python SDK serves four calls at a time (pulumi/dynamic/__main__.py, 3.272).
WAITING = 4
SAMPLE_SIZE = 6
# How often a trial is put off because another one of its batch ended the operation first.
MOST_TURNS = 12
MOST_POOLS = 5
_SEED = 20261127


@dataclass
class Matrix:
    """One run.

    Attributes:
        engine: Folder of the engine.
        jobs: Batches at a time.
        say: Gets lines of progress.
        outcomes: What has been decided so far.
    """

    engine: Path
    jobs: int
    say: Callable[[str], None]
    outcomes: list[Outcome] = field(default_factory=list)
    _turns: dict[str, int] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)
    _said: float = 0.0

    def run(self, choose: Callable[[Sequence[Trial]], Sequence[Trial]], *, size: int, waiting: int) -> list[Outcome]:
        """Run the trials that `choose` picks of all."""
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            bases = Bases(Path(folder), self.engine)
            with self._pool() as pool:
                self._make_bases(pool, bases, {size, waiting})
                found = self._calls(pool, bases, waiting)
            everything = [trial for name, calls in found.items() for trial in trials(name, calls)]
            chosen = choose(everything)
            self.say(
                f"faults: {sum(map(len, found.values()))} calls in {len(found)} operations make {len(everything)} "
                f"trials; {len(chosen)} of them are run, {self.jobs} batches at a time."
            )
            self._play(bases, chosen, size=size, waiting=waiting)
        return self.outcomes

    def _make_bases(self, pool: ProcessPoolExecutor, bases: Bases, sizes: set[int]) -> None:
        made: set[str] = set()
        while ready := _ready(made):
            for each in [pool.submit(bases.make, name, size) for name in ready for size in sorted(sizes)]:
                each.result()
            made |= set(ready)
        self.say(f"faults: {len(made)} states to start from are made ({self._clock()}).")

    def _calls(self, pool: ProcessPoolExecutor, bases: Bases, slots: int) -> dict[str, list[Point]]:
        asked = {name: pool.submit(bases.undisturbed, name, slots) for name in scenarios.ALL}
        return {name: each.result() for name, each in asked.items()}

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.jobs, multiprocessing.get_context("spawn"))

    def _play(self, bases: Bases, chosen: Sequence[Trial], *, size: int, waiting: int) -> None:
        queue = batches(chosen, size=size, waiting=waiting)
        # Those that wait need no processor: mixed with the others they cost next to no time.
        random.Random(_SEED).shuffle(queue)
        self._began = time.monotonic()
        for _ in range(MOST_POOLS):
            at_work: dict[Future[Played | str], list[Trial]] = {}
            try:
                with self._pool() as pool:
                    self._drain(pool, bases, queue, at_work, size=size, waiting=waiting, total=len(chosen))
            except BrokenProcessPool:
                # Somebody has ended a process of ours; what was at work in it is played again.
                queue += at_work.values()
                self.say(f"faults: a process was ended from outside; {len(at_work)} batches are played again.")
            else:
                return
        for batch in queue:
            self._fail(batch, Complaint(Kind.NOT_CONVERGED, "the harness's processes keep being ended"), "")

    def _drain(
        self,
        pool: ProcessPoolExecutor,
        bases: Bases,
        queue: list[list[Trial]],
        at_work: dict[Future[Played | str], list[Trial]],
        *,
        size: int,
        waiting: int,
        total: int,
    ) -> None:
        while queue or at_work:
            while queue and len(at_work) < self.jobs:
                slots = waiting if len(queue[-1]) <= waiting else size
                future = pool.submit(_play, bases, queue[-1], slots)
                at_work[future] = queue.pop()
            done, _ = wait(at_work, return_when=FIRST_COMPLETED)
            for each in done:
                played = each.result()
                queue += self._take(played, at_work.pop(each), waiting)
            self._tell(total)

    def _take(self, played: Played | str, batch: list[Trial], waiting: int) -> list[list[Trial]]:
        """Note what became of a batch; answers what has to be played again."""
        if isinstance(played, str):
            self._fail(batch, Complaint(Kind.NOT_CONVERGED, f"the harness failed: {played}"), "")
            return []
        # What all of a batch has to pay for is told by playing each of it alone.
        shared = [outcome for outcome in played.outcomes if outcome.failing]
        if len(batch) > 1 and len(shared) > 1:
            names = {outcome.name for outcome in shared}
            self.outcomes += [outcome for outcome in played.outcomes if not outcome.failing]
            return [[trial] for trial in batch if trial.name in names or trial in played.again]
        for outcome in played.outcomes:
            self._note(outcome, played.log)
        again = []
        for trial in played.again:
            self._turns[trial.name] = self._turns.get(trial.name, 0) + 1
            if self._turns[trial.name] < MOST_TURNS and len(batch) > 1:
                again.append(trial)
            else:
                self._fail([trial], Complaint(Kind.NOT_STRUCK, "its call was not made"), played.log)
        step = max(1, min(waiting, len(again)))
        return [again[at : at + step] for at in range(0, len(again), step)]

    def _fail(self, batch: list[Trial], why: Complaint, log: str) -> None:
        for trial in batch:
            self._note(Outcome(trial.name, (why,)), log)

    def _note(self, outcome: Outcome, log: str) -> None:
        self.outcomes.append(outcome)
        if outcome.failing:
            for complaint in outcome.complaints:
                self.say(f"FAILED {outcome.name}: {complaint.kind.value}: {complaint.text}")
            self.say(f"  replay: make test-faults ONLY='{outcome.name}'")
            self.say("  " + "\n  ".join(log.splitlines()[-60:]))

    def _tell(self, total: int) -> None:
        now = time.monotonic()
        if now - self._said < 10 and len(self.outcomes) < total:
            return
        self._said = now
        rate = len(self.outcomes) / max(1.0, now - self._began)
        left = (total - len(self.outcomes)) / rate / 60 if rate else 0
        self.say(
            f"faults: {len(self.outcomes)} of {total} trials, {verdict.count(self.outcomes).failing} failing, "
            f"{rate * 60:.0f} a minute, {left:.0f} min left."
        )

    def _clock(self) -> str:
        return f"{time.monotonic() - self._began:.0f} s"


def _ready(made: set[str]) -> list[str]:
    grows_from = {name: before for name, (before, _) in scenarios.BASES.items()}
    return [name for name, before in grows_from.items() if name not in made and (before is None or before in made)]


def _play(bases: Bases, batch: list[Trial], slots: int) -> Played | str:
    """In a process of the pool. A failure of the harness is an answer, so that the rest goes on."""
    try:
        stand = bases.stand(scenarios.ALL[batch[0].scenario].base, slots)
        try:
            return play(stand, batch)
        finally:
            stand.close()
    except Exception:  # noqa: BLE001 - told as the failure of these trials
        return traceback.format_exc()


def sample(everything: Sequence[Trial]) -> list[Trial]:
    """Some of everything: each operation, and each way of disturbing, the same ones in every run."""
    chance = random.Random(_SEED)
    picked: list[Trial] = []
    for name in scenarios.ALL:
        faults = [trial for trial in everything if trial.scenario == name and not trial.disturbance.waits]
        picked += chance.sample(faults, min(6, len(faults)))
    for name in ("create", "rotate"):
        kills = [trial for trial in everything if trial.scenario == name and trial.disturbance.kills == ("engine",)]
        picked += chance.sample(kills, 2)
    return picked


def as_json(outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    """The result for machines."""
    counts = verdict.count(outcomes)
    return {
        "trials": counts.trials,
        "failing": counts.failing,
        "live_tokens_unaccounted": counts.unaccounted,
        "dead_currents": counts.dead_currents,
        "duplicates": counts.duplicates,
        "suspects": counts.suspects,
        "seconds": round(seconds),
        "failures": [
            {
                "trial": outcome.name,
                "complaints": [f"{complaint.kind.value}: {complaint.text}" for complaint in outcome.complaints],
            }
            for outcome in outcomes
            if outcome.failing
        ],
    }


def dump(outcomes: Sequence[Outcome], seconds: float) -> str:
    return json.dumps(as_json(outcomes, seconds), indent=2)
