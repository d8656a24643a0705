"""The processes of commands before the emulated Meta."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.providers import _live
from tests.unit.cli import newcomer
from tests.unit.emulated import EmulatedMeta, begin_process

if TYPE_CHECKING:
    from meta_emulator.embedded import MetaEmulator


@pytest.fixture
def nordwind(unit_emulator: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """Meta in a newcomer's world, and a process that has done nothing yet."""
    return _begun(EmulatedMeta(unit_emulator, newcomer.world()), monkeypatch)


@pytest.fixture
def lindenhof(unit_emulator: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """Meta in the emulator's starting world, likewise."""
    return _begun(EmulatedMeta(unit_emulator), monkeypatch)


def _begun(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    begin_process(meta, monkeypatch)
    monkeypatch.setattr(_live, "_settings", None)
    return meta
