"""The measurement itself: every contender through every operation, one after the other, each on an emulator of its own.

Ours comes first, since the floor has as many resources as ours turns out to have.
"""

from __future__ import annotations

import os
import platform
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tools.bench.calls import by_endpoint
from tools.bench.projects import Folder, Operation, Project, Who
from tools.bench.scene import Scene
from tools.engine.binaries import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tools.bench.measure import Cost


@dataclass(frozen=True, slots=True)
class Row:
    """One operation of one contender.

    Attributes:
        resources: Dynamic resources of its stack.
        state_bytes: Of its state afterwards.
        calls: By endpoint.
    """

    who: Who
    assignments: int
    operation: Operation
    cost: Cost
    resources: int
    state_bytes: int
    calls: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured, and with what."""

    at: str
    processors: int
    model: str
    memory_gib: int
    python: str
    engine: str
    sdk: str
    load: float


def machine(engine: Path) -> Machine:
    """Look at the machine before anything runs."""
    return Machine(
        at=datetime.now(UTC).isoformat(timespec="minutes"),
        processors=psutil.cpu_count() or 1,
        model=_model(),
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        python=platform.python_version(),
        engine=version_of(engine),
        sdk=version("pulumi"),
        load=round(os.getloadavg()[0], 2),
    )


def rows(assignments: int, contenders: Iterable[Who], engine: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure the contenders with so many assignments."""
    found: list[Row] = []
    for who in contenders:
        floor = found[0].resources if found else 0
        with tempfile.TemporaryDirectory(prefix="meta-access-bench-") as folder:
            found += _contender(Path(folder), engine, who, Scene(assignments), floor=floor, say=say)
    return found


def _contender(
    folder: Path, engine: Path, who: Who, scene: Scene, *, floor: int, say: Callable[[str], None]
) -> list[Row]:
    emulator = scene.emulator(folder / "emulator")
    found: list[Row] = []
    try:
        project = Project(Folder(folder / "project", engine, emulator), who, scene, floor)
        project.lay_out()
        resources = 0
        for operation in Operation:
            emulator.forget_calls()
            cost = project.run(operation)
            calls = by_endpoint(emulator.calls())
            state_bytes, now = project.state()
            resources = resources or now
            row = Row(who, scene.assignments, operation, cost, resources, state_bytes, calls)
            found.append(row)
            say(
                f"{scene.assignments:5} {who:5} {operation:12} {cost.wall_s:6.1f} s  {cost.cpu_s:6.1f} CPU s  "
                f"{calls.total():5} calls  {cost.peak_mib:5.0f} MiB  others {cost.other_share:.0%}"
            )
    finally:
        emulator.stop()
    return found


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
