"""`meta-access validate`: whether the files of stacks are sound, without engine, credentials or network."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import pulumi_stack
from meta_access.cli.terminal import DONE, FAILED, answer
from meta_access.errors import ConfigError, Problem
from meta_access.policy import judge
from meta_access.redaction import visible
from meta_access.stack import notices
from meta_access.stack.fields import described
from meta_access.stack.files import project_config, secret_keys, stack_files
from meta_access.stack.load import load_stack
from meta_access.stack.problems import nearest
from meta_access.stack.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.cli.pulumi_stack import Project
    from meta_access.policy import Finding

NOT_ASKED = "environment: names environments of Pulumi ESC. They are not asked, so what they add is not checked."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a stack's files; where nothing is, what a program would warn of, and what the policy finds."""

    file: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    policy: tuple[Finding, ...] = ()

    @property
    def sound(self) -> bool:
        return not self.problems and not judge.mandatory(self.policy)

    def as_json(self) -> dict[str, Any]:
        problems = [{"path": one.path, "problem": one.problem, "fix": one.fix} for one in self.problems]
        return {
            "file": self.file,
            "sound": self.sound,
            "problems": problems,
            "warnings": list(self.warnings),
            "policy": [one.as_json() for one in self.policy],
        }

    def as_text(self) -> str:
        count = len(judge.mandatory(self.policy))
        refused = f"refused by {count} mandatory finding{'' if count == 1 else 's'} of its policy."
        head = str(ConfigError(list(self.problems))) if self.problems else "sound." if self.sound else refused
        return "\n".join(
            [
                f"{self.file}: {head}",
                *(f"  warning: {text}" for text in self.warnings),
                *(
                    visible(f"  {one.level} ({one.severity}) {one.rule}: {one.place}: {one.cause} Fix: {one.fix}")
                    for one in self.policy
                ),
            ]
        )


def _config(content: Any) -> dict[str, Any]:
    """What a stack file says under `config`, if it says anything; what is no mapping, the engine refuses as well."""
    fix = "write config: and below it the stack's keys, such as meta:environment: dev."
    given = content.get("config") if isinstance(content, dict) else None
    for place, value in (("the file", content), ("config", given)):
        if value and not isinstance(value, dict):
            raise ConfigError([Problem(place, f"is {described(value)}, not a mapping.", fix)])
    if content and "config" not in content:
        meant = [key for key in content if key.lower() == "config"]
        if meant:
            raise ConfigError([Problem(meant[0], f'there is no key "{meant[0]}" here.', 'write "config".')])
    return given or {}


def verdict(project: Project, stack: str, path: Path, now: datetime) -> Verdict:
    """Read a stack as the program does, and stop before anything is looked at."""
    file = f"{project.stacks.name}/{path.name}"
    not_asked: tuple[str, ...] = ()
    try:
        content = read_yaml(path, path.name)
        config = _config(content)
        not_asked = (NOT_ASKED,) if content and content.get("environment") else ()
        values = {**project_config(project.stacks), **config}
        secret = secret_keys(values)
        loaded = load_stack(values, stack, project.stacks, project=project.name, secret=secret, now=now)
    except ConfigError as error:
        return Verdict(file, tuple(error.problems), not_asked)
    said = [one.text for one in notices.of_stack(loaded, project.stacks, now.date()) if one.warning]
    found = judge.findings(loaded, project.stacks, now.date())
    return Verdict(file, warnings=(*not_asked, *said), policy=tuple(found))


def _chosen(project: Project, names: Iterable[str]) -> dict[str, Path]:
    found = stack_files(project.stacks)
    place = project.stacks.name
    if not found:
        raise click.ClickException(f"There is no stack file Pulumi.<stack>.yaml in {place}.")
    wanted = list(dict.fromkeys(name.rpartition("/")[2] for name in names)) or list(found)
    unknown = [name for name in wanted if name not in found]
    if unknown:
        lines = []
        for name in unknown:
            near = nearest(name, found)
            lines.append(f"There is no {place}/Pulumi.{name}.yaml.{f' Did you mean {near}?' if near else ''}")
        raise click.ClickException(f"{' '.join(lines)} Stacks: {', '.join(found)}.")
    return {name: found[name] for name in wanted}


@click.command(name="validate")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--stack", "more", multiple=True, metavar="STACK", help="The same, as other commands name a stack.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(stacks: tuple[str, ...], more: tuple[str, ...], *, as_json: bool) -> None:
    """Check the files of stacks, or of all stacks of the project, as a preview would.

    The stack file, its client files, its evidence and its rule set are read; no engine, no credential and no network
    is needed. Rules of good practice are asked as well, and the files of rules that meta:policy names are run for that.
    Exit code 1 where something would be refused, or a mandatory rule finds something.
    """
    project = pulumi_stack.find(Path.cwd())
    now = datetime.now(UTC)
    found = {name: verdict(project, name, path, now) for name, path in _chosen(project, (*stacks, *more)).items()}
    sound = all(one.sound for one in found.values())
    if as_json:
        click.echo(json.dumps({"sound": sound, "stacks": {name: one.as_json() for name, one in found.items()}}))
    else:
        for one in found.values():
            answer(one.as_text())
    sys.exit(DONE if sound else FAILED)
