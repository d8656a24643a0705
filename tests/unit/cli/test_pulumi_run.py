"""A run that stands still is ended in order, and nothing of a run stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from meta_access.cli import pulumi_run
from meta_access.cli.pulumi_run import Bounds, Finished

if TYPE_CHECKING:
    from pathlib import Path

QUICK = Bounds(still_s=0.6, total_s=20, obeys_s=10, host_s=0.2)
# Stands in for the engine: a plugin in a process group of its own, which nobody ends when the engine is killed.
PLUGIN = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *sys.argv[2:]], process_group=0)
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
"""


class Said:
    def __init__(self) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.notes: list[str] = []

    def run(self, *argv: str, bounds: Bounds = QUICK) -> Finished:
        return pulumi_run.run(
            argv,
            env=dict(os.environ),
            out=self.out.append,
            err=self.err.append,
            notify=self.notes.append,
            bounds=bounds,
        )


def python(script: str, *arguments: str) -> list[str]:
    return [sys.executable, "-u", "-c", script, *arguments]


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_a_run_prints_is_passed_on_and_its_code_is_its_own() -> None:
    said = Said()

    assert said.run("sh", "-c", "echo out; echo err >&2; exit 7") == Finished(7)
    assert (said.out, said.err, said.notes) == (["out\n"], ["err\n"], [])


def test_a_run_that_stands_still_gets_the_signal_upon_which_the_engine_records() -> None:
    said = Said()
    script = """
import signal, sys, time
def record(*_): print("recorded"); sys.exit(255)
signal.signal(signal.SIGINT, record)
print("begun")
time.sleep(60)
"""

    done = said.run(*python(script))

    assert done == Finished(255, "The run stands still: it has said nothing new for 1 s")
    assert said.out == ["begun\n", "recorded\n"]
    assert said.notes == [f"{done.stood}; it is ended, and records first what it has done."]


def test_the_engine_s_dots_are_no_news_and_a_line_is() -> None:
    said = Said()
    script = """
import time
for line in ("a", "b", "c", "d"):
    print(line); time.sleep(0.4)
while True:
    print("@ updating....."); time.sleep(0.1)
"""

    done = said.run(*python(script))

    assert done.stood == "The run stands still: it has said nothing new for 1 s"
    assert said.out[:4] == ["a\n", "b\n", "c\n", "d\n"]


def test_a_run_that_goes_on_and_on_is_ended_as_well() -> None:
    done = Said().run(*python("import time\nwhile True: print('x'); time.sleep(0.05)"), bounds=Bounds(20, 0.5, 10, 0.2))

    assert done.stood == "The run has taken more than 0 s"


def test_a_run_that_heeds_no_signal_is_killed() -> None:
    script = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(60)
"""

    done = Said().run(*python(script), bounds=Bounds(0.3, 20, 0.3, 0.2))

    assert done.code == 128 + signal.SIGKILL


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), 9)", "time.sleep(60)"])
def test_what_an_engine_leaves_is_ended_however_it_ended(tmp_path: Path, end: str) -> None:
    Said().run(*python(f"{PLUGIN}\n{end}", str(tmp_path / "pid"), "pulumi-language-python"))

    assert not lives(int((tmp_path / "pid").read_text()))


def test_a_provider_host_is_left_to_finish_its_call(tmp_path: Path) -> None:
    said = Said()
    said.run(*python(PLUGIN, str(tmp_path / "pid"), "-m", "pulumi.dynamic"))
    host = int((tmp_path / "pid").read_text())

    assert lives(host)
    assert said.notes == [f"A provider process of the run ({host}) still finishes its call, and ends after it."]
    os.kill(host, signal.SIGKILL)


TARGET = """
import os, sys
from meta_access.cli import pulumi_run
try:
    pulumi_run.run(sys.argv[1:], env=dict(os.environ), out=print, err=print, notify=print)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_our_own_end_reaches_the_run_as_an_interrupt(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    engine = f"""
import pathlib, signal, sys, time
log = pathlib.Path({str(log)!r})
def record(*_): log.write_text("recorded"); sys.exit(255)
signal.signal(signal.SIGINT, record)
log.write_text("begun")
time.sleep(60)
"""
    target = subprocess.Popen([*python(TARGET), *python(engine)])
    until = time.monotonic() + 20
    while not (log.exists() and log.read_text() == "begun"):
        assert time.monotonic() < until
        time.sleep(0.02)

    target.send_signal(number)

    assert target.wait(20) == 130
    assert log.read_text() == "recorded"
