"""What all unit tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access import redaction
from tests.unit.emulated import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_emulator.embedded import MetaEmulator


@pytest.fixture(scope="session")
def unit_emulator() -> Iterator[MetaEmulator]:
    """One emulator for all tests; each begins again with the world of its `EmulatedMeta`."""
    yield from running()


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process masks each credential that it has resolved; one test's would be masked in another's sentences."""
    monkeypatch.setattr(redaction, "_known", set())
