"""A plugin host's process before the emulated Meta."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.output import Unknown

from meta_access.providers import _host, _live, _system_users
from meta_access.providers._boundary import Failure, boundary
from meta_access.providers._deployment import DEPLOYMENT, Deployment
from meta_access.stack.connections import Settings
from tests.unit.emulated import EmulatedMeta, begin_process

if TYPE_CHECKING:
    from pathlib import Path

    from meta_access.providers._base import MetaProvider
    from meta_emulator.embedded import MetaEmulator

NOT_KNOWN: Any = Unknown()  # type: ignore[no-untyped-call]
CALLER = "122090000000301"
APP = "120480000000201"
BUSINESS = "178000000000101"


@pytest.fixture
def meta(unit_emulator: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """Meta in its starting world, and a process that has been configured and has done nothing yet."""
    meta = EmulatedMeta(unit_emulator)
    monkeypatch.setattr(sys, "argv", ["pytest"])
    new_process(monkeypatch, meta)
    configured(monkeypatch, meta)
    return meta


def configured(monkeypatch: pytest.MonkeyPatch, meta: EmulatedMeta, *, offline: bool = False) -> None:
    settings = Settings(environment="dev", rules="2026-05", offline=offline, connections={"main": meta.connection})
    monkeypatch.setattr(_live, "_settings", settings)


def new_process(monkeypatch: pytest.MonkeyPatch, meta: EmulatedMeta) -> None:
    """Forget what a plugin host's process remembers, as the next deployment's process would not know it."""
    begin_process(meta, monkeypatch)
    Deployment.__init__(DEPLOYMENT)
    _system_users.UserPlan.__init__(_system_users.USER_PLAN)
    monkeypatch.setattr(_system_users, "_taken", set())
    monkeypatch.setattr(_host, "_calls", 0)


def updated(provider: MetaProvider, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """The outputs after an update; `refused` among them when it was."""
    outs = provider.update(id_, olds, news).outs
    assert outs is not None
    return dict(outs)


@pytest.fixture(autouse=True)
def notes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """This machine's notes of creates that were begun, empty."""
    monkeypatch.setenv("META_ACCESS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / "creates"


def printed(error: Exception, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the plugin host sends when a provider raises `error`."""

    @boundary
    def call() -> None:
        raise error

    monkeypatch.setattr(sys, "tracebacklimit", 0, raising=False)
    try:
        call()
    except Failure:
        return traceback.format_exc()
    raise AssertionError
