"""What a person holds, what a program takes of it, and what is told to people; never the last admin."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from meta_access.audit import SCHEMA
from meta_access.cli import pulumi_run, pulumi_stack
from meta_access.cli.people import offboard
from meta_access.cli.people.holdings import Everything, Holding, Member, Seen, held, loses_business, loses_roles
from meta_access.cli.people.leavers import Kind, Leaver, look, minted
from meta_access.cli.people.offboard import command
from meta_access.cli.pulumi_stack import Project
from meta_access.cli.stack.stack_texts import alone
from meta_access.cli.tokens import stack_tokens
from meta_access.cli.tokens.stack_tokens import StackTokens, tokens_of
from meta_access.graph import system_users
from meta_access.stack.connections import settings_of
from meta_access.stack.load import load_stack
from meta_access.stack.models import EvidenceSpec
from tests.connections import MAIN
from tests.texts import lacks
from tests.unit.cli import newcomer
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from meta_access.stack.connections import Connection
    from meta_access.stack.load import Stack
    from tests.unit.emulated import EmulatedMeta

FILE = """\
config:
  meta:environment: test
  meta:rules: "2026-05"
  meta:connections:
    main:
      business: nordwind
      app: reporting
      graph_url: {graph}
      api_version: v26.0
      app_secret: "emulator:"
      admin_token: "emulator:"
      aws: {{region: eu-central-1, endpoint_url: '{aws}'}}
  meta:businesses:
    nordwind: {{id: "178000000000001", owner: mara}}
  meta:people:
    mara: {{email: mara@nordwind.example, business: ADMIN, user_id: "100000000000003"}}
    tom: {{email: tom@nordwind.example, business: ADMIN, user_id: "100000000000004"}}   # stays
  meta:apps:
    reporting:
      id: "120480000000002"
      claimed_by: nordwind
      roles: {{admin: [tom], developer: [mara]}}
      obligations:
        data_use_checkup: {{due: "2027-03-01", owner: mara}}
  meta:clients:
    own: {{access: own, contact: mara@nordwind.example, assets: {{}}}}
"""
NOWHERE = replace(MAIN, graph_url="http://127.0.0.1:1", aws=replace(MAIN.aws, endpoint_url="http://127.0.0.1:1"))
OF_MARA = "mara@nordwind.example, business: ADMIN"
GATE = "reporting-app-roles"


def loaded(tmp_path: Path, text: str = FILE, at: Connection = NOWHERE) -> Stack:
    typed = text.format(graph=at.graph_url, aws=at.aws.endpoint_url)
    return load_stack(yaml.safe_load(typed)["config"], "test", tmp_path)


def everything(stack: Stack, *resources: dict[str, Any], seen: Seen | None = None, **more: Any) -> Everything:
    found = state(*resources)
    return Everything(stack=stack, typed=stack, state=found, tokens=tokens_of(found), seen=seen or Seen(), **more)


def lines(holdings: Sequence[Holding]) -> list[str]:
    return [f"{one.ends}: {one.kind} {one.name}: {one.text}" for one in holdings]


def token(generation: int = 1) -> dict[str, Any]:
    outputs: dict[str, Any] = {
        "arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/test/root-AbCdEf",
        "secret_name": "meta/test/root",
        "system_user_id": "122",
        "generation": generation,
        "connection": "main",
    }
    return resource("SystemUserToken", "root", **outputs)


# --- what they hold ---


def test_everything_of_configuration_state_and_meta_is_told(tmp_path: Path) -> None:
    stack = loaded(tmp_path)
    record = EvidenceSpec.model_validate(
        {
            "declared": "sha256:" + "0" * 64,
            "app": "120480000000002",
            "at": "2026-11-24T08:00:00Z",
            "by": "mara",
            "status": "satisfied",
            "source": "attestation",
        }
    )
    seen = Seen(
        roles={"reporting": "developer"},
        members={"nordwind": Member(role="ADMIN")},
        created={"122"},
        credentials=["main"],
    )

    found = held("mara", everything(replace(stack, evidence={"reporting-redirect-uris": record}), token(), seen=seen))

    assert lines(found) == [
        "up: app role reporting: developer, as declared in meta:apps.reporting.roles",
        "person: app role reporting: developer, at Meta",
        "up: business user mara: ADMIN in nordwind, as declared in meta:people.mara.business",
        "person: credential main: acts with a token of their own login, which ends with their access",
        "person: token root: generation 1 in secret meta/test/root, the first one of a system user that they made",
        "person: evidence reporting-redirect-uris: satisfied, stated on 2026-11-24",
        "person: ownership meta:businesses.nordwind.owner: owner of its gates",
        "person: ownership meta:apps.reporting.obligations.data_use_checkup.owner: owner of its gates",
        "person: contact own: mara@nordwind.example",
    ]
    assert all(one.step for one in found if one.ends == "person")
    assert found[1].where == "https://business.facebook.com/latest/settings/apps?business_id=178000000000001"
    assert lacks(found[5].step, "meta-access attest reporting-redirect-uris --by NAME") == []


def test_a_token_that_was_replaced_since_is_not_theirs(tmp_path: Path) -> None:
    stack = loaded(tmp_path)

    assert lines(held("tom", everything(stack, token(2), seen=Seen(created={"122"})))) == [
        "person: app role reporting: admin, as declared; nobody else is admin",
        "up: business user tom: ADMIN in nordwind, as declared in meta:people.tom.business",
    ]
    found = held("tom", everything(stack, token(2), minted={"meta/test/root": frozenset({2})}))
    assert lines(found)[-1] == (
        "person: token root: generation 2 in secret meta/test/root, minted by them, as the audit says"
    )


def test_what_only_the_state_still_has_is_what_an_up_is_targeted_at(tmp_path: Path) -> None:
    text = FILE.replace(", developer: [mara]", "").replace(OF_MARA, "Mara@nordwind.example")
    gate = resource("AppRoles", GATE, label=GATE, roles={"tom": "admin", "mara": "developer"})
    user = resource("BusinessUser", "nordwind-mara", email="mara@nordwind.example", role="ADMIN")
    others = resource("BusinessUser", "nordwind-tom", email="tom@nordwind.example", role="ADMIN")

    found = held("mara", everything(loaded(tmp_path, text), gate, user, others))

    urns = {one.name: one.urn for one in found if one.urn}
    assert urns == {"reporting": gate["urn"], "nordwind-mara": user["urn"]}


def test_a_member_whom_the_stack_does_not_manage_is_for_people(tmp_path: Path) -> None:
    text = FILE.replace(OF_MARA, "mara@nordwind.example")
    seen = Seen(members={"nordwind": Member(role="EMPLOYEE", pending=True)})

    holdings = held("mara", everything(loaded(tmp_path, text), seen=seen))

    (found,) = (one for one in holdings if one.kind == "business user")

    assert found == Holding(
        kind="business user",
        name="nordwind",
        text="EMPLOYEE, at Meta, invited",
        step="An admin of the business takes them out under People.",
        where="https://business.facebook.com/latest/settings/people?business_id=178000000000001",
        menu="Business settings > Users > People",
    )


# --- the last admin ---


def test_the_last_admin_of_an_app_keeps_the_role(tmp_path: Path) -> None:
    stack = loaded(tmp_path)

    assert loses_roles("mara", stack) == ["reporting"]
    assert loses_roles("tom", stack) == []


@pytest.mark.parametrize(
    ("text", "seen", "can_go"),
    [
        (FILE, Seen(), True),
        (FILE.replace("tom@nordwind.example, business: ADMIN", "tom@nordwind.example"), Seen(), False),
        (FILE, Seen(members={"nordwind": Member(role="ADMIN", last_admin=True)}), False),
        (FILE.replace(OF_MARA, "mara@nordwind.example"), Seen(), False),
    ],
)
def test_the_last_admin_of_a_business_keeps_the_place(tmp_path: Path, text: str, seen: Seen, can_go: bool) -> None:
    assert loses_business("mara", everything(loaded(tmp_path, text), seen=seen)) is can_go


def test_why_a_last_admin_stays_is_told(tmp_path: Path) -> None:
    seen = Seen(members={"nordwind": Member(role="ADMIN", last_admin=True)})

    found = [one for one in held("mara", everything(loaded(tmp_path), seen=seen)) if one.kind == "business user"]

    assert [one.text for one in found] == [
        "ADMIN in nordwind, as declared in meta:people.mara.business; the last admin"
    ]
    assert found[0].ends == "person"
    assert lacks(found[0].step, "admin of the business") == []


# --- what Meta shows ---


@pytest.fixture
def meta(nordwind: EmulatedMeta) -> EmulatedMeta:
    with nordwind.edit() as world:
        for one in world.people:
            one.email = f"{one.name}@nordwind.example"
    return nordwind


def watched(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, person: str) -> Seen:
    """A look with the token of mara's login, as a connection acts that was never bootstrapped."""
    text = FILE.replace('admin_token: "emulator:"', "admin_token: env:META_ADMIN_TOKEN")
    stack = loaded(tmp_path, text, meta.connection)
    monkeypatch.setenv("META_ADMIN_TOKEN", newcomer.login(meta).get_secret_value())
    return look(Leaver(Kind.PERSON, person), stack, {})


def test_meta_is_asked_for_role_place_credential_and_what_they_made(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = system_users.create(newcomer.client(meta, newcomer.login(meta)), "root", "ADMIN")

    seen = watched(meta, monkeypatch, tmp_path, "mara")

    assert seen == Seen(
        roles={"reporting": "admin"},
        members={"nordwind": Member(role="ADMIN", last_admin=True)},
        created={made},
        credentials=["main"],
    )
    assert watched(meta, monkeypatch, tmp_path, "tom") == Seen(members={"nordwind": Member(role="EMPLOYEE")})


def test_what_cannot_be_read_is_told_and_hides_nothing_else(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    meta.emulator.faults.add(kind="graph", method="GET", path="roles$", code=190, times=9)

    seen = watched(meta, monkeypatch, tmp_path, "mara")

    assert list(seen.members) == ["nordwind"]
    [told] = seen.unseen
    assert lacks(told, "connection main", "roles on its app", "code 190") == []


def test_the_audit_tells_who_minted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "audit.jsonl"
    entry = {"schema": SCHEMA, "at": "2026-11-24T08:00:00Z", "step": "mint", "secret": "meta/test/root"}
    entries = [{**entry, "generation": 3, "who": who} for who in ("mara", "ci")]
    entries.append({**entries[0], "generation": 2, "who": "mara@nordwind.example"})
    file.write_text("".join(json.dumps(one) + "\n" for one in entries))

    monkeypatch.setenv("META_ACCESS_AUDIT", str(file))
    assert minted("mara", "mara@nordwind.example") == {"meta/test/root": frozenset({2, 3})}
    monkeypatch.setenv("META_ACCESS_AUDIT", "-")
    assert minted("mara", None) == {}


# --- the command ---


class Scene:
    """A stack on disk, its state, and a pulumi that does what it is told."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = FILE) -> None:
        self.file = folder / "Pulumi.test.yaml"
        self.file.write_text(text.format(graph="http://127.0.0.1:1", aws="http://127.0.0.1:1"))
        self.state = state(resource("AppRoles", GATE, label=GATE, roles={"tom": "admin", "mara": "developer"}))
        self.targets: list[str] = []
        self.ends = pulumi_run.RunEnd.WELL
        monkeypatch.setattr(pulumi_stack, "find", lambda _: Project("access", folder))
        monkeypatch.setattr(pulumi_stack, "config", lambda _: yaml.safe_load(self.file.read_text())["config"])
        monkeypatch.setattr(pulumi_stack, "export", lambda _: self.state)
        monkeypatch.setattr(pulumi_run, "targeted", self.up)
        settings = settings_of(loaded(folder).spec)
        read = StackTokens(stack="test", owner="access/test", settings=settings, tokens=())
        monkeypatch.setattr(stack_tokens, "read", lambda *_: read)
        monkeypatch.setattr(offboard, "look", lambda *_: Seen())

    def up(self, _: str, urns: Sequence[str], _output: object) -> pulumi_run.RunEnd:
        self.targets += urns
        if self.ends is pulumi_run.RunEnd.WELL:
            self.state["deployment"]["resources"][0]["outputs"]["roles"] = {"tom": "admin"}
        return self.ends


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


def test_the_stack_file_is_edited_and_pulumi_run_for_what_is_theirs(scene: Scene) -> None:
    before = scene.file.read_text()

    done = CliRunner().invoke(command, ["mara", "--stack", "test", "--yes", "--json"])

    assert done.exit_code == 2, done.output
    told = json.loads(done.stdout)
    assert [f"{one['kind']} {one['name']}" for one in told["taken"]] == ["app role reporting", "business user mara"]
    assert [f"{one['kind']} {one['name']}" for one in told["left"]] == [
        "ownership meta:businesses.nordwind.owner",
        "ownership meta:apps.reporting.obligations.data_use_checkup.owner",
        "contact own",
    ]
    assert lacks(told["left"][0]["step"], "meta:businesses.nordwind.owner") == []
    assert scene.targets == [scene.state["deployment"]["resources"][0]["urn"]]
    after = before.replace('business: ADMIN, user_id: "100000000000003"', "user_id: '100000000000003'")
    assert scene.file.read_text() == after.replace("{admin: [tom], developer: [mara]}", "{admin: [tom]}")
    again = CliRunner().invoke(command, ["mara", "--stack", "test", "--yes"])
    assert again.exit_code == 2
    assert "Taken away" not in again.stdout
    assert len(scene.targets) == 1


def test_without_consent_nothing_is_changed(scene: Scene) -> None:
    before = scene.file.read_text()

    done = CliRunner().invoke(command, ["mara", "--stack", "test"], input="n\n")

    assert done.exit_code == 1
    assert "    -      roles: {admin: [tom], developer: [mara]}" in done.stderr
    assert scene.file.read_text() == before
    assert scene.targets == []


def test_what_somebody_edits_while_it_asks_is_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = scene.file.read_text() + "# Mine.\n"

    def confirm(*_: object, **__: object) -> bool:
        scene.file.write_text(edited)
        return True

    monkeypatch.setattr("click.confirm", confirm)

    done = CliRunner().invoke(command, ["mara", "--stack", "test"])

    assert (done.exit_code, scene.file.read_text(), scene.targets) == (1, edited, [])
    assert "The files were edited meanwhile, and nothing was changed. Run this again." in done.stderr


def test_another_run_that_writes_the_files_is_not_mixed_with(scene: Scene) -> None:
    before = scene.file.read_text()

    with alone(scene.file.parent):
        done = CliRunner().invoke(command, ["mara", "--stack", "test", "--yes"])

    assert (done.exit_code, scene.file.read_text(), scene.targets) == (1, before, [])
    assert "Another run of meta-access is at work in" in done.stderr


def test_the_ends_of_lines_stay_those_of_the_file(scene: Scene) -> None:
    scene.file.write_bytes(scene.file.read_bytes().replace(b"\n", b"\r\n"))
    lines = scene.file.read_bytes().count(b"\r\n")

    CliRunner().invoke(command, ["mara", "--stack", "test", "--yes"])

    after = scene.file.read_bytes()
    assert b"roles: {admin: [tom]}\r\n" in after
    assert (after.count(b"\n"), after.count(b"\r\n")) == (lines, lines)


def test_a_run_that_ends_badly_is_an_error_and_the_next_one_carries_on(scene: Scene) -> None:
    scene.ends = pulumi_run.RunEnd.BADLY
    assert CliRunner().invoke(command, ["mara", "--stack", "test", "--yes"]).exit_code == 1

    scene.ends = pulumi_run.RunEnd.WELL
    done = CliRunner().invoke(command, ["mara", "--stack", "test", "--yes"])

    assert done.exit_code == 2
    assert lacks(done.stdout, "app role reporting") == []


def test_an_edit_that_the_program_would_refuse_is_taken_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    before, real, calls = scene.file.read_text(), pulumi_stack.config, []

    def refused_once_edited(name: str) -> dict[str, Any]:
        calls.append(name)
        return real(name) if len(calls) == 1 else {**real(name), "meta:rules": "2031-01"}

    monkeypatch.setattr(pulumi_stack, "config", refused_once_edited)

    done = CliRunner().invoke(command, ["mara", "--stack", "test", "--yes"])

    assert 'there is no rule set "2031-01"' in str(done.exception)
    assert scene.file.read_text() == before
    assert scene.targets == []


def test_somebody_who_holds_nothing_is_exit_code_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = FILE.replace("    tom:", "    ines: {{email: ines@nordwind.example}}\n    tom:")
    scene = Scene(tmp_path, monkeypatch, text)

    done = CliRunner().invoke(command, ["ines", "--stack", "test"])

    assert (done.exit_code, lacks(done.stdout, "ines")) == (0, [])
    assert scene.targets == []


def test_an_unknown_person_is_refused_with_the_nearest_name(scene: Scene) -> None:
    done = CliRunner().invoke(command, ["mra", "--stack", "test"])

    assert done.exit_code == 1
    assert lacks(done.stderr.splitlines()[-1], "mra", "meta:people", "mara") == []
    asked = CliRunner().invoke(command, ["mara", "--json"])
    assert asked.exit_code != 0
    assert lacks(asked.stderr, "--yes") == []
