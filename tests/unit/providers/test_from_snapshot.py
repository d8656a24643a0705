"""Resources before a snapshot: what it holds is seen, what it does not hold stands as it was, nothing is written."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic import ConfigureRequest

from meta_access import snapshot
from meta_access.graph import reads
from meta_access.providers import _live
from meta_access.providers._boundary import Failure
from meta_access.providers.app_roles import AppRolesProvider
from meta_access.providers.asset_assignment import AssetAssignmentProvider
from meta_access.providers.exclusive_access import ExclusiveAccessProvider
from meta_access.snapshot import Subject
from meta_access.stack.connections import Settings
from meta_emulator.world import AppRole, Assignment
from tests.unit.emulated import NOW
from tests.unit.providers.conftest import APP, new_process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.emulated import EmulatedMeta

PROVIDER = AppRolesProvider()
NADIA, INES = "100000000000401", "100000000000402"
ASKED = {
    "label": "ads-app-roles",
    "connection": "main",
    "roles": {"nadia": "admin", "ines": "developer"},
    "people": {"nadia": {"user_id": NADIA}, "ines": {"user_id": INES}},
    "owner": "nadia",
}
HOLDS_NOT = "was not possible: the snapshot of 2026-11-24T08:00:00Z does not hold it.\n"


class Night:
    """A job that records what a process of its own reads, and the process of a preview after that."""

    def __init__(self, meta: EmulatedMeta, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._meta, self._folder, self._patch = meta, folder, monkeypatch
        (folder / "reads").mkdir()
        for name in (snapshot.VARIABLE, snapshot.READS_VARIABLE, "META_ACCESS_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(snapshot.MAX_AGE_VARIABLE, "99999d")
        monkeypatch.setattr(snapshot, "_given", {})

    def record(self) -> None:
        new_process(self._patch, self._meta)
        self._patch.setenv(snapshot.READS_VARIABLE, str(self._folder / "reads"))
        snapshot.record({"service": "none"}, {}, NOW)

    def preview(self) -> None:
        subject = Subject.of("meta-access", "dev", "dev", "2026-05", [self._meta.connection])
        whole = snapshot.made(subject, self._folder / "reads", {"version": 3})
        self._patch.delenv(snapshot.READS_VARIABLE)
        snapshot.write(whole, self._folder / "s.json")
        self._patch.setenv(snapshot.VARIABLE, str(self._folder / "s.json"))
        new_process(self._patch, self._meta)
        self._meta.forget_calls()


@pytest.fixture
def night(meta: EmulatedMeta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    with meta.edit() as world:
        world.app_roles = [AppRole(APP, NADIA, "administrators"), AppRole(APP, INES, "developers")]
    return Night(meta, tmp_path, monkeypatch)


def made() -> tuple[str, dict[str, Any]]:
    created = PROVIDER.create(PROVIDER.check({}, ASKED).inputs)
    assert created.outs is not None
    return created.id, dict(created.outs)


def test_a_preview_sees_what_the_night_saw_and_calls_nobody(night: Night, meta: EmulatedMeta) -> None:
    id_, outs = made()
    assert outs["status"] == "satisfied"
    with meta.edit() as world:
        world.app_roles.pop()
    night.record()
    PROVIDER.read(id_, outs)
    with meta.edit() as world:
        world.app_roles.append(AppRole(APP, INES, "testers"))
    night.preview()

    found = PROVIDER.read(id_, outs)

    assert found.outs is not None
    assert found.outs["status"] == "drifted"
    assert found.outs["observed"] == {"nadia": "admin"}
    assert meta.calls == []


def test_a_preview_names_whom_exclusive_access_takes_off_although_it_is_new(
    night: Night, meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, tool = "act_104320000000501", "122090000000777"
    meta.add_system_user(tool, "old tool")
    with meta.edit() as world:
        world.assignments = [Assignment(shop, tool, ["ANALYZE"])]
    night.record()
    known = reads.reads_for(meta.connection)
    for ask in (known.system_users, known.business_users, known.token_user):
        ask()
    known.holders("ad_account")
    night.preview()
    held = {"label": "shop-exclusive", "connection": "main", "assets": [shop], "kept": []}

    checked = ExclusiveAccessProvider().check({}, held).inputs

    assert [row["holder"] for row in checked["removes"]] == [tool]
    assert f"an update takes ANALYZE on {shop} of old tool (system user {tool}), which no line declares." in (
        capsys.readouterr().out
    )
    assert meta.calls == []


def test_what_was_not_recorded_is_unknown_and_stands_as_the_state_has_it(
    night: Night, meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    id_, outs = made()
    night.record()
    night.preview()
    capsys.readouterr()

    found = PROVIDER.read(id_, outs)
    wider = PROVIDER.check(outs, {**ASKED, "roles": {"nadia": "admin"}}).inputs

    assert (found.id, found.outs) == (id_, outs)
    assert wider["status"] == "satisfied"
    assert capsys.readouterr().out == (
        f"app roles ads-app-roles is unknown and stands as the state has it: Reading {APP}/roles {HOLDS_NOT}"
        f"app roles ads-app-roles: its status was not looked at: Reading {APP}/roles {HOLDS_NOT}"
    )
    assert meta.calls == []


def test_whether_a_new_resource_will_be_refused_is_said_to_be_unknown(
    night: Night, meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    night.record()
    night.preview()
    user, asset = "122090000000401", "act_104320000000501"
    asked = {"label": "shop", "connection": "main", "system_user_id": user, "asset": asset, "tasks": ["ANALYZE"]}

    assert AssetAssignmentProvider().check({}, asked).failures == []

    text = capsys.readouterr().out
    assert text.startswith(
        "asset assignment shop: whether it will be refused is unknown: Reading 178000000000101/owned_ad_"
    )
    assert text.endswith(HOLDS_NOT)
    assert meta.calls == []


def test_nothing_is_written(night: Night, meta: EmulatedMeta) -> None:
    id_, outs = made()
    night.record()
    night.preview()
    refused = r"app roles ads-app-roles is refused: META_ACCESS_SNAPSHOT forbids every call and every change\."

    with pytest.raises(Failure, match=f"^creating {refused}"):
        PROVIDER.create(PROVIDER.check({}, {**ASKED, "label": "ads-app-roles"}).inputs)
    with pytest.raises(Failure, match=f"^deleting {refused}"):
        PROVIDER.delete(id_, outs)
    updated = PROVIDER.update(id_, outs, PROVIDER.check(outs, ASKED).inputs).outs
    assert updated is not None
    assert updated["refused"].startswith("updating app roles ads-app-roles is refused: META_ACCESS_SNAPSHOT forbids ")
    assert meta.calls == []


def test_a_host_is_configured_only_where_the_program_runs_and_for_its_own_environment(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.record()
    night.preview()
    monkeypatch.setattr(_live, "_settings", None)
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)  # a host shortens them for good
    config: Any = SimpleNamespace(get={"meta:environment": "prod"}.get)

    monkeypatch.delenv("PULUMI_RUN_PROGRAM", raising=False)
    with pytest.raises(Failure, match=r"Set PULUMI_RUN_PROGRAM=true and repeat\.$"):
        PROVIDER.configure(ConfigureRequest(config))
    monkeypatch.setenv("PULUMI_RUN_PROGRAM", "true")
    settings = Settings(environment="prod", rules="2026-05", offline=False, connections={})
    monkeypatch.setattr(_live, "settings_from_config", lambda _: settings)
    with pytest.raises(Failure, match="it is of environment dev, and this is environment prod"):
        PROVIDER.configure(ConfigureRequest(config))
