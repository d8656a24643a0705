from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.tools.engine.engines import Words, fake_engine
from tools.engine import cache
from tools.engine.binaries import WayFailedError

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "meta-access" / "engine"


def test_the_cache_is_the_users_and_outside_the_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.root() == root

    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", "/home/nadia")
    assert cache.root() == Path("/home/nadia/.cache/meta-access/engine")


def test_what_was_filled_is_found(root: Path) -> None:
    with cache.locked(Words()):
        made = cache.fill("somewhere", fake_engine)

    assert (made.folder, made.way) == (root / "3.259.0", "somewhere")
    assert (cache.look().folder, cache.look().way) == (root / "3.259.0", "user cache")
    assert (root / "3.259.0").stat().st_mode & 0o777 == 0o755


def test_an_interrupted_fill_leaves_no_engine_and_the_next_one_cleans_up(root: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "pulumi").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), cache.locked(Words()):
        cache.fill("somewhere", interrupted)
    with pytest.raises(WayFailedError, match="does not exist"):
        cache.look()

    killed = root / ".3.259.0-killed"  # what kill -9 leaves
    killed.mkdir()
    with cache.locked(Words()):
        cache.fill("somewhere", fake_engine)
    assert sorted(entry.name for entry in root.iterdir()) == ["3.259.0", "3.259.0.lock"]


def test_a_way_that_brings_too_little_is_refused(root: Path) -> None:
    with pytest.raises(WayFailedError, match="brought no pulumi-language-python-exec"), cache.locked(Words()):
        cache.fill(
            "somewhere",
            lambda folder: fake_engine(folder, without=("pulumi-language-python-exec",)),
        )
    assert not (root / "3.259.0").exists()


def test_a_broken_cache_is_a_reason_and_is_replaced(root: Path) -> None:
    fake_engine(root / "3.259.0", without=("pulumi-resource-pulumi-python",))
    with pytest.raises(WayFailedError, match="lacks pulumi-resource-pulumi-python"):
        cache.look()

    with cache.locked(Words()):
        cache.fill("somewhere", fake_engine)
    assert cache.look().version == "3.259.0"


def test_a_second_builder_waits_for_the_first_and_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = (
        "import sys\nfrom tools.engine import cache\n"
        "with cache.locked(print):\n    print('held', flush=True)\n    sys.stdin.readline()\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", held],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(root.parent.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    assert first.stdin is not None
    assert first.stdout.readline() == "held\n"
    words, slept = Words(), []

    def end_the_first(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            first.communicate("\n", timeout=20)

    monkeypatch.setattr(time, "sleep", end_the_first)
    with cache.locked(words):
        pass

    assert words.lines == ["waiting for another process that is getting the engine"]
    assert slept
