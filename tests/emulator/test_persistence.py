"""A restart, a crash and a broken file: the world is the last complete one, or nothing starts."""

from __future__ import annotations

import stat
import threading
from typing import TYPE_CHECKING

import pytest

from tests.emulators import start_emulator

if TYPE_CHECKING:
    from pathlib import Path

BUSINESS = "178000000000101"


def test_world_credentials_clock_and_secrets_survive_a_restart(tmp_path: Path) -> None:
    first = start_emulator(tmp_path / "state")
    try:
        user = first.create_system_user("reporting")
        first.secrets().create_secret(Name="meta/one", SecretString="two")
        first.clock(set_="2035-01-01T00:00:00Z")
        world = first.world()
    finally:
        first.stop()

    second = start_emulator(tmp_path / "state")
    try:
        assert second.credentials == first.credentials
        assert {**second.world(), "now": ""} == {**world, "now": ""}
        assert second.clock().startswith("2035-01-01T00:0")
        assert second.graph("GET", user).body == {"id": user, "name": "reporting"}
        assert (
            second.secrets().get_secret_value(SecretId="meta/one", VersionStage="AWSCURRENT")["SecretString"] == "two"
        )
    finally:
        second.stop()


def test_what_it_writes_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    emulator = start_emulator(state)
    emulator.create_system_user("reporting")
    emulator.secrets().create_secret(Name="one", SecretString="two")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in state.iterdir()}
    emulator.stop()

    names = ("credentials.json", "lock", "run.json", "secretsmanager.json", "world.json")
    assert {name: modes[name] for name in names} == dict.fromkeys(names, 0o600)


def test_a_kill_in_the_middle_of_writing_leaves_every_answered_change(tmp_path: Path) -> None:
    emulator = start_emulator(tmp_path / "state")
    emulator.act("approve", name="tier")
    answered: list[str] = []

    def write() -> None:
        user = emulator.create_system_user("name 0")
        try:
            for number in range(1, 10**6):
                name = f"name {number}"
                params = {"system_user_id": user, "name": name}
                if emulator.graph("POST", f"{BUSINESS}/system_users", params).status == 200:
                    answered.append(name)
        except OSError:
            return

    writer = threading.Thread(target=write)
    writer.start()
    while len(answered) < 50:
        pass
    emulator.kill()
    writer.join(20)

    again = start_emulator(tmp_path / "state")
    try:
        name = again.world()["system_users"][1]["name"]
    finally:
        again.stop()
    assert int(name.split()[1]) >= int(answered[-1].split()[1])


@pytest.mark.parametrize(
    "text", ["", "{", '{"format": 2}', '{"format": 1, "serial": 1, "offset_s": 0, "world": {"nme": 1}}']
)
def test_a_broken_world_is_kept_aside_and_nothing_starts(tmp_path: Path, text: str) -> None:
    state = tmp_path / "state"
    start_emulator(state).stop()
    (state / "world.json").write_text(text)

    for _ in range(2):
        with pytest.raises(RuntimeError, match="emulator reset"):
            start_emulator(state)

    [kept] = state.glob("world.broken-*.json")
    assert kept.read_text() == text
    assert (state / "world.json").read_text() == text


def test_two_emulators_never_share_a_folder(tmp_path: Path) -> None:
    emulator = start_emulator(tmp_path / "state")
    try:
        with pytest.raises(RuntimeError, match="another emulator is using it"):
            start_emulator(tmp_path / "state")
        assert emulator.graph("GET", "me").status == 200
    finally:
        emulator.stop()


def test_sixteen_clients_lose_no_update(tmp_path: Path) -> None:
    emulator = start_emulator(tmp_path / "state")
    try:
        user = emulator.create_system_user("reporting")
        world = emulator.world()
        accounts = [f"act_10000000000{number:04d}" for number in range(16 * 5)]
        world["ad_accounts"] += [{"id": a, "name": a, "business_id": BUSINESS} for a in accounts]
        emulator.put_world(world)

        def assign(mine: list[str]) -> None:
            for account in mine:
                emulator.graph("POST", f"{account}/assigned_users", {"user": user, "tasks": ["ANALYZE"]})

        clients = [threading.Thread(target=assign, args=(accounts[start::16],)) for start in range(16)]
        for each in clients:
            each.start()
        for each in clients:
            each.join(30)

        assert sorted(row["asset_id"] for row in emulator.world()["assignments"]) == accounts
    finally:
        emulator.stop()


def test_state_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises((RuntimeError, OSError)):
        start_emulator(tmp_path / "file" / "state")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
