"""The package as strangers get it: built, put into an environment of its own outside the checkout, and used there.

The environment holds what the wheel declares and nothing else: its requirements are taken from the one that runs the
tests, as links, because downloading them again would take a minute. What is not declared is therefore missing there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import venv
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SECONDS = 120
PACKED = {
    "meta_access": Path("meta_access"),
    "components": Path("meta_access/components"),
    "schema": Path("meta_access/schema"),
    "meta_emulator": Path("meta_emulator"),
}
"""Folder of the repository to its place in the wheel."""
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Built:
    wheel: Path
    sdist: Path
    in_image: Path  # the wheel built of what the Dockerfile copies


@dataclass(frozen=True, slots=True)
class Place:
    """An environment, and a folder that is not the checkout."""

    python: Path
    folder: Path

    def run(self, *argv: str) -> str:
        done = subprocess.run(
            [str(self.python.parent / argv[0]), *argv[1:]],
            cwd=self.folder, env=self.env, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def env(self) -> dict[str, str]:
        ours = ("PYTHON", "META_", "VIRTUAL_ENV")
        return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _made(folder: Path) -> Path:
    """A new environment without packages; its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


def _install(python: Path, *words: str) -> None:
    argv = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "-q"]
    subprocess.run([*argv, *words], capture_output=True, check=True, timeout=SECONDS)


def _build(python: Path, kind: str, source: Path, out: Path) -> Path:
    argv = [str(python), "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(argv, cwd=source, capture_output=True, check=True, timeout=SECONDS)
    [made] = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    builder = _made(folder / "builder")
    _install(builder, *tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"])
    sdist = _build(builder, "sdist", ROOT, folder / "sdist")
    with tarfile.open(sdist) as packed:
        packed.extractall(folder / "unpacked", filter="data")
    [source] = (folder / "unpacked").iterdir()
    wheel = _build(builder, "wheel", source, folder / "wheel")
    return Built(wheel, sdist, _build(builder, "wheel", _copied(folder / "image"), folder / "in-image"))


def _copied(folder: Path) -> Path:
    """What the Dockerfile copies."""
    folder.mkdir()
    for words in re.findall(r"^COPY (.+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE):
        *names, _ = words.split()
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def place(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("elsewhere")
    python = _made(folder / "env")
    _install(python, "--no-deps", str(built.wheel))
    [site] = (folder / "env").glob("lib/python*/site-packages")
    _link(site, "meta-access[emulator]")
    return Place(python, folder)


def _link(site: Path, *requirements: str) -> None:
    """Link what the requirements need, theirs included, but not what is there."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        if (wanted.name.lower(), frozenset(wanted.extras)) in seen:
            continue
        seen.add((wanted.name.lower(), frozenset(wanted.extras)))
        found = distribution(wanted.name)
        for text in found.requires or ():
            needed = Requirement(text)
            asked = needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in (*wanted.extras, ""))
            waiting += [needed] if asked else []
        for name in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if wanted.name != "meta-access" and not (site / name).exists():
                (site / name).symlink_to(Path(str(found.locate_file(name))).resolve())


@pytest.fixture
def started(place: Place, tmp_path: Path) -> Iterator[dict[str, str]]:
    """`meta-access emulator start` with the agency's world."""
    words = ["emulator", "start", "--home", str(tmp_path), "--port", "0", "--aws-port", "0", "--world", "agency"]
    yield json.loads(place.run("meta-access", *words, "--json"))
    place.run("meta-access", "emulator", "stop", "--home", str(tmp_path))


def test_the_wheel_holds_every_file_of_the_library_and_nothing_else(built: Built) -> None:
    library = {
        (place / path.relative_to(ROOT / folder)).as_posix()
        for folder, place in PACKED.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in zipfile.ZipFile(built.wheel).namelist() if ".dist-info/" not in name}

    assert packed == library
    folder = "meta_emulator"
    assert {
        f"{folder}/dashboard/templates/layout.html",
        f"{folder}/dashboard/static/style.css",
        f"{folder}/worlds/agency.yaml",
        "meta_access/py.typed",
    } <= packed


def test_what_the_dockerfile_copies_builds_the_same_wheel(built: Built) -> None:
    assert built.in_image.name == built.wheel.name
    one, other = (zipfile.ZipFile(file) for file in (built.in_image, built.wheel))
    assert {entry.filename: entry.CRC for entry in one.infolist()} == {e.filename: e.CRC for e in other.infolist()}


def test_the_source_distribution_holds_no_state_of_a_checkout(built: Built) -> None:
    with tarfile.open(built.sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}

    assert {"pyproject.toml", "README.md", "LICENSE", "meta_emulator/worlds/saas.yaml"} <= names
    assert [name for name in names if name.startswith((".venv", ".work", "dist"))] == []


def test_start_answers_with_world_and_dashboard(place: Place, started: dict[str, str]) -> None:
    where = place.run("python", "-c", "import meta_access; print(meta_access.__file__)")
    assert where.startswith(str(place.folder))
    assert started["world"] == "agency"
    for path, words in (
        ("", b"Leuchtturm Agency"),
        ("/roles", b"Invite somebody"),
        ("/static/style.css", b":root"),
        ("/static/journal.js", b"fetch"),
        ("/static/mark.svg", b"<svg"),
    ):
        with _opener.open(f"{started['dashboard_url']}{path}", timeout=SECONDS) as answer:
            assert words in answer.read(), path


def test_the_module_runs_in_the_foreground_and_ends_when_told(place: Place, tmp_path: Path) -> None:
    words = ["-m", "meta_emulator", "--home", str(tmp_path), "--port", "0", "--aws-port", "0"]
    with subprocess.Popen(
        [place.python, *words], cwd=place.folder, env=place.env, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        rest = running.stdout.read()
        code = running.wait(SECONDS)

    assert first.startswith("emulator: graph http://127.0.0.1:")
    assert (rest, code) == ("emulator: stopped, its world is kept\n", 0)


def test_the_fixture_is_there_after_an_installation(place: Place, tmp_path: Path) -> None:
    [site] = (place.folder / "env").glob("lib/python*/site-packages")
    _link(site, "pytest")
    (tmp_path / "test_mine.py").write_text(
        "def test_it(meta_emulator):\n    assert meta_emulator.act('verify') == 'Lindenhof Media is verified.'\n"
    )

    said = place.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path))

    assert "1 passed" in said
