"""What every layer shares: no test writes into the user's own folders, and one emulator for the starting world."""

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


@pytest.fixture(scope="session", autouse=True)
def _calls_are_logged_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("META_ACCESS_CALL_LOG", str(tmp_path_factory.mktemp("calls")))
        patch.setenv("META_ACCESS_STATE_DIR", str(tmp_path_factory.mktemp("notes")))
        yield
