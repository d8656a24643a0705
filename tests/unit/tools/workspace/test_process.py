from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meta_access.cli import pulumi_run
from meta_access.cli.pulumi_run import Finished
from tools.workspace.process import STOOD, capture, engine, stream

ROOT = Path(__file__).resolve().parents[4]
# Stands in for the engine: notes each SIGINT, ends in order after the first.
ENGINE = """
import pathlib, signal, sys, time
log = pathlib.Path(sys.argv[1])
hits = []
def note(*_):
    hits.append(1)
    log.write_text(str(len(hits)))
signal.signal(signal.SIGINT, note)
log.write_text("0")
until = time.monotonic() + 20
while not hits and time.monotonic() < until:
    time.sleep(0.02)
time.sleep(0.3)
"""
TARGET = """
import os, sys
from tools.workspace.process import stream
try:
    stream([sys.executable, "-c", sys.argv[1], sys.argv[2]], os.environ)
except KeyboardInterrupt:
    sys.exit(130)
"""


def wait_for(path: Path, text: str) -> None:
    until = time.monotonic() + 20
    while not (path.exists() and path.read_text() == text):
        assert time.monotonic() < until, path
        time.sleep(0.02)


def start(log: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", TARGET, ENGINE, str(log)]
    return subprocess.Popen(argv, cwd=ROOT, start_new_session=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_whole_group_reaches_the_engine_once(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    target = start(log)
    wait_for(log, "0")

    os.killpg(target.pid, number)
    os.kill(target.pid, number)  # as make hands on what `timeout` sent to everybody

    assert target.wait(timeout=20) == 130
    assert log.read_text() == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent-death signal")
def test_a_killed_target_takes_the_engine_with_it(tmp_path: Path) -> None:
    log = tmp_path / "pid"
    script = f"echo $$ > {log}.new; mv {log}.new {log}; exec sleep 60"
    argv = [
        sys.executable,
        "-c",
        TARGET.replace('[sys.executable, "-c", sys.argv[1], sys.argv[2]]', '["sh", "-c", sys.argv[1]]'),
    ]
    target = subprocess.Popen([*argv, script], cwd=ROOT, start_new_session=True)
    until = time.monotonic() + 20
    while not log.exists() and time.monotonic() < until:
        time.sleep(0.02)
    engine = int(log.read_text())

    target.kill()
    target.wait()

    while Path(f"/proc/{engine}").exists() and time.monotonic() < until:
        if b"Z" in Path(f"/proc/{engine}/stat").read_bytes().rpartition(b")")[2][:3]:
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{engine}").exists()


@pytest.mark.parametrize(("script", "expected"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_the_exit_code_is_the_commands(script: str, expected: int) -> None:
    assert stream(["sh", "-c", script], os.environ) == expected


def test_output_is_passed_on_unchanged(capfd: pytest.CaptureFixture[str]) -> None:
    stream(["sh", "-c", "echo out; echo err >&2"], os.environ)

    assert capfd.readouterr() == ("out\n", "err\n")


def test_a_captured_command_never_reads_our_input() -> None:
    assert capture(["cat"], os.environ, timeout_s=20).stdout == ""


def test_an_operation_of_the_engine_is_passed_on_with_its_code(capfd: pytest.CaptureFixture[str]) -> None:
    assert engine(["sh", "-c", "echo out; echo err >&2; exit 7"], os.environ) == 7

    assert capfd.readouterr() == ("out\n", "err\n")


def test_an_operation_that_had_to_be_ended_has_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_run, "run", lambda *_, **__: Finished(0, "The run stands still"))

    assert engine(["true"], os.environ) == STOOD == 124
