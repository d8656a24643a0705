"""A stack that was brought up once in a session, and copies of it for the tests that begin after the first `up`.

A copy has its own backend, salt and project folder, and its own emulator, which begins where the first one stopped:
world, clock, ids, credentials and secrets. Only the addresses differ, and they are put into the copied state, because
`destroy` and the plugin host read the configuration of the last update.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulators import start_emulator
from tests.engine import lindenhof
from tests.engine.projects import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pytest

    from tests.emulators import RunningEmulator
    from tests.engine.workers import Worker

_OF_PROJECT = ("state", "stacks", "calls", "notes")
_OF_EMULATOR = ("world.json", "start.json", "credentials.json", "secretsmanager.json")


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What is brought up: a name of its own in a session, and how it comes about.

    Attributes:
        name: Of the template; two beginnings of one name are the same.
        program: Text of `__main__.py`; this checkout's program when absent.
        config: The stack's configuration, full key to value, on an emulator.
        before: What people do at Meta before the first `up`.
    """

    name: str
    program: str | None = None
    config: Callable[[RunningEmulator], dict[str, Any]] = lindenhof.config
    before: Callable[[RunningEmulator], object] | None = None


DEV = Beginning(name="dev")
"""The dev stack as committed, in the starting world."""


@dataclass(frozen=True)
class Template:
    """A stack that is up, as files."""

    folder: Path
    beginning: Beginning

    def emulator(self, home: Path) -> None:
        """Lay a state folder out, for an emulator to start on."""
        keep_emulator(self.folder / "emulator", home)

    def project(self, root: Path, engine: Path, worker: Worker, emulator: RunningEmulator) -> Project:
        """Make a copy of the project, on an emulator that was started on a copied state folder."""
        made = Project(root, engine, worker)
        copy(self.folder / "project", root, _OF_PROJECT)
        move(root / "state", json.loads((self.folder / "doors.json").read_text(encoding="utf-8")), doors(emulator))
        made.lay_out()
        if self.beginning.program is not None:
            made.program(self.beginning.program)
        made.configure(self.beginning.config(emulator))
        return made


def template(beginning: Beginning, shared: Path, engine: Path, worker: Worker) -> Template:
    """Give a session's template, made when it is first asked for, whichever worker that is.

    Args:
        beginning: What is to be up.
        shared: A folder of the session's, the same for all its workers.
        engine: Folder with the engine's files.
        worker: What the worker keeps for its projects.

    Raises:
        AssertionError: The first `up` failed.
    """
    folder = shared / "templates" / beginning.name

    def make(to: Path) -> None:
        _bring_up(beginning, to, engine, worker)

    once(folder, make)
    return Template(folder, beginning)


def initialize(project: Project, shared: Path) -> None:
    """Give a project the stack that `pulumi stack init` makes; the engine makes it once in a session.

    Args:
        project: Laid out, with a stack of the usual name.
        shared: A folder of the session's, the same for all its workers.
    """
    folder = shared / "templates" / "initialized"

    def make(to: Path) -> None:
        first = Project(to, project.engine, project.worker)
        first.lay_out()
        first.init()

    once(folder, make)
    copy(folder, project.root, ("state", "stacks"))


def once(folder: Path, make: Callable[[Path], None]) -> None:
    """Make a folder unless it is there; others wait meanwhile, and never see a part of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        make(unfinished)
        unfinished.rename(folder)


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of a session share; a worker's own lies below it."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def keep_emulator(home: Path, to: Path) -> None:
    """Copy what a stopped emulator keeps."""
    copy(home, to, _OF_EMULATOR)


def copy(folder: Path, to: Path, names: Iterable[str]) -> None:
    """Copy the named parts of a folder, those that are there."""
    to.mkdir(parents=True, exist_ok=True)
    for name in names:
        source = folder / name
        if source.is_dir():
            shutil.copytree(source, to / name, symlinks=True, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, to / name)


def doors(emulator: RunningEmulator) -> list[str]:
    return [emulator.graph_url, emulator.aws_url]


def move(state: Path, before: list[str], now: list[str]) -> None:
    """Put the addresses of today's emulators into a state, in the place of those it was made with.

    `destroy` uses the configuration of the last update, with or without PULUMI_RUN_PROGRAM (engine 3.259).
    """
    new = dict(zip(before, now, strict=True))
    pattern = re.compile("|".join(f"{re.escape(url)}(?![0-9])" for url in before))
    for file in state.rglob("*.json"):
        text = file.read_text(encoding="utf-8")
        file.write_text(pattern.sub(lambda found: new[found[0]], text), encoding="utf-8")


def _bring_up(beginning: Beginning, to: Path, engine: Path, worker: Worker) -> None:
    project = Project(to / "project", engine, worker)
    project.lay_out()
    if beginning.program is not None:
        project.program(beginning.program)
    project.init()
    emulator = start_emulator(to / "emulator")
    try:
        if beginning.before is not None:
            beginning.before(emulator)
        project.configure(beginning.config(emulator))
        up = project.up()
        assert up.code == 0, up.stdout
        (to / "doors.json").write_text(json.dumps(doors(emulator)), encoding="utf-8")
    finally:
        emulator.stop()
