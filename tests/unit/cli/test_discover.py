"""A live business written into a stack's files, before the emulated Meta."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from meta_access.cli import main, pulumi_run, pulumi_stack
from meta_access.cli.stack import stack_texts
from meta_access.cli.stack.import_file import strangers
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack
from tests import messy
from tests.texts import lacks
from tests.unit.cli.provisioned import admin_token
from tests.unit.cli.states import resource, state
from tests.unit.emulated import EmulatedMeta, begin_process, secrets

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_what_is_written_is_counted_in_words(small: Place) -> None:
    small.run("--write")
    cedar = small.stacks / "clients.dev" / "cedar.yaml"
    cedar.unlink()

    said = small.run("--write").stdout.splitlines()

    assert said[0] == "Found: 14 system users, 14 assets, 9 people, 4 pending invitations, 2 apps."
    assert said[-1] == "Written: 1 asset, into stacks/clients.dev/cedar.yaml."


def test_another_run_keeps_what_people_made_of_the_files(small: Place) -> None:
    small.run("--write")
    acme = "clients.dev/acme-gmbh-0000.yaml"
    (small.stacks / acme).rename(small.stacks / "clients.dev/acme.yaml")
    small.edit("access: partner\n", "access: partner\ncontact: Zoe  # by phone\n", "clients.dev/acme.yaml")
    small.edit("  meta:identities:\n    root:", "  meta:identities:\n    # The one that calls.\n    boss:")
    texts = small.texts()
    assert small.told("--write")["files"] == []
    assert small.texts() == texts

    with small.meta.edit() as world:
        account = next(one for one in world.ad_accounts if one.business_id == "998870000000000")
        account.name = "Renamed: 🦊 # new"
    user, _ = next((key, one) for key, one in small.spec.identities.items() if one.adopt == "122090000000106")
    small.meta.add_system_user("122090000000777", "night shift")
    told = small.told("--write")
    assert told["files"] == ["stacks/Pulumi.dev.yaml"]
    assert small.texts()["Pulumi.dev.yaml"].startswith("# Ours.\n")
    added = set(small.texts()["Pulumi.dev.yaml"].splitlines()) - set(texts["Pulumi.dev.yaml"].splitlines())
    assert added >= {"    night-shift:  # EMPLOYEE system user", "      name: night shift"}
    assert user in small.spec.identities
    assert {key: text for key, text in small.texts().items() if key != "Pulumi.dev.yaml"} == {
        key: text for key, text in texts.items() if key != "Pulumi.dev.yaml"
    }


def test_what_meta_has_otherwise_is_told_and_left_as_it_is_typed(small: Place) -> None:
    small.run("--write")
    accounts = [row for row in small.meta.world.assignments if row.asset_id.startswith("act_")]
    with small.meta.edit() as world:
        row = next(one for one in world.assignments if one.asset_id == accounts[0].asset_id)
        row.tasks = ["DRAFT"]
        gone = next(one for one in world.ad_accounts if one.id not in {two.asset_id for two in world.assignments})
        gone.business_id = None
        gone.shares = []
    texts = small.texts()

    told = small.told("--write")

    assert small.texts() == texts
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


def test_what_nobody_has_is_refused_by_name(small: Place) -> None:
    refused = small.run("--write", "--client", "nobody", "--user", "root", "--kind", "waba")
    assert refused.exit_code == 1
    assert lacks(refused.output, "nobody", "Nothing was written") == []


@pytest.mark.parametrize("code", [4, 17, 190, 1])
def test_trouble_in_the_middle_leaves_the_files_as_they_were(small: Place, code: int) -> None:
    texts = small.texts()
    small.meta.refuse("GET", ".*/owned_product_catalogs", code)

    refused = small.run("--write")

    assert (refused.exit_code, small.texts()) == (1, texts)
    assert "Traceback" not in refused.output


def test_what_is_asked_for_may_be_in_a_list_that_is_not_shown(small: Place) -> None:
    small.meta.refuse("GET", ".*/system_users", 200)

    refused = small.run("--write", "--user", "root")

    assert refused.exit_code == 1
    assert lacks(refused.output, '"root"', f"Not shown, so nothing is known of what it holds: {messy.BUSINESS}/") == []


def test_an_import_file_that_cannot_be_written_leaves_the_one_that_was_there(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, place = tmp_path / "import.json", os.replace
    file.write_text("{}")

    def full(source: str, target: str, **more: Any) -> None:
        if target == "import.json":
            raise OSError(28, "No space left on device")
        place(source, target, **more)

    monkeypatch.setattr(os, "replace", full)
    refused = small.run("--write", "--kind", "ad_account", "--import-file", str(file))

    assert refused.exit_code == 1
    assert lacks(refused.output, "import.json failed: No space left on device. The stack's files are written.") == []
    assert file.read_text() == "{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Pulumi.yaml", "import.json", "stacks"]


def test_every_file_that_cannot_be_read_is_named_at_once(small: Place) -> None:
    small.run("--write", "--kind", "ad_account")
    small.edit("access: own\n", "<<<<<<< HEAD\naccess: own\n=======\n>>>>>>> theirs\n", "clients.dev/ours.yaml")
    (small.stacks / "clients.dev/cedar.yaml").write_text("business: [\n")
    texts = small.texts()

    refused = small.run("--write", "--kind", "ad_account")

    assert (refused.exit_code, small.texts()) == (1, texts)
    assert lacks(refused.output, "ours.yaml", "conflict", "line 5", "cedar.yaml", "not valid YAML") == []


def test_two_runs_at_once_do_not_mix(small: Place) -> None:
    with stack_texts.alone(small.stacks):
        refused = small.run("--write")
    assert refused.exit_code == 1
    assert "at work" in refused.output
    assert small.meta.calls == []


def test_a_folder_that_is_not_there_is_one_error(small: Place) -> None:
    small.stacks.rename(small.stacks.with_name("moved"))
    refused = small.run("--write")
    assert refused.exit_code == 1
    assert lacks(refused.output, "of the stack files, stacks, failed: No such file or directory") == []
    assert "please report" not in refused.output


def test_no_room_for_the_copy_that_is_checked_is_one_error(small: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, real = small.texts(), Path.write_text

    def full(path: Path, *arguments: Any, **more: Any) -> int:
        if "meta-access-" in str(path):
            raise OSError(28, "No space left on device")
        return real(path, *arguments, **more)

    monkeypatch.setattr(Path, "write_text", full)
    refused = small.run("--write", "--kind", "ad_account")

    assert (refused.exit_code, small.texts()) == (1, texts)
    assert lacks(refused.output, "failed: No space left on device. Nothing was written.", "TMPDIR") == []


def test_a_write_that_fails_takes_back_what_it_wrote(small: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, place = small.texts(), os.replace

    def full(source: str, target: str, **more: Any) -> None:
        if target == "cedar.yaml":
            raise OSError(28, "No space left on device")
        place(source, target, **more)

    monkeypatch.setattr(os, "replace", full)
    refused = small.run("--write", "--kind", "ad_account")

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


def test_what_exists_just_as_declared_can_be_imported_and_nothing_else(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[list[str]] = []
    handed: list[Any] = []

    def ran(argv: list[str], *, out: Callable[[str], None], **_: Any) -> pulumi_run.Finished:
        runs.append([*argv[:3], *argv[4:]])
        handed.append(json.loads(Path(argv[3]).read_text()))
        out("  =  meta:SystemUser feeds importing\n")
        return pulumi_run.Finished(0)

    monkeypatch.setattr(pulumi_run, "run", ran)
    monkeypatch.setattr(pulumi_run, "installed_only", dict)
    file = tmp_path / "import.json"
    assert "--write" in small.run("--import-file", str(file)).output
    assert not file.exists()
    small.run("--write", "--import-file", str(file))
    given = json.loads(file.read_text())
    kinds = Counter(row["type"].rsplit(":", 1)[-1] for row in given["resources"] if not row.get("component"))
    assert kinds == {"SystemUser": 11, "AssetAssignment": 7, "BusinessUser": 6}
    user = next(row for row in given["resources"] if row["name"] == "SystemUser-uber-buro")
    assert (user["id"], user["parent"], user["logicalName"]) == (
        "122090000000105",
        "SystemIdentity-uber-buro",
        "uber-buro",
    )
    whose = {"stack": "meta-access/dev", "connection": "main", "name": "Über Büro", "role": "EMPLOYEE"}
    assert {key: user["inputs"].get(key) for key in whose} == whose
    assert {key: user["outputs"].get(key) for key in ("adopted", "gone")} == {"adopted": True, "gone": False}

    for answer in ("n\n", ""):
        asked = CliRunner().invoke(main, ["import", str(file), "--stack", "dev"], input=answer)
        assert (asked.exit_code, runs) == (1, [])
    done = CliRunner().invoke(main, ["import", str(file), "--stack", "dev", "--yes", "--json"])
    assert (done.exit_code, len(json.loads(done.stdout)["imported"])) == (0, 24)
    assert "importing" not in done.output
    made = [row for row in given["resources"] if not row.get("component")]
    urn = "urn:pulumi:dev::meta-access::"
    small.state = state(*({**row, "urn": f"{urn}{row['inputs']['path']}"} for row in made))
    again = CliRunner().invoke(main, ["import", str(file), "--stack", "dev", "--yes"])
    assert (again.exit_code, again.stdout, len(runs)) == (0, "The state has all of it.\n", 1)
    small.state = state()
    assert (runs[0][:5], handed) == (["pulumi", "import", "--file", "--stack", "dev"], [given])
    assert small.meta.writes == []

    with small.meta.edit() as world:
        row = next(one for one in world.assignments if one.asset_id.startswith("act_"))
        row.tasks = ["DRAFT"]
    refused = CliRunner().invoke(main, ["import", str(file), "--stack", "dev", "--yes"])
    assert (refused.exit_code, len(runs)) == (1, 1)
    assert lacks(refused.output, "AssetAssignment-", "Nothing was imported", "discover --write --import-file") == []
    small.meta.refuse("GET", ".*/business_users", 200, "No.")
    hidden = CliRunner().invoke(main, ["import", str(file), "--stack", "dev", "--yes"])
    why = f"Not shown, so nothing is known of what it holds: {messy.BUSINESS}/business_users: "
    assert (hidden.exit_code, len(runs), lacks(hidden.output, "BusinessUser-", why)) == (1, 1, [])
    small.meta.obey()

    small.state = state({"urn": "urn:pulumi:dev::meta-access::meta:access:SystemIdentity::null", "type": "x"})
    small.run("--write", "--import-file", str(file))
    assert json.loads(file.read_text())["nameTable"] == {
        "SystemIdentity-null": "urn:pulumi:dev::meta-access::meta:access:SystemIdentity::null"
    }


def test_an_entry_that_a_file_has_twice_is_strange() -> None:
    row = {"name": "SystemUser-root", "type": "x"}
    right = {"nameTable": {}, "resources": [row]}

    assert strangers({"nameTable": {}, "resources": [row]}, right) == []
    assert strangers({"nameTable": {}, "resources": [row, row]}, right) == ["SystemUser-root"]
    assert strangers({"nameTable": {}, "resources": [row, {**row, "type": "y"}]}, right) == ["SystemUser-root"]


@pytest.mark.parametrize(
    "text",
    [
        '{"resources": 3, "nameTable": {}}',
        '{"resources": [3], "nameTable": {}}',
        '{"resources": []}',
        '{"resources": [], "nameTable": 4}',
        "{}",
    ],
)
def test_a_file_that_is_no_import_file_is_refused_before_any_call(small: Place, tmp_path: Path, text: str) -> None:
    (tmp_path / "import.json").write_text(text)
    refused = CliRunner().invoke(main, ["import", str(tmp_path / "import.json"), "--stack", "dev", "--yes"])
    assert (refused.exit_code, small.meta.calls) == (1, [])
    assert "import.json is no import file" in refused.output


def test_a_user_that_another_app_sees_under_another_id_is_known_by_its_name(small: Place) -> None:
    whole = yaml.safe_load(small.file.read_text())
    config = whole["config"]
    config["meta:apps"]["second"] = {"id": "120480000000009"}
    config["meta:connections"]["other"] = {**config["meta:connections"]["main"], "app": "second"}
    there = {"connection": "other", "adopt": "999", "token": "none", "name": "Über Büro"}
    config["meta:identities"] = {"office": there}
    small.file.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))

    told = small.told("--write")

    assert "uber-buro" not in told["added"]["identities"]
    assert not [one for one in told["findings"] if one["about"] == "gone"]
    assert small.spec.identities["null"].connection == "main"
    assert any("office" in choices for client in small.spec.clients.values() for choices in client.assets.values())


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


def test_another_run_with_fewer_rights_forgets_nothing(small: Place) -> None:
    small.run("--write")
    texts = small.texts()
    unread = {
        "system_users": ["system_users"],
        "(owned|client)_ad_accounts": ["owned_ad_accounts", "client_ad_accounts"],
        "assigned_pages": ["assigned_pages"] * 14,
        "business_users": ["business_users"],
    }
    for refused, lists in unread.items():
        narrow = () if refused == "business_users" else ("--kind", "page" if "pages" in refused else "ad_account")
        small.meta.obey()
        small.meta.refuse("GET", f".*/{refused}", 200, "Requires business_management.")
        told = small.told("--write", *narrow)
        assert (told["files"], small.texts()) == ([], texts)
        assert [one["list"].rpartition("/")[2] for one in told["unread"]] == lists
        assert [one for one in told["findings"] if one["about"] == "gone"] == []

    small.meta.refuse("GET", ".*/assigned_pages", 200)
    shown = small.run("--kind", "page")
    assert (shown.exit_code, shown.stdout.count("Not shown")) == (2, 2)
    assert lacks(shown.stdout, "Found, in the lists that were shown", "and 13 more lists of this kind") == []


def test_a_business_of_which_nothing_is_shown_is_an_error(small: Place) -> None:
    small.meta.refuse("GET", f"/v26.0/{messy.BUSINESS}/.*", 200, "Requires business_management.")
    texts = small.texts()
    refused = small.run("--write")
    assert (refused.exit_code, small.texts()) == (1, texts)
    assert lacks(refused.output, "shows nothing of business 178000000000001", "connection main", "code 200") == []


# A process of its own and no fork: this one has threads, of which a fork may wait for ever.
KILLED_BEFORE_THE_THIRD_FILE = """
import json, os, pathlib, sys
from meta_access.cli.stack import stack_texts

place, left = os.replace, [2]


def killed(source, target, **more):
    left[0] -= 1
    if left[0] < 0:
        os._exit(9)
    place(source, target, **more)


os.replace = killed
folder = pathlib.Path(sys.argv[1])
stack_texts.write(folder, stack_texts.read_files(folder, "dev"), json.load(sys.stdin), "dev")
"""


def test_a_run_that_is_killed_between_two_files_leaves_a_sound_stack(small: Place) -> None:
    before = stack_texts.read_files(small.stacks, "dev")
    small.run("--write", "--kind", "ad_account")
    whole = small.texts()
    small.file.write_text(before.stack[1])
    for path in small.stacks.glob("clients.dev/*"):
        path.unlink()
    changes = {name: ("", text) for name, text in whole.items()}
    assert next(iter(changes)) == "Pulumi.dev.yaml"

    argv = [sys.executable, "-c", KILLED_BEFORE_THE_THIRD_FILE, str(small.stacks)]
    assert subprocess.run(argv, input=json.dumps(changes), text=True, timeout=60, check=False).returncode == 9

    kept = small.texts()
    assert (kept["Pulumi.dev.yaml"], len(kept)) == (whole["Pulumi.dev.yaml"], 2)
    assert len(small.spec.identities) == 7
    assert small.run("--write", "--kind", "ad_account").exit_code == 0
    assert small.texts() == whole
    assert [path.name for path in small.stacks.rglob(".*")] == []


def test_a_client_file_that_is_a_link_is_not_written_through(small: Place, tmp_path: Path) -> None:
    small.run("--write", "--kind", "ad_account")
    ours, elsewhere = small.stacks / "clients.dev/ours.yaml", tmp_path / "elsewhere.yaml"
    ours.rename(elsewhere)
    ours.symlink_to(elsewhere)
    with small.meta.edit() as world:
        world.ad_accounts.append(replace(next(iter(world.ad_accounts)), id="act_104320000000999"))
    text = elsewhere.read_text()
    refused = small.run("--write", "--kind", "ad_account")
    assert (refused.exit_code, elsewhere.read_text(), ours.is_symlink()) == (1, text, True)
    assert lacks(refused.output, "ours.yaml failed: it is a link") == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--client", ""), "--client, --user and --secrets need a text"),
        (("--write", "--import-file", "nowhere/import.json"), "there is no folder nowhere"),
        (("--write", "--dry-run"), "give one of them"),
        (("--kind", "shop"), "'shop' is not one of 'ad_account', 'page'"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused_before_any_call(
    small: Place, asked: tuple[str, ...], said: str
) -> None:
    texts = small.texts()
    refused = small.run(*asked)
    assert (refused.exit_code, small.texts(), small.meta.calls) == (1, texts, [])
    assert said in refused.output


def test_a_token_that_lies_in_a_secret_is_written_for_its_adoption_and_never_shown(
    small: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.edit(
        "      tier: full\n", "      tier: full\n      permissions: {standard: [ads_read, business_management]}\n"
    )
    manager = secrets("eu-central-1", small.meta.connection.aws.endpoint_url)
    values = [admin_token(small.meta, f"1220900000001{at:02d}", messy.APP).get_secret_value() for at in (2, 5)]
    kept = json.dumps({"token": values[0]})
    feeds, office = (
        manager.create_secret(Name=f"hand/{name}", SecretString=value)["ARN"]
        for name, value in (("feeds", kept), ("office", values[1]))
    )
    manager.create_secret(Name="hand/other", SecretString="no token of Meta's")
    small.meta.forget_calls()

    told = small.run("--write", "--secrets", "hand/")
    assert told.exit_code == 0
    assert (
        lacks(
            told.output,
            f"take over the token of feeds-0102: meta-access token adopt {feeds} --key token --stack dev",
            f"take over the token of uber-buro: meta-access token adopt {office} --stack dev",
        )
        == []
    )
    assert small.meta.calls.count("GET debug_token") + small.meta.calls.count("POST debug_token") == 2
    one = small.spec.identities["uber-buro"]
    assert (one.scopes, one.secret) == (("ads_read", "business_management"), "hand/office")
    assert (one.lifetime.never.reason, str(one.lifetime.never.until)) == ("as it was found", "2027-02-22")

    monkeypatch.setattr(pulumi_stack, "config", lambda _: config_of(small.file))
    for asked in ((feeds, "--key", "token"), (office,)):
        taken = CliRunner().invoke(main, ["token", "adopt", *asked, "--stack", "dev", "--yes"])
        assert taken.exit_code == 0, taken.output
    again = small.told("--write", "--secrets", "hand/")
    assert (again["files"], again["adoptions"]) == ([], [])
    shown = told.output + json.dumps(again) + "".join(small.texts().values())
    assert [value for value in values if value in shown] == []


def test_a_secret_that_is_not_shown_is_named_and_ends_with_work_left(small: Place) -> None:
    denied = {"__type": "AccessDeniedException", "Message": "You may not."}
    small.meta.emulator.faults.add(kind="http", operation="ListSecrets", status=400, body=denied, times=1)
    told = small.run("--json", "--secrets", "meta/", "--kind", "waba")
    assert told.exit_code == 2
    (unread,) = json.loads(told.stdout)["unread"]
    assert unread["list"] == "secret meta/*"
    assert "denied" in unread["why"].lower()
