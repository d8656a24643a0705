"""A project in a repository of Git, whose stack dev has at the emulated Meta just what it declares."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from click.testing import CliRunner, Result

from meta_access.cli import main, pulumi_stack
from meta_access.stack.files import config_of
from meta_emulator.world import Assignment
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    import pytest

    from tests.unit.emulated import EmulatedMeta

DEV = Path(__file__).resolve().parents[3] / "stacks" / "Pulumi.dev.yaml"
USER, INES = "122090000000901", "100000000000402"
SHOP, PAGE, ACME = "act_104320000000501", "page:102930000000801", "act_205550000000601"
NADIA, INES_MAIL = "nadia@lindenhof.example", "ines@lindenhof.example"


@dataclass
class Place:
    """A project in a repository, whose stack dev has what it declares."""

    root: Path
    meta: EmulatedMeta

    @property
    def stacks(self) -> Path:
        return self.root / "stacks"

    @property
    def stack_file(self) -> Path:
        return self.stacks / "Pulumi.dev.yaml"

    def run(self, *arguments: str, **more: Any) -> Result:
        return CliRunner().invoke(main, ["access-review", *arguments, "--stack", "dev"], **more)

    def done(self, *arguments: str) -> dict[str, Any]:
        """What a command tells a program, whose exit code is no error."""
        result = self.run(*arguments, "--json")
        assert result.exit_code in {0, 2, 3}, result.output
        told: dict[str, Any] = json.loads(result.stdout)
        return told

    def record(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((self.stacks / name).read_text())
        return found

    def commit(self, email: str, at: str = "2026-11-24T09:00:00Z") -> None:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "-m", "x", email=email, at=at)

    def give(self, asset: str, user: str, *tasks: str) -> None:
        with self.meta.edit() as world:
            world.assignments = [row for row in world.assignments if (row.asset_id, row.user_id) != (asset, user)]
            if tasks:
                world.assignments.append(Assignment(asset, user, list(tasks)))


def git(root: Path, *arguments: str, email: str = NADIA, at: str = "2026-11-24T09:00:00Z") -> str:
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("EMAIL", email), ("NAME", "x"), ("DATE", at))
    }
    env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *arguments], cwd=root, env=env, check=True, capture_output=True, text=True)
    return done.stdout


def place(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    """The project, where this process is."""
    lindenhof.add_system_user(USER, "reporting")
    with lindenhof.edit() as world:
        world.assignments = [
            Assignment(SHOP, USER, ["ANALYZE"]),
            Assignment("102930000000801", USER, ["ANALYZE"]),
            Assignment(ACME, USER, ["ANALYZE"]),
        ]
    found = Place(tmp_path, lindenhof)
    found.stacks.mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: meta-access\nruntime: python\nstackConfigDir: stacks\n")
    text = DEV.read_text().replace("http://127.0.0.1:8765", lindenhof.emulator.graph_url)
    found.stack_file.write_text(text.replace("http://127.0.0.1:8766", lindenhof.emulator.aws_url))
    git(tmp_path, "init", "-q", "-b", "main")
    found.commit(NADIA)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.delenv("META_ACCESS_SNAPSHOT", raising=False)
    monkeypatch.setattr(pulumi_stack, "export", lambda _: state(resource("SystemUser", "reporting", id_=USER)))

    def config(_: str) -> dict[str, str]:
        return {
            key: one if isinstance(one, str) else json.dumps(one) for key, one in config_of(found.stack_file).items()
        }

    monkeypatch.setattr(pulumi_stack, "config", config)
    return found
