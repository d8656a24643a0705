"""Commands of this tool as processes, so many at a time: bounded in time, interrupted once, and none is left behind.

A process for each stack, and no thread: `meta-access` itself hands a signal on to its engine and waits for it, which
only the main thread of a process can do, and a folder, an environment and a crash of its own belong to each stack.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, TYPE_CHECKING

import psutil

from meta_access.cli.pulumi_run import HOST, SAME_WISH_S, hearing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import FrameType

_LOOK_EVERY_S = 0.1
OBEYS_S = 120.0
"""How long a child may take after each signal: its engine records first what is under way."""
_ASKED = 2
"""So often it is asked, before it is killed."""
MOST_BYTES = 64 * 1024 * 1024
_LAST_BYTES = 16 * 1024


class Fate(StrEnum):
    """How a child came to its end."""

    ENDED = "ended"
    BOUND = "ended at the bound"
    STOPPED = "stopped"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class Child:
    """A command of this tool: its words, and the folder in which it runs."""

    words: tuple[str, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class End:
    """How a child ended.

    Attributes:
        code: Its exit code; negative after a signal, and 0 where it never began.
        out: Its standard output.
        said: The last of its standard error.
    """

    fate: Fate
    code: int = 0
    out: bytes = b""
    said: str = ""
    seconds: float = 0.0


class _Running:
    """A child at work."""

    def __init__(self, child: Child, env: Mapping[str, str]) -> None:
        self.out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self.err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self.began = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - this tool's own commands
            # -P: a folder of the project is none of this tool's.
            [sys.executable, "-P", "-m", "meta_access.cli", *child.words],
            cwd=child.folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.err,
            start_new_session=True,  # a terminal's Ctrl-C would reach it twice
        )

    def end(self, fate: Fate) -> End:
        self.out.seek(0)
        out = self.out.read(MOST_BYTES + 1)
        size = self.err.seek(0, 2)
        self.err.seek(max(0, size - _LAST_BYTES))
        said = self.err.read().decode("utf-8", "replace")
        self.out.close()
        self.err.close()
        return End(fate, self.process.returncode, out, said, time.monotonic() - self.began)

    def kill(self) -> None:
        """End it and its engine at once; a provider host finishes the call it is in, which may be storing a token."""
        with contextlib.suppress(psutil.Error):
            for one in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if HOST not in one.cmdline():
                        one.kill()
        self.process.kill()


class _Wishes:
    """The signals that asked this process to end, two of them at once counted as one."""

    def __init__(self) -> None:
        self.count = 0
        self._last = 0.0

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.count or now - self._last > SAME_WISH_S:
            self.count += 1
        self._last = now


def run(
    children: Sequence[Child],
    *,
    env: Mapping[str, str],
    parallel: int,
    bound_s: float,
    ended: Callable[[int, End, Sequence[int]], None],
    goes_on: Callable[[Sequence[int]], None],
    obeys_s: float = OBEYS_S,
) -> list[End]:
    """Run all of them, `parallel` at a time; how one ends says nothing about the others.

    After the bound, or a signal that asks this process to end, nothing is begun any more, and those at work get SIGINT.

    Args:
        children: What is run, in this order.
        env: The environment of each.
        parallel: How many at a time.
        bound_s: How long all may take.
        ended: Is given each child's number, its end, and the numbers of those still at work.
        goes_on: Is given the numbers of those at work, again and again.
        obeys_s: How long a child may take after each signal.
    """
    ends: dict[int, End] = {}
    working: dict[int, _Running] = {}
    waiting = list(range(len(children)))
    until = time.monotonic() + bound_s
    wishes, stop = _Wishes(), _Stop()
    with hearing(wishes.hear):
        while waiting or working:
            if not stop.asked(wishes.count, late=time.monotonic() > until, working=working.values(), obeys_s=obeys_s):
                while waiting and len(working) < parallel:
                    number = waiting.pop(0)
                    try:
                        working[number] = _Running(children[number], env)
                    except OSError as error:
                        ends[number] = End(Fate.ENDED, 1, said=f"It could not be started: {error.strerror}.")
                        ended(number, ends[number], sorted(working))
            elif waiting:
                ends |= dict.fromkeys(waiting, End(Fate.NOT_BEGUN))
                waiting.clear()
            for number in [one for one, running in working.items() if running.process.poll() is not None]:
                ends[number] = working.pop(number).end(stop.fate)
                ended(number, ends[number], sorted(working))
            goes_on(sorted(working))
            if working:
                time.sleep(_LOOK_EVERY_S)
    return [ends[number] for number in range(len(children))]


class _Stop:
    """What those at work were sent so far: SIGINT twice, and then they are killed."""

    def __init__(self) -> None:
        self.fate = Fate.ENDED
        self._sent = self._wishes = 0
        self._at = 0.0

    def asked(self, wishes: int, *, late: bool, working: Iterable[_Running], obeys_s: float) -> bool:
        """Whether all has to end; sends those at work the next signal when it is time."""
        now = time.monotonic()
        if self.fate is Fate.ENDED:
            if not wishes and not late:
                return False
            self.fate = Fate.STOPPED if wishes else Fate.BOUND
        elif wishes <= self._wishes and now - self._at < obeys_s:
            return True
        self._wishes, self._at = wishes, now
        self._sent += 1
        for one in working:
            if one.process.poll() is not None:
                continue
            if self._sent > _ASKED:
                one.kill()
            else:
                one.process.send_signal(signal.SIGINT)
        return True
