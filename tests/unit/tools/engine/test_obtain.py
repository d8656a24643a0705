from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.texts import lacks
from tests.unit.tools.engine.engines import Words, fake_engine
from tools.engine import archive, build, cache, obtain, path
from tools.engine.binaries import WayFailedError

ROOT = Path(__file__).resolve().parents[4]


def fail(reason: str) -> object:
    def way(*_arguments: object) -> None:
        raise WayFailedError(reason)

    return way


@pytest.fixture
def nothing_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(path, "look", fail("pulumi is not on PATH"))
    monkeypatch.setattr(archive, "download", fail("the host cannot be reached"))
    monkeypatch.setattr(build, "build", fail("`go build` failed:\nline one\nline two"))


@pytest.mark.usefixtures("nothing_works")
def test_when_no_way_works_every_reason_is_given_in_order(tmp_path: Path) -> None:
    with pytest.raises(obtain.EngineNotFoundError) as caught:
        obtain.obtain(Words())

    said = str(caught.value)
    facts = (f"{tmp_path}/meta-access/engine/3.259.0", "`go build` failed", "line one", "line two", "3.254.0")
    assert not lacks(said, *facts)
    ways = [said.index(way) for way in ("PATH:", "user cache:", "vendor's archive:", "Go module proxy:")]
    assert ways == sorted(ways)


@pytest.mark.usefixtures("nothing_works")
def test_the_first_way_that_works_is_taken_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "build", lambda folder, _say: fake_engine(folder))
    words = Words()

    found = obtain.obtain(words)

    assert found.way == "Go module proxy"
    assert words.lines[0] == "not from PATH: pulumi is not on PATH"
    assert words.lines[2] == "not from the vendor's archive: the host cannot be reached"
    assert words.lines[-1] == f"pulumi 3.259.0 from the Go module proxy ({found.folder})"

    again = Words()
    assert obtain.obtain(again).way == "user cache"
    assert again.lines == [f"pulumi 3.259.0 from the user cache ({found.folder})"]


@pytest.mark.usefixtures("nothing_works")
def test_an_engine_on_path_comes_before_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_engine(cache.root() / "3.259.0")
    mine = fake_engine(tmp_path / "mine", "3.260.0")
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{mine}{os.pathsep}{os.environ['PATH']}")

    assert obtain.obtain(Words()).folder == mine


@pytest.mark.usefixtures("nothing_works")
def test_a_cache_filled_while_waiting_for_the_lock_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_say: object) -> object:
        fake_engine(cache.root() / "3.259.0")
        return real(_say)  # type: ignore[arg-type]

    real = cache.locked
    monkeypatch.setattr(cache, "locked", locked)

    assert obtain.obtain(Words()).way == "user cache"


def test_the_command_runs_on_a_bare_python_and_prints_the_folder_last(tmp_path: Path) -> None:
    mine = fake_engine(tmp_path / "mine", "3.260.0")
    env = {"PATH": f"{mine}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(tmp_path)}
    bare = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import runpy; "]
    bare[-1] += "runpy.run_module('tools.engine.obtain', run_name='__main__', alter_sys=True)"

    plain = subprocess.run(bare, env=env, capture_output=True, text=True, timeout=60, check=True)
    as_json = subprocess.run([*bare, "--json"], env=env, capture_output=True, text=True, timeout=60, check=True)

    assert plain.stdout.splitlines()[-1] == str(mine)
    assert plain.stderr == f"engine: pulumi 3.260.0 from PATH ({mine})\n"
    assert json.loads(as_json.stdout) == {"folder": str(mine), "version": "3.260.0", "way": "PATH"}
