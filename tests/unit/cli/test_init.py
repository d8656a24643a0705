"""A new project in an empty folder: what is in it, and what is refused. tests/engine/test_stranger.py brings one up."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner

from meta_access import __version__
from meta_access.cli import main
from meta_access.cli.stack import starter

if TYPE_CHECKING:
    from click.testing import Result

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, where no emulator is known."""
    monkeypatch.setenv("META_ACCESS_EMULATOR_HOME", str(tmp_path / "emulator"))
    mine = tmp_path / "my ads"
    mine.mkdir()
    monkeypatch.chdir(mine)
    return mine


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_an_empty_folder_becomes_a_project_whose_files_are_sound(folder: Path) -> None:
    done = run("init", "--json")

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "folder": str(folder),
        "project": "my-ads",
        "stack": "dev",
        "files": [
            "Pulumi.yaml",
            "__main__.py",
            "policy-pack/PulumiPolicy.yaml",
            "policy-pack/__main__.py",
            "requirements.txt",
            ".gitignore",
            "schema/stack.json",
            "schema/client.json",
            "stacks/Pulumi.dev.yaml",
            "stacks/clients.dev/lindenhof.yaml",
        ],
        "next": [
            "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
            "meta-access emulator start",
            "export PULUMI_RUN_PROGRAM=true PULUMI_CONTINUE_ON_ERROR=true",
            "pulumi stack init dev",
            "pulumi up --stack dev",
        ],
    }
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    assert (project["name"], project["options"]) == ("my-ads", {"refresh": "always"})
    assert (folder / "requirements.txt").read_text() == f"meta-access[emulator]=={__version__}\n"
    for file in ("PulumiPolicy.yaml", "__main__.py"):
        assert (folder / "policy-pack" / file).read_text() == (ROOT / "policy-pack" / file).read_text()
    assert run("validate").stdout == "stacks/Pulumi.dev.yaml: sound.\n"


@pytest.mark.parametrize(("stack", "confirmed"), [("prod", None), ("trial", True)])
def test_a_project_for_meta_itself_says_so_and_holds_no_credential(
    folder: Path, stack: str, confirmed: bool | None
) -> None:
    ids = ("--business", "178435550012345", "--app", "1204817736400555", "--region", "eu-central-1")
    done = run("init", "--real", "--stack", stack, *ids)

    assert done.exit_code == 0, done.output
    assert f"meta-access bootstrap --stack {stack}" in done.stdout
    config = yaml.safe_load((folder / "stacks" / f"Pulumi.{stack}.yaml").read_text())["config"]
    assert config.get("meta:confirm_real_graph") is confirmed
    assert config["meta:connections"]["main"] == {
        "business": "ours",
        "app": "ads",
        "api_version": "v27.0",
        "app_secret": "env:META_APP_SECRET",
        "admin_token": "env:META_ADMIN_TOKEN",
        "aws": {"region": "eu-central-1"},
    }
    assert (config["meta:businesses"]["ours"]["id"], config["meta:apps"]["ads"]["id"]) == (
        "178435550012345",
        "1204817736400555",
    )
    assert run("validate").exit_code == 0


@pytest.mark.parametrize(
    ("forge", "file"), [("github", ".github/workflows/meta-access.yml"), ("gitlab", ".gitlab-ci.yml")]
)
def test_a_forge_reviews_updates_and_rotates_each_with_the_credentials_of_its_environment(
    folder: Path, forge: str, file: str
) -> None:
    ids = ("--business", "178435550012345", "--app", "1204817736400555", "--region", "eu-central-1")
    done = run("init", "--real", "--ci", forge, *ids)

    assert done.exit_code == 0, done.output
    text = (folder / file).read_text()
    made = yaml.safe_load(text)
    jobs = made["jobs"] if forge == "github" else {name: made[name] for name in ("review", "up", "rotate")}
    places = {name: job["environment"] for name, job in jobs.items()}
    by = "-" if forge == "github" else "/"
    assert {name: place if isinstance(place, str) else place["name"] for name, place in places.items()} == {
        "review": f"prod{by}review",
        "up": "prod",
        "rotate": f"prod{by}rotate",
    }
    assert "your-stack" not in text


@pytest.mark.parametrize("name", ["2026", "on", "null", "1e3", "0x1F", "2026-01-01", "1_000", "y", "."])
def test_a_name_stays_text_where_yaml_reads_something_else(folder: Path, name: str) -> None:
    done = run("init", "--name", name)

    assert done.exit_code == 0, done.output
    assert yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"] == name
    assert run("validate").stdout == "stacks/Pulumi.dev.yaml: sound.\n"
    assert (folder / "Pulumi.yaml").read_text().splitlines()[0] == f'name: "{name}"'


@pytest.mark.parametrize("stack", ["on", "null", "true", "no", "y"])
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_stack_stays_text_where_yaml_reads_something_else(folder: Path, stack: str, forge: str) -> None:
    ids = ("--business", "178435550012345", "--app", "1204817736400555", "--region", "eu-central-1")
    done = run("init", "--real", "--stack", stack, "--ci", forge, *ids)

    assert done.exit_code == 0, done.output
    assert run("validate").stdout == f"stacks/Pulumi.{stack}.yaml: sound.\n"
    made = yaml.safe_load((folder / starter.CI[forge]).read_text())
    if forge == "github":
        assert (made["env"]["STACK"], made["jobs"]["up"]["environment"]) == (stack, stack)
    else:
        assert (made[".meta-access"]["variables"]["STACK"], made["up"]["environment"]["name"]) == (stack, stack)


def test_the_next_steps_can_be_pasted_whatever_the_folder_is_called(folder: Path) -> None:
    done = run("init", "Ines' ads ü", "--json")

    assert done.exit_code == 0, done.output
    assert shlex.split(json.loads(done.stdout)["next"][0]) == ["cd", str(folder / "Ines' ads ü")]
    assert yaml.safe_load((folder / "Ines' ads ü" / "Pulumi.yaml").read_text())["name"] == "Ines-ads"


def test_a_pipeline_is_for_meta_itself(folder: Path) -> None:
    refused = run("init", "--ci", "github")

    assert (refused.exit_code, "add --real" in refused.output) == (1, True)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("forge", "file"), starter.CI.items())
def test_a_pipeline_that_no_forge_would_run_is_refused(folder: Path, forge: str, file: str) -> None:
    (folder / ".git").mkdir()
    (folder / "ads").mkdir()
    ids = ("--business", "178435550012345", "--app", "1204817736400555", "--region", "eu-central-1")

    refused = run("init", "ads", "--real", "--ci", forge, *ids)

    assert (refused.exit_code, refused.output) == (
        1,
        (
            f"Error: --ci: {forge} runs only what {file} says at the top of a repository, and that is {folder}: "
            "nothing would rotate a token. Leave --ci out and take a workflow of docs/ci, or run `git init` in the "
            "project's folder first, for a repository of its own. Nothing was written.\n"
        ),
    )
    assert list((folder / "ads").iterdir()) == []
    (folder / "ads" / ".git").write_text("gitdir: elsewhere\n")
    assert run("init", "ads", "--real", "--ci", forge, *ids).exit_code == 0
    assert (folder / "ads" / file).is_file()


def test_a_folder_with_a_long_name_gives_its_beginning_to_the_project(folder: Path) -> None:
    assert run("init", "a" * 200).exit_code == 0
    assert yaml.safe_load((folder / ("a" * 200) / "Pulumi.yaml").read_text())["name"] == "a" * 100


def test_a_file_in_a_folders_place_is_named(folder: Path) -> None:
    (folder / "stacks").write_text("")

    refused = run("init")

    assert (refused.exit_code, refused.output.partition(".")[0]) == (
        1,
        "Error: Nothing was written: stacks is there already",
    )
    assert [path.name for path in folder.iterdir()] == ["stacks"]


def test_a_project_that_one_only_stands_in_is_no_matter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("init", "one").exit_code == 0
    monkeypatch.chdir(folder / "one")

    assert run("init", "../two").exit_code == 0
    assert (folder / "two" / "Pulumi.yaml").is_file()


def test_what_is_there_is_never_changed(folder: Path) -> None:
    (folder / "__main__.py").write_text("mine\n")
    (folder / ".gitignore").write_text("mine\n")
    refused = run("init")

    assert refused.exit_code == 1
    assert "Nothing was written: __main__.py is there already." in refused.output
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "__main__.py"]
    (folder / "__main__.py").unlink()
    assert run("init").exit_code == 0
    assert (folder / ".gitignore").read_text() == "mine\n"
    again = run("init", "inner")
    assert f"{folder}/Pulumi.yaml is there already" in again.output
    assert not (folder / "inner").exists()


def test_every_wrong_option_is_named_at_once(folder: Path) -> None:
    refused = run("init", "--real", "--name", "a b", "--stack", "Prod", "--app", "0x1", "--region", "europe")

    assert refused.exit_code == 1
    for option in ("--name:", "--stack:", "--business: is missing.", "--app: 0x1 is not an id", "--region:"):
        assert option in refused.output
    assert list(folder.iterdir()) == []
    assert "add --real" in run("init", "--app", "1").output
    assert "give one of them" in run("init", "--real", "--emulator").output


def test_a_folder_that_cannot_be_written_is_one_error(folder: Path) -> None:
    (folder / "taken").write_text("")

    refused = run("init", "taken/inner")

    assert (refused.exit_code, "unexpected" in refused.output) == (1, False)
    assert "Nothing was written" in refused.output
