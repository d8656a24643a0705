"""An example of `docs/examples` as somebody would copy it, on an emulator of the test's own in the example's world."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from meta_emulator import world_files
from tests.engine.projects import CHECKOUT, Project

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.workers import Worker

# What stands in the examples' stack files, where `meta-access emulator start` listens.
GRAPH, AWS = "http://127.0.0.1:8765", "http://127.0.0.1:8766"


def enter(emulator: RunningEmulator, world: str) -> None:
    """Begin with one of the worlds that come with the emulator."""
    emulator.control("reset", "POST", {"name": world, "world": world_files.find(world).data})


def copied(name: str, folder: Path, engine: Path, worker: Worker, emulator: RunningEmulator) -> Project:
    """The example in a folder of its own, links followed, its stack initialized."""
    root = folder / "checkout" / "docs" / "examples" / name
    shutil.copytree(CHECKOUT / "docs" / "examples" / name, root, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "checkout" / ".venv").symlink_to(Path(sys.prefix))
    for made in ("state", "home"):
        (root / made).mkdir()
    project = Project(root, engine, worker)
    text = project.stack_file.read_text(encoding="utf-8")
    assert GRAPH in text
    assert AWS in text
    project.stack_file.write_text(text.replace(GRAPH, emulator.graph_url).replace(AWS, emulator.aws_url))
    project.init()
    return project


def config(project: Project) -> dict[str, Any]:
    """The stack's configuration as it stands in its file."""
    found: dict[str, Any] = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))["config"]
    return found


def statuses(project: Project) -> dict[str, str]:
    found: dict[str, str] = project.outputs()["gates"]
    return found
