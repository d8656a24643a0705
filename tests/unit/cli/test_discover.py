"""A live business written into a stack's files, before the emulated Meta."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from meta_access.cli import main, pulumi_run, pulumi_stack
from meta_access.cli.stack import discover
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack
from tests import messy
from tests.texts import lacks
from tests.unit.cli.states import resource, state
from tests.unit.emulated import EmulatedMeta, begin_process

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from meta_emulator.builder import WorldBuilder
    from meta_emulator.embedded import MetaEmulator


class Place:
    """A project's folder with a stack file that declares a connection, and the business behind it."""

    def __init__(self, meta: EmulatedMeta, folder: Path) -> None:
        self.meta, self.stacks = meta, folder / "stacks"
        self.stacks.mkdir()
        (folder / "Pulumi.yaml").write_text("name: meta-access\nruntime: python\nstackConfigDir: stacks\n")
        self.file = self.stacks / "Pulumi.dev.yaml"
        connection = {
            "business": "ours",
            "app": "ads",
            "graph_url": meta.connection.graph_url,
            "api_version": "v26.0",
            "app_secret": "emulator:",
            "admin_token": "emulator:",
            "aws": {"region": "eu-central-1", "endpoint_url": meta.connection.aws.endpoint_url},
        }
        config = {
            "meta:environment": "dev",
            "meta:rules": "2026-11",
            "meta:connections": {"main": connection},
            "meta:businesses": {"ours": {"id": meta.business.id}},
            "meta:apps": {"ads": {"id": meta.app.id, "tier": "full"}},
        }
        self.file.write_text("# Ours.\n" + yaml.safe_dump({"config": config}, sort_keys=False))
        self.state = state()

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["discover", "--stack", "dev", *arguments])

    def told(self, *arguments: str) -> dict[str, Any]:
        found = self.run("--json", *arguments)
        assert found.exit_code in {0, 2}, found.output
        return dict(json.loads(found.stdout))

    def texts(self) -> dict[str, str]:
        return {str(path.relative_to(self.stacks)): path.read_text() for path in self.stacks.rglob("*.yaml")}

    def edit(self, before: str, after: str, file: str = "Pulumi.dev.yaml") -> None:
        text = (self.stacks / file).read_text()
        assert text.count(before) == 1, text
        (self.stacks / file).write_text(text.replace(before, after))

    @property
    def spec(self) -> Any:
        return load_stack(config_of(self.file), "dev", self.stacks, project="meta-access").spec


def begun(emulator: MetaEmulator, world: WorldBuilder, folder: Path, patch: pytest.MonkeyPatch) -> Place:
    meta = EmulatedMeta(emulator, world)
    begin_process(meta, patch)
    place = Place(meta, folder)
    patch.chdir(folder)
    patch.setattr(pulumi_stack, "config", lambda _: {})
    patch.setattr(pulumi_stack, "export", lambda _: place.state)
    return place


@pytest.fixture
def place(unit_emulator: MetaEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return begun(unit_emulator, messy.world(), tmp_path, monkeypatch)


@pytest.fixture
def small(unit_emulator: MetaEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return begun(unit_emulator, messy.world(messy.FEW), tmp_path, monkeypatch)


def test_a_messy_business_is_written_down_and_found_again(place: Place) -> None:
    before = place.texts()
    shown = place.run()
    assert (shown.exit_code, place.texts()) == (0, before)
    assert lacks(shown.stdout, "+++ stacks/clients.dev/acme-gmbh-0000.yaml", "--write", "token: none") == []

    told = place.told("--write")

    assert told["found"] == {"system_users": 14, "assets": 274, "people": 9, "invitations": 4, "apps": 2}
    assert place.meta.writes == []
    assert told["added"]["identities"] == [
        "root",
        "reporting-0100",
        "reporting-0101",
        "feeds-0102",
        "feeds-0103",
        "user-2024-import",
        "uber-buro",
        "user-0106",
        "user-0107",
        "null",
        "nobodys-bot",
    ]
    assert told["added"]["clients"] == [
        "acme-gmbh-0000",
        "acme-gmbh-0001",
        "birke-sohne",
        "cedar",
        "client-0002",
        "client-0006",
        "client-2-liga",
        "null",
        "ours",
    ]
    people = sorted(told["added"]["people"])
    assert [key.rstrip("0123456789") for key in people] == [
        "anna",
        "ines",
        "jonas-weber-",
        "jonas-weber-",
        "nadia",
        "person-",
    ]
    assert Counter(one["about"] for one in told["findings"]) == {
        "retired": 1,
        "role": 1,
        "name": 1,
        "owner": 2,
        "no_address": 3,
        "invited": 4,
        "app_of_another": 1,
    }
    spec = place.spec
    assert {one.name for one in spec.identities.values() if one.name} >= {"👩‍💻 Reporting", "🦊", "отчёты"}
    assert all(one.adopt and not one.has_token for one in spec.identities.values())
    held = {(row.asset_id.removeprefix("act_"), row.user_id): set(row.tasks) for row in place.meta.world.assignments}
    written = {
        (asset.removeprefix("act_").partition(":")[2] or asset.removeprefix("act_"), spec.identities[key].adopt): tasks
        for client in spec.clients.values()
        for asset, choices in client.assets.items()
        for key, tasks in choices.items()
    }
    unknown_owners = {one["subject"].partition(":")[2] for one in told["findings"] if one["about"] == "owner"}
    assert {pair: set(tasks) for pair, tasks in written.items()} == {
        pair: tasks for pair, tasks in held.items() if pair[0] not in unknown_owners
    }

    place.meta.forget_calls()
    texts = place.texts()
    again = place.told("--write")
    assert (again["files"], place.texts()) == ([], texts)
    assert place.meta.writes == []


def test_another_run_keeps_what_people_made_of_the_files(place: Place) -> None:
    place.run("--write")
    acme = "clients.dev/acme-gmbh-0000.yaml"
    (place.stacks / acme).rename(place.stacks / "clients.dev/acme.yaml")
    place.edit("access: partner\n", "access: partner\ncontact: Zoe  # by phone\n", "clients.dev/acme.yaml")
    place.edit("  meta:identities:\n    root:", "  meta:identities:\n    # The one that calls.\n    boss:")
    texts = place.texts()
    assert place.told("--write")["files"] == []
    assert place.texts() == texts

    with place.meta.edit() as world:
        account = next(one for one in world.ad_accounts if one.business_id == "998870000000000")
        account.name = "Renamed: 🦊 # new"
    user, _ = next((key, one) for key, one in place.spec.identities.items() if one.adopt == "122090000000106")
    place.meta.add_system_user("122090000000777", "night shift")
    told = place.told("--write")
    assert told["files"] == ["stacks/Pulumi.dev.yaml"]
    assert place.texts()["Pulumi.dev.yaml"].startswith("# Ours.\n")
    added = set(place.texts()["Pulumi.dev.yaml"].splitlines()) - set(texts["Pulumi.dev.yaml"].splitlines())
    assert added >= {"    night-shift:  # EMPLOYEE system user", "      name: night shift"}
    assert user in place.spec.identities
    assert {key: text for key, text in place.texts().items() if key != "Pulumi.dev.yaml"} == {
        key: text for key, text in texts.items() if key != "Pulumi.dev.yaml"
    }


def test_what_meta_has_otherwise_is_told_and_left_as_it_is_typed(place: Place) -> None:
    place.run("--write")
    accounts = [row for row in place.meta.world.assignments if row.asset_id.startswith("act_")]
    with place.meta.edit() as world:
        row = next(one for one in world.assignments if one.asset_id == accounts[0].asset_id)
        row.tasks = ["DRAFT"]
        gone = next(one for one in world.ad_accounts if one.id not in {two.asset_id for two in world.assignments})
        gone.business_id = None
        gone.shares = []
    texts = place.texts()

    told = place.told("--write")

    assert place.texts() == texts
    found = {one["about"]: one for one in told["findings"] if one["about"] in {"differs", "gone"}}
    assert (found["differs"]["subject"], found["differs"]["there"]) == (accounts[0].asset_id, ["DRAFT"])
    assert found["gone"]["subject"] == gone.id


def test_a_user_that_is_declared_by_its_name_is_adopted_unless_the_state_has_it(small: Place) -> None:
    small.edit(
        "  meta:connections:", "  meta:identities:\n    reporting: {use_case: read_reports}\n  meta:connections:"
    )
    assert "reporting" in small.told("--user", "reporting")["added"]["identities"]

    small.run("--write", "--user", "reporting")
    line = '    reporting: {use_case: read_reports, adopt: "122090000000100"}\n'
    assert line in small.texts()["Pulumi.dev.yaml"]

    small.edit(', adopt: "122090000000100"', "")
    small.state = state(resource("SystemUser", "reporting", id_="122090000000100"))
    assert small.told("--user", "reporting")["added"]["identities"] == []


@pytest.mark.parametrize(
    ("asked", "clients", "identities"),
    [
        (("--client", "Cedar"), {"cedar"}, 5),
        (("--client", "998870000000007", "--kind", "page"), {"cedar"}, 1),
        (("--user", "🦊"), {"acme-gmbh-0001", "birke-sohne", "client-2-liga", "ours"}, 1),
        (("--kind", "waba"), {"ours"}, 4),
    ],
)
def test_a_run_may_be_about_a_part(place: Place, asked: tuple[str, ...], clients: set[str], identities: int) -> None:
    told = place.told(*asked)
    assert told["added"]["people"] == []
    assert (set(told["added"]["clients"]), len(told["added"]["identities"])) == (clients, identities)


def test_what_nobody_has_is_refused_by_name(small: Place) -> None:
    refused = small.run("--write", "--client", "nobody", "--user", "root")
    assert refused.exit_code == 1
    assert lacks(refused.output, "nobody", "Nothing was written") == []


def test_a_list_that_is_not_shown_is_named_and_ends_with_work_left(small: Place) -> None:
    small.meta.refuse("GET", ".*/client_pages", 200, "Requires pages_show_list.")
    told = small.run("--json", "--write")
    assert told.exit_code == 2
    assert [one["list"] for one in json.loads(told.stdout)["unread"]] == [f"{messy.BUSINESS}/client_pages"]
    assert "not shown" in small.run().stdout.lower()


@pytest.mark.parametrize("code", [4, 17, 190, 1])
def test_trouble_in_the_middle_leaves_the_files_as_they_were(small: Place, code: int) -> None:
    texts = small.texts()
    small.meta.refuse("GET", ".*/owned_product_catalogs", code)

    refused = small.run("--write")

    assert (refused.exit_code, small.texts()) == (1, texts)
    assert "Traceback" not in refused.output


def test_every_file_that_cannot_be_read_is_named_at_once(small: Place) -> None:
    small.run("--write")
    small.edit("access: own\n", "<<<<<<< HEAD\naccess: own\n=======\n>>>>>>> theirs\n", "clients.dev/ours.yaml")
    (small.stacks / "clients.dev/cedar.yaml").write_text("business: [\n")
    texts = small.texts()

    refused = small.run("--write")

    assert (refused.exit_code, small.texts()) == (1, texts)
    assert lacks(refused.output, "ours.yaml", "conflict", "line 5", "cedar.yaml", "not valid YAML") == []


def test_two_runs_at_once_do_not_mix(small: Place) -> None:
    with discover.alone(small.stacks):
        refused = small.run("--write")
    assert refused.exit_code == 1
    assert "at work" in refused.output
    assert small.meta.calls == []


def test_a_write_that_fails_takes_back_what_it_wrote(small: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, replace = small.texts(), os.replace

    def full(source: str, target: str, **more: Any) -> None:
        if target == "cedar.yaml":
            raise OSError(28, "No space left on device")
        replace(source, target, **more)

    monkeypatch.setattr(os, "replace", full)
    refused = small.run("--write")

    assert refused.exit_code == 1
    assert lacks(refused.output, "No space left", "Nothing was written") == []
    assert small.texts() == texts
    assert [path.name for path in small.stacks.rglob(".*")] == []


def test_a_folder_of_clients_that_the_stack_does_not_name_is_left_alone(small: Place) -> None:
    (small.stacks / "clients.dev").mkdir()
    (small.stacks / "clients.dev/old.yaml").write_text("access: own\n")
    refused = small.run("--write")
    assert refused.exit_code == 1
    assert lacks(refused.output, "clients.dev", "meta:clients_dir") == []


def test_no_call_leaves_where_none_may(small: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")
    refused = small.run()
    assert (refused.exit_code, small.meta.calls) == (1, [])


def test_five_thousand_accounts_are_read_page_by_page_and_written_once(
    unit_emulator: MetaEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = messy.world()
    for number in range(5000 - 150):
        world.ad_account(f"Shop {number}", messy.BUSINESS)
    place = begun(unit_emulator, world, tmp_path, monkeypatch)

    told = place.told("--write", "--kind", "ad_account")

    assert told["added"]["assets"] == 5040
    assert sum(call.endswith("/owned_ad_accounts") for call in place.meta.calls) == 50
    assert len(place.meta.calls) == 50 + 1 + 14 + 1 + 2 + 2  # shared, by user, users, people, apps


def test_what_exists_just_as_declared_can_be_imported_and_nothing_else(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[list[str]] = []

    def ran(argv: list[str], **_: Any) -> pulumi_run.Finished:
        runs.append(argv)
        return pulumi_run.Finished(0)

    monkeypatch.setattr(pulumi_run, "run", ran)
    monkeypatch.setattr(pulumi_run, "installed_only", dict)
    file = tmp_path / "import.json"
    assert "--write" in place.run("--import-file", str(file)).output
    assert not file.exists()
    place.run("--write", "--import-file", str(file))
    given = json.loads(file.read_text())
    kinds = Counter(row["type"].rsplit(":", 1)[-1] for row in given["resources"] if not row.get("component"))
    assert kinds == {"SystemUser": 11, "AssetAssignment": 236, "BusinessUser": 6}
    user = next(row for row in given["resources"] if row["name"] == "SystemUser-uber-buro")
    assert (user["id"], user["parent"], user["logicalName"]) == (
        "122090000000105",
        "SystemIdentity-uber-buro",
        "uber-buro",
    )
    whose = {"stack": "meta-access/dev", "connection": "main", "name": "Über Büro", "role": "EMPLOYEE"}
    assert {key: user["inputs"].get(key) for key in whose} == whose
    assert {key: user["outputs"].get(key) for key in ("adopted", "gone")} == {"adopted": True, "gone": False}

    done = CliRunner().invoke(main, ["import", str(file), "--stack", "dev", "--yes", "--json"])
    assert (done.exit_code, len(json.loads(done.stdout)["imported"])) == (0, 253)
    assert runs[0][:5] == ["pulumi", "import", "--file", str(file), "--stack"]
    assert place.meta.writes == []

    with place.meta.edit() as world:
        row = next(one for one in world.assignments if one.asset_id.startswith("act_"))
        row.tasks = ["DRAFT"]
    refused = CliRunner().invoke(main, ["import", str(file), "--stack", "dev", "--yes"])
    assert (refused.exit_code, len(runs)) == (1, 1)
    assert lacks(refused.output, "AssetAssignment-", "Nothing was imported", "discover --write --import-file") == []

    place.state = state({"urn": "urn:pulumi:dev::meta-access::meta:access:SystemIdentity::null", "type": "x"})
    place.run("--write", "--import-file", str(file))
    assert json.loads(file.read_text())["nameTable"] == {
        "SystemIdentity-null": "urn:pulumi:dev::meta-access::meta:access:SystemIdentity::null"
    }


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_nothing_is_imported_without_a_yes(small: Place, tmp_path: Path, answer: str) -> None:
    small.run("--write", "--import-file", str(tmp_path / "import.json"))
    asked = CliRunner().invoke(main, ["import", str(tmp_path / "import.json"), "--stack", "dev"], input=answer)
    assert asked.exit_code == 1


def test_a_user_that_another_app_sees_under_another_id_is_known_by_its_name(place: Place) -> None:
    whole = yaml.safe_load(place.file.read_text())
    config = whole["config"]
    config["meta:apps"]["second"] = {"id": "120480000000009"}
    config["meta:connections"]["other"] = {**config["meta:connections"]["main"], "app": "second"}
    there = {"connection": "other", "adopt": "999", "token": "none", "name": "Über Büro"}
    config["meta:identities"] = {"office": there}
    place.file.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))

    told = place.told("--write")

    assert "uber-buro" not in told["added"]["identities"]
    assert not [one for one in told["findings"] if one["about"] == "gone"]
    assert place.spec.identities["null"].connection == "main"
    assert any("office" in choices for client in place.spec.clients.values() for choices in client.assets.values())


def test_an_ignore_list_is_kept_until_its_day(small: Place) -> None:
    account = next(row for row in small.meta.world.assignments if row.asset_id.startswith("act_"))
    empty = next(one.id for one in small.meta.world.ad_accounts if one.business_id == messy.BUSINESS)
    whole = yaml.safe_load(small.file.read_text())
    kept = {"reason": "moves in spring", "person": "zoe", "until": "2999-01-01"}
    whole["config"]["meta:people"] = {"zoe": {}}
    whole["config"]["meta:ignore"] = [
        {"holder": "122090000000105", **kept},
        {"holder": "ines@leuchtturm.example", **kept},
        {"asset": empty, **kept},
        {"holder": account.user_id, "asset": account.asset_id, **kept},
        {"holder": "122090000000106", **kept, "until": "2020-01-01"},
    ]
    small.file.write_text(yaml.safe_dump(whole, sort_keys=False))

    told = small.told("--write")

    found = {one["subject"]: one for one in told["findings"] if one["about"] == "ignored"}
    assert len(found) == 4
    assert found["122090000000105"]["text"] == "122090000000105 is ignored: moves in spring (zoe, 2999-01-01)."
    spec = small.spec
    written = {one.adopt: key for key, one in spec.identities.items()}
    assert "122090000000105" not in written
    assert "122090000000106" in written
    assert "ines" not in spec.people
    assets = {asset: choices for client in spec.clients.values() for asset, choices in client.assets.items()}
    assert empty not in assets
    assert written[account.user_id] not in assets[account.asset_id]
    assert small.told("--write")["files"] == []
