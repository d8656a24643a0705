from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.texts import lacks
from tools.workspace import locks
from tools.workspace.locks import Lock, LockedError

if TYPE_CHECKING:
    from pathlib import Path

HERE = socket.gethostname()
PULUMI = """#!/bin/sh
echo "$*" >> "$CALLS"
rm -f "$LOCKS"/*.json
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in for the engine's command writes what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pulumi").write_text(PULUMI)
    (folder / "pulumi").chmod(0o755)
    monkeypatch.setattr(locks, "LOCKS", tmp_path / "locks")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("LOCKS", str(tmp_path / "locks"))
    monkeypatch.setattr(locks, "_without_engine", lambda commands: [])  # what runs on this machine is no part of a test
    (tmp_path / "locks").mkdir()
    return tmp_path / "calls"


def leave(pid: int, host: str = HERE) -> None:
    text = json.dumps({"pid": pid, "username": "nadia", "hostname": host, "timestamp": "2026-11-24T08:22:41.239513Z"})
    (locks.LOCKS / "4562805c.json").write_text(text)


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_without_a_lock_nothing_is_cancelled(calls: Path) -> None:
    locks.clear(os.environ)

    assert not calls.exists()


def test_the_lock_of_a_dead_run_is_cancelled_and_said(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pid = dead_pid()
    leave(pid)

    locks.clear(os.environ)

    assert calls.read_text() == "cancel --yes --stack dev\n"
    assert not lacks(capsys.readouterr().out, "dev", str(pid), "cancelled")


def test_provider_processes_of_the_dead_run_are_waited_for(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_work: list[list[int]] = [[7], [7], []]
    monkeypatch.setattr(locks, "_survivors", lambda: at_work.pop(0))
    monkeypatch.setattr(locks, "POLL_S", 0)
    leave(dead_pid())

    locks.clear(os.environ)

    assert at_work == []
    assert capsys.readouterr().out.count("a provider process of that run is still finishing its call") == 1


def test_only_a_provider_host_of_this_checkout_without_its_engine_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "ROOT", tmp_path)
    listening = socket.create_server(("127.0.0.1", 0))
    closed = socket.create_server(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{server.getsockname()[1]}" for server in (listening, closed)]
    closed.close()
    wait = [sys.executable, "-c", "import time; time.sleep(60)", "pulumi.dynamic"]
    hosts = [
        subprocess.Popen([*wait, addresses[0]], cwd=tmp_path),
        subprocess.Popen([*wait, addresses[1]], cwd=tmp_path),
        subprocess.Popen([*wait, addresses[1]], cwd="/"),
    ]
    try:
        assert locks._survivors() == [hosts[1].pid]
    finally:
        for host in hosts:
            host.kill()
            host.wait()
        listening.close()


def test_a_program_whose_engine_is_dead_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "ROOT", tmp_path)
    listening = socket.create_server(("127.0.0.1", 0))
    closed = socket.create_server(("127.0.0.1", 0))
    alive, dead = [f"127.0.0.1:{server.getsockname()[1]}" for server in (listening, closed)]
    closed.close()
    wait = [sys.executable, "-c", "import time; time.sleep(60)"]
    program = [*wait, "/engine/pulumi-language-python-exec", "--monitor", dead, "--engine"]
    left = [
        subprocess.Popen([*program, dead, "__main__.py"], cwd=tmp_path),
        subprocess.Popen([*wait, "/engine/pulumi-language-python", dead], cwd=tmp_path),
    ]
    kept = [
        subprocess.Popen([*program, alive, "__main__.py"], cwd=tmp_path),
        subprocess.Popen([*program, dead, "__main__.py"], cwd="/"),
    ]
    try:
        locks._end_programs()

        assert [process.wait(10) for process in left] == [-15, -15]
        assert [process.poll() for process in kept] == [None, None]
    finally:
        for process in (*left, *kept):
            process.kill()
            process.wait()
        listening.close()


def test_a_process_id_used_again_by_another_program_is_no_live_run(calls: Path) -> None:
    leave(os.getpid())  # this test is alive, and no engine

    locks.clear(os.environ)

    assert calls.read_text() == "cancel --yes --stack dev\n"


def test_a_running_engine_keeps_its_lock(calls: Path, tmp_path: Path) -> None:
    engine = tmp_path / "pulumi"
    engine.symlink_to("/bin/sleep")
    process = subprocess.Popen([engine, "60"])
    try:
        leave(process.pid)
        with pytest.raises(LockedError, match=r"Stack dev is locked since 2026-11-24T08:22:41 by a running pulumi "):
            locks.clear(os.environ)
    finally:
        process.kill()
        process.wait()

    assert not calls.exists()


def test_a_holder_on_another_machine_cannot_be_judged(calls: Path) -> None:
    leave(dead_pid(), host="build-7")

    with pytest.raises(LockedError, match=r"on machine build-7, .* pulumi cancel --stack dev"):
        locks.clear(os.environ)

    assert not calls.exists()


def test_half_written_locks_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text('{"pid": 7, "hostname": "h", "timestamp": "2026-11-24T08:22:41Z"}')

    assert locks.read(tmp_path) == [Lock(7, "h", "2026-11-24T08:22:41")]


def test_only_the_dev_stacks_locks_are_looked_at() -> None:
    assert locks.LOCKS.parts[-4:] == ("locks", "organization", "meta-access", "dev")
