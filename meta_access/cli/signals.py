"""An interrupt on its way to a command that we wait for: it gets there exactly once."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from types import FrameType

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `timeout` and make both hand on one SIGTERM; within this time two signals are one wish.
SAME_WISH_S = 2.0


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
    before = {number: signal.signal(number, pass_on) for number in PASSED_ON}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
