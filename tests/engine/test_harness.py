"""The harness itself: a real engine, a real provider host, a state that can be read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.engine.projects import Project
    from tests.engine.workers import Worker

PROVIDER = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult


class NoopProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        if props["text"] == "refused":
            raise ValueError("not this text")
        return CreateResult("noop-1", dict(props))

    def update(self, _id, _olds, news):
        return UpdateResult(dict(news))


class Noop(Resource, module="meta", name="Noop"):
    def __init__(self, name, text):
        super().__init__(NoopProvider(), name, {"text": text})
"""

PROGRAM = """
import pulumi
import pulumi_random

from noop import Noop

noop = Noop("first", pulumi.Config("meta").require("text"))
suffix = pulumi_random.RandomId("suffix", byte_length=4)
pulumi.export("text", noop.id)
pulumi.export("suffix", suffix.hex)
"""


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    made = make_project(program=PROGRAM, config={"meta:text": "one"})
    made.write("noop.py", PROVIDER)
    return made


def test_a_project_goes_through_its_life_on_the_real_engine(project: Project) -> None:
    created = project.up()
    assert created.code == 0, created.stdout
    assert created.ops["first"] == "create"
    assert created.ops["suffix"] == "create"
    assert len(project.outputs()["suffix"]) == 8

    again = project.up()
    assert again.code == 0
    assert "3 unchanged" in again.stdout
    assert set(again.ops.values()) == {"same"}

    project.configure({"meta:text": "two"})
    changed = project.preview()
    assert changed.ops["first"] == "update"
    steps = project.preview_json()["steps"]
    assert [step["op"] for step in steps if step["urn"].endswith("::first")] == ["refresh", "update"]
    assert project.up().code == 0
    assert project.resources("meta:Noop")["first"]["outputs"]["text"] == "two"

    assert project.refresh().code == 0
    ended = project.destroy()
    assert ended.code == 0, ended.stdout
    assert project.resources() == {}


def test_errors_of_a_provider_are_seen_in_output_and_events(project: Project) -> None:
    project.configure({"meta:text": "refused"})

    done = project.up()

    assert done.code != 0
    assert "not this text" in done.stdout
    assert any("not this text" in text for text in done.diagnostics)
    # PULUMI_CONTINUE_ON_ERROR: what does not depend on the failure is made all the same.
    assert "suffix" in project.resources()


def test_a_developers_own_settings_do_not_reach_a_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://example.invalid")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")

    env = project.environment()

    assert env["PULUMI_BACKEND_URL"].startswith("file://")
    assert "AWS_PROFILE" not in env
    assert "META_ACCESS_OFFLINE" not in env


SCRIPT = """
import json, os, signal, sys

import meta_access
import grpc

print(json.dumps({
    "arguments": sys.argv[1:],
    "cwd": os.getcwd(),
    "variable": os.environ["OF_THE_TEST"],
    "library": meta_access.__file__,
}))
if "wait" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
    print("waits")
    while True:
        signal.pause()
sys.exit(7)
"""


@pytest.fixture
def start(tmp_path: Path, worker: Worker) -> Callable[..., subprocess.Popen[str]]:
    """Start a script as an engine starts its language host's."""
    script = tmp_path / "pulumi-language-python-exec"
    script.write_text(SCRIPT, encoding="utf-8")
    env = {**os.environ, **worker.variables(), "OF_THE_TEST": "given"}

    def started(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-u", str(script), *words], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
        )

    return started


def test_a_fork_is_what_the_engine_started(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    started = start("--stack", "dev")

    printed, _ = started.communicate(timeout=60)

    shown = json.loads(printed)
    assert started.returncode == 7
    assert shown["arguments"] == ["--stack", "dev"]
    assert shown["cwd"] == str(tmp_path)
    assert shown["variable"] == "given"


def test_a_project_with_a_library_of_its_own_runs_that_one(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    (tmp_path / "meta_access").mkdir()
    (tmp_path / "meta_access" / "__init__.py").touch()

    printed, _ = start().communicate(timeout=60)

    assert json.loads(printed)["library"] == str(tmp_path / "meta_access" / "__init__.py")


def test_a_fork_is_sent_what_its_door_is_sent(start: Callable[..., subprocess.Popen[str]]) -> None:
    started = start("wait")
    assert started.stdout is not None
    assert started.stdout.readline().startswith("{")
    assert started.stdout.readline() == "waits\n"

    started.send_signal(signal.SIGTERM)

    assert started.wait(60) == 5


def test_a_fork_ends_with_its_door(start: Callable[..., subprocess.Popen[str]]) -> None:
    started = start("wait")
    assert started.stdout is not None
    assert started.stdout.readline().startswith("{")
    assert started.stdout.readline() == "waits\n"

    started.kill()

    assert started.stdout.read() == ""  # at its end, and not before, the pipe has nobody left who writes
