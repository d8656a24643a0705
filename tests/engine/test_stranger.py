"""The program of docs/own-program.md, in a project that has the installed package and nothing else of this checkout."""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.projects import CHECKOUT, Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.workers import Worker


def installed(folder: Path) -> Path:
    """The package as `pip install .` puts it, away from the checkout."""
    # A copy: the build must not leave files in the checkout.
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source / name)
    for name in ("components", "meta_access", "meta_emulator", "schema"):
        shutil.copytree(CHECKOUT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    packages = folder / "packages"
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(packages), str(source)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return packages


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("installed"))


def on_the_path(packages: Path) -> str:
    """The package; its own dependencies come from the environment of the tests.

    A folder on this path does not bring that one's editable install along.
    """
    return os.pathsep.join([str(packages), *site.getsitepackages()])


def test_a_project_that_init_wrote_comes_up_with_nothing_else(
    tmp_path: Path, engine: Path, worker: Worker, emulator: RunningEmulator, packages: Path
) -> None:
    for part in ("components/program.py", "schema/stack.json", "schema/client.json"):
        assert (packages / "meta_access" / part).is_file()
    extra = {"PYTHONPATH": on_the_path(packages), "META_ACCESS_EMULATOR_HOME": str(emulator.home)}
    project = Project(tmp_path / "ads", engine, worker, extra)
    for made in ("state", "home"):
        (project.root / made).mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "meta_access.cli", "init", "--emulator"],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    venv.create(project.root / ".venv", with_pip=False)
    project.init()

    up = project.up()

    assert up.code == 0, up.stdout
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ANALYZE"]}
    assert [token["scopes"] for token in lindenhof.live_tokens(emulator)] == [["ads_read"]]
    preview = project.preview("--expect-no-changes", "--policy-pack", "policy-pack")
    assert (preview.code, preview.policies) == (0, set()), preview.stdout


def test_the_pages_program_runs_on_the_installed_package(
    tmp_path: Path, engine: Path, worker: Worker, emulator: RunningEmulator, packages: Path
) -> None:
    assert (packages / "bin" / "meta-access").is_file()
    page = (CHECKOUT / "docs" / "own-program.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    project = Project(tmp_path / "project", engine, worker, {"PYTHONPATH": on_the_path(packages)})
    project.lay_out()
    for link in ("meta_access", "components", ".venv"):
        (project.root / link).unlink()
    venv.create(project.root / ".venv", with_pip=False)
    project.program(f"import meta_access\n{program}\npulumi.export('home', meta_access.__file__)\n")
    project.init()
    project.configure(lindenhof.config(emulator))

    up = project.up()

    assert up.code == 0, up.stdout
    assert project.outputs()["home"] == str(packages / "meta_access" / "__init__.py")
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ANALYZE"]}
    (token,) = lindenhof.live_tokens(emulator)
    assert token["scopes"] == ["ads_read"]
    assert project.preview("--expect-no-changes").code == 0
    assert project.destroy().code == 0
    assert lindenhof.live_tokens(emulator) == []
