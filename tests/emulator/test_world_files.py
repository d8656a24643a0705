"""Worlds as files: those that come along, one's own, and everything that is wrong with one, at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator import world_files
from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from meta_emulator.fault import FaultError
from meta_emulator.keyring import Keyring
from meta_emulator.named import ActError
from meta_emulator.persistence import StateError
from meta_emulator.world_files import WorldFile
from meta_emulator.world_json import WorldError
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from pathlib import Path

SHARE = {"business_id": "17", "permitted_tasks": [], "colour": "red"}
NOW = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)


def ask(meta: MetaEmulator, path: str, token: str | None = None) -> GraphAnswer:
    return graph_call(meta.graph_url, "GET", path, token=meta.admin_token if token is None else token)


def problems(tmp_path: Path, data: dict[str, Any]) -> list[str]:
    with pytest.raises(WorldError) as caught:
        world_files.build(WorldFile("x", data), Keyring(tmp_path / "credentials.json"), NOW)
    return str(caught.value).split("; ")


def test_the_worlds_that_come_along() -> None:
    assert world_files.names() == ["agency", "lindenhof", "saas", "single-advertiser"]


@pytest.mark.parametrize(
    ("name", "business", "accounts"),
    [
        ("single-advertiser", "Nordwind Shop", ["act_104320000001001"]),
        ("agency", "Leuchtturm Agency", ["act_104320000002001"]),
        ("agency.yaml", "Leuchtturm Agency", ["act_104320000002001"]),
        ("saas", "Kontor Software", []),
        ("lindenhof", "Lindenhof Media", ["act_104320000000501", "act_104320000000502"]),
    ],
)
def test_the_admin_token_of_each_reads_its_business(name: str, business: str, accounts: list[str]) -> None:
    with MetaEmulator(name) as meta:
        proof = meta.proof(meta.admin_token)
        read = ask(meta, f"{meta.business_id}?fields=name&appsecret_proof={proof}")
        owned = ask(meta, f"{meta.business_id}/owned_ad_accounts?appsecret_proof={proof}")

    assert read.body["name"] == business
    assert [row["id"] for row in owned.body["data"]] == accounts


def test_the_agency_has_thirty_clients_and_a_named_token() -> None:
    with MetaEmulator("agency") as meta:
        shared = ask(meta, f"{meta.business_id}/client_ad_accounts?limit=100").body["data"]
        me = ask(meta, "me", meta.token("reporting")).body
        with pytest.raises(KeyError):
            meta.token("nobody")

    assert (len(shared), me["name"]) == (30, "reporting")
    assert meta.token("reporting").startswith("EAA" + "EMU")


def test_a_file_of_ones_own_in_yaml_and_a_reset_to_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text('businesses: [{id: "17", name: Mine}]\n')

    with MetaEmulator(file) as meta:
        with meta.edit() as world:
            world.businesses[0].name = "Changed"
        changed = meta.world.businesses[0].name
        file.unlink()
        meta.reset()

        assert (changed, meta.world.businesses[0].name) == ("Changed", "Mine")


def test_everything_wrong_with_a_file_is_said_at_once(tmp_path: Path) -> None:
    data = {
        "busineses": [],
        "businesses": [{"id": "17", "name": "Mine"}],
        "apps": [{"id": "12", "name": "App", "business_id": "99"}],
        "tokens": [{"name": "no name", "system_user_id": "122", "app_id": "12", "scopes": [], "lifetime": "soon"}],
        "ad_accounts": [{"id": "104", "name": "Shop", "business_id": "17", "shares": [SHARE]}],
    }

    assert problems(tmp_path, data) == [
        "tokens[0].name: write letters, digits, - and _ only, such as admin",
        "tokens[0].lifetime: 'soon' is not a duration",
        "write it like 60d",
        "ad_accounts[0].shares[0].colour: unknown key",
        "leave it out, there are business_id, permitted_tasks",
        "busineses: unknown key",
        "did you mean businesses?",
        "apps[0].business_id: '99' is no business of this world",
        "there are 17",
        "tokens[0].system_user_id: '122' is no system user of this world",
        "add one with this id, or leave it out",
        "ad_accounts[0].id: '104' is not act_ and digits",
        "write it as act_104320000000501",
    ]


def test_a_number_as_an_id_and_a_missing_key_say_what_to_do(tmp_path: Path) -> None:
    assert problems(tmp_path, {"businesses": [{"id": 17}]}) == [
        "businesses[0].id: Input should be a valid string",
        "put the number in quotes",
        "businesses[0].name: missing",
        "write it",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n", "write the keys of a world"),
        ("a: [\n", "is not valid YAML"),
        ("businesses: []\nbusinesses: []\n", "is there twice"),
        ("businesses: [{created_time: 2026-11-24}]\n", "put it in quotes"),
    ],
)
def test_what_is_no_world_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)

    with pytest.raises(WorldError, match=words):
        world_files.find(str(file))


def test_a_world_that_is_nowhere_names_those_that_there_are() -> None:
    with pytest.raises(WorldError, match="there are agency, lindenhof, saas, single-advertiser"):
        world_files.find("agancy")


def test_a_folder_with_another_world_is_not_overwritten(tmp_path: Path) -> None:
    with MetaEmulator("agency", home=tmp_path):
        pass

    with pytest.raises(StateError, match="began as agency"):
        MetaEmulator("saas", home=tmp_path)
    with MetaEmulator("agency", home=tmp_path) as meta:
        assert len(meta.world.businesses) == 31


def test_a_real_looking_token_in_a_world_is_refused_and_kept_nowhere(tmp_path: Path) -> None:
    canary = "EAA" + "B" * 40
    with MetaEmulator(home=tmp_path) as meta:
        named = graph_call(
            meta.graph_url, "POST", f"{meta.business_id}/system_users", {"name": canary}, token=meta.admin_token
        )
        called = ask(meta, "me", canary)
        ask(meta, f"{canary}/system_users")
        kept = str(meta.calls()) + str(meta.world)

    assert (named.status, named.code) == (401, (190, None))
    assert (called.status, called.code) == (401, (190, None))
    assert canary not in kept
    assert [file.name for file in tmp_path.iterdir() if canary.encode() in file.read_bytes()] == []


REAL = "EAA" + "B" * 40


def test_a_world_file_with_a_real_looking_token_names_the_places_and_quotes_nothing(tmp_path: Path) -> None:
    file, home = tmp_path / "mine.yaml", tmp_path / "home"
    token = f"{{name: {REAL}, system_user_id: null, app_id: {REAL}, scopes: [], lifetime: {REAL}}}"
    file.write_text(f"businesses: [{{id: '17', name: Mine, {REAL}: 1}}]\ntokens: [{token}]\n")

    with pytest.raises(WorldError) as refused:
        MetaEmulator(file, home=home)

    assert str(refused.value) == (
        "businesses[0]: looks like a real token of Meta's; tokens[0].name: looks like a real token of Meta's; "
        "tokens[0].app_id: looks like a real token of Meta's; tokens[0].lifetime: looks like a real token of Meta's. "
        "Real ones do not belong in an emulator: it takes only its own, which begin with EAAEMU. Nothing was kept."
    )
    assert [entry.name for entry in home.iterdir() if REAL.encode() in entry.read_bytes()] == []


def test_from_python_a_real_looking_token_is_refused_as_well(tmp_path: Path) -> None:
    build = WorldBuilder()
    build.business(REAL)
    with MetaEmulator(home=tmp_path) as meta:
        with pytest.raises(WorldError, match=r"businesses\[0\]\.name: looks like a real token"):
            meta.load(build)
        with pytest.raises(WorldError, match=r"people\[1\]\.name: looks like a real token"), meta.edit() as world:
            world.people[1].name = REAL
        with pytest.raises(FaultError, match="looks like a real token"):
            meta.faults.add(kind="http", status=200, body={"access_token": REAL})
        with pytest.raises(ActError, match="looks like a real token"):
            meta.act("add-redirect", uri=f"https://a.example/?{REAL}")

        assert (meta.faults.all(), meta.world.businesses[0].id) == ([], "178000000000101")
    assert [entry.name for entry in tmp_path.iterdir() if REAL.encode() in entry.read_bytes()] == []
