"""One operation of the engine, measured: wall time, processor time, memory, and how busy the machine was otherwise.

Processor time is that of all processes of the operation, those that the engine leaves behind included: on Linux they
become children of this process, which waits for them (`PR_SET_CHILD_SUBREAPER`). Elsewhere they are missing from it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from meta_access.cli.pulumi_run import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
SAMPLE_S = 0.1
TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operation cost.

    Attributes:
        wall_s: From its start to its end.
        cpu_s: Processor time of all its processes.
        peak_mib: Memory of all its processes at once.
        host_mib: Memory of its plugin host.
        other_share: Share of the machine's processors that was used by neither it nor the emulator.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float
    host_mib: float
    other_share: float


def adopt_orphans() -> None:
    """Become the parent of what the engine leaves behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def measured(argv: Sequence[str], env: Mapping[str, str], cwd: Path, emulator: int, log: Path) -> tuple[int, Cost]:
    """Run a command to its end, with its output in a file.

    Args:
        argv: The command.
        env: Its whole environment.
        cwd: Its folder.
        emulator: Process of the emulator, whose processor time is not the operation's.
        log: What it prints.
    """
    served = psutil.Process(emulator)
    before, served_before, started = _used(), _seconds(served), time.monotonic()
    busy_before = _busy()
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with _memory(process.pid) as seen:
            try:
                code = process.wait(TIMEOUT_S)
            finally:
                wall_s = time.monotonic() - started
                _end(process.pid, emulator)
    cpu_s, served_s = _used() - before, _seconds(served) - served_before
    elapsed = time.monotonic() - started
    other = max(0.0, _busy() - busy_before - cpu_s - served_s) / (elapsed * (psutil.cpu_count() or 1))
    return code, Cost(wall_s, cpu_s, seen.all_mib, seen.host_mib, other)


@dataclass(slots=True)
class _Seen:
    all_mib: float = 0.0
    host_mib: float = 0.0
    hosts: dict[int, bool] = field(default_factory=dict)


@contextlib.contextmanager
def _memory(session: int) -> Iterator[_Seen]:
    seen, over = _Seen(), threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            _sample(session, seen)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _sample(session: int, seen: _Seen) -> None:
    total = host = 0
    for process in _of_session(session):
        with contextlib.suppress(psutil.Error):
            held = process.memory_info().rss
            total += held
            if process.pid not in seen.hosts:
                seen.hosts[process.pid] = HOST in process.cmdline()
            if seen.hosts[process.pid]:
                host = max(host, held)
    seen.all_mib, seen.host_mib = max(seen.all_mib, total / 2**20), max(seen.host_mib, host / 2**20)


def _of_session(session: int) -> list[psutil.Process]:
    """The operation's processes: the engine gives its plugins groups of their own, and leaves them in its session."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(process.pid) == session:
                found.append(process)
    return found


def _end(session: int, emulator: int) -> None:
    """End what is left of the operation, and wait for it, so that its time counts."""
    left = _of_session(session)
    _, alive = psutil.wait_procs(left, timeout=2)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=10)
    for process in psutil.Process().children():
        if process.pid != emulator:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _busy() -> float:
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "steal", 0.0)
    # Guests' time is in user's already.
    return float(sum(times) - idle - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0))
