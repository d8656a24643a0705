"""One emulator process for all tests of a session that begin with the starting world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulators import RunningEmulator, start_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start_emulator(tmp_path_factory.mktemp("emulator"))
    yield running
    running.stop()
