"""One stack with several slots. A slot is a trial's own Meta, Secrets Manager, connection and resources.

What slots share is the engine's operation and the plugin host's process. They share no world, no clock, no journal, no
fault, no secret, no client and no coalesced read, because all of these hang on the connection, and each slot has one of
its own that leads to an emulator of its own. So a trial in a slot is as isolated as one in a stack of its own; what it
costs is the twelfth part.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.config
import psutil

from meta_emulator import client
from meta_emulator.emulator import Emulator
from tests.engine import templates
from tests.engine.projects import Project, Result, events
from tests.faults import census

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from tests.engine.workers import Worker
    from tests.faults.census import Census

APP, BUSINESS = "120480000000201", "178000000000101"
SECRET = "meta/dev/reporting"
# Longer than any operation with a call that hangs until its client gives up, each time it is repeated.
OPERATION_S = 900.0
_KEPT_OF_EMULATOR = ("world.json", "credentials.json", "secretsmanager.json")
_session = boto3.session.Session()


@dataclass
class Slot:
    """One trial's surroundings."""

    name: str
    number: int
    emulator: Emulator

    @property
    def business(self) -> str:
        """Its own id: the product counts users, and coalesces reads of them, by business."""
        return str(int(BUSINESS) + self.number)

    def secrets(self) -> SecretsManagerClient:
        return _session.client(
            "secretsmanager",
            region_name="eu-central-1",
            endpoint_url=self.emulator.aws_url,
            aws_access_key_id="emulator",
            aws_secret_access_key="emulator",
            config=botocore.config.Config(proxies={}),
        )

    def world(self) -> dict[str, Any]:
        shown: dict[str, Any] = client.ask(self.emulator.graph_url, "/_control/world")
        return shown

    def census(self) -> Census:
        return census.take(self.world(), self.secrets())

    def calls(self) -> list[dict[str, Any]]:
        return [call.to_json() for call in self.emulator.state.journal.calls()]

    def forget_calls(self) -> None:
        self.emulator.state.journal.clear()

    @property
    def struck(self) -> bool:
        """Whether a fault has met its call."""
        return any(fault.hits for fault in self.emulator.state.faults.all())

    def user_id(self) -> str:
        [found] = [user["id"] for user in self.world()["system_users"] if user["role"] == "EMPLOYEE"]
        return str(found)


@dataclass
class Stand:
    """A stack on slots, in a folder of its own."""

    folder: Path
    project: Project
    slots: list[Slot] = field(default_factory=list)

    @classmethod
    def new(cls, folder: Path, engine: Path, worker: Worker, *, slots: int) -> Stand:
        """A stack that was never brought up, on starting worlds."""
        made = cls(folder, Project(folder / "project", engine, worker))
        made.project.lay_out()
        made.project.init()
        made._open(slots)
        return made

    @classmethod
    def copied(cls, template: Path, folder: Path, engine: Path, worker: Worker) -> Stand:
        """A copy of what `save` has kept."""
        made = cls(folder, Project(folder / "project", engine, worker))
        for part in ("state", "stacks"):
            shutil.copytree(template / "project" / part, folder / "project" / part)
        shutil.copytree(template / "emulators", folder / "emulators")
        made.project.lay_out()
        made._open(len(list((folder / "emulators").iterdir())))
        before = json.loads((template / "doors.json").read_text(encoding="utf-8"))
        templates.move(folder / "project" / "state", before, made._doors())
        return made

    def save(self, template: Path) -> None:
        """Keep state and worlds for copies; the stand goes on."""
        for part in ("state", "stacks"):
            shutil.copytree(self.project.root / part, template / "project" / part)
        for slot in self.slots:
            (template / "emulators" / slot.name).mkdir(parents=True)
            for name in _KEPT_OF_EMULATOR:
                source = self.folder / "emulators" / slot.name / name
                if source.exists():
                    shutil.copy(source, template / "emulators" / slot.name / name)

        (template / "doors.json").write_text(json.dumps(self._doors()), encoding="utf-8")

    def close(self) -> None:
        """End what is left of processes, and the emulators."""
        for slot in self.slots:
            slot.emulator.state.faults.clear()
        # A killed engine leaves its language host and the program waiting for it, for ever.
        kill(working_in(self.project.root))
        for slot in self.slots:
            slot.emulator.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def advance(self, seconds: float) -> None:
        """Let time pass at Meta and at AWS, in every slot."""
        for slot in self.slots:
            client.ask(slot.emulator.graph_url, "/_control/clock", "POST", {"advance_s": seconds})

    def clear_faults(self) -> None:
        for slot in self.slots:
            slot.emulator.state.faults.clear()

    def forget_state(self) -> None:
        """Lose the stack's state; the worlds stay."""
        shutil.rmtree(self.project.root / "state")
        (self.project.root / "state").mkdir()
        self.project.init()

    # --- the engine ---

    def up(self, program: str) -> Result:
        self.project.program(program)
        return self.project.up(timeout_s=OPERATION_S)

    def operate(self, verb: str) -> Result:
        """`up`, `destroy` or `preview`, of the program as it stands."""
        ended: Result = getattr(self.project, verb)(timeout_s=OPERATION_S)
        return ended

    def begin(self, verb: str) -> Operation:
        """Start an operation and leave it at work."""
        log = self.project.root / "events.json"
        log.unlink(missing_ok=True)
        words = (verb, "--yes", "--skip-preview", "--stack", self.project.stack, "--event-log", str(log))
        return Operation(self.project.start(*words), log)

    def unlock(self) -> None:
        """Take away the lock that a killed engine has left, as a person does."""
        self.project.run("cancel", "--yes", "--stack", self.project.stack)

    def _doors(self) -> list[str]:
        return [url for slot in self.slots for url in (slot.emulator.graph_url, slot.emulator.aws_url)]

    def _open(self, slots: int) -> None:
        for number in range(slots):
            home = self.folder / "emulators" / f"s{number:02d}"
            new = not home.exists()
            if new:
                _begin(home, number)
            emulator = Emulator(home, port=0, aws_port=0)
            emulator.start()
            self.slots.append(Slot(home.name, number, emulator))
            if new:
                _rename_business(self.slots[-1])
        self.project.configure(
            {
                "meta:environment": "dev",
                "meta:rules": "2026-05",
                "meta:connections": {slot.name: _connection(slot) for slot in self.slots},
                "meta:businesses": {
                    slot.name: {"id": slot.business, "name": f"Lindenhof {slot.name}"} for slot in self.slots
                },
                "meta:apps": {"ads": {"id": APP, "name": "Lindenhof Ads", "tier": "limited"}},
            }
        )


def _begin(home: Path, number: int) -> None:
    """A world to come whose ids are no other slot's."""
    home.mkdir(parents=True)
    world = {"format": 1, "serial": (number + 1) * 1000, "offset_s": 0, "world": None}
    (home / "world.json").write_text(json.dumps(world), encoding="utf-8")


def _rename_business(slot: Slot) -> None:
    text = json.dumps(slot.world()).replace(BUSINESS, slot.business)
    client.ask(slot.emulator.graph_url, "/_control/world", "PUT", json.loads(text))


def _connection(slot: Slot) -> dict[str, Any]:
    return {
        "business": slot.name,
        "app": "ads",
        "graph_url": slot.emulator.graph_url,
        "api_version": "v26.0",
        "app_secret": "emulator:",
        "admin_token": "emulator:",
        "aws": {"region": "eu-central-1", "endpoint_url": slot.emulator.aws_url},
    }


@dataclass
class Operation:
    """An operation at work."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def host(self) -> list[int]:
        """Its plugin hosts."""
        family = {self.process.pid}
        found = []
        for pid, parent, command in sorted(_processes()):
            if parent in family:
                family.add(pid)
                if "pulumi.dynamic" in command:
                    found.append(pid)
        return found

    def kill_engine(self) -> None:
        Project.kill(self.process)

    def wait(self, timeout_s: float = OPERATION_S) -> Result:
        try:
            text, _ = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.kill_engine()
            raise
        return Result(self.process.returncode, text, events(self.log))


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def gone(pids: list[int], *, within_s: float) -> bool:
    """Wait until processes have ended; False when one has not."""
    until = time.monotonic() + within_s
    while any(psutil.pid_exists(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def hosts_in(root: Path) -> list[int]:
    """Plugin hosts that work in a project's folder, whoever their parent is by now."""
    return working_in(root, "pulumi.dynamic")


def working_in(root: Path, word: str = "") -> list[int]:
    """Processes that work in a folder, those with a word in their command."""
    found = []
    for pid, _, command in _processes():
        with contextlib.suppress(psutil.Error):
            if word in command and Path(psutil.Process(pid).cwd()).is_relative_to(root.resolve()):
                found.append(pid)
    return found


def _processes() -> list[tuple[int, int, str]]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found.append((process.pid, process.ppid(), " ".join(process.cmdline())))
    return found
