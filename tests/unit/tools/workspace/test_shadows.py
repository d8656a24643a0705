"""The first thing that every make target does: a look at what Python would import from the project's folder."""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.texts import lacks

ROOT = Path(__file__).resolve().parents[4]
CANARY = "import os, pathlib; pathlib.Path(os.environ['MARKER']).touch()\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The make file and the tools of the project, in a folder of its own, with a Python that has it on its path."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", folder)
    return folder


def make(project: Path, target: str) -> tuple[int, str, bool]:
    """Run a target; tell whether a canary ran."""
    marker = project.parent / "marker"
    env = {**os.environ, "MARKER": str(marker), "PYTHONPATH": str(project)}
    done = subprocess.run(
        ["make", "-s", target, f"PYTHON={sys.executable}"],
        cwd=project,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr, marker.exists()


@pytest.mark.parametrize("name", ["subprocess", "hashlib", "json", "typing", "site", "sitecustomize", "yaml"])
def test_a_file_that_stands_before_a_library_is_named_before_anything_of_the_project_runs(
    project: Path, name: str
) -> None:
    (project / f"{name}.py").write_text(CANARY)

    for target in ("venv", "up"):
        code, said, ran = make(project, target)
        assert (code, ran) == (2, False)
        assert not lacks(said, f"{name}.py")


@pytest.mark.parametrize("target", ["preview", "down", "test", "check", "emulator", "env", "lambda", "lock", "clean"])
def test_no_target_runs_python_before_the_look(project: Path, target: str) -> None:
    (project / "shutil.py").write_text(CANARY)

    code, said, ran = make(project, target)

    assert (code, ran) == (2, False)
    assert "Nothing was done: 'shutil.py'" in said


def test_compiled_and_namespace_forms_are_named_as_well(project: Path) -> None:
    (project / "canary.py").write_text(CANARY)
    py_compile.compile(str(project / "canary.py"), cfile=str(project / "fcntl.pyc"))
    (project / "canary.py").unlink()
    (project / "collections" / "deep").mkdir(parents=True)
    (project / "collections" / "deep" / "x.py").write_text(CANARY)

    code, said, ran = make(project, "venv")

    assert (code, ran) == (2, False)
    assert not lacks(said, "'collections', 'fcntl.pyc'")
