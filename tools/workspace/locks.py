"""An engine lock of the dev stack that a killed run left behind.

A killed engine cannot remove its lock from a file backend, and every later command stops at it. For dev, whose state is
on this machine, the lock names the process that holds it, so a dead holder is known from one at work. Locks of
other stacks are never touched: their holder may be anywhere.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tools.workspace.environment import DEV, ROOT, STATE, say
from tools.workspace.process import capture

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCKS = STATE / ".pulumi" / "locks" / "organization" / "meta-access" / DEV
SURVIVOR_WAIT_S = 45.0
POLL_S = 0.5


class LockedError(Exception):
    """The dev stack is in use; the text names the holder."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What the engine writes into a lock file."""

    pid: int
    host: str
    since: str


def read(folder: Path) -> list[Lock]:
    """Return the locks in a folder; one that is being written or removed just now does not count."""
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            held = json.loads(file.read_text())
            found.append(Lock(int(held["pid"]), str(held.get("hostname", "")), str(held.get("timestamp", ""))[:19]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def clear(env: Mapping[str, str]) -> None:
    """Cancel locks of dev whose holder is dead.

    Raises:
        LockedError: A live engine holds one, or the holder ran on another machine and cannot be asked about.
    """
    locks = read(LOCKS)
    if not locks:
        return
    for lock in locks:
        _require_dead(lock)
    done = capture(["pulumi", "cancel", "--yes", "--stack", DEV], env)
    if done.returncode != 0:
        raise LockedError(f"Cancelling the left-over lock of stack {DEV} failed: {done.stderr.strip()[-300:]}")
    pids = ", ".join(str(lock.pid) for lock in locks)
    say(f"lock: stack {DEV} was still locked by a run that is dead (process {pids}); the lock was cancelled")
    _end_programs()
    _wait_for_survivors()


def _require_dead(lock: Lock) -> None:
    if lock.host != socket.gethostname():
        raise LockedError(
            f"Stack {DEV} is locked since {lock.since} by process {lock.pid} on machine {lock.host}, which cannot be "
            f"asked from here. If that run is over: pulumi cancel --stack {DEV}"
        )
    if _is_pulumi(lock.pid):
        raise LockedError(
            f"Stack {DEV} is locked since {lock.since} by a running pulumi (process {lock.pid}). Wait for its end, or "
            "interrupt it, then try again."
        )


def _is_pulumi(pid: int) -> bool:
    """Tell whether the process lives and is an engine: process ids are used again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    done = capture(["ps", "-o", "stat=,comm=", "-p", str(pid)], os.environ)
    state, _, command = done.stdout.strip().partition(" ")
    return not state.startswith("Z") and "pulumi" in command


def _wait_for_survivors() -> None:
    """Wait for plugin hosts of the dead run: they have process groups of their own and finish the call they are in."""
    deadline = time.monotonic() + SURVIVOR_WAIT_S
    reported = False
    while _survivors() and time.monotonic() < deadline:
        if not reported:
            say("lock: a provider process of that run is still finishing its call; waiting for it")
            reported = True
        time.sleep(POLL_S)


def _end_programs() -> None:
    """End programs of the dead run and their hosts: they only tell an engine what to make, and would wait for ever."""
    for pid in _without_engine({"pulumi-language-python", "pulumi-language-python-exec"}):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _survivors() -> list[int]:
    """Return provider hosts of the dead run."""
    return _without_engine({"pulumi.dynamic"})


def _without_engine(commands: set[str]) -> list[int]:
    """Return processes of this checkout that run one of `commands` for an engine that is gone."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            arguments = process.cmdline()
            ours = commands & {Path(argument).name for argument in arguments} and Path(process.cwd()) == ROOT
            if ours and not _answers(_engine_of(arguments)):
                found.append(process.pid)
    return found


def _engine_of(arguments: list[str]) -> str:
    """Where a process was told to find its engine: behind `--engine`, else as the last argument."""
    return dict(itertools.pairwise(arguments)).get("--engine", arguments[-1])


def _answers(address: str) -> bool:
    """Tell whether the engine still listens where it told its provider host to find it: `127.0.0.1:PORT`."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except (OSError, ValueError):
        return False
    return True
