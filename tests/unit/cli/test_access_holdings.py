"""What a stack has of a client, and what an identity has: pure, and through `offboard`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from meta_access.access import Access, Standing
from meta_access.cli import pulumi_run, pulumi_stack
from meta_access.cli.people import offboard
from meta_access.cli.people.access_holdings import of_asset, of_client, of_identity
from meta_access.cli.people.holdings import Everything, Seen
from meta_access.cli.people.offboard import command
from meta_access.cli.pulumi_stack import Project
from meta_access.cli.tokens import stack_tokens
from meta_access.cli.tokens.stack_tokens import StackTokens
from meta_access.graph.holders import Holder, HolderKind
from meta_access.stack.connections import settings_of
from meta_access.stack.load import load_stack
from tests.texts import lacks
from tests.unit.cli.states import state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from meta_access.cli.people.holdings import Holding
    from meta_access.stack.load import Stack

FILE = """\
config:
  meta:environment: test
  meta:rules: "2026-11"
  meta:connections:
    main:
      business: nordwind
      app: reporting
      graph_url: http://127.0.0.1:1
      api_version: v26.0
      app_secret: "emulator:"
      admin_token: identity:root
      tier_probe: act_1
      aws: {region: eu-central-1, endpoint_url: 'http://127.0.0.1:1'}
  meta:businesses:
    nordwind: {id: "178000000000001"}
  meta:people:
    mara: {email: mara@nordwind.example}
  meta:apps:
    reporting: {id: "120480000000002", permissions: {standard: [ads_read, business_management]}}
  meta:task_sets:
    read: {ad_account: [ANALYZE]}
  meta:identities:
    root: {role: ADMIN, scopes: [business_management], on_destroy: keep, secret: meta/test/root}
    # Reads.
    reader: {scopes: [ads_read]}
    trader: {scopes: [ads_read]}
  meta:clients_dir: clients.test
  meta:clients:
    own: {access: own, assets: {act_1: {reader: read}}}
"""
ACME = """\
business: "998870000000701"
access: partner
assets:
  act_2: {reader: read, trader: read}
  act_3: {trader: read}
"""
STATED = """\
  app: "120480000000002"
  at: "2026-11-24T08:00:00Z"
  by: mara
  declared: "sha256:0000000000000000"
  source: attestation
  status: satisfied
"""
EVIDENCE = f"acme-share-act_2:\n{STATED}trader-app-access:\n{STATED}"
URN = "urn:pulumi:test::access::"
OF_ACME, OF_OWN = f"{URN}meta:access:ClientAccess::acme", f"{URN}meta:access:ClientAccess::own"
OF_TRADER = f"{URN}meta:access:SystemIdentity::trader"
USER = Holder(HolderKind.SYSTEM_USER, "9", "by hand")


def component(urn: str) -> dict[str, Any]:
    return {"urn": urn, "type": urn.split("::")[2], "outputs": {}}


def child(parent: str, kind: str, name: str, id_: str = "1", **outputs: Any) -> dict[str, Any]:
    type_ = f"pulumi-python:dynamic/meta:{kind}"
    urn = f"{URN}{parent.split('::')[2]}${type_}::{name}"
    return {"urn": urn, "type": type_, "parent": parent, "id": id_, "outputs": outputs}


def works(parent: str, client: str, identity: str, user: str, asset: str) -> dict[str, Any]:
    return child(
        parent, "AssetAssignment", f"{client}-{identity}-{asset}", system_user_id=user, asset=asset, tasks=["ANALYZE"]
    )


def share(asset: str) -> dict[str, Any]:
    return child(OF_ACME, "AssetShare", f"acme-share-{asset}", asset=asset, status="satisfied", next_step={})


def rows() -> list[dict[str, Any]]:
    return [
        component(OF_TRADER),
        child(OF_TRADER, "SystemUser", "trader", "7"),
        child(
            OF_TRADER, "SystemUserToken", "trader", system_user_id="7", generation=3.0, secret_name="meta/test/trader"
        ),
        child(
            OF_TRADER, "SystemUserAppAccess", "trader-app-access", system_user_id="7", status="satisfied", next_step={}
        ),
        child(f"{URN}meta:access:SystemIdentity::reader", "SystemUser", "reader", "8"),
        component(OF_ACME),
        works(OF_ACME, "acme", "trader", "7", "act_2"),
        works(OF_ACME, "acme", "reader", "8", "act_2"),
        works(OF_ACME, "acme", "trader", "7", "act_3"),
        share("act_2"),
        share("act_3"),
        component(OF_OWN),
        works(OF_OWN, "own", "reader", "8", "act_1"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stacks = tmp_path / "stacks"
    (stacks / "clients.test").mkdir(parents=True)
    (stacks / "Pulumi.test.yaml").write_text(FILE)
    (stacks / "clients.test" / "acme.yaml").write_text(ACME)
    (stacks / "evidence.test.yaml").write_text(EVIDENCE)
    return stacks


def loaded(folder: Path) -> Stack:
    config = yaml.safe_load((folder / "Pulumi.test.yaml").read_text())["config"]
    return load_stack(config, "test", folder)


def everything(stack: Stack, seen: Seen | None = None, **more: Any) -> Everything:
    return Everything(stack=stack, typed=stack, state=state(*rows()), tokens=(), seen=seen or Seen(), **more)


def lines(found: Sequence[Holding]) -> list[str]:
    return [f"{one.ends}: {one.kind} {one.name}: {one.text}" for one in found]


def test_everything_that_a_stack_has_of_a_client(folder: Path) -> None:
    access = (
        Access("acme", "act_2", USER, "", ("MANAGE",), Standing.UNDECLARED, ("MANAGE",)),
        Access("acme", "act_3", replace(USER, id="10"), "", ("ANALYZE",), Standing.IGNORED, ("ANALYZE",)),
        Access("acme", "act_2", replace(USER, id="7"), "trader", ("ANALYZE",), Standing.DECLARED),
        Access("own", "act_1", USER, "", ("MANAGE",), Standing.UNDECLARED, ("MANAGE",)),
    )

    found = of_client("acme", everything(loaded(folder), Seen(access=access, shared=frozenset({"act_2"}))))

    assert lines(found) == [
        "up: client acme: in the state of this stack",
        "up: client acme: declared in stacks/clients.test/acme.yaml",
        "up: asset assignment acme-reader-act_2: ANALYZE of reader on act_2",
        "up: asset assignment acme-trader-act_2: ANALYZE of trader on act_2",
        "up: asset assignment acme-trader-act_3: ANALYZE of trader on act_3",
        "up: gate acme-share-act_2: satisfied, no longer watched",
        "up: gate acme-share-act_3: satisfied, no longer watched",
        "person: access act_2: MANAGE of system user by hand (9), undeclared",
        "person: access act_3: ANALYZE of system user by hand (10), ignored",
        "person: share acme: business 998870000000701 shares act_2",
        "person: identity trader: works for no other client; its user and its token stay",
    ]
    assert all(one.step for one in found if one.ends == "person")
    assert [one.urn for one in found if one.kind == "client"] == [OF_ACME, ""]


def test_a_client_whose_account_tells_the_tier_is_said(folder: Path) -> None:
    found = of_client("own", everything(loaded(folder)))

    assert lines(found)[-1] == "person: connection main: reads its tier of act_1"
    assert found[1].text == "declared in stacks/Pulumi.test.yaml: meta:clients.own"


def test_everything_that_an_identity_has_and_no_gate_of_anothers_work(folder: Path) -> None:
    access = (
        Access("", "act_9", replace(USER, id="7"), "trader", ("MANAGE",), Standing.UNDECLARED, ("MANAGE",)),
        Access("own", "act_1", USER, "", ("MANAGE",), Standing.UNDECLARED, ("MANAGE",)),
    )

    assert lines(of_identity("trader", everything(loaded(folder), Seen(access=access)))) == [
        "up: identity trader: in the state of this stack",
        "up: identity trader: declared in stacks/Pulumi.test.yaml: meta:identities.trader",
        "up: asset assignment acme-trader-act_2: ANALYZE of trader on act_2",
        "up: asset assignment acme-trader-act_3: ANALYZE of trader on act_3",
        "up: token trader: generation 3 in secret meta/test/trader, whose readers lose it",
        "up: system user trader: id 7",
        "up: gate acme-share-act_3: satisfied, no longer watched",
        "up: gate trader-app-access: satisfied, no longer watched",
        "person: access act_9: MANAGE of system user by hand (7), undeclared",
    ]


def test_the_user_of_an_adopted_identity_stays_whatever_the_files_say(folder: Path) -> None:
    found = everything(loaded(folder))
    [user] = [one for one in found.state["deployment"]["resources"] if one["urn"].endswith("SystemUser::trader")]
    user["outputs"]["adopted"] = True

    assert [line for line in lines(of_identity("trader", found)) if ": system user trader: " in line] == [
        "up: system user trader: id 7, in the state of this stack",
        "person: system user trader: stays at Meta (it was adopted)",
    ]


def test_everything_that_a_stack_has_of_an_asset(folder: Path) -> None:
    access = (
        Access("acme", "act_2", USER, "", ("MANAGE",), Standing.UNDECLARED, ("MANAGE",)),
        Access("acme", "act_3", USER, "", ("MANAGE",), Standing.UNDECLARED, ("MANAGE",)),
    )

    assert lines(of_asset("act_2", everything(loaded(folder), Seen(access=access)))) == [
        "up: asset act_2: declared in stacks/clients.test/acme.yaml: assets.act_2",
        "up: asset assignment acme-reader-act_2: ANALYZE of reader on act_2",
        "up: asset assignment acme-trader-act_2: ANALYZE of trader on act_2",
        "up: gate acme-share-act_2: satisfied, no longer watched",
        "person: access act_2: MANAGE of system user by hand (9), undeclared",
    ]
    assert lines(of_asset("act_1", everything(loaded(folder)))) == [
        "up: asset act_1: declared in stacks/Pulumi.test.yaml: meta:clients.own.assets.act_1",
        "up: asset assignment own-reader-act_1: ANALYZE of reader on act_1",
        "person: connection main: reads its tier of act_1",
    ]


def test_what_no_update_has_made_yet_is_told_from_the_files(folder: Path) -> None:
    stack = loaded(folder)
    found = replace(everything(stack), state=state())

    assert lines(of_identity("trader", found)) == [
        "up: identity trader: declared in stacks/Pulumi.test.yaml: meta:identities.trader",
        "up: asset assignment acme-trader-act_2: ANALYZE of trader on act_2, declared and not made",
        "up: asset assignment acme-trader-act_3: ANALYZE of trader on act_3, declared and not made",
    ]


def test_an_identity_that_a_connection_acts_with_stays(folder: Path) -> None:
    [found] = of_identity("root", everything(loaded(folder)))

    assert (found.ends, found.text) == (
        "person",
        "declared in stacks/Pulumi.test.yaml: meta:identities.root; main acts with its token",
    )
    assert lacks(found.step, "main", "admin_token", "meta-access bootstrap") == []


# --- the command ---


class Scene:
    """A stack on disk, its state, and a pulumi that takes away what it is targeted at."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.rows = folder, rows()
        self.targets: list[str] = []
        monkeypatch.setattr(pulumi_stack, "find", lambda _: Project("access", folder))
        monkeypatch.setattr(
            pulumi_stack, "config", lambda _: yaml.safe_load((folder / "Pulumi.test.yaml").read_text())["config"]
        )
        monkeypatch.setattr(pulumi_stack, "export", lambda _: state(*self.rows))
        monkeypatch.setattr(pulumi_run, "targeted", self.up)
        read = StackTokens(stack="test", owner="access/test", settings=settings_of(loaded(folder).spec), tokens=())
        monkeypatch.setattr(stack_tokens, "read", lambda *_: read)
        monkeypatch.setattr(offboard, "look", lambda *_: Seen())

    def up(self, _: str, urns: Sequence[str], _output: object) -> pulumi_run.RunEnd:
        self.targets = list(urns)
        self.rows = [one for one in self.rows if one["urn"] not in urns]
        return pulumi_run.RunEnd.WELL

    def files(self) -> dict[str, str]:
        paths = (path for path in self.folder.rglob("*.yaml") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_text() for path in paths}


@pytest.fixture
def scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(folder, monkeypatch)


def run(*words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(command, [*words, "--stack", "test", "--json"])
    assert done.stdout, done.stderr
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize(
    ("option", "name", "goes"), [("--client", "acme", 7), ("--identity", "trader", 8), ("act_2", "", 4)]
)
def test_a_dry_run_shows_all_of_it_and_changes_nothing(scene: Scene, option: str, name: str, goes: int) -> None:
    before, held = scene.files(), scene.rows

    words = [word for word in (option, name) if word]
    code, told = run(*words, "--dry-run")

    assert (code, told["dry_run"], told["taken"], len(told["goes"])) == (2, True, [], goes)
    assert told["held"] == [*told["goes"], *told["left"]]
    assert (scene.files(), scene.rows, scene.targets) == (before, held, [])
    done = CliRunner().invoke(command, [*words, "--dry-run", "--stack", "test"])
    assert (done.exit_code, done.stdout.count("Would go: ")) == (2, goes)
    assert "Nothing was changed; without --dry-run this asks, and takes it away.\n" in done.stdout


def test_a_client_goes_with_its_file_and_the_evidence_of_its_gates(scene: Scene) -> None:
    before = scene.files()
    shown = run("--client", "acme", "--dry-run")[1]["files"]

    code, told = run("--client", "acme", "--yes")

    assert (code, [one["kind"] for one in told["left"]]) == (2, ["identity"])
    assert "clients.test/acme.yaml" not in scene.files()
    stated = EVIDENCE[EVIDENCE.index("trader-app-access") :]
    assert scene.files() == {"Pulumi.test.yaml": before["Pulumi.test.yaml"], "evidence.test.yaml": stated}
    assert list(shown) == ["stacks/clients.test/acme.yaml", "stacks/evidence.test.yaml"]
    assert shown["stacks/clients.test/acme.yaml"] == [f"-{line}" for line in ACME.splitlines()]
    assert sorted(urn.rpartition("::")[2] for urn in scene.targets) == [
        "acme",
        "acme-reader-act_2",
        "acme-share-act_2",
        "acme-share-act_3",
        "acme-trader-act_2",
        "acme-trader-act_3",
    ]


def test_an_identity_goes_with_its_lines_in_every_file(scene: Scene) -> None:
    code, told = run("--identity", "trader", "--yes")

    assert (code, told["identity"], told["left"]) == (0, "trader", [])
    assert scene.files() == {
        "Pulumi.test.yaml": FILE.replace("    trader: {scopes: [ads_read]}\n", ""),
        "clients.test/acme.yaml": ACME.replace(", trader: read", "").replace("{trader: read}", "{}"),
        "evidence.test.yaml": EVIDENCE[: EVIDENCE.index("trader-app-access")],
    }
    assert {urn.rpartition("::")[2] for urn in scene.targets} == {
        "trader",
        "trader-app-access",
        "acme-trader-act_2",
        "acme-trader-act_3",
        "acme-share-act_3",
    }


def test_an_asset_goes_with_its_lines_and_the_evidence_of_its_gate(scene: Scene) -> None:
    code, told = run("act_2", "--yes")

    assert (code, told["asset"], told["left"]) == (0, "act_2", [])
    assert scene.files() == {
        "Pulumi.test.yaml": FILE,
        "clients.test/acme.yaml": ACME.replace("  act_2: {reader: read, trader: read}\n", ""),
        "evidence.test.yaml": EVIDENCE[EVIDENCE.index("trader-app-access") :],
    }
    assert {urn.rpartition("::")[2] for urn in scene.targets} == {
        "acme-reader-act_2",
        "acme-trader-act_2",
        "acme-share-act_2",
    }


def test_a_clients_file_may_have_its_name_on_top(scene: Scene) -> None:
    file = scene.folder / "clients.test" / "acme.yaml"
    file.write_text("acme:\n" + "".join(f"  {line}\n" for line in ACME.splitlines()))

    assert run("--identity", "trader", "--yes")[0] == 0

    assert "trader" not in file.read_text()


def test_the_identity_of_a_connection_is_left_to_people(scene: Scene) -> None:
    before = scene.files()

    code, told = run("--identity", "root", "--yes")

    assert (code, [one["kind"] for one in told["left"]], scene.files()) == (2, ["identity"], before)


def test_an_edit_that_the_program_would_refuse_is_taken_back_with_the_file(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real, calls = scene.files(), pulumi_stack.config, []

    def refused_once_edited(name: str) -> dict[str, Any]:
        calls.append(name)
        return real(name) if len(calls) == 1 else {**real(name), "meta:rules": "2031-01"}

    monkeypatch.setattr(pulumi_stack, "config", refused_once_edited)

    done = CliRunner().invoke(command, ["--client", "acme", "--stack", "test", "--yes"])

    assert 'there is no rule set "2031-01"' in str(done.exception)
    assert (scene.files(), scene.targets) == (before, [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one that leaves: PERSON, ASSET, --client NAME or --identity NAME."),
        (("mara", "--client", "acme"), "Name one that leaves: PERSON, ASSET, --client NAME or --identity NAME."),
        (
            ("page:7777",),
            'There is no "page:7777" in meta:clients. Nothing was changed; there are act_1, act_2, act_3.',
        ),
        (("--client", "acm"), 'There is no "acm" in meta:clients. Nothing was changed; write "acme".'),
        (
            ("acme",),
            (
                'There is no "acme" in meta:people. Nothing was changed; it is a client: `meta-access offboard '
                "--client acme`."
            ),
        ),
        (
            ("--client", "trader"),
            (
                'There is no "trader" in meta:clients. Nothing was changed; it is an identity: `meta-access offboard '
                "--identity trader`."
            ),
        ),
        (
            ("--identity", "mara"),
            'There is no "mara" in meta:identities. Nothing was changed; it is a person: `meta-access offboard mara`.',
        ),
        (("mara", "--json"), "--json asks nothing, so it needs --yes or --dry-run."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(scene: Scene, words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(command, [*words, "--stack", "test"])

    assert done.exit_code != 0
    assert done.stderr.splitlines()[-1] == f"Error: {said}"
    assert scene.targets == []
