"""The pytest fixture `meta_emulator`: a Meta and a Secrets Manager of the test's own, on free ports.

    def test_report(meta_emulator):
        meta_emulator.faults.add(kind="graph", code=4)

    @pytest.mark.meta_world("agency")
    def test_all_clients(meta_emulator): ...

An entry point (`pytest11`) loads it into every pytest run of the environment. That is why it imports the emulator only
for the fixture: a run without it pays for one small module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_emulator.embedded import MetaEmulator


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    text = "meta_world(world): what meta_emulator begins with; a world file, the name of a world, or a WorldBuilder"
    config.addinivalue_line("markers", text)


@pytest.fixture
def meta_emulator(request: pytest.FixtureRequest) -> Iterator[MetaEmulator]:
    """An emulator for one test: `graph_url`, `aws_url`, `admin_token`, `faults`, `clock`, `world`, `act`, `calls`."""
    try:
        from meta_emulator.embedded import MetaEmulator  # noqa: PLC0415 - see above
    except ModuleNotFoundError as missing:
        needed = str(missing.name).partition(".")[0]
        pytest.fail(f"meta_emulator needs {needed}: run pip install 'meta-access[emulator]'.", pytrace=False)
    marker = request.node.get_closest_marker("meta_world")
    with MetaEmulator(marker.args[0] if marker is not None else None) as emulator:
        yield emulator
