"""The processes of commands before the emulated Meta."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.providers import _live
from tests.unit.cli import newcomer, reviewed
from tests.unit.emulated import EmulatedMeta, begin_process

if TYPE_CHECKING:
    from pathlib import Path

    from meta_emulator.embedded import MetaEmulator


@pytest.fixture
def nordwind(unit_emulator: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """Meta in a newcomer's world, and a process that has done nothing yet."""
    return _begun(EmulatedMeta(unit_emulator, newcomer.world()), monkeypatch)


@pytest.fixture
def lindenhof(unit_emulator: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """Meta in the emulator's starting world, likewise."""
    return _begun(EmulatedMeta(unit_emulator), monkeypatch)


@pytest.fixture
def place(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> reviewed.Place:
    """A stack in a repository, which Meta's starting world has."""
    return reviewed.place(lindenhof, monkeypatch, tmp_path)


def _begun(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    begin_process(meta, monkeypatch)
    monkeypatch.setattr(_live, "_settings", None)
    return meta
