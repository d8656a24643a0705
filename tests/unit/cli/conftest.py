from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_emulator.embedded import MetaEmulator
from tests.unit.cli import newcomer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def emulator() -> Iterator[MetaEmulator]:
    with MetaEmulator(newcomer.world()) as running:
        yield running
