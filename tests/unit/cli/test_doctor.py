"""The doctor before the emulated Meta, with each thing broken in turn."""

from __future__ import annotations

import copy
import json
import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from meta_access import redaction, snapshot
from meta_access.cli import main, pulumi_stack
from meta_access.cli.doctor import host as machine
from meta_access.cli.doctor.bundle import shape
from meta_access.cli.pulumi_stack import StackReadError, UpdateRecord
from meta_access.doctor import look
from meta_access.doctor.host_checks import Engine, Host, Project
from meta_access.errors import Problem
from meta_access.graph import businesses
from meta_access.providers import _live
from meta_access.providers.payloads import PAYLOADS
from meta_access.providers.system_user_token import SystemUserTokenProvider
from meta_access.stack.connections import Settings
from meta_access.stack.files import config_of
from meta_emulator.tokens import PREFIX, fingerprint
from meta_emulator.world import Token
from tests.unit.cli.provisioned import schedule_deletion, users
from tests.unit.cli.states import DYNAMIC, resource, state
from tests.unit.emulated import NOW, begin_process

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

DEV = Path(__file__).resolve().parents[3] / "stacks" / "Pulumi.dev.yaml"
USER = "122090000000901"
SAFE = {
    "PULUMI_RUN_PROGRAM": "true",
    "PULUMI_CONTINUE_ON_ERROR": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
}
HOST = Host(
    package="0.1.0",
    python="3.11.7",
    platform="Linux x86_64",
    engine=Engine("v3.259.0", random_plugins=("4.21.4",), random_package="4.21.4"),
    project=Project({"name": "meta-access", "runtime": "python", "options": {"refresh": "always"}}),
    backend="file",
    variables=SAFE,
)


class Patient:
    """Stack dev, with a token, in a project of its own; tests break one thing of it."""

    def __init__(self, meta: EmulatedMeta, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.meta = meta
        self.patch = patch
        self.folder = folder
        self.values: dict[str, Any] = copy.deepcopy(config_of(DEV))
        self.connection = self.values["meta:connections"]["main"]
        self.connection["graph_url"] = meta.emulator.graph_url
        self.connection["aws"]["endpoint_url"] = meta.emulator.aws_url
        self.values["meta:businesses"]["lindenhof"].pop("verification")
        self.host = HOST
        self.state: dict[str, Any] = state()
        self.failed = False
        self.refuses: StackReadError | None = None

    def with_token(self) -> str:
        """Let the stack have made its token; answers the secret's ARN."""
        users(self.meta, {USER: "reporting"})
        connection = replace(self.meta.connection, rules="2026-11")
        self.patch.setattr(
            _live, "_settings", Settings("dev", "2026-11", offline=False, connections={"main": connection})
        )
        asked = {
            "label": "reporting", "connection": "main", "owner": "meta-access/dev", "system_user_id": USER,
            "scopes": ["ads_read"], "secret_name": "meta/dev/reporting", "lifetime": "60d", "rotate_before": "20d",
            "grace": "24h", "keepers": {}, "rotation_owner": "pulumi", "freshness": "current",
        }  # fmt: skip
        outputs = SystemUserTokenProvider().create(asked).outs
        assert outputs is not None
        payload = PAYLOADS[f"{DYNAMIC}SystemUserToken"]
        made = resource("SystemUserToken", "reporting", id_=outputs["arn"], payload=payload, **outputs)
        self.state = state(made)
        self.meta.forget_calls()
        return str(outputs["arn"])

    def aws_refuses(self, operation: str, error: str) -> None:
        """Let Secrets Manager refuse an operation from now on."""
        self.meta.emulator.faults.add(
            kind="http",
            service="secretsmanager",
            operation=operation,
            times=None,
            status=400,
            body={"__type": error, "message": "no"},
        )

    def token(self, **fields: Any) -> str:
        """Let the connection act with another token than the emulator's; answers its value."""
        value = PREFIX + os.urandom(24).hex()
        with self.meta.edit() as world:
            mine = next(one for one in world.tokens if one.fingerprint == fingerprint(self.meta.emulator.admin_token))
            row = Token(fingerprint(value), mine.system_user_id, mine.app_id, list(mine.scopes), NOW)
            for name, field in fields.items():
                setattr(row, name, field)
            world.tokens.append(row)
        self.reference("admin_token", value)
        return value

    def reference(self, key: str, value: str) -> None:
        """Let a key of the connection refer to a variable that holds this value."""
        name = f"META_DOCTOR_{key.upper()}"
        self.patch.setenv(name, value)
        self.connection[key] = f"env:{name}"

    def ask(self, *arguments: str) -> Result:
        texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in self.values.items()}

        def config(_: str | None) -> dict[str, str]:
            if self.refuses is not None:
                raise self.refuses
            return texts

        self.patch.setattr(pulumi_stack, "config", config)
        self.patch.setattr(pulumi_stack, "export", lambda _: self.state)
        self.patch.setattr(pulumi_stack, "seen", lambda _: pulumi_stack.Seen(NOW, "update", failed_since=self.failed))
        self.patch.setattr(machine, "read", lambda _: self.host)
        self.patch.setattr(look, "machine_time", lambda: NOW)
        begin_process(self.meta, self.patch)
        return CliRunner().invoke(main, ["doctor", "--stack", "dev", *arguments])

    def found(self) -> dict[str, list[str]]:
        """Ids of what is not well, each with its subjects."""
        result = self.ask("--json")
        assert self.meta.writes == []
        found: dict[str, list[str]] = {}
        for one in json.loads(result.stdout)["findings"]:
            if one["severity"] != "ok":
                found.setdefault(one["id"], []).append(one["subject"])
        return found


@pytest.fixture
def patient(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Patient:
    for name in ("META_ACCESS_OFFLINE", "META_ACCESS_SNAPSHOT", "META_ACCESS_ALLOW_GRAPH_HOST"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "Pulumi.yaml").write_text("name: meta-access\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    lindenhof.change_app(settings={"privacy_policy_url": "https://lindenhof.example/privacy"})
    lindenhof.change_business(two_factor_type="all_required")
    with lindenhof.edit() as world:
        for person in world.people:
            person.two_factor = True
    return Patient(lindenhof, monkeypatch, tmp_path)


MAIN = "meta:connections.main"
NOT_READ = {"look.after": [MAIN]}


def test_a_stack_that_is_well(patient: Patient) -> None:
    patient.with_token()

    result = patient.ask("--json")

    told = json.loads(result.stdout)
    assert [one for one in told["findings"] if one["severity"] != "ok"] == []
    assert (result.exit_code, told["worst"], told["stack"]) == (0, "ok", "dev")
    assert [one["id"] for one in told["findings"]] == [
        "engine.ok", "project.ok", "backend.ok", "environment.ok", "plugin.ok", "config.ok", "rules.ok", "state.ok",
        "connection.ok", "credential.ok", "app.ok", "token.ok", "business.ok", "calls.ok", "version.ok", "aws.ok",
        "clock.ok", "clock.ok", "token.ok", "quota.ok",
    ]  # fmt: skip
    assert told["connections"]["main"]["admin_token"] == {
        "valid": True,
        "app": "120480000000201",
        "type": "SYSTEM_USER",
        "user": "122090000000301",
        "scopes": ["ads_management", "ads_read", "business_management", "pages_read_engagement", "pages_show_list"],
        "granular": {},
        "issued_at": "2026-11-24T08:00:00Z",
        "expires_at": "never",
        "data_access_ends_at": "never",
        "error": None,
    }
    assert {key: told["connections"]["main"][key] for key in ("app_in_business", "two_factor", "tier_header")} == {
        "app_in_business": True,
        "two_factor": "all_required",
        "tier_header": "development_access",
    }
    assert told["tokens"]["reporting"]["meta"]["expires_at"] == "2027-01-23T08:00:00Z"
    assert patient.meta.writes == []


def test_a_person_sees_problems_first_and_a_count_of_what_is_well(patient: Patient) -> None:
    patient.host = replace(HOST, engine=replace(HOST.engine, version="v3.100.0") if HOST.engine else None)
    patient.meta.change_business(two_factor_type="none")

    result = patient.ask()

    assert result.exit_code == 1
    assert result.stdout == (
        "Stack dev: 1 error, 1 warning, 17 checks passed\n"
        "\n"
        "Broken\n"
        "! engine.old  pulumi\n"
        "    pulumi v3.100.0 is older than 3.254.0, which this package needs.\n"
        "    Next: Install pulumi 3.254.0 or newer.\n"
        "\n"
        "Needs a person\n"
        "~ business.no_two_factor  meta:businesses.lindenhof\n"
        "    Nobody in the business has to sign in with two factors.\n"
        "    Next: A business admin asks for it under Business settings > Security\n"
        "    Center, two-factor authentication.\n"
        "\n"
        "meta-access doctor --all shows what passed, and what was seen\n"
    )
    assert "Looking at connection main." in result.stderr
    whole = patient.ask("--all").stdout
    assert "  token.ok  meta:connections.main.admin_token\n" in whole
    assert "    system users: 1\n" in whole
    assert max(len(line) for line in whole.splitlines()) <= 80


# --- each thing broken in turn --------------------------------------------------------------------


BROKEN: dict[str, tuple[Any, dict[str, list[str]], int]] = {
    "token expired": (
        lambda one: one.token(expires_at=NOW - timedelta(days=1)),
        {"token.expired": [f"{MAIN}.admin_token"], **NOT_READ},
        1,
    ),
    "token revoked": (
        lambda one: one.token(revoked_at=NOW),
        {"token.invalid": [f"{MAIN}.admin_token"], **NOT_READ},
        1,
    ),
    "token unknown": (
        lambda one: one.reference("admin_token", PREFIX + "0" * 48),
        {"token.invalid": [f"{MAIN}.admin_token"], **NOT_READ},
        1,
    ),
    "token lacks business_management": (
        lambda one: one.token(scopes=["ads_read"]),
        {"token.scope_missing": [f"{MAIN}.admin_token"], "meta.denied": ["*"]},
        2,
    ),
    "token for another business": (
        lambda one: one.token(target_ids=["998870000000701"]),
        {"token.elsewhere": [f"{MAIN}.admin_token"]},
        2,
    ),
    "token ends soon": (
        lambda one: one.token(expires_at=NOW + timedelta(days=10)),
        {"token.expiring": [f"{MAIN}.admin_token"]},
        2,
    ),
    "token of a person": (
        lambda one: one.token(system_user_id=None, user_id="100000000000401"),
        {"token.not_system_user": [f"{MAIN}.admin_token"]},
        2,
    ),
    "variable of the token not set": (
        lambda one: one.connection.update(admin_token="env:META_DOCTOR_NOT_SET"),
        {"credential.unresolved": [f"{MAIN}.admin_token"], **NOT_READ},
        1,
    ),
    "app secret wrong": (
        lambda one: one.reference("app_secret", PREFIX + "0" * 32),
        {"app_secret.refused": [f"{MAIN}.app_secret"], **NOT_READ},
        1,
    ),
    "app of another business": (
        lambda one: one.meta.change_app(business_id=None),
        {"app.other_business": ["meta:apps.ads"]},
        1,
    ),
    "app restricted": (
        lambda one: one.meta.refuse("GET", "120480000000201$", 200, "API access blocked."),
        {"meta.person_needed": ["meta:apps.ads"], **NOT_READ},
        1,
    ),
    "no privacy policy": (
        lambda one: one.meta.change_app(settings={}),
        {"app.no_privacy_policy": ["meta:apps.ads"]},
        2,
    ),
    "another tier": (
        lambda one: one.meta.change_app(tier="standard_access"),
        {"app.tier_differs": ["meta:apps.ads.tier"]},
        2,
    ),
    "business not verified": (
        lambda one: one.values["meta:businesses"]["lindenhof"].update(verification="verified"),
        {"business.not_verified": ["meta:businesses.lindenhof"]},
        2,
    ),
    "another second factor": (
        lambda one: one.values["meta:businesses"]["lindenhof"].update(two_factor="admin_required"),
        {"business.two_factor_differs": ["meta:businesses.lindenhof"]},
        2,
    ),
    "throttled": (
        lambda one: one.meta.refuse("GET", "/system_users", 4, "Application request limit reached"),
        {"meta.throttled": ["system users of business 178000000000101"]},
        2,
    ),
    "Graph away": (
        lambda one: one.meta.cut("GET", "", applied=False),
        {"meta.unreachable": ["*"], **NOT_READ},
        1,
    ),
    "version retired by the calendar": (
        lambda one: one.connection.update(api_version="v23.0"),
        {"version.retired": [f"{MAIN}.api_version"], "version.refused": [f"{MAIN}.api_version"]},
        1,
    ),
    "AWS denies to describe": (
        lambda one: one.aws_refuses("DescribeSecret", "AccessDeniedException"),
        {"aws.denied": [f"{MAIN}.aws"]},
        1,
    ),
    "AWS denies to list": (
        lambda one: one.aws_refuses("ListSecrets", "AccessDeniedException"),
        {"aws.list_denied": [f"{MAIN}.aws"]},
        2,
    ),
    "AWS credentials ended": (
        lambda one: one.aws_refuses("DescribeSecret", "ExpiredTokenException"),
        {"aws.credentials": ["*"]},
        1,
    ),
    "endpoints that do not belong together": (
        lambda one: one.connection["aws"].pop("endpoint_url"),
        {"connection.pairing": [MAIN], **NOT_READ},
        1,
    ),
    "an unknown key": (
        lambda one: one.values.update({"meta:polices": {}}),
        {"config.unknown_key": ["meta:polices"]},
        1,
    ),
    "a rule set of another version": (
        lambda one: one.values.update({"meta:rules": "2031-01"}),
        {"rules.unknown": ["meta:rules"]},
        1,
    ),
    "an older rule set": (
        lambda one: one.values.update({"meta:rules": "2026-05"}),
        {"rules.old": ["meta:rules"]},
        2,
    ),
    "a state of a newer package": (
        lambda one: setattr(one, "state", state(resource("AdPledge", "new", payload="theirs"))),
        {"state.newer_package": ["AdPledge"]},
        1,
    ),
    "a state of somebody else": (
        lambda one: setattr(one, "state", state(resource("SystemUser", "mine", payload="theirs"))),
        {"state.foreign": ["mine"]},
        1,
    ),
    "a token of the state without outputs": (
        lambda one: setattr(
            one, "state", state(resource("SystemUserToken", "t", payload=PAYLOADS[f"{DYNAMIC}SystemUserToken"]))
        ),
        {"state.foreign": ["t"]},
        1,
    ),
    "an update that failed": (lambda one: setattr(one, "failed", True), {"state.last_failed": ["state of dev"]}, 2),
    "no engine": (
        lambda one: setattr(one, "host", replace(HOST, engine=None)),
        {"engine.missing": ["pulumi"], "stack.unreadable": ["stack dev"]},
        1,
    ),
    "too many users": (
        lambda one: [one.meta.add_system_user(f"12209000000080{n}", f"other {n}") for n in range(2)],
        {"quota.exceeded": ["quota of business lindenhof"]},
        1,
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_each_thing_broken_in_turn(patient: Patient, what: str) -> None:
    breaks, expected, code = BROKEN[what]
    breaks(patient)

    found = patient.found()

    assert set(found) == set(expected), found
    assert all(subjects in (["*"], found[id_]) for id_, subjects in expected.items()), found
    assert patient.ask("--json").exit_code == code


# --- the tokens of the stack ----------------------------------------------------------------------


def ended(patient: Patient) -> None:
    with patient.meta.edit() as world:
        for one in world.tokens:
            if one.system_user_id == USER:
                one.revoked_at = NOW


TOKENS: dict[str, tuple[Any, dict[str, list[str]]]] = {
    "ended at Meta": (lambda one, _: ended(one), {"token.invalid": ["token reporting"]}),
    "to be deleted": (
        lambda one, arn: schedule_deletion(one.meta, arn),
        {"secret.scheduled": ["token reporting"]},
    ),
    "due": (
        lambda one, _: one.meta.emulator.clock.advance(timedelta(days=45)),
        {"token.due": ["token reporting"], "clock.moved": ["clock of the emulator"]},
    ),
    "value may not be read": (
        lambda one, _: one.aws_refuses("GetSecretValue", "AccessDeniedException"),
        {"look.not_examined": ["token reporting"]},
    ),
    "gone": (
        lambda one, _: one.aws_refuses("DescribeSecret", "ResourceNotFoundException"),
        {"secret.missing": ["token reporting"]},
    ),
}


@pytest.mark.parametrize("what", TOKENS)
def test_what_is_wrong_with_a_token_of_the_stack(patient: Patient, what: str) -> None:
    breaks, expected = TOKENS[what]
    breaks(patient, patient.with_token())

    assert patient.found() == expected


# --- what cannot be looked at, or not in the usual way --------------------------------------------


def test_a_connection_that_names_no_ad_account_to_see_the_tier_on(patient: Patient) -> None:
    del patient.connection["tier_probe"]

    told = json.loads(patient.ask("--json").stdout)

    assert told["connections"]["main"]["tier_header"] is None
    assert [one["id"] for one in told["findings"] if one["severity"] != "ok"] == []


def test_one_connection_that_is_broken_hides_no_other(patient: Patient) -> None:
    patient.values["meta:identities"]["reporting"]["connection"] = "main"
    connections = patient.values["meta:connections"]
    connections["second"] = {**copy.deepcopy(patient.connection), "admin_token": "env:META_DOCTOR_NOT_SET"}
    connections["third"] = {**copy.deepcopy(patient.connection), "api_version": "26"}

    result = patient.ask("--json")

    told = json.loads(result.stdout)
    assert list(told["connections"]) == ["main", "second"]
    assert told["connections"]["main"]["admin_token"]["valid"] is True
    bad = {(one["id"], one["subject"]) for one in told["findings"] if one["severity"] == "error"}
    assert bad == {
        ("credential.unresolved", "meta:connections.second.admin_token"),
        ("config.invalid", "meta:connections.third.api_version"),
    }
    passed = {(one["id"], one["subject"]) for one in told["findings"] if one["severity"] == "ok"}
    assert {("aws.ok", "meta:connections.second.aws"), ("version.ok", "meta:connections.second.api_version")} <= passed


def test_a_host_that_is_away_is_said_once(patient: Patient) -> None:
    patient.values["meta:connections"]["second"] = copy.deepcopy(patient.connection)
    patient.meta.cut("GET", "", applied=False)

    found = patient.found()

    assert len(found["meta.unreachable"]) == 1
    assert found["look.after"] == [MAIN, "meta:connections.second"]


def test_offline_it_says_what_it_did_not_look_at(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")

    result = patient.ask("--json")

    unknown = [one for one in json.loads(result.stdout)["findings"] if one["severity"] == "unknown"]
    assert [(one["id"], one["subject"]) for one in unknown] == [("look.offline", "calls"), ("look.offline", MAIN)]
    assert (result.exit_code, patient.meta.calls) == (0, [])
    assert unknown[1]["cause"] == (
        "Not looked at, since no call may be made: app secret, admin token, app, permissions of the app, what Meta "
        "says of the admin token, business, system users, apps of the business, access tier, a secret's description, "
        "the stack's secrets."
    )


def test_a_snapshot_that_cannot_be_used_is_named(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(snapshot.VARIABLE, "nowhere.json")

    (patient.folder / "Pulumi.dev.yaml").write_text(json.dumps({"config": patient.values}), encoding="utf-8")

    found = patient.found()

    assert (found["environment.invalid"], found["look.offline"]) == (["META_ACCESS_SNAPSHOT"], [MAIN])
    assert patient.meta.calls == []
    assert "look.no_stack" in CliRunner().invoke(main, ["doctor"]).stdout


def test_without_a_project_it_does_what_it_can(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    patient.host = replace(HOST, project=None)
    (tmp_path / "Pulumi.yaml").unlink()

    assert patient.found() == {"look.no_project": ["Pulumi.yaml"], "stack.unreadable": ["stack dev"]}


def test_without_a_selected_stack_it_looks_at_machine_and_project(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise StackReadError("no stack selected")

    monkeypatch.setattr(pulumi_stack, "selected", none)
    monkeypatch.setattr(machine, "read", lambda _: HOST)

    result = CliRunner().invoke(main, ["doctor"])

    assert (result.exit_code, result.stdout) == (
        0,
        (
            "No stack: 0 errors, 0 warnings, 5 checks passed\n"
            "\n"
            "Not looked at\n"
            "? look.no_stack  stack\n"
            "    No stack is selected, so that neither a connection nor a state was looked\n"
            "    at.\n"
            "    Next: Name one with --stack.\n"
            "\n"
            "meta-access doctor --all shows what passed, and what was seen\n"
        ),
    )


def test_without_an_engine_the_stack_file_is_read(patient: Patient) -> None:
    patient.host = replace(HOST, engine=None)
    written = {"config": patient.values}
    (patient.folder / "Pulumi.dev.yaml").write_text(json.dumps(written), encoding="utf-8")

    assert patient.found() == {"engine.missing": ["pulumi"]}
    patient.values["meta:apps"]["ads"]["name"] = {"secure": "v1:canary"}
    (patient.folder / "Pulumi.dev.yaml").write_text(json.dumps({"config": patient.values}), encoding="utf-8")
    assert patient.found()["config.invalid"][0] == "meta:apps.ads.name"


def test_an_engine_that_cannot_read_the_stack_says_so_once_and_the_file_is_read(patient: Patient) -> None:
    (patient.folder / "Pulumi.dev.yaml").write_text(json.dumps({"config": patient.values}), encoding="utf-8")
    patient.refuses = StackReadError("Reading the stack's configuration failed: no such stack.", next_step="Look.")

    assert patient.found() == {"stack.unreadable": ["stack dev"]}


def test_a_file_that_cannot_be_read_leaves_the_connections_of_an_earlier_update(patient: Patient) -> None:
    (patient.folder / "Pulumi.dev.yaml").write_text("config: [", encoding="utf-8")
    patient.refuses = StackReadError("Reading the stack's configuration failed: no YAML.")
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in patient.values.items()}
    patient.patch.setattr(pulumi_stack, "last_good_config", lambda _: UpdateRecord("2026-11-20T08:00:00Z", texts))

    result = patient.ask("--json")

    told = json.loads(result.stdout)
    wrong = [(one["id"], one["subject"]) for one in told["findings"] if one["severity"] != "ok"]
    assert wrong == [
        ("stack.unreadable", "stack dev"),
        ("config.invalid", "Pulumi.dev.yaml"),
        ("look.earlier_config", "stack dev"),
    ]
    assert told["connections"]["main"]["admin_token"]["valid"] is True


# --- the support file -----------------------------------------------------------------------------

CANARIES = {
    "META_DOCTOR_APP_SECRET": PREFIX + "canary0app0secret0000000",
    "META_DOCTOR_ADMIN_TOKEN": PREFIX + "canary0admin0token000000",
    "PULUMI_ACCESS_TOKEN": "pul-" + "canary0pulumi0token",
    "PULUMI_CONFIG_PASSPHRASE": "canary0passphrase",
    "PULUMI_BACKEND_URL": "https://user:canary0backend@pulumi.example",
    "AWS_SECRET_ACCESS_KEY": "canary0aws0key",
    "META_ACCESS_PROXY": "http://user:canary0proxy@proxy.example",
    "META_ACCESS_ALLOW_GRAPH_HOST": "canary0host.example+aws",
}


def test_nothing_secret_and_no_persons_address_leaves(patient: Patient, tmp_path: Path) -> None:
    arn = patient.with_token()
    for name, value in CANARIES.items():
        patient.patch.setenv(name, value)
    patient.connection.update(app_secret="env:META_DOCTOR_APP_SECRET", admin_token="env:META_DOCTOR_ADMIN_TOKEN")
    patient.values["meta:people"]["nadia"]["email"] = "nadia.canary0mail@lindenhof.example"
    patient.values["meta:identities"]["reporting"]["keepers"] = {"canary0@key": "canary0keeper"}
    patient.values["meta:canary0.person@lindenhof.example"] = "canary0value"
    patient.values["aws:secretKey"] = "canary0other0namespace"
    said = f"canary0 of ines.canary0mail@lindenhof.example, access_token={PREFIX}canary0message0000"
    patient.meta.refuse("GET", "120480000000201$", 368, said)
    patient.host = replace(
        HOST,
        variables={**SAFE, "META_ACCESS_ALLOW_GRAPH_HOST": CANARIES["META_ACCESS_ALLOW_GRAPH_HOST"]},
        invalid=(Problem("META_ACCESS_PROXY", "is not the address of a proxy.", "unset it."),),
    )

    result = patient.ask("--json", "--bundle", str(tmp_path / "support.json"))
    text = patient.ask("--all")

    written = (tmp_path / "support.json").read_text(encoding="utf-8")
    assert stat.S_IMODE((tmp_path / "support.json").stat().st_mode) == 0o600
    for canary in CANARIES.values():
        for shown in (result.stdout, result.stderr, text.stdout, text.stderr, written):
            assert canary not in shown
    assert "canary0" not in written.replace("canary0 of", "")
    assert "lindenhof.example" not in written
    kept = json.loads(written)
    assert kept["format"] == "meta-access-doctor/1"
    assert kept["configuration"]["apps"]["ads"]["id"] == "120480000000201"
    assert kept["configuration"]["connections"]["main"]["admin_token"] == "<reference env>"
    assert kept["configuration"]["identities"]["reporting"] == {
        "use_case": "read_reports", "keepers": {"<key>": "<text>"},
    }  # fmt: skip
    assert kept["state"] == {f"{DYNAMIC}SystemUserToken": 1}
    assert kept["tokens"]["reporting"]["secret"] == "meta/dev/reporting"
    assert arn.startswith("arn:")


def test_a_support_file_is_never_written_over_another(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "there.json").write_text("mine")

    result = patient.ask("--bundle", str(tmp_path / "there.json"))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "--bundle" in result.stderr
    assert "nothing is written over it" in result.stderr
    assert (tmp_path / "there.json").read_text() == "mine"
    lost = patient.ask("--bundle", str(tmp_path / "no" / "such.json"))
    assert lost.exit_code == 1
    assert "such.json cannot be written (No such file or directory)" in lost.stderr


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"tier": "limited", "name": "Lindenhof"}, {"tier": "limited", "name": "<text>"}),
        ({"tier": "a text with blanks"}, {"tier": "<text>"}),
        ({"assets": {"act_104320000000501": {"reporting": ["ANALYZE"]}}}, None),
        ({"tasks": ["ANALYZE", "MANAGE"], "limit": 3, "expires": True, "none": None}, None),
        ({"app_secret": "aws-secret:arn:aws:secretsmanager:x#y"}, {"app_secret": "<reference aws-secret>"}),
        ({"secret": "meta/{environment}"}, {"secret": "<text>"}),
        ({"a@b.example": 1}, {"<key>": 1}),
    ],
)
def test_of_a_configuration_the_shape_is_kept(typed: dict[str, Any], kept: dict[str, Any] | None) -> None:
    assert shape(typed) == (
        {"assets": {"act_104320000000501": {"reporting": ["<text>"]}}} if "assets" in typed else kept or typed
    )


# --- explain --------------------------------------------------------------------------------------


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", "explain", *arguments])


def test_explain_tells_what_a_code_means() -> None:
    result = explain("190/463")

    assert (result.exit_code, result.stdout) == (
        0,
        (
            "190/463  AuthError\n"
            "    The token has expired.\n"
            "    Next: Put a valid token where admin_token of this connection points.\n"
        ),
    )
    assert explain("190", "463").stdout == result.stdout
    assert json.loads(explain("token.due", "--json").stdout) == {
        "what": "token.due",
        "of": "doctor",
        "kind": "warning",
        "means": "A token of this stack is due for a step that the next update makes.",
        "next_step": "Run `meta-access rotate --due`.",
        "notes": [],
    }


def test_what_nothing_is_known_of_is_said_with_what_was_probably_meant() -> None:
    for typed, near in (("token.expird", " Did you mean token.expired?"), ("99999", ""), ("sonne", "")):
        result = explain(typed)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            f"Error: Nothing is known of {typed}: it is no code of Meta's or AWS's that this version knows, and no "
            f"finding of the doctor's.{near}\n"
        )
    assert json.loads(explain("token.expird", "--json").stdout)["error"].endswith("Did you mean token.expired?")


# --- this machine ---------------------------------------------------------------------------------


def pulumi_says(monkeypatch: pytest.MonkeyPatch, folder: Path, **answers: str) -> None:
    """A pulumi on PATH, with its language host, that answers a command with a text, or fails with `!text`."""
    lines = [
        f'"{name} "*) {f"echo {text[1:]!r} >&2; exit 1" if text[:1] == "!" else f"echo {text!r}"};;'
        for name, text in answers.items()
    ]
    script = folder / "pulumi"
    script.write_text('#!/bin/sh\ncase "$* " in\n' + "\n".join(lines) + "\nesac\n")
    script.chmod(0o755)
    (folder / "pulumi-language-python").write_text("")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_this_machine_and_its_project_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine, project = tmp_path / "bin", tmp_path / "project"
    engine.mkdir()
    packages = project / ".venv" / "lib" / "python3.11" / "site-packages"
    (packages / "meta_access-0.0.9.dist-info").mkdir(parents=True)
    (project / "Pulumi.yaml").write_text(
        "name: p\nruntime: {name: python, options: {virtualenv: .venv}}\nstackConfigDir: stacks\n"
    )
    pulumi_says(
        monkeypatch, engine, version="v3.259.0", plugin='[{"name": "random", "version": "4.21.4"}]',
        whoami='{"user": "canary", "url": "file:///srv/state"}',
    )  # fmt: skip
    monkeypatch.setenv("PULUMI_RUN_PROGRAM", "true")
    monkeypatch.setenv("META_ACCESS_PROXY", "no address")

    host = machine.read(project)

    assert host.engine == Engine(
        "v3.259.0", language_host=True, random_plugins=("4.21.4",), random_package=machine.installed("pulumi-random")
    )
    assert host.project is not None
    assert (host.project.virtualenv, host.project.package, host.project.stack_folder) == (False, "0.0.9", False)
    assert (host.backend, host.backend_metadata, host.backend_error) == ("file", True, None)
    assert (host.variables or {})["PULUMI_RUN_PROGRAM"] == "true"
    assert [one.path for one in host.invalid] == ["META_ACCESS_PROXY"]


def test_an_engine_that_answers_nothing_and_a_project_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: [")
    pulumi_says(monkeypatch, tmp_path, whoami="!error: cannot open https://user:canary0password@pulumi.example/x today")

    host = machine.read(tmp_path)

    assert host.engine is not None
    assert host.engine.version == ""
    assert str(host.backend_error) == "pulumi says: error: cannot open ADDRESS today"
    assert [one.path for one in host.unreadable] == ["Pulumi.yaml"]
    assert redaction.MASK not in str(host.backend_error)


def test_an_engine_that_does_not_know_what_the_project_says_wants_no_other_login(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    says = "error: could not validate /p/Pulumi.yaml: 1 error occurred: * additionalProperties pledge not allowed"
    pulumi_says(monkeypatch, tmp_path, version="v3.259.0", whoami=f"!{says}")

    host = machine.read(tmp_path)

    assert host.backend_error is not None
    assert (host.backend_error.problem, host.backend_error.next_step) == (
        f"pulumi says: {says}",
        "Correct Pulumi.yaml, or install the pulumi that it was written for.",
    )


def test_a_machine_without_an_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    host = machine.read(tmp_path)

    assert (host.engine, host.backend, host.backend_error) == (None, "", None)
    assert machine.versions(host)["engine"] == "none"


def test_a_fault_of_ours_in_one_reading_hides_no_other(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise KeyError("canary")

    monkeypatch.setattr(businesses, "get", broken)

    result = patient.ask("--json")

    wrong = [one for one in json.loads(result.stdout)["findings"] if one["severity"] != "ok"]
    assert [(one["id"], one["subject"]) for one in wrong] == [("meta.refused", "meta:businesses.lindenhof")]
    assert wrong[0]["cause"].startswith("unexpected KeyError in ")
    assert "please report it" in wrong[0]["cause"]
