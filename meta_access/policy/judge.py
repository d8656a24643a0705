"""What the rules find in a stack, with what the stack says of them.

Nothing here raises for a stack's own files: a rule that cannot be asked is a finding itself, a mandatory one, since
nobody knows what it would have refused. A run that keeps access alive goes on all the same.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from meta_access import rules as rule_sets
from meta_access.errors import ConfigError
from meta_access.policy.declared import of_resources, of_stack
from meta_access.policy.model import Finding, Level, Rule, Severity
from meta_access.policy.practice import PRACTICE
from meta_access.policy.team import Team, UnusableError
from meta_access.redaction import scrub
from meta_access.stack import time_limits
from meta_access.stack.fields import shown
from meta_access.stack.files import NAMESPACE
from meta_access.stack.problems import nearest
from meta_access.stack.yaml_files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from meta_access.policy.declared import Declared, Resource
    from meta_access.stack.load import Stack

KEY = f"{NAMESPACE}policy"
UNUSABLE = "unusable-policy"
"""The id of what is found where the policy itself cannot be used; no stack changes its level."""
_LONGEST = 2_000
"""Characters of one text of a finding; a terminal and a comment show many."""


def findings(
    stack: Stack,
    folder: Path,
    today: date,
    *,
    gates: Mapping[str, str] | None = None,
    resources: Sequence[Resource] | None = None,
) -> list[Finding]:
    """What the rules find, the ones that refuse first.

    Args:
        stack: As loaded.
        folder: Of the stack files, where a team's own files are.
        today: What has ended by then does not count.
        gates: Gate to its status as a run saw it; None where nobody looked.
        resources: Of a program, as the engine shows them, to be judged in the place of what the stack file declares.
    """
    stack, newest = time_limits.on(stack, today), rule_sets.load(rule_sets.newest())
    if resources is None:
        declared = of_stack(stack, today, newest, gates)
    else:
        declared = of_resources(stack, resources, today, newest)
    with Team() as team:
        rules, found = _rules(stack, folder, team)
        for place, one in rules:
            if one.level is not Level.DISABLED:
                found += _asked(place, one, declared)
    return sorted(dict.fromkeys(found), key=lambda finding: finding.order)


def mandatory(found: Iterable[Finding]) -> list[Finding]:
    """Those that refuse."""
    return [one for one in found if one.level is Level.MANDATORY]


def rules_of(stack: Stack, folder: Path) -> tuple[list[tuple[str, Rule]], list[Finding]]:
    """Each rule as it holds in a stack, with the place of its file ("" of this package's), and what is wrong there."""
    with Team() as team:
        return _rules(stack, folder, team)


def unusable(place: str, cause: str, fix: str) -> Finding:
    """What is wrong with the policy itself."""
    return Finding(UNUSABLE, Severity.CRITICAL, Level.MANDATORY, place, scrub(cause), fix)


def _rules(stack: Stack, folder: Path, team: Team) -> tuple[list[tuple[str, Rule]], list[Finding]]:
    policy, found = stack.spec.policy, list[Finding]()
    rules: dict[str, tuple[str, Rule]] = {one.id: ("", one) for one in PRACTICE}
    for number, name in enumerate(policy.files):
        place = f"{KEY}.files[{number}]"
        own, wrong = _own(name, folder, place, team)
        found += wrong
        for one in own:
            if one.id in rules or one.id == UNUSABLE:
                fix = "Give the function another name, or change the other rule's level under meta:policy.rules."
                found.append(unusable(place, f"{shown(name)} has a rule {one.id}, and there is one already.", fix))
            else:
                rules[one.id] = (place, one)
    for key, spec in policy.rules.items():
        if key not in rules:
            near = nearest(key, rules)
            fix = f"Write {near}." if near else f"The rules are {', '.join(rules)}."
            # A rule of a file that could not be read is no slip.
            if not found:
                found.append(unusable(f"{KEY}.rules.{key}", f"there is no rule {shown(key)}.", fix))
            continue
        place, one = rules[key]
        level = Level(spec.enforcement_level) if spec.enforcement_level else one.level
        rules[key] = place, replace(one, level=level, severity=Severity(spec.severity or one.severity))
    return list(rules.values()), found


def _own(name: str, folder: Path, place: str, team: Team) -> tuple[list[Rule], list[Finding]]:
    """The rules of a team's own file."""
    file = f"{folder.name}/{name}"
    if name.startswith("/") or ".." in name.split("/") or not name.endswith(".py"):
        fix = "Write the path of a Python file below the folder of the stack files, such as policy.py."
        return [], [unusable(place, f"{shown(name)} is no Python file next to the stack file.", fix)]
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            fix = "Put the file itself there, not a link to another place."
            return [], [unusable(place, f"{file} is a link that leads out of {folder.name}.", fix)]
        read_text(path, file)
    except (ConfigError, OSError, RuntimeError) as error:
        why = error.problems[0].problem if isinstance(error, ConfigError) else "it cannot be opened."
        return [], [unusable(place, f"{file} {why}", "Add the file, or remove the line.")]
    try:
        own = team.read(path, file)
    except UnusableError as error:
        return [], [unusable(place, error.cause, error.fix)]
    if not own and not team.over:
        fix = "Write functions with @rule() above them, as docs/policy.md shows."
        return [], [unusable(place, f"{file} has no rule.", fix)]
    return own, []


def _asked(place: str, rule: Rule, declared: Declared) -> Iterator[Finding]:
    try:
        for one in rule.judge(declared):
            yield Finding(rule.id, rule.severity, rule.level, *map(_text, (one.place, one.cause, one.fix)))
    except UnusableError as error:
        yield unusable(place, error.cause, error.fix)
    except Exception as error:  # noqa: BLE001 - no slip of ours may end a run that renews tokens
        fix = "Please report it; meanwhile, disable the rule with that reason."
        at = traceback.extract_tb(error.__traceback__)[-1].lineno
        cause = f"Rule {rule.id} fails: line {at}: {type(error).__name__}: {shown(str(error))}."
        yield unusable(f"{KEY}.rules.{rule.id}", cause, fix)


def _text(text: str) -> str:
    clean = scrub(text)
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…"
