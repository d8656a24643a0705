"""The command around the first token: what it reads, asks and prints, and where the person's token never gets to."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml
from click.testing import CliRunner

from meta_access.cli import main, pulumi_stack
from meta_access.cli.pulumi_stack import Project
from meta_access.cli.stack import bootstrap
from meta_access.cli.stack.bootstrap import VARIABLE, command, configuration, person_token, place
from meta_access.errors import ConfigError
from meta_access.graph import applications
from meta_access.stack.load import load_stack
from tests.connections import MAIN
from tests.unit.cli import newcomer

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from meta_emulator.embedded import MetaEmulator


NOWHERE = "http://127.0.0.1:1"
APP = {"id": "120480000000002", "claimed_by": "nordwind", "tier": "limited"}
PAGES = {"reporting": {**APP, "permissions": {"standard": ["pages_show_list"]}}}


def values(graph_url: str = NOWHERE, aws_url: str = NOWHERE, **changes: Any) -> dict[str, str]:
    """A stack before its first `up`, as pulumi tells its configuration."""
    typed: dict[str, Any] = {
        "environment": "test",
        "rules": "2026-05",
        "connections": {
            "main": {
                "business": "nordwind",
                "app": "reporting",
                "graph_url": graph_url,
                "api_version": "v26.0",
                "app_secret": "emulator:",
                "admin_token": "env:META_ADMIN_TOKEN",
                "aws": {"region": "eu-central-1", "endpoint_url": aws_url},
            }
        },
        "businesses": {"nordwind": {"id": "178000000000001"}},
        "apps": {"reporting": APP},
        **changes,
    }
    return {f"meta:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in typed.items()}


def placed(tmp_path: Path, *, connection: str | None = None, identity: str = "root", **changes: Any) -> bootstrap.Place:
    return place("prod", Project("access", tmp_path), values(**changes), connection, identity)


# --- what it is for ---


def test_an_identity_that_is_not_declared_is_told_whole(tmp_path: Path) -> None:
    at = placed(tmp_path)
    reference = "aws-secret:arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/test/root-AbCdEf#access_token"

    told = configuration(at, reference, "122")

    assert at.owner == "access/prod"
    assert at.identity.secret == "meta/test/root"
    assert told["meta:connections"]["main"]["admin_token"] == reference
    assert told["meta:connections"]["main"]["business"] == "nordwind"
    assert told["meta:identities"] == {
        "root": {
            "role": "ADMIN",
            "connection": "main",
            "scopes": ["ads_management", "business_management"],
            "secret": "meta/test/root",
            "adopt": "122",
            "on_destroy": "keep",
        }
    }
    assert told["meta:apps"]["reporting"]["permissions"] == {"standard": ["ads_management", "business_management"]}


def test_what_is_told_is_a_sound_configuration(tmp_path: Path) -> None:
    told = configuration(placed(tmp_path), "env:META_X", "122")

    load_stack({**values(), **told}, "prod", tmp_path)


def test_a_declared_identity_is_told_with_what_is_new(tmp_path: Path) -> None:
    declared = {"role": "ADMIN", "scopes": ["business_management"]}
    apps = json.loads(values()["meta:apps"])
    apps["reporting"]["permissions"] = {"standard": ["business_management"]}
    connections = json.loads(values()["meta:connections"])
    connections["main"]["admin_token"] = "identity:boss"

    at = placed(tmp_path, identities={"boss": declared}, connections=connections, apps=apps)

    assert at.identity.key == "boss"
    told = configuration(at, "identity:boss", "122")
    assert told["meta:identities"] == {"boss": {**declared, "adopt": "122", "on_destroy": "keep"}}
    assert "meta:apps" not in told


def test_a_secret_that_no_reference_may_name_is_told_by_its_identity(tmp_path: Path) -> None:
    at = placed(
        tmp_path, identities={"root": {"role": "ADMIN", "scopes": ["pages_show_list"], "secret": "other"}}, apps=PAGES
    )

    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf"
    assert bootstrap.admin_token(at, arn) == "identity:root"


def test_what_a_first_token_cannot_be_for(tmp_path: Path) -> None:
    both = {**json.loads(values()["meta:connections"])}
    both["other"] = both["main"]
    employee = {"root": {"use_case": "read_reports"}}
    suffixed = {"root": {"role": "ADMIN", "scopes": ["pages_show_list"], "secret": "meta/{identity}/{suffix}"}}

    with pytest.raises(click.ClickException, match=r"Say with --connection which one it is for: main, other\."):
        placed(tmp_path, connections=both)
    with pytest.raises(click.ClickException, match=r"There is no connection 'mein'; there are main\."):
        placed(tmp_path, connection="mein")
    with pytest.raises(click.ClickException, match=r"is no admin system user of connection main\. Write role: ADMIN"):
        placed(tmp_path, identities=employee)
    with pytest.raises(click.ClickException, match=r"gets its name when it is made\. Give it a secret"):
        placed(tmp_path, identities=suffixed, apps=PAGES)


def test_without_a_terminal_the_token_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115 - a stream of no terminal

    assert person_token("  EAA" + "EMUx\n", MAIN).get_secret_value() == "EAA" + "EMUx"
    with pytest.raises(click.ClickException, match="set META_BOOTSTRAP_TOKEN, or run this in a terminal, which asks"):
        person_token(None, MAIN)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("EAA" + "EMUperson\u200b", "has U+200B (zero width space) in it"),
        ("EAA" + "EMUper\nson", "has a line break in it"),
        ('"EAA' + 'EMUperson"', "stands in quotes"),
        ("EAA" + "Realperson", "is not the emulator's, and graph_url is 127.0.0.1:8765 on this machine"),
    ],
)
def test_a_persons_token_that_cannot_be_sent_is_named_and_not_repeated(value: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=r"your token: the value of env:META_BOOTSTRAP_TOKEN") as refused:
        person_token(value, MAIN)

    assert reason in str(refused.value)
    assert "person" not in str(refused.value)


# --- the whole command ---


@pytest.fixture
def meta(emulator: MetaEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MetaEmulator:
    emulator.load(newcomer.world())
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.setattr(pulumi_stack, "find", lambda folder: Project("access", tmp_path))

    def config(name: str) -> dict[str, str]:
        # What pulumi is started with.
        assert VARIABLE not in os.environ
        return values(emulator.graph_url, emulator.aws_url)

    monkeypatch.setattr(pulumi_stack, "config", config)
    return emulator


def run(token: str, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(command, ["--stack", "prod", *arguments], env={VARIABLE: token}, input=answer)


def test_json_tells_what_to_put_into_the_stack_and_nothing_secret(meta: MetaEmulator) -> None:
    token = newcomer.login(meta).get_secret_value()

    done = run(token, "--yes", "--json")

    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    arn = told["secret"]["arn"]
    assert arn.startswith("arn:aws:secretsmanager:eu-central-1:")
    assert told["business"] == {"id": "178000000000001", "name": "Nordwind"}
    assert told["system_user"]["created"]
    assert told["secret"]["name"] == "meta/test/root"
    assert told["secret"]["generation"] == 1
    assert told["secret"]["scopes"] == ["ads_management", "business_management"]
    assert told["admin_token"] == f"aws-secret:{arn}#access_token"
    assert told["configuration"]["meta:connections"]["main"]["admin_token"] == told["admin_token"]
    assert told["configuration"]["meta:identities"]["root"]["adopt"] == told["system_user"]["id"]
    assert told["left"] == []
    assert "EAA" not in done.output
    assert done.stderr.splitlines() == [
        "Looking at your token, the business, the app and the secret.",
        "Business Nordwind (id 178000000000001), app reporting (id 120480000000002):",
        "  - an admin system user root is created; Meta cannot delete it again",
        ("  - the app is installed on it, and a token with ads_management, business_management is made for it"),
        "  - the token goes into secret meta/test/root, eu-central-1",
        ("Note: business Nordwind asks nobody for a second factor; declare two_factor of it in meta:businesses."),
        "Creating the admin system user root in business 178000000000001.",
        "Installing app 120480000000002 on it.",
        "Making the token in secret meta/test/root.",
        "Trying the new token.",
    ]

    again = json.loads(run(token, "--yes", "--json").stdout)
    assert not again["system_user"]["created"]
    assert again["secret"] == told["secret"]


def test_what_is_printed_for_people_is_yaml_of_the_stack_file(meta: MetaEmulator) -> None:
    done = run(newcomer.login(meta).get_secret_value(), answer="y\n")

    assert done.exit_code == 0, done.output
    head, _, block = done.stdout.partition("keeps it fresh:\n\n")
    assert "Secret meta/test/root holds generation 1, sha256:" in head
    typed = yaml.safe_load(block)
    assert set(typed) == {"meta:connections", "meta:identities", "meta:apps"}
    assert typed["meta:identities"]["root"]["adopt"].startswith("122")
    assert "Do it?" in done.stderr


def test_without_consent_nothing_is_made(meta: MetaEmulator) -> None:
    done = run(newcomer.login(meta).get_secret_value(), answer="n\n")

    assert done.exit_code == 1
    assert "not confirmed; nothing was changed." in done.stderr
    assert meta.world.system_users == []


def test_the_step_that_is_left_for_a_person_is_exit_code_2(meta: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "assigned", lambda client, user: {})
    token = newcomer.login(meta).get_secret_value()

    done = run(token, "--yes")

    assert done.exit_code == 2
    (user,) = meta.world.system_users
    assert done.stdout.splitlines() == [
        (
            f"Work is left: Assign app reporting to the system user root (id {user.id}) with full control. Without it "
            "Meta mints no token. Then run this again."
        ),
        "    where:    https://business.facebook.com/latest/settings/system_users?business_id=178000000000001",
        "    menu:     Business settings > Users > System users > the user > Assign assets > Apps > Full control",
        "    look for: business nordwind (id 178000000000001)",
    ]
    told = json.loads(run(token, "--yes", "--json").stdout)
    assert told["secret"] is None
    assert told["left"][0]["menu"].endswith("Full control")


def test_a_refusal_is_one_message_without_a_traceback(
    meta: MetaEmulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, newcomer.login(meta, scopes=("ads_read",)).get_secret_value())

    with pytest.raises(SystemExit) as ended:
        main(["bootstrap", "--stack", "prod", "--yes"])

    assert ended.value.code == 1
    assert capsys.readouterr().err.endswith(
        "Error: The first token cannot be made, and nothing was changed:\n"
        "  - the token: it lacks business_management; it has ads_read. Fix: grant business_management at the login, "
        "and take a new token.\n"
    )


def test_offline_and_questions_that_json_cannot_ask() -> None:
    assert "so it needs --yes" in run("x", "--json").stderr
    refused = CliRunner().invoke(command, ["--stack", "prod", "--yes"], env={VARIABLE: "x", "META_ACCESS_OFFLINE": "1"})
    assert "META_ACCESS_OFFLINE=1 forbids every call, so nothing can be made." in str(refused.exception)
