"""The id of a stack: one for all resources of a deployment, kept by those that have one, shown by none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from meta_access.providers.app_installation import AppInstallationProvider

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

PROVIDER = AppInstallationProvider()
INPUTS = {"label": "a", "connection": "main", "system_user_id": "122090000000302"}


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    meta.add_system_user(INPUTS["system_user_id"], "reporting")
    return meta


@pytest.fixture
def engine(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """A plugin host's process, as an engine starts it; the address is nobody's, and nothing asks there."""
    monkeypatch.setattr(sys, "argv", ["pulumi.dynamic", "127.0.0.1:1"])
    monkeypatch.setattr("meta_access.providers._host.engine_alive", lambda: True)
    return meta


def created() -> Any:
    return (PROVIDER.create(dict(INPUTS)).outs or {})["stack_id"]


def read(id_: str, **outs: str) -> dict[str, Any]:
    return PROVIDER.read(id_, {**INPUTS, **outs}).outs or {}


@pytest.mark.usefixtures("engine")
def test_all_new_resources_of_a_deployment_get_one_id_that_nobody_can_guess() -> None:
    first = created()

    assert UUID(first).version == 4
    assert created() == first


@pytest.mark.usefixtures("engine")
def test_a_new_resource_gets_the_id_that_the_state_has() -> None:
    read("1/2", stack_id="one")

    assert created() == "one"


@pytest.mark.usefixtures("engine")
def test_what_was_moved_here_keeps_the_id_that_it_came_with() -> None:
    read("1/2", stack_id="one")

    assert read("1/3", stack_id="two")["stack_id"] == "two"
    updated = PROVIDER.update("1/3", {**INPUTS, "stack_id": "two"}, dict(INPUTS))
    assert (updated.outs or {})["stack_id"] == "two"


@pytest.mark.usefixtures("engine")
def test_an_older_state_gets_its_id_with_the_next_write_and_shows_none_before() -> None:
    found = PROVIDER.read("1/2", dict(INPUTS))

    assert (found.outs, found.inputs) == (INPUTS, None)
    assert PROVIDER.diff("1/2", dict(INPUTS), dict(INPUTS)).changes is False
    updated = PROVIDER.update("1/2", dict(INPUTS), dict(INPUTS)).outs or {}
    assert UUID(updated["stack_id"]).version == 4
    assert PROVIDER.diff("1/2", updated, dict(INPUTS)).changes is False


@pytest.mark.usefixtures("meta")
def test_without_an_engine_no_id_is_made_and_one_that_is_there_is_kept() -> None:
    assert PROVIDER.create(dict(INPUTS)).outs == INPUTS
    assert read("1/2", stack_id="one")["stack_id"] == "one"
