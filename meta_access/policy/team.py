"""A team's own rules, read and asked in a process of their own.

The run that asks them renews tokens: no loop, exit, endless answer, print or change of a value there may reach it. A
thread would keep none of that away: a regular expression alone can hold the interpreter's lock for hours.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pickle
import signal
import subprocess
import sys
from threading import Timer
from typing import TYPE_CHECKING, Any, Self

from meta_access.policy.model import Level, Rule, Severity, Violation
from meta_access.redaction import scrub
from meta_access.stack.fields import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from meta_access.policy.declared import Declared

SECONDS = 10.0
"""For all files of a stack together, with all their rules: an endless loop must not hold up a run."""
_START_SECONDS = 60.0
"""For the process to be there, which is no matter of the rules; on a busy machine that takes longer than they do."""
# A file imports what its run could import, and nothing because of the folder that the run is in (-P).
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; from meta_access.policy.team_process import serve; serve({seconds:.0f})"
)


class UnusableError(Exception):
    """A file or a rule that cannot be asked."""

    def __init__(self, cause: str, fix: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.fix = fix


class Team:
    """The process; nothing runs until a file is read, and nothing is left of it at the end."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._timer: Timer | None = None
        self._late = self.over = False
        self._seconds, self._rules = SECONDS, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _: BaseException | None, _at: TracebackType | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._process is not None:
            self._kill()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close() if pipe else None
            self._process.wait()

    def read(self, path: Path, file: str) -> list[Rule]:
        """The rules of a file, each of which is asked in the process; none once that has ended.

        Raises:
            UnusableError: No Python, it fails, or the process ends over it.
        """
        answer = self._asked(str(path), f"{file} was not read")
        if "cause" in answer:
            raise UnusableError(f"{file} {answer['cause']}", answer["fix"])
        rows = answer.get("rules", [])
        first, self._rules = self._rules, self._rules + len(rows)
        return [
            Rule(
                scrub(row["id"]),
                scrub(row["about"]),
                Severity(row["severity"]),
                Level(row["level"]),
                scrub(row["source"]),
                functools.partial(self._judge, number, f"Rule {row['id']} of {shown(path.name)} did not end"),
            )
            for number, row in enumerate(rows, first)
        ]

    def _judge(self, number: int, unended: str, declared: Declared) -> Iterator[Violation]:
        answer = self._asked((number, declared), unended)
        for texts in answer.get("found", []):
            yield Violation(*texts)
        if "cause" in answer:
            raise UnusableError(answer["cause"], answer["fix"])

    def _asked(self, question: object, unended: str) -> dict[str, Any]:
        """What the process answers; nothing once it has ended, which was told when it did."""
        if self.over:
            return {}
        line, why = b"", "it has ended its process"
        try:
            process = self._process or self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            pickle.dump(question, process.stdin)
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError as error:
            if self._process is None:
                why = f"no process can be started for it ({error.strerror})"
        if line.endswith(b"\n"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.over = True
        if self._late:
            cause = f"{unended} within the {self._seconds:g} seconds that all rules have; none after it was asked."
            fix = "Correct the loop, or what it waits for; a rule only looks at what is declared."
        else:
            cause, fix = f"{unended}: {why}; none after it was asked.", "A rule only looks at what is declared."
        raise UnusableError(cause, fix)

    def _started(self) -> subprocess.Popen[bytes]:
        # Its standard error is ours. A session of its own, so that all it began ends with it.
        process = self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with fixed words
            [sys.executable, "-P", "-c", _START.format(seconds=_START_SECONDS + 3 * SECONDS), *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        self._end_in(_START_SECONDS)
        process.stdout.readline()
        if not self._late:
            self._end_in(SECONDS)
        return process

    def _end_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._seconds = seconds
        self._timer = Timer(seconds, self._up)
        self._timer.daemon = True
        self._timer.start()

    def _up(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
