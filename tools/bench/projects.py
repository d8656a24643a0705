"""The contenders' projects, each in a folder of its own: ours, the floor, and a plain provider."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tools.bench.measure import measured
from tools.bench.scene import AFTER, USERS, Scene
from tools.engine.random_plugin.install import install_stand_in
from tools.workspace.environment import ALWAYS, IMPORTS, ROOT, SLOW
from tools.workspace.process import capture
from tools.workspace.stack import StackError
from tools.workspace.test import FOREIGN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.emulators import RunningEmulator
    from tools.bench.measure import Cost

PROGRAMS = Path(__file__).parent / "programs"
STACK = "bench"


class Who(StrEnum):
    """The contenders."""

    OURS = "ours"
    FLOOR = "floor"
    PLAIN = "plain"


class Operation(StrEnum):
    """What is measured, in this order."""

    UP = "up"
    PREVIEW = "preview"
    REFRESH = "refresh"
    UNCHANGED = "unchanged up"
    CHANGE = "one change"
    DESTROY = "destroy"


_WORDS = {
    Operation.UP: ("up", "--yes", "--skip-preview"),
    Operation.PREVIEW: ("preview",),
    Operation.REFRESH: ("refresh", "--yes", "--skip-preview"),
    Operation.UNCHANGED: ("up", "--yes", "--skip-preview"),
    Operation.CHANGE: ("up", "--yes", "--skip-preview"),
    Operation.DESTROY: ("destroy", "--yes", "--skip-preview"),
}


@dataclass(frozen=True, slots=True)
class Folder:
    """A project folder with a backend and a home of its own, on an emulator.

    Attributes:
        engine: Folder with the engine's files.
    """

    root: Path
    engine: Path
    emulator: RunningEmulator

    def link(self, *names: str) -> None:
        """Make the folder, with its Pulumi.yaml, the interpreter, and what is named of this checkout."""
        for folder in ("stacks", "state", "home"):
            (self.root / folder).mkdir(parents=True)
        shutil.copy(ROOT / "Pulumi.yaml", self.root / "Pulumi.yaml")
        for name in (".venv", *names):
            (self.root / name).symlink_to(Path(sys.prefix) if name == ".venv" else ROOT / name)
        install_stand_in(self.root / "home")

    def write(self, stack: str, config: Mapping[str, Any]) -> None:
        """Write a stack file; its salt stays."""
        file = self.root / "stacks" / f"Pulumi.{stack}.yaml"
        kept = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
        file.write_text(yaml.safe_dump({**kept, "config": dict(config)}, sort_keys=False), encoding="utf-8")

    def init(self, stack: str) -> None:
        """Make an empty stack.

        Raises:
            StackError: It could not be made.
        """
        made = capture(
            ["pulumi", "stack", "init", stack, "--secrets-provider", "passphrase", "--non-interactive"],
            self.environment(),
            cwd=str(self.root),
        )
        if made.returncode != 0:
            raise StackError(f"Stack {stack} could not be made: {made.stderr.strip()[-500:]}")

    def measure(self, name: str, argv: Sequence[str], env: Mapping[str, str]) -> tuple[Cost, str]:
        """Run a command and measure it; what it printed stays in a file of that name.

        Raises:
            StackError: It failed.
        """
        log = self.root / f"{name.replace(' ', '-')}.log"
        code, cost = measured(argv, env, self.root, self.emulator.process.pid, log)
        said = log.read_text(encoding="utf-8", errors="replace").strip()
        if code != 0:
            raise StackError(f"{name} failed:\n{said[-2000:]}")
        return cost, said

    def environment(self) -> dict[str, str]:
        """As `make` sets it for the dev stack, but for the folders."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        for name in (*IMPORTS, SLOW):
            kept.pop(name, None)
        path = os.pathsep.join([str(self.engine), str(Path(sys.prefix) / "bin"), kept.get("PATH", os.defpath)])
        return {
            **kept,
            **ALWAYS,
            "PATH": path,
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.root / 'state'}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "NO_COLOR": "1",
            "META_ACCESS_EMULATOR_HOME": str(self.emulator.home),
            "META_ACCESS_CALL_LOG": str(self.root / "calls"),
            "META_ACCESS_STATE_DIR": str(self.root / "notes"),
        }


@dataclass(frozen=True, slots=True)
class Project:
    """One contender with its stack.

    Attributes:
        floor: How many resources the floor has; those of ours, which came first.
    """

    folder: Folder
    who: Who
    scene: Scene
    floor: int = 0

    def lay_out(self) -> None:
        """Make the folder, the program and an empty stack."""
        folder = self.folder
        folder.link(*(["__main__.py", "components", "meta_access"] if self.who is Who.OURS else []))
        if self.who is not Who.OURS:
            module = {Who.FLOOR: "nothing", Who.PLAIN: "plain"}[self.who]
            shutil.copy(PROGRAMS / f"{module}.py", folder.root / f"{module}.py")
            (folder.root / "__main__.py").write_text(f"import {module}\n\n{module}.run()\n", encoding="utf-8")
        folder.write(STACK, self._config(changed=False))
        folder.init(STACK)

    def run(self, operation: Operation) -> Cost:
        """Run one operation and measure it.

        Raises:
            StackError: It failed.
        """
        self.folder.write(STACK, self._config(changed=operation in (Operation.CHANGE, Operation.DESTROY)))
        argv = ["pulumi", *_WORDS[operation], "--stack", STACK, "--non-interactive", "--suppress-progress"]
        emulator = self.folder.emulator
        # For the plain provider, which knows no connections.
        plain = {"BENCH_GRAPH_URL": emulator.graph_url, "BENCH_ADMIN_TOKEN": emulator.admin_token}
        name = f"{operation} of {self.who} with {self.scene.assignments} assignments"
        cost, _ = self.folder.measure(name, argv, {**self.folder.environment(), **plain})
        return cost

    def state(self) -> tuple[int, int]:
        """Bytes of the state, and how many of its resources are dynamic ones."""
        (file,) = (self.folder.root / "state" / ".pulumi" / "stacks").glob(f"*/{STACK}.json")
        text = file.read_text(encoding="utf-8")
        resources = json.loads(text)["checkpoint"]["latest"].get("resources") or []
        dynamic = [one for one in resources if one["type"].startswith("pulumi-python:dynamic")]
        return len(text.encode()), len(dynamic)

    def _config(self, *, changed: bool) -> dict[str, Any]:
        if self.who is Who.OURS:
            return self.scene.stack(self.folder.emulator, changed=changed)
        change = {"bench:change": AFTER[0]} if changed else {}
        if self.who is Who.FLOOR:
            return {"bench:resources": self.floor, **change}
        users = {"bench:users": list(USERS), "bench:accounts": self.scene.accounts}
        return {**users, "bench:business": self.folder.emulator.business_id, **change}
