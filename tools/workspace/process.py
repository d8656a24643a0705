"""Runs the commands of a make target: streamed as they print, or captured; an interrupt reaches them exactly once."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `timeout` and make both hand on one SIGTERM; within this time two signals are one wish.
SAME_WISH_S = 2.0
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def stream(argv: Sequence[str], env: Mapping[str, str], *, cwd: str | None = None) -> int:
    """Run a command on our own output and return its exit code.

    The command gets a process group of its own, and SIGINT from us alone: a terminal would send it a second one, which
    the engine takes as "at once, without recording what is under way". When we are killed it is killed too, as it would
    be in our own group.

    Raises:
        KeyboardInterrupt: After the command ended, when we were interrupted meanwhile.
    """
    last_wish: float | None = None
    process = subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_dies_with_parent(),  # noqa: PLW1509 - no threads here
    )

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        nonlocal last_wish
        now = time.monotonic()
        if process.poll() is None and (last_wish is None or now - last_wish > SAME_WISH_S):
            process.send_signal(signal.SIGINT)
        last_wish = now

    before = {number: signal.signal(number, pass_on) for number in PASSED_ON}
    try:
        process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if last_wish is not None:
        raise KeyboardInterrupt
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


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
