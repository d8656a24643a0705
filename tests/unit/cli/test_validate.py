"""Stack files checked without engine, credentials or network, and what editors and shells get of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import yaml
from click.testing import CliRunner

from meta_access.cli import COMMANDS, main
from meta_access.cli.stack import schema
from tests.unit.stack.conftest import SOUND

if TYPE_CHECKING:
    from click.testing import Result

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stacks' folder of a project with a sound stack `test`; no program is run and nothing is called."""

    def refused(*_: object, **__: object) -> NoReturn:
        raise AssertionError("validate asked somebody")

    monkeypatch.setattr(subprocess, "Popen", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    for name in [name for name in os.environ if name.startswith(("META_", "AWS_", "PULUMI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: ads\nruntime: python\nstackConfigDir: stacks\n")
    folder = tmp_path / "stacks"
    folder.mkdir()
    write(folder, "test", SOUND)
    return folder


def write(stacks: Path, stack: str, config: dict[str, Any], **more: Any) -> None:
    (stacks / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({**more, "config": config}, sort_keys=False))


def validate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["validate", *arguments])


@pytest.mark.usefixtures("stacks")
def test_a_sound_stack_and_what_a_program_would_warn_of() -> None:
    done = validate("--json")

    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "sound": True,
        "stacks": {
            "test": {"file": "stacks/Pulumi.test.yaml", "sound": True, "problems": [], "warnings": [], "policy": []}
        },
    }
    assert validate().stdout == "stacks/Pulumi.test.yaml: sound.\n"


def test_rules_of_good_practice_are_asked_and_a_mandatory_one_refuses(stacks: Path) -> None:
    admin = {"reporting": {"use_case": "read_reports", "role": "ADMIN"}}
    write(stacks, "test", {**SOUND, "meta:rules": "2026-11", "meta:identities": admin})
    finding = (
        "admin-system-user: meta:identities.reporting: reporting is an ADMIN, which reaches every asset of the "
        "business, and no connection acts with it. Fix: Make it an EMPLOYEE with the tasks that it needs."
    )

    done = validate()
    assert done.stdout == f"stacks/Pulumi.test.yaml: sound.\n  advisory (high) {finding}\n"
    assert done.exit_code == 0

    rules = {"admin-system-user": {"enforcement_level": "mandatory", "severity": "critical", "reason": "an audit"}}
    write(stacks, "test", {**SOUND, "meta:rules": "2026-11", "meta:identities": admin, "meta:policy": {"rules": rules}})
    done = validate()
    head = "stacks/Pulumi.test.yaml: refused by 1 mandatory finding of its policy."
    assert done.stdout == f"{head}\n  mandatory (critical) {finding}\n"
    assert done.exit_code == 1
    told = json.loads(validate("--json").stdout)
    assert (told["sound"], told["stacks"]["test"]["sound"], told["stacks"]["test"]["problems"]) == (False, False, [])
    assert told["stacks"]["test"]["policy"] == [
        {
            "rule": "admin-system-user",
            "enforcement_level": "mandatory",
            "severity": "critical",
            "path": "meta:identities.reporting",
            "cause": (
                "reporting is an ADMIN, which reaches every asset of the business, and no connection acts with it."
            ),
            "fix": "Make it an EMPLOYEE with the tasks that it needs.",
        }
    ]


def test_every_stack_is_checked_and_every_problem_named(stacks: Path) -> None:
    connections = {"main": {**SOUND["meta:connections"]["main"], "api_version": "v19.0"}}
    write(stacks, "old", {**SOUND, "meta:connections": connections})
    write(
        stacks, "wrong", {**SOUND, "meta:conections": {}, "meta:identities": {"reporting": {"use_case": "read_report"}}}
    )
    done = validate()

    assert done.exit_code == 1
    old, warning, *others = done.stdout.splitlines()
    assert old == "stacks/Pulumi.old.yaml: sound."
    ended = "meta:connections.main.api_version: v19.0 ended for the Marketing API on 2026-02-19"
    assert warning.startswith(f"  warning: {ended}")
    assert others == [
        "stacks/Pulumi.test.yaml: sound.",
        "stacks/Pulumi.wrong.yaml: 2 problems in the configuration:",
        '  - meta:conections: there is no key "conections" here. Fix: write "connections".',
        (
            '  - meta:identities.reporting.use_case: rule set 2026-05 has no use case "read_report". '
            'Fix: write "read_reports".'
        ),
    ]
    assert validate("test").exit_code == validate("--stack", "acme/ads/test").exit_code == 0
    assert json.loads(validate("wrong", "--json").stdout)["stacks"]["wrong"]["problems"][0] == {
        "path": "meta:conections",
        "problem": 'there is no key "conections" here.',
        "fix": 'write "connections".',
    }


def test_the_stack_that_was_meant_is_named(stacks: Path) -> None:
    done = validate("tset", "test")

    assert done.exit_code == 1
    assert "There is no stacks/Pulumi.tset.yaml. Did you mean test? Stacks: test." in done.output
    (stacks / "Pulumi.test.yaml").unlink()
    assert "There is no stack file Pulumi.<stack>.yaml in stacks." in validate().output


def test_what_the_project_gives_to_all_its_stacks_counts(stacks: Path) -> None:
    rest = {key: value for key, value in SOUND.items() if key not in {"meta:rules", "meta:people"}}
    write(stacks, "test", {**rest, "meta:environment": "test"})
    shared = {"meta:rules": "2026-05", "meta:people": {"value": SOUND["meta:people"]}, "meta:environment": "dev"}
    project = {"name": "ads", "runtime": "python", "stackConfigDir": "stacks", "config": shared}

    assert "meta:rules: is missing." in validate().stdout
    (stacks.parent / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    assert validate().stdout == "stacks/Pulumi.test.yaml: sound.\n"


def test_a_secret_value_is_refused_at_its_place_and_not_shown(stacks: Path) -> None:
    hidden = {"secure": "v1:c2VjcmV0"}
    write(stacks, "test", {**SOUND, "meta:people": {"nadia": {"email": hidden}, "ines": {}}})
    done = validate()

    assert done.exit_code == 1
    assert "meta:people.nadia.email: is stored as a secret" in done.stdout
    assert "c2VjcmV0" not in done.stdout


def test_environments_of_pulumi_are_not_asked(stacks: Path) -> None:
    write(stacks, "test", SOUND, environment=["ads/prod"])

    assert validate("--json").exit_code == 0
    assert json.loads(validate("--json").stdout)["stacks"]["test"]["warnings"] == [
        "environment: names environments of Pulumi ESC. They are not asked, so what they add is not checked."
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config: [\n", "Pulumi.test.yaml"),
        ("config:\n  meta:rules: a\n  meta:rules: b\n", "meta:rules"),
        ("", "is missing"),
        ("config: []\n", "is missing"),
    ],
)
def test_a_file_that_is_no_configuration_is_one_verdict(stacks: Path, text: str, said: str) -> None:
    (stacks / "Pulumi.test.yaml").write_text(text)
    done = validate()

    assert (done.exit_code, "unexpected" in done.output) == (1, False)
    assert said in done.stdout


BELOW = "not a mapping. Fix: write config: and below it the stack's keys, such as meta:environment: dev."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", f"the file: is a list, {BELOW}"),
        ("text\n", f"the file: is text, {BELOW}"),
        ("config: text\n", f"config: is text, {BELOW}"),
        ("config: true\n", f"config: is true or false, {BELOW}"),
        ("config: 2026-01-01\n", f"config: is a date, {BELOW}"),
        ("config: [meta:environment]\n", f"config: is a list, {BELOW}"),
        ("Config:\n  meta:environment: dev\n", 'Config: there is no key "Config" here. Fix: write "config".'),
    ],
)
def test_a_configuration_that_is_no_mapping_is_named(stacks: Path, text: str, said: str) -> None:
    (stacks / "Pulumi.test.yaml").write_text(text)
    done = validate()

    assert done.exit_code == 1
    head = "stacks/Pulumi.test.yaml: 1 problem in the configuration:\n  - "
    assert done.stdout == f"{head}{said}\n"


def test_no_project_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert "There is no Pulumi.yaml here or above." in validate().output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2026", "name: is a number, not text. Fix: put it in quotes."),
        ("on", "name: is true or false, not text. Fix: put it in quotes."),
        ("", "name: is missing. Fix: write the name of the project."),
        ('""', "name: is missing. Fix: write the name of the project."),
    ],
)
def test_a_project_whose_name_is_no_text_is_not_passed_over(stacks: Path, name: str, said: str) -> None:
    file = stacks.parent / "Pulumi.yaml"
    file.write_text(f"name: {name}\nruntime: python\nstackConfigDir: stacks\n")

    assert validate().stderr == f"Error: 1 problem in {file}:\n  - {said}\n"


@pytest.mark.parametrize("name", ["stack", "client"])
def test_the_published_schemas_are_those_of_the_models(name: str) -> None:
    published = (ROOT / "schema" / f"{name}.json").read_text(encoding="utf-8")

    assert published == schema.text_of(name), "run `meta-access schema --write schema`"
    assert CliRunner().invoke(main, ["schema", name]).stdout == published


def test_schemas_are_written_into_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert CliRunner().invoke(main, ["schema", "--write", "schema"]).exit_code == 0
    assert sorted(path.name for path in (tmp_path / "schema").iterdir()) == ["client.json", "stack.json"]
    assert "Name the schema to print" in CliRunner().invoke(main, ["schema"]).output
    (tmp_path / "taken").write_text("")
    refused = CliRunner().invoke(main, ["schema", "--write", "taken/inner"])
    assert refused.output == (
        "Error: Writing to taken/inner failed: File exists. Nothing was written. Name a folder that you may write to.\n"
    )


def asked(shell: str, words: str) -> list[str]:
    """What a shell is told when Tab is pressed behind these words."""
    answer = {"_META_ACCESS_COMPLETE": f"{shell}_complete", "COMP_WORDS": words}
    answer["COMP_CWORD"] = words.rpartition(" ")[2] if shell == "fish" else str(words.count(" "))
    argv = [sys.executable, "-m", "meta_access.cli"]
    done = subprocess.run(argv, env={**os.environ, **answer}, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


def test_a_shell_completes_commands_and_options() -> None:
    assert asked("bash", "meta-access va") == ["plain,validate"]
    assert asked("bash", "meta-access validate --j") == ["plain,--json"]
    assert asked("fish", "meta-access rota") == [f"plain,rotate\t{COMMANDS['rotate'].help}"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    done = CliRunner().invoke(main, ["completion", shell])

    assert done.exit_code == 0
    assert f"_META_ACCESS_COMPLETE={shell}_complete" in done.stdout
