"""Runs the commands of a make target: streamed as they print, or captured; an interrupt reaches them exactly once."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from meta_access.cli import pulumi_run, terminal
from meta_access.cli.engine_output import EngineOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOOD = 124
"""Exit code of a run of the engine that had to be ended; as that of timeout(1)."""
_COUNTS = "Resources:"


def stream(argv: Sequence[str], env: Mapping[str, str], *, cwd: str | None = None) -> int:
    """Run a command on our own output and return its exit code.

    The command gets a process group of its own, and SIGINT from us alone: a terminal would send it a second one, which
    the engine takes as "at once, without recording what is under way". When we are killed it is killed too, as it would
    be in our own group.

    Raises:
        KeyboardInterrupt: After the command ended, when we were interrupted meanwhile.
    """
    process = subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_dies_with_parent(),  # noqa: PLW1509 - no threads here
    )
    with pulumi_run.passed_on(process) as wish:
        process.wait()
    if wish.came:
        raise KeyboardInterrupt
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def engine(argv: Sequence[str], env: Mapping[str, str], *, cwd: str | None = None) -> int:
    """Run an operation of the engine, as `stream` does, but within bounds, and end what it leaves behind.

    Raises:
        KeyboardInterrupt: As `stream`.
    """
    # It would take the pipe for a reader without colours.
    colours = ["--color", "always"] if terminal.colours(sys.stdout) else []
    return _bounded([*argv, *colours], env, _write_out, _write_err, cwd=cwd)


def quiet_engine(argv: Sequence[str], env: Mapping[str, str], *, verbose: bool) -> int:
    """Run an operation of the engine as `engine` does, and show its errors and warnings alone, and what it has counted.

    Args:
        argv: The command.
        env: Its whole environment.
        verbose: Show all that it prints: a line or three for each resource, changed or not.
    """
    if verbose:
        return engine(argv, env)
    output, counted = EngineOutput(), list[str]()

    def out(line: str) -> None:
        output.out(line)
        if line.rstrip() == _COUNTS or (counted and line[:1].isspace() and line.strip()):
            counted.append(line)

    code = _bounded(argv, env, out, output.err)
    output.end(failed=code != 0)
    for line in counted:
        _write_out(line)
    return code


def _bounded(
    argv: Sequence[str],
    env: Mapping[str, str],
    out: Callable[[str], None],
    err: Callable[[str], None],
    *,
    cwd: str | None = None,
) -> int:
    done = pulumi_run.run(argv, env=env, cwd=cwd, out=out, err=err, notify=_write_note, before=_dies_with_parent())
    return STOOD if done.stood else done.code


def _write_out(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _write_err(line: str) -> None:
    sys.stderr.write(line)
    sys.stderr.flush()


def _write_note(line: str) -> None:
    _write_out(f"{line}\n")


def capture(
    argv: Sequence[str], env: Mapping[str, str], *, cwd: str | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a short command and return what it wrote, whatever its exit code."""
    return subprocess.run(
        argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False
    )


def _dies_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask
