"""`meta-access gates --refresh`: where each gate of a state stands at Meta now, with nothing changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.cli.gates import look
from meta_access.engine_marks import TYPE_PREFIX
from meta_access.errors import OfflineError
from meta_access.providers import _live
from meta_access.providers.app_roles import AppRolesProvider
from meta_emulator.world import AppRole
from tests.unit.providers.conftest import APP, new_process

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

NADIA, INES = "100000000000401", "100000000000402"


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    """An app that nadia administers, and on which nobody else has a role."""
    with meta.edit() as world:
        world.app_roles = [AppRole(APP, NADIA, "administrators")]
    return meta


@pytest.fixture(autouse=True)
def configured_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live, "configure", lambda _get: None)


def state() -> dict[str, Any]:
    """A gate as an update left it while ines had no role yet."""
    provider = AppRolesProvider()
    props = {
        "label": "ads-app-roles",
        "connection": "main",
        "roles": {"nadia": "admin", "ines": "developer"},
        "people": {"nadia": {"user_id": NADIA}, "ines": {"user_id": INES}},
        "owner": "nadia",
    }
    made = provider.create(provider.check({}, props).inputs)
    kind = f"{TYPE_PREFIX}AppRoles"
    row = {"urn": f"urn:pulumi:dev::p::{kind}::ads-app-roles", "type": kind, "id": made.id, "outputs": made.outs}
    return {"deployment": {"resources": [json.loads(json.dumps(row))]}}


def test_a_gate_that_a_person_has_opened_since_is_shown_open(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state()
    with meta.edit() as world:
        world.app_roles.append(AppRole(APP, INES, "developers"))
    new_process(monkeypatch, meta)

    found = look.now(before, {}, {})

    assert found.gates["ads-app-roles"]["status"] == "satisfied"
    assert found.gates["ads-app-roles"]["owner"] == "nadia"
    assert found.not_seen == {}
    assert meta.writes == []


def test_a_gate_that_cannot_be_looked_at_stands_as_it_was_with_the_reason(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state()
    new_process(monkeypatch, meta)
    meta.refuse("GET", "roles$", 190, "The token is no good.\x1b[2J")

    found = look.now(before, {}, {"ads-app-roles": ("ads-tier",)})

    assert found.gates["ads-app-roles"]["status"] == "pending_human"
    assert found.not_seen.keys() == {"ads-app-roles"}
    assert "The token is no good.<U+001B>[2J" in found.not_seen["ads-app-roles"]


def test_offline_nothing_can_be_looked_at(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state()
    offline = replace(_live.settings(), offline=True)
    monkeypatch.setattr(_live, "settings", lambda: offline)

    with pytest.raises(OfflineError, match="META_ACCESS_OFFLINE=1 forbids every call"):
        look.now(before, {}, {})
    assert meta.writes == []
