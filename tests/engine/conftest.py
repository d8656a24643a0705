"""The real engine, once per session, and projects for it.

A test marked `provisioned` begins after the first `up`: its project and its emulator are copies of a stack that was
brought up once in the session (`templates.py`). `@pytest.mark.provisioned` alone means the dev stack, and gives `dev`;
with a `Beginning` it means that, and gives `provisioned`. Tests of the first `up` itself, or of what stands before it,
carry no mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulators import start_emulator
from tests.engine import lindenhof, templates
from tests.engine.projects import Project
from tests.engine.workers import working
from tools.engine.obtain import obtain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.templates import Template
    from tests.engine.workers import Worker


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/engine" in item.path.as_posix():
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def engine() -> Path:
    """Folder of the engine, got as `make` gets it; never skipped."""
    return obtain(print).folder


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Random values and a list of packages for all projects, so that no test depends on the vendor's host."""
    with working(tmp_path_factory.mktemp("worker")) as made:
        yield made


@pytest.fixture
def make_project(
    tmp_path: Path, engine: Path, worker: Worker, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Project]:
    """Make projects laid out in folders of their own, each with its stack initialized: once in a session, and copied.

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
        made = Project(tmp_path / name, engine, worker, dict(env or {}))
        made.lay_out()
        if program is not None:
            made.program(program)
        templates.initialize(made, templates.shared_folder(tmp_path_factory))
        if config is not None:
            made.configure(config)
        return made

    return make


@pytest.fixture
def template(
    request: pytest.FixtureRequest, engine: Path, worker: Worker, tmp_path_factory: pytest.TempPathFactory
) -> Template | None:
    """What the test's mark `provisioned` asks for; None without one."""
    mark = request.node.get_closest_marker("provisioned")
    if mark is None:
        return None
    beginning = mark.args[0] if mark.args else templates.DEV
    return templates.template(beginning, templates.shared_folder(tmp_path_factory), engine, worker)


@pytest.fixture
def emulator(tmp_path: Path, template: Template | None) -> Iterator[RunningEmulator]:
    """An emulator of the test's own: in the starting world, or where the mark's first `up` has left it."""
    if template is not None:
        template.emulator(tmp_path / "emulator")
    running = start_emulator(tmp_path / "emulator")
    yield running
    running.stop()


@pytest.fixture
def provisioned(
    tmp_path: Path, engine: Path, worker: Worker, template: Template | None, emulator: RunningEmulator
) -> Project:
    """The project of the test's mark, up and unchanged since, on the test's own emulator."""
    assert template is not None, "a test of a provisioned project is marked so"
    return template.project(tmp_path / template.beginning.name, engine, worker, emulator)


@pytest.fixture
def dev(request: pytest.FixtureRequest, template: Template | None, emulator: RunningEmulator) -> Project:
    """This checkout's program with the dev stack, on the test's own emulator; provisioned if the test is marked so."""
    if template is not None:
        made: Project = request.getfixturevalue("provisioned")
    else:
        made = request.getfixturevalue("make_project")(config=lindenhof.config(emulator), name="dev")
    return made
