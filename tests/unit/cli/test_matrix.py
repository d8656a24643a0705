"""`meta-access matrix`: which stacks there are, by their files."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from meta_access.cli import main
from meta_access.cli.many import matrix
from meta_access.cli.many.stacks import Stack, StacksError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def project(folder: Path, name: str, stacks: dict[str, str], *, kept: str = "stacks") -> None:
    """A project whose stacks have these environments."""
    (folder / kept).mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\nstackConfigDir: {kept}\n")
    for stack, environment in stacks.items():
        text = yaml.safe_dump({"config": {"meta:environment": environment}})
        (folder / kept / f"Pulumi.{stack}.yaml").write_text(text)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with three stacks."""
    monkeypatch.chdir(tmp_path)
    project(tmp_path, "agency", {"shop-b": "prod", "shop-a": "prod", "staging": "staging"})
    return tmp_path


def listed(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["matrix", *arguments])


def names(*arguments: str) -> list[str]:
    done = listed(*arguments)
    assert done.exit_code == 0, done.output
    rows: list[dict[str, str]] = json.loads(done.stdout)["include"]
    return [f"{row['folder']}:{row['stack']}" for row in rows]


@pytest.mark.usefixtures("here")
def test_the_stacks_of_the_project_are_one_line_that_github_takes() -> None:
    done = listed()

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        '{"include": [{"stack": "shop-a", "project": "agency", "folder": ".", "environment": "prod"}, '
        '{"stack": "shop-b", "project": "agency", "folder": ".", "environment": "prod"}, '
        '{"stack": "staging", "project": "agency", "folder": ".", "environment": "staging"}]}\n'
    )
    assert listed("--json").stdout == done.stdout


@pytest.mark.usefixtures("here")
def test_gitlab_gets_a_child_pipeline() -> None:
    done = listed("--gitlab", "shop-*")

    assert yaml.safe_load(done.stdout) == {
        "meta-access": {
            "extends": ".meta-access-stack",
            "parallel": {
                "matrix": [
                    {"STACK": "shop-a", "PROJECT": "agency", "FOLDER": ".", "ENVIRONMENT": "prod"},
                    {"STACK": "shop-b", "PROJECT": "agency", "FOLDER": ".", "ENVIRONMENT": "prod"},
                ]
            },
        }
    }


def many(count: int) -> list[Stack]:
    return [Stack(f"s{number}", "p", ".", "prod", None, None) for number in range(count)]  # type: ignore[arg-type]


def test_the_forges_bounds_are_kept() -> None:
    assert json.loads(matrix.github(many(256)))["include"][255]["stack"] == "s255"
    with pytest.raises(StacksError, match=r"These are 257 stacks, and GitHub takes a matrix of 256 jobs at most\."):
        matrix.github(many(257))

    pipeline: dict[str, Any] = yaml.safe_load(matrix.gitlab(many(201)))
    assert {name: len(job["parallel"]["matrix"]) for name, job in pipeline.items()} == {
        "meta-access 1": 200,
        "meta-access 2": 1,
    }
    assert yaml.safe_load(matrix.gitlab([])) == {"meta-access none": {"script": ["echo No stack has changed."]}}


@pytest.mark.usefixtures("here")
def test_patterns_and_environments_choose() -> None:
    assert names("shop-*") == [".:shop-a", ".:shop-b"]
    assert names("--stack", "staging", "shop-b") == [".:shop-b", ".:staging"]
    assert names("agency/*a*") == [".:shop-a", ".:staging"]
    assert names("--environment", "staging") == [".:staging"]

    done = listed("stagin", "x*", "--environment", "dev")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: No stack is called stagin. Did you mean staging? No stack is called x*. No stack is in environment "
        "dev. Stacks: shop-a, shop-b, staging. Environments: prod, staging.\n"
    )


def test_projects_in_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path / "shops" / "b", "b", {"prod": "prod"})
    project(tmp_path / "shops" / "a", "a", {"prod": "prod", "dev": "dev"}, kept=".")
    project(tmp_path / "node_modules" / "c", "c", {"prod": "prod"})
    project(tmp_path / ".venv" / "d", "d", {"prod": "prod"})
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Pulumi.yaml").write_text("name: web\nruntime: nodejs\n")
    (tmp_path / "web" / "Pulumi.prod.yaml").write_text("config: {aws:region: eu-central-1}\n")

    assert names() == ["shops/a:dev", "shops/a:prod", "shops/b:prod"]
    assert names("--in", "shops/b") == ["shops/b:prod"]
    assert names("a/prod") == ["shops/a:prod"]

    monkeypatch.chdir(tmp_path / "shops" / "b" / "stacks")
    assert names() == ["..:prod"]
    assert names("--in", "../../a") == ["../../a:dev", "../../a:prod"]


def test_a_stack_file_that_cannot_be_read_is_listed_with_a_warning(here: Path) -> None:
    (here / "stacks" / "Pulumi.shop-c.yaml").write_text("config: {meta:environment: [\n")

    done = listed("--environment", "prod")

    assert done.exit_code == 0
    assert [row["stack"] for row in json.loads(done.stdout)["include"]] == ["shop-a", "shop-b", "shop-c"]
    assert json.loads(done.stdout)["include"][2] == {
        "stack": "shop-c",
        "project": "agency",
        "folder": ".",
        "environment": "",
    }
    assert done.stderr.startswith("warning: ./stacks/Pulumi.shop-c.yaml")


def test_no_stacks_and_two_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    none = listed("--json")
    assert (none.exit_code, none.stderr) == (1, "")
    assert json.loads(none.stdout) == {
        "error": "There is no stack of meta-access here or below: no Pulumi.yaml with a stack file "
        "Pulumi.<stack>.yaml. Go to the folder of the project, or name a folder that holds projects with --in."
    }
    assert "There is no folder x." in listed("--in", "x").stderr

    project(tmp_path / "a", "shop", {"prod": "prod", "dev": "dev"})
    project(tmp_path / "b", "shop", {"prod": "prod"})
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "Pulumi.yaml").write_text("name: [\n")
    done = listed()
    assert (done.exit_code, done.stdout) == (1, "")
    assert "b: is stack shop/prod, and so is a: a backend has one stack of a name." in done.stderr
    assert "c/Pulumi.yaml" in done.stderr


class Repository:
    """A repository with a project in a folder and another one next to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        project(root / "shop", "shop", {"prod": "prod", "dev": "dev"})
        project(root / "web", "web", {"prod": "prod"})
        (root / "README.md").write_text("x")
        self.git("init", "-q", "-b", "main")
        self.commit()

    def git(self, *arguments: str) -> None:
        who = {f"GIT_{role}_{key}": "x@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null"}
        subprocess.run(["git", *arguments], cwd=self.root, env=env, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    def changes(self, name: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("config: {meta:environment: other}\n")


@pytest.mark.parametrize(
    ("changed", "stacks"),
    [
        ("README.md", []),
        ("shop/stacks/Pulumi.prod.yaml", ["shop:prod"]),
        ("shop/stacks/evidence.prod.yaml", ["shop:prod"]),
        ("shop/stacks/clients.dev/acme.yaml", ["shop:dev"]),
        ("shop/stacks/clients.gone/acme.yaml", []),
        ("shop/stacks/rules.py", ["shop:dev", "shop:prod"]),
        ("shop/__main__.py", ["shop:dev", "shop:prod"]),
        ("web/Pulumi.yaml.d/x", ["web:prod"]),
        ("common/access.py", ["shop:dev", "shop:prod", "web:prod"]),
    ],
)
def test_a_change_chooses_the_stacks_that_it_may_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, stacks: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    repository = Repository(tmp_path)
    repository.changes(changed)

    assert names("--since", "HEAD") == stacks  # neither staged nor committed
    repository.git("checkout", "-q", "-b", "branch")
    repository.commit()
    assert names("--since", "main") == stacks


def test_what_the_revision_has_meanwhile_is_no_change_of_this_branch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repository = Repository(tmp_path)
    repository.git("checkout", "-q", "-b", "branch")
    repository.changes("web/stacks/Pulumi.prod.yaml")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.changes("shop/__main__.py")
    repository.commit()
    repository.git("checkout", "-q", "branch")

    assert names("--since", "main") == ["web:prod"]
    assert names("--since", "main", "shop/*") == []
    wrong = listed("--since", "--output=x")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert wrong.stderr == (
        "Error: Git knows no commit '--output=x' here. Fetch it first: a checkout of CI has the newest commit alone "
        "(fetch-depth, GIT_DEPTH).\n"
    )
