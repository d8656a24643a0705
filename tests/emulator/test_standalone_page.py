"""The code of docs/emulator/standalone.md does what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from meta_emulator.embedded import MetaEmulator
from meta_emulator.world_files import names
from tests.emulators import graph_call

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "emulator" / "standalone.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.+?)```", TEXT, re.DOTALL)


def _block(word: str) -> str:
    [found] = [block for block in BLOCKS if word in block]
    return str(found)


def _run(code: str) -> str:
    argv = [sys.executable, "-c", code]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout


def test_metas_sdk_is_pointed_at_it() -> None:
    printed = _run(_block("FacebookSession") + "\nprint(names, user['id'].startswith('122090'))\n")

    assert printed == "['root', 'ci'] True\n"


def test_pointing_the_sdk_takes_five_lines_at_most() -> None:
    lines = _block("FacebookSession").splitlines()
    first = next(number for number, line in enumerate(lines) if "FacebookSession(" in line)

    assert "GRAPH" in lines[first + 1]
    assert "FacebookAdsApi(" in lines[first + 2]


def test_the_builder_builds() -> None:
    assert _run(_block("WorldBuilder")) == ""


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text(_block("meta_world"))
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    done = subprocess.run(
        [*argv, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )

    assert "2 passed" in done.stdout, done.stdout


def test_the_world_file_of_the_page_is_one(tmp_path: Path) -> None:
    text = re.findall(r"```yaml\n(.+?)```", TEXT, re.DOTALL)[0]  # a compose file stands further below
    file = tmp_path / "mine.yaml"
    file.write_text(text)

    with MetaEmulator(file) as meta:
        me = graph_call(meta.graph_url, "GET", "me", token=meta.token("short"))

    assert me.body == {"id": "122090000009001", "name": "root"}


def test_the_page_names_every_world_that_comes_along() -> None:
    assert sorted(re.findall(r"^\| `([a-z-]+)` \| [a-z]", TEXT.partition("## Worlds")[2], re.MULTILINE)) == names()
