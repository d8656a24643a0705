from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.workspace import venv


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose `.venv` is made by noting that it was."""
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(venv, "STAMP", tmp_path / ".venv" / "meta-access.stamp")
    monkeypatch.setattr(sys, "argv", ["venv"])
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "requirements").mkdir()
    for which in ("dev", "runtime"):
        (tmp_path / "requirements" / f"{which}.txt").write_text("click==8.5.1\n")

    def install(which: str) -> None:
        python = tmp_path / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        (tmp_path / "installs").open("a").write(which[0])

    monkeypatch.setattr(venv, "_usable", lambda: True)
    monkeypatch.setattr(venv, "_install", install)
    return tmp_path


def test_it_is_made_once_and_again_when_the_dependencies_change(project: Path) -> None:
    assert venv.main() == 0
    assert venv.main() == 0
    assert (project / "installs").read_text() == "d"

    (project / "pyproject.toml").write_text("[project]\ndependencies = []\n")
    assert venv.main() == 0
    assert (project / "installs").read_text() == "dd"


def test_it_is_made_again_when_the_lock_changes_or_another_set_is_wanted(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert venv.main() == 0
    (project / "requirements" / "dev.txt").write_text("click==8.5.2\n")
    assert venv.main() == 0
    (project / ".venv" / "left").touch()
    monkeypatch.setattr("subprocess.run", lambda *_, **__: None)  # makes the empty environment

    monkeypatch.setattr(sys, "argv", ["venv", "--runtime"])
    assert venv.main() == 0
    assert venv.main() == 0

    assert (project / "installs").read_text() == "ddr"
    assert not (project / ".venv" / "left").exists()


def test_nothing_is_installed_but_what_the_lock_names_with_its_hash(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(venv, "ROOT", project)
    monkeypatch.setattr(venv, "VENV", project / ".venv")
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$*" >> {project}/asked\n')
    python.chmod(0o755)
    common = "-m pip install --disable-pip-version-check --no-input --progress-bar off"
    itself = f"{common} --no-deps --no-build-isolation -e {project}"

    venv._install("dev")
    venv._install("runtime")

    locked = f"{common} --require-hashes --no-deps"
    assert (project / "asked").read_text().splitlines() == [
        f"{locked} -r {project}/requirements/dev.txt",
        itself,
        f"{locked} --only-binary :all: -r {project}/requirements/runtime.txt",
        itself,
    ]


def test_an_interrupted_install_is_repeated(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = venv._install

    def interrupted(which: str) -> None:
        good(which)
        raise KeyboardInterrupt

    monkeypatch.setattr(venv, "_install", interrupted)
    assert venv.main() == 130
    assert not venv.current("dev")

    monkeypatch.setattr(venv, "_install", good)
    assert venv.main() == 0
    assert venv.current("dev")


def test_an_older_python_is_named_with_the_way_out(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))

    assert venv.main() == 1
    assert "Python 3.11 or newer is needed" in capsys.readouterr().err


def test_what_failed_is_shown_with_its_last_words(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "TAIL", 2)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "argv", ["venv"])
    monkeypatch.setattr(venv, "ROOT", project)
    monkeypatch.setattr(venv, "VENV", project / ".venv")
    monkeypatch.setattr(venv, "STAMP", project / ".venv" / "meta-access.stamp")
    monkeypatch.setattr(venv, "_usable", lambda: True)
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'ERROR: no such package'\nexit 1\n")
    python.chmod(0o755)

    assert venv.main() == 1

    said = capsys.readouterr().err
    assert "pip install failed" in said
    assert "ERROR: no such package" in said
    assert not Path(project / ".venv" / "meta-access.stamp").exists()
