"""Runs of the engine by a command: bounded in time, interrupted once, with nothing of them left behind.

`targeted` is `pulumi up` for some resources of a stack, as an emergency or a schedule starts it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from meta_access import findings
from meta_access.cli.pulumi_stack import StackReadError, explained
from meta_access.cli.terminal import to_person
from meta_access.clock import SYSTEM_CLOCK
from meta_access.tokens.listed import DESCRIBE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import FrameType

    from meta_access.cli.engine_output import EngineOutput
    from meta_access.clock import Clock


PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `timeout` and make both hand on one SIGTERM; within this time two signals are one wish.
SAME_WISH_S = 2.0


@contextmanager
def hearing(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Give the signals that ask this process to end to a handler; for the main thread."""
    before = {number: signal.signal(number, handler) for number in PASSED_ON}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


@dataclass(slots=True)
class Wish:
    """Whether this process was asked to end meanwhile."""

    came: bool = False


@contextmanager
def passed_on(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> Iterator[Wish]:
    """Hand signals that ask us to end to the command, as SIGINT: the engine then records what is under way.

    The command must have a process group of its own: a terminal would send it a second SIGINT, which the engine takes
    as "at once, without recording".
    """
    wish, last = Wish(), 0.0

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if process.poll() is None and (not wish.came or now - last > SAME_WISH_S):
            process.send_signal(signal.SIGINT)
        wish.came, last = True, now

    if threading.current_thread() is not threading.main_thread():
        yield wish  # only the main thread hears signals
        return
    with hearing(pass_on):
        yield wish


# Off a terminal the engine goes on printing dots while nothing happens: `@ updating......`.
_HEARTBEAT = re.compile(r"@ [a-z ]+\.*\s*")
_LOOK_EVERY_S = 0.2
# A provider host finishes the call it is in, which may be storing a token, and then ends itself.
HOST = "pulumi.dynamic"


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a run is ended, in seconds.

    Attributes:
        still_s: After so long without a line of news. A run's waits for throttles come to 240 s at most.
        total_s: After so long in all: a claim of another run is waited for, then a lease of our own runs, for each
            token one after the other.
        obeys_s: How long it may take to end after each signal.
        host_s: How long a provider host may take for the call it is in.
    """

    still_s: float = 300.0
    total_s: float = 3600.0
    obeys_s: float = 60.0
    host_s: float = 45.0


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended.

    Attributes:
        code: Its exit code; of a signal, 128 and its number.
        stood: Why it was ended; empty when it ended by itself.
    """

    code: int
    stood: str = ""


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | None = None,
    out: Callable[[str], None],
    err: Callable[[str], None],
    notify: Callable[[str], None],
    bounds: Bounds = BOUNDS,
    before: Callable[[], None] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Finished:
    """Run a command in a session of its own to its end, or end it.

    SIGINT, SIGTERM and SIGHUP reach the command as one SIGINT, upon which the engine records what it has done.

    Args:
        argv: The command.
        env: Its whole environment.
        cwd: Its folder.
        out: Gets each line of its standard output.
        err: Likewise of its standard error.
        notify: Gets sentences for the operator.
        bounds: When it is ended.
        before: Called in the child before the command begins.
        clock: Measures.

    Raises:
        FileNotFoundError: There is no such command.
        KeyboardInterrupt: After it ended, when this process was interrupted meanwhile.
    """
    process = subprocess.Popen(  # noqa: S603 - the user's own pulumi, as every command of this project
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=before,  # noqa: PLW1509 - the readers' threads begin after it
    )
    news = _News(clock)
    readers = [
        threading.Thread(target=news.pass_on, args=(lines or (), sink), daemon=True)
        for lines, sink in ((process.stdout, out), (process.stderr, err))
    ]
    for reader in readers:
        reader.start()
    with passed_on(process) as wish:
        stood = _waited_for(process, news, bounds, clock)
        if stood:
            notify(f"{stood}; it is ended, and records first what it has done.")
            _end(process, bounds)
        _end_session(process.pid, bounds, clock, notify)
    for reader in readers:
        # A provider host that is still at work keeps the pipe; what it would say is not waited for.
        reader.join(1)
    if wish.came:
        raise KeyboardInterrupt
    return Finished(process.returncode if process.returncode >= 0 else 128 - process.returncode, stood)


class _News:
    """Passes lines on, and knows when the last one came that was news."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.began = self.at = clock.monotonic()

    def pass_on(self, lines: Iterable[str], sink: Callable[[str], None]) -> None:
        for line in lines:
            if not _HEARTBEAT.fullmatch(line):
                self.at = self._clock.monotonic()
            sink(line)


def _waited_for(process: subprocess.Popen[str], news: _News, bounds: Bounds, clock: Clock) -> str:
    """Why the run has to be ended; empty when it ended by itself."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_EVERY_S)
            return ""
        now = clock.monotonic()
        if now - news.at > bounds.still_s:
            return f"The run stands still: it has said nothing new for {bounds.still_s:.0f} s"
        if now - news.began > bounds.total_s:
            return f"The run has taken more than {bounds.total_s:.0f} s"


def _end(process: subprocess.Popen[str], bounds: Bounds) -> None:
    # Its group, since the command may be a wrapper around the engine.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(bounds.obeys_s)
            return
    process.wait()


def _end_session(session: int, bounds: Bounds, clock: Clock, notify: Callable[[str], None]) -> None:
    """End what a run has left: after an orderly end that is nothing, or on its way out."""
    began = clock.monotonic()
    for number, patience_s in ((None, 1.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        for pid in _others(session):
            if number is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        until = clock.monotonic() + patience_s
        while _others(session) and clock.monotonic() < until:
            clock.sleep(_LOOK_EVERY_S)
    while (hosts := _hosts(session)) and clock.monotonic() - began < bounds.host_s:
        clock.sleep(_LOOK_EVERY_S)
    if hosts:
        pids = ", ".join(map(str, hosts))
        notify(f"A provider process of the run ({pids}) still finishes its call, and ends after it.")


def _others(session: int) -> list[int]:
    return [pid for pid, command in _of_session(session) if HOST not in command]


def _hosts(session: int) -> list[int]:
    return [pid for pid, command in _of_session(session) if HOST in command]


def _of_session(session: int) -> list[tuple[int, list[str]]]:
    """Process id and command of each living process of a session."""
    found = []
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if pid != os.getpid() and os.getsid(pid) == session:
                process = psutil.Process(pid)
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append((pid, process.cmdline()))
    return found


OFF = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
TIMEOUT_S = 120.0


def installed_only(cwd: str | None = None) -> dict[str, str]:
    """Get the plugins of the program's packages where the caller has not, and return what forbids to fetch others.

    `cwd` is the project's folder, where that is not here.

    A runner that nobody prepared would otherwise rotate nothing. What cannot be got is left to the run that needs it:
    it names the plugin.
    """
    if os.environ.get(OFF, "").lower() not in {"1", "true"}:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                ["pulumi", "plugin", "install"],  # noqa: S607 - the user's own pulumi, as every command of this project
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
    return {OFF: "true"}


# Whether a token is due is seen by looking; a project of somebody's own may lack `options: {refresh: always}`.
REFRESH = ("--refresh",)
SETTINGS = {"PULUMI_RUN_PROGRAM": "true", "PULUMI_CONTINUE_ON_ERROR": "true"}
# Heads the diagnostics of a token: what follows is about its own update.
TOKEN = re.compile(r"\bmeta:SystemUserToken \(")
# Of the file backends, and of Pulumi Cloud.
LOCKED = re.compile(r"the stack is currently locked by|Another update is currently in progress", re.IGNORECASE)


class RunEnd(Enum):
    """How a run ended."""

    WELL = "well"
    BADLY = "badly, and a token's own error is above"
    MISSED = "badly, and no token has an error of its own"
    REFUSED = "the configuration was refused"
    LOCKED = "another run holds the stack's lock"
    STILL = "it stood still and was ended"


def looking(
    operation: Sequence[str],
    stack: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    out: Callable[[str], None],
    err: Callable[[str], None],
    bounds: Bounds = BOUNDS,
) -> Finished:
    """Run an operation of pulumi on a stack that looks at what is live first, whatever the project's options say.

    Args:
        operation: `["preview"]`, or `["up", "--yes"]`.
        stack: The stack.
        arguments: More of the command.
        env: Variables on top of this process's and of what every such run needs.
        out: Gets each line of its standard output.
        err: Likewise of its standard error.
        bounds: When it is ended.

    Raises:
        StackReadError: There is no pulumi.
    """
    try:
        return run(
            ["pulumi", *operation, "--non-interactive", *REFRESH, "--stack", stack, *arguments],
            env={**os.environ, **SETTINGS, **installed_only(), **(env or {})},
            out=out,
            err=err,
            notify=to_person,
            bounds=bounds,
        )
    except FileNotFoundError:
        raise StackReadError(
            "Running pulumi failed: it is not on PATH.", next_step='In a clone of the project: eval "$(make -s env)"'
        ) from None


def targeted(stack: str, urns: Sequence[str], output: EngineOutput, bounds: Bounds = BOUNDS) -> RunEnd:
    """Run `pulumi up` for these resources alone; `output` gets what it prints.

    Its preview is not left out: a state that the program does not fit is refused there, before anything is called.
    """
    targets = [part for urn in urns for part in ("--target", urn)]
    said: set[RunEnd] = set()

    def hear(line: str, pass_on: Callable[[str], None]) -> None:
        pass_on(line)
        for pattern, ended in ((LOCKED, RunEnd.LOCKED), (TOKEN, RunEnd.BADLY)):
            if pattern.search(line):
                said.add(ended)
        if hint := explained(line):
            to_person(hint)

    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "findings.jsonl")
        output.begin()
        done = looking(
            ["up", "--yes"],
            stack,
            *targets,
            env={findings.VARIABLE: str(found), DESCRIBE_VARIABLE: "1"},
            out=lambda line: hear(line, output.out),
            err=lambda line: hear(line, output.err),
            bounds=bounds,
        )
        output.end(failed=bool(done.stood) or done.code != 0)
        if any(one.kind is findings.Kind.CONFIGURATION for one in findings.read(found)):
            said.add(RunEnd.REFUSED)
        findings.pass_on(found)
    if done.stood:
        return RunEnd.STILL
    if done.code == 0:
        return RunEnd.WELL
    return next((ended for ended in (RunEnd.REFUSED, RunEnd.LOCKED, RunEnd.BADLY) if ended in said), RunEnd.MISSED)
