"""What operations start from, made once and kept as folders that trials copy; and the calls of an undisturbed run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engine.workers import Worker, listed
from tests.faults import scenarios, verdict
from tests.faults.batch import judge_preview
from tests.faults.stand import Stand
from tests.faults.trials import points

if TYPE_CHECKING:
    from tests.faults.trials import Point


class Bases:
    """Folders of bases, for stands of several sizes.

    Args:
        folder: Where they are kept.
        engine: Folder of the engine.
    """

    def __init__(self, folder: Path, engine: Path) -> None:
        self.folder, self.engine = folder, engine
        self.worker = Worker(listed(folder / "packages"))

    def stand(self, base: str, slots: int) -> Stand:
        """A copy of a base, to be closed by the caller."""
        at = Path(tempfile.mkdtemp(prefix="trial-", dir=self.folder))
        return Stand.copied(self._at(base, slots), at, self.engine, self.worker)

    def make(self, base: str, slots: int) -> None:
        """Make a base, after the one it grows from."""
        before, grow = scenarios.BASES[base]
        if before is None:
            at = Path(tempfile.mkdtemp(prefix="base-", dir=self.folder))
            stand = Stand.new(at, self.engine, self.worker, slots=slots)
        else:
            stand = self.stand(before, slots)
        try:
            grow(stand)
            stand.save(self._at(base, slots))
        finally:
            stand.close()

    def undisturbed(self, scenario_name: str, slots: int) -> list[Point]:
        """Run an operation as it should go: its calls.

        Raises:
            AssertionError: It does not go as it should, so that no disturbance could be judged.
        """
        scenario = scenarios.ALL[scenario_name]
        stand = self.stand(scenario.base, slots)
        try:
            stand.project.program(scenario.program(stand))
            before = [slot.census() for slot in stand.slots]
            for slot in stand.slots:
                slot.forget_calls()
            ended = stand.operate(scenario.verb)
            assert ended.code == 0, ended.stdout
            found = points(stand.slots[0].calls())
            for slot, was in zip(stand.slots, before, strict=True):
                complaints = verdict.finally_(slot.census(), scenario.wish(was), was)
                assert not complaints, (scenario_name, complaints)
            if scenario.verb == "up":
                wrong = judge_preview(stand.operate("preview"))
                assert not wrong, (scenario_name, wrong)
            return found
        finally:
            stand.close()

    def _at(self, base: str, slots: int) -> Path:
        return self.folder / f"{base.replace(' ', '-')}-{slots}"
