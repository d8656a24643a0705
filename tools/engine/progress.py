"""Runs a long command and says every few seconds how far it is; works without a terminal."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import deque
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

SAY_EVERY_S = 5.0
TAIL = 15
STOP_S = 10


class CommandFailedError(Exception):
    """The command ended badly; the text is the end of what it wrote."""


def elapsed(since: float) -> str:
    minutes, seconds = divmod(int(time.monotonic() - since), 60)
    return f"{minutes}:{seconds:02d}"


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    progress: Callable[[Sequence[str]], str],
    say: Callable[[str], None],
    timeout_s: float,
) -> str:
    """Run a command to its end and return its standard output.

    Args:
        argv: The command.
        cwd: Where it runs.
        env: Its whole environment.
        progress: Turns the lines it wrote to standard error so far into words; called every few seconds.
        say: Takes one line for the person who waits.
        timeout_s: After that long, the command is stopped and counts as failed.
    """
    started = time.monotonic()
    lines: list[str] = []
    output: list[str] = []
    process = subprocess.Popen(
        argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    readers = [
        threading.Thread(target=_collect, args=(process.stderr, lines), daemon=True),
        threading.Thread(target=_collect, args=(process.stdout, output), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        while True:
            try:
                process.wait(timeout=SAY_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() - started > timeout_s:
                    raise CommandFailedError(f"no end after {timeout_s / 60:.0f} minutes") from None
                say(f"{progress(lines)}, {elapsed(started)} elapsed")
    finally:
        _stop(process)
    for reader in readers:
        reader.join(timeout=STOP_S)
    if process.returncode != 0:
        raise CommandFailedError("\n".join(deque(lines, TAIL)) or f"exit code {process.returncode}")
    return "".join(output)


def _collect(stream: IO[str] | None, into: list[str]) -> None:
    into.extend(stream or ())


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
