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
from meta_access.errors import ConfigError, OfflineError
from meta_access.graph import applications
from meta_access.stack.load import load_stack
from tests.connections import MAIN
from tests.texts import lacks
from tests.unit.cli import newcomer

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.unit.emulated import EmulatedMeta


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

    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"connections": both}, ["--connection", "main, other"]),
        ({"connection": "mein"}, ["'mein'", "main"]),
        ({"identities": employee}, ["root", "connection main", "role: ADMIN"]),
        ({"identities": suffixed, "apps": PAGES}, ["root", "secret"]),
    ]
    for changes, facts in wrong:
        with pytest.raises(click.ClickException) as refused:
            placed(tmp_path, **changes)
        assert lacks(refused.value.message, *facts) == []


def test_without_a_terminal_the_token_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115 - a stream of no terminal

    assert person_token("  EAA" + "EMUx\n", MAIN).get_secret_value() == "EAA" + "EMUx"
    with pytest.raises(click.ClickException, match="META_BOOTSTRAP_TOKEN"):
        person_token(None, MAIN)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("EAA" + "EMUperson\u200b", "U+200B"),
        ("EAA" + "EMUper\nson", "line break"),
        ('"EAA' + 'EMUperson"', "quotes"),
        ("EAA" + "Realperson", "127.0.0.1:8765"),
    ],
)
def test_a_persons_token_that_cannot_be_sent_is_named_and_not_repeated(value: str, reason: str) -> None:
    with pytest.raises(ConfigError) as refused:
        person_token(value, MAIN)

    [problem] = refused.value.problems
    assert problem.path == "your token"
    assert lacks(problem.problem, "env:META_BOOTSTRAP_TOKEN", reason) == []
    assert "person" not in str(refused.value)


# --- the whole command ---


@pytest.fixture
def meta(nordwind: EmulatedMeta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.setattr(pulumi_stack, "find", lambda folder: Project("access", tmp_path))

    def config(name: str) -> dict[str, str]:
        # What pulumi is started with.
        assert VARIABLE not in os.environ
        return values(nordwind.emulator.graph_url, nordwind.emulator.aws_url)

    monkeypatch.setattr(pulumi_stack, "config", config)
    return nordwind


def run(token: str, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(command, ["--stack", "prod", *arguments], env={VARIABLE: token}, input=answer)


def test_json_tells_what_to_put_into_the_stack_and_nothing_secret(meta: EmulatedMeta) -> None:
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
    # What is done is shown before it is done.
    assert (
        lacks(
            done.stderr,
            "Nordwind (id 178000000000001)",
            "reporting (id 120480000000002)",
            "admin system user root is created",
            "a token with ads_management, business_management",
            "secret meta/test/root, eu-central-1",
            "two_factor",
            "meta:businesses",
        )
        == []
    )

    again = json.loads(run(token, "--yes", "--json").stdout)
    assert not again["system_user"]["created"]
    assert again["secret"] == told["secret"]


def test_what_is_printed_for_people_is_yaml_of_the_stack_file(meta: EmulatedMeta) -> None:
    done = run(newcomer.login(meta).get_secret_value(), answer="y\n")

    assert done.exit_code == 0, done.output
    head, _, block = done.stdout.partition("\n\n")
    assert lacks(head, "meta/test/root", "generation 1", "sha256") == []
    typed = yaml.safe_load(block)
    assert set(typed) == {"meta:connections", "meta:identities", "meta:apps"}
    assert typed["meta:identities"]["root"]["adopt"].startswith("122")


def test_without_consent_nothing_is_made(meta: EmulatedMeta) -> None:
    done = run(newcomer.login(meta).get_secret_value(), answer="n\n")

    assert done.exit_code == 1
    assert meta.world.system_users == []


def test_the_step_that_is_left_for_a_person_is_exit_code_2(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "assigned", lambda client, user: {})
    token = newcomer.login(meta).get_secret_value()

    done = run(token, "--yes")

    assert done.exit_code == 2
    (user,) = meta.world.system_users
    assert lacks(done.stdout, "app reporting", f"system user root (id {user.id})", "full control") == []
    told = json.loads(run(token, "--yes", "--json").stdout)
    assert told["secret"] is None
    [step] = told["left"]
    assert (step["where"], step["menu"], step["expect"]) == (
        "https://business.facebook.com/latest/settings/system_users?business_id=178000000000001",
        "Business settings > Users > System users > the user > Assign assets > Apps > Full control",
        "business nordwind (id 178000000000001)",
    )
    for shown in (step["where"], step["menu"], step["expect"]):
        assert shown in done.stdout


def test_a_refusal_is_one_message_without_a_traceback(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, newcomer.login(meta, scopes=("ads_read",)).get_secret_value())

    with pytest.raises(SystemExit) as ended:
        main(["bootstrap", "--stack", "prod", "--yes"])

    assert ended.value.code == 1
    *_, head, problem = capsys.readouterr().err.splitlines()
    assert head.startswith("Error: ")
    assert problem.startswith("  - the token: ")
    assert lacks(problem, "lacks business_management", "has ads_read", "Fix", "grant business_management") == []


def test_offline_and_questions_that_json_cannot_ask() -> None:
    asked = run("x", "--json")
    assert asked.exit_code == 2
    assert lacks(asked.stderr, "--json", "--yes") == []
    refused = CliRunner().invoke(command, ["--stack", "prod", "--yes"], env={VARIABLE: "x", "META_ACCESS_OFFLINE": "1"})
    assert isinstance(refused.exception, OfflineError)
    assert lacks(str(refused.exception), "META_ACCESS_OFFLINE=1") == []
