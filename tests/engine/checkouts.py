"""A copy of this checkout with an emulator of its own, in which the make targets' own modules run."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.emulators import start_emulator
from tests.engine import templates
from tests.engine.projects import CHECKOUT, FOREIGN, TIMEOUT_S

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

PROJECT = ("Pulumi.yaml", "__main__.py", "components", "meta_access", "stacks")
COPIED = (*PROJECT, "meta_emulator", "tools", "requirements", "pyproject.toml")


@dataclass
class Ended:
    """How a target ended: its exit code and all that it printed."""

    code: int
    text: str


@dataclass
class Checkout:
    """A copy of the checkout. Its emulator listens on free ports, which its stack file names."""

    root: Path
    engine: Path
    emulator: RunningEmulator
    extra_env: dict[str, str] = field(default_factory=dict)

    @property
    def stack_file(self) -> Path:
        return self.root / "stacks" / "Pulumi.dev.yaml"

    def target(self, name: str, *arguments: str) -> Ended:
        """Run a target to its end, as its recipe does."""
        process = self.start(name, *arguments)
        try:
            text, _ = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill(process)
            raise
        return Ended(process.returncode, text)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a target in a process group of its own and leave it at work."""
        return subprocess.Popen(
            [sys.executable, "-m", f"tools.workspace.{name}", *arguments],
            cwd=self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def shell(self, script: str) -> Ended:
        """Run a script in a shell that has evaluated what `make env` prints."""
        text = f'eval "$({sys.executable} -m tools.workspace.environment)" && {script}'
        done = subprocess.run(
            ["sh", "-c", text],
            cwd=self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        folders = [self.root.parent / "bin", self.engine, Path(sys.prefix) / "bin"]
        path = os.pathsep.join([*map(str, folders), kept.get("PATH", os.defpath)])
        return {**kept, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **self.extra_env}

    def files(self) -> dict[str, bytes]:
        """Every file that git would see, and its content."""
        ignored = {".work", "__pycache__", ".venv"}
        found = (path for path in self.root.rglob("*") if path.is_file())
        relative = ((path, path.relative_to(self.root)) for path in found)
        return {str(name): path.read_bytes() for path, name in relative if not ignored & set(name.parts)}

    def wait_until_locked(self) -> None:
        """Wait until an engine at work holds the stack's lock."""
        until = time.monotonic() + TIMEOUT_S
        folder = self.root / ".work" / "state" / ".pulumi" / "locks"
        while not list(folder.rglob("*.json")):
            assert time.monotonic() < until, "no engine took the lock"
            time.sleep(0.05)

    def processes(self) -> list[str]:
        """What still runs for an engine in this copy, by its command line."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                command = " ".join(process.cmdline())
                if "pulumi" in command and Path(process.cwd()) == self.root:
                    found.append(command)
        return found

    @staticmethod
    def kill(process: subprocess.Popen[str]) -> None:
        """Kill a target and what it runs, as `kill -9` of its process group does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def check_out(folder: Path, engine: Path, kept: Path | None = None) -> Checkout:
    """Copy this checkout and start an emulator where the copy's targets look for theirs.

    Args:
        folder: Where to.
        engine: Folder with the engine's files.
        kept: A working folder for the copy to go on with.
    """
    root = folder / "checkout"
    root.mkdir()
    for name in COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            # With its compiled files, which are valid as long as the times of the sources are kept.
            shutil.copytree(source, root / name)
        else:
            shutil.copy2(source, root / name)
    (root / ".venv").symlink_to(sys.prefix)
    # For a run outside the project's own environment, where no entry point is installed.
    command = folder / "bin" / "meta-access"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m meta_access.cli "$@"\n')
    command.chmod(0o755)
    if kept is not None:
        templates.copy(kept, root / ".work", ("state", "pulumi-home", "calls"))
        templates.keep_emulator(kept / "emulator", root / ".work" / "emulator")
    emulator = start_emulator(root / ".work" / "emulator")
    made = Checkout(root, engine, emulator)
    text = made.stack_file.read_text()
    for usual, own in (("http://127.0.0.1:8765", emulator.graph_url), ("http://127.0.0.1:8766", emulator.aws_url)):
        assert usual in text
        text = text.replace(usual, own)
    made.stack_file.write_text(text)
    return made


def check_out_up(folder: Path, engine: Path, shared: Path) -> Checkout:
    """A copy of the checkout that has been brought up, once in the session whose folder is `shared`."""
    template = shared / "templates" / "checkout"

    def bring_up(to: Path) -> None:
        first = check_out(to, engine)
        try:
            up = first.target("up")
            assert up.code == 0, up.text
            (to / "doors.json").write_text(json.dumps(templates.doors(first.emulator)), encoding="utf-8")
        finally:
            first.emulator.stop()

    templates.once(template, bring_up)
    made = check_out(folder, engine, template / "checkout" / ".work")
    before = json.loads((template / "doors.json").read_text(encoding="utf-8"))
    templates.move(made.root / ".work" / "state", before, templates.doors(made.emulator))
    return made
