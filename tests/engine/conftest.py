"""The real engine, once per session, and projects for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulators import start_emulator
from tests.engine import lindenhof
from tests.engine.projects import Project
from tools.engine.obtain import obtain
from tools.engine.random_plugin.install import install_stand_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.emulators import RunningEmulator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/engine" in item.path.as_posix():
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def engine() -> Path:
    """Folder of the engine, got as `make` gets it; never skipped."""
    return obtain(print).folder


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `plugins` folder with the random stand-in, so that no test depends on the vendor's host."""
    home = tmp_path_factory.mktemp("pulumi-home")
    install_stand_in(home)
    return home / "plugins"


@pytest.fixture
def make_project(tmp_path: Path, engine: Path, plugins: Path) -> Callable[..., Project]:
    """Make projects laid out in folders of their own, each with its stack initialized.

    The function takes `program` (text of `__main__.py`; this checkout's program when absent), `config` (full key to
    value), `env` and `name` (of the folder).
    """

    def make(
        *,
        program: str | None = None,
        config: dict[str, object] | None = None,
        env: dict[str, str] | None = None,
        name: str = "project",
    ) -> Project:
        made = Project(tmp_path / name, engine, plugins, dict(env or {}))
        made.lay_out()
        if program is not None:
            made.program(program)
        made.init()
        if config is not None:
            made.configure(config)
        return made

    return make


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[RunningEmulator]:
    """An emulator of the test's own, in the starting world."""
    running = start_emulator(tmp_path / "emulator")
    yield running
    running.stop()


@pytest.fixture
def dev(make_project: Callable[..., Project], emulator: RunningEmulator) -> Project:
    """This checkout's program with the dev stack, on the test's own emulator; nothing is provisioned yet."""
    return make_project(config=lindenhof.config(emulator), name="dev")
