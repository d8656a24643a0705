"""A restart, a crash and a broken file: the world is the last complete one, or nothing starts."""

from __future__ import annotations

import http.client
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError

from meta_access.errors import MetaAccessError
from meta_emulator.emulator import Emulator
from meta_emulator.world_files import WorldFile
from tests.emulators import RunningEmulator, start_emulator

if TYPE_CHECKING:
    from collections.abc import Callable
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


KILLS = 8


def test_kills_in_the_middle_of_writing_leave_every_answered_change(tmp_path: Path) -> None:
    """Both services are written to without a pause, and killed at another moment each time."""
    state = tmp_path / "state"
    name = value = "first"
    for kill in range(KILLS):
        emulator = start_emulator(state)
        names, values = Answered(name), Answered(value)
        user = emulator.create_system_user("first") if kill == 0 else emulator.world()["system_users"][1]["id"]
        secrets = emulator.secrets()
        if kill == 0:
            secrets.create_secret(Name="s", SecretString="first", Tags=[{"Key": "last", "Value": "first"}])

        def rename(name: str, emulator: RunningEmulator = emulator, user: str = user) -> bool:
            params = {"system_user_id": user, "name": name}
            return emulator.graph("POST", f"{BUSINESS}/system_users", params).status == 200

        # A tag, because a secret holds no more than a hundred values.
        def put(value: str, secrets: Any = secrets) -> bool:
            return bool(secrets.tag_resource(SecretId="s", Tags=[{"Key": "last", "Value": value}]))

        writers = [
            threading.Thread(target=answered.write, args=(change, kill))
            for answered, change in ((names, rename), (values, put))
        ]
        for writer in writers:
            writer.start()
        names.wait_for(5 + 7 * kill)
        emulator.kill()
        for writer in writers:
            writer.join(60)

        again = start_emulator(state)
        name = again.world()["system_users"][1]["name"]
        [value] = [tag["Value"] for tag in again.secrets().describe_secret(SecretId="s")["Tags"]]
        again.stop()
        # What was answered is there; one more may be, that was written and not yet answered.
        assert name in (names.last, names.next), f"kill {kill}"
        assert value in (values.last, values.next), f"kill {kill}"


class Answered:
    """What a writer was told is done, and what it asked for next; `last` is there before it begins."""

    def __init__(self, last: str) -> None:
        self.last = self.next = last
        self._count = 0
        self._grown = threading.Condition()

    def write(self, change: Callable[[str], bool], kill: int) -> None:
        """Write on and on until nobody answers."""
        for number in range(10**6):
            self.next = f"{kill}-{number}"
            try:
                assert change(self.next)
            except (OSError, http.client.HTTPException, BotoCoreError):
                return
            self.last = self.next
            with self._grown:
                self._count += 1
                self._grown.notify_all()

    def wait_for(self, count: int) -> None:
        with self._grown:
            assert self._grown.wait_for(lambda: self._count >= count, timeout=60)


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


def test_sixteen_clients_of_secrets_manager_lose_no_update(tmp_path: Path) -> None:
    emulator = start_emulator(tmp_path / "state")
    try:

        def create(number: int) -> None:
            secrets = emulator.secrets()
            for each in range(3):
                secrets.create_secret(Name=f"s{number:02d}{each}", SecretString="one")

        clients = [threading.Thread(target=create, args=(number,)) for number in range(16)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(60)
        emulator.kill()
        emulator = start_emulator(tmp_path / "state")

        found = emulator.secrets().list_secrets(MaxResults=100)["SecretList"]
        assert sorted(secret["Name"] for secret in found) == [f"s{n:02d}{each}" for n in range(16) for each in range(3)]
    finally:
        emulator.stop()


def test_state_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises((RuntimeError, OSError)):
        start_emulator(tmp_path / "file" / "state")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("credentials.json", "cannot read the fake credentials .+ Run `meta-access emulator reset`"),
        ("secretsmanager.json", "It was left as it is; move it away"),
        ("start.json", "cannot read what the world began with, .+ Run `meta-access emulator reset --world NAME`"),
    ],
)
def test_another_broken_file_is_named_left_as_it_is_and_nothing_starts(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_text("{")

    with pytest.raises(MetaAccessError, match=words):
        Emulator(tmp_path, port=0, aws_port=0, world=WorldFile("mine", {"businesses": []}))

    assert (tmp_path / name).read_text() == "{"
