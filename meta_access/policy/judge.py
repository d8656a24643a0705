"""What the rules find in a stack, with what the stack says of them.

Nothing here raises for a stack's own files: a rule that cannot be asked is a finding itself, a mandatory one, since
nobody knows what it would have refused. A run that keeps access alive goes on all the same.
"""

from __future__ import annotations

import contextlib
import runpy
import sys
import threading
import traceback
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from meta_access import rules as rule_sets
from meta_access.errors import ConfigError
from meta_access.policy.declared import of_resources, of_stack
from meta_access.policy.model import Finding, Level, Rule, Severity, Violation
from meta_access.policy.practice import PRACTICE
from meta_access.redaction import scrub
from meta_access.stack import time_limits
from meta_access.stack.fields import described, shown
from meta_access.stack.files import NAMESPACE
from meta_access.stack.problems import nearest
from meta_access.stack.yaml_files import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from meta_access.policy.declared import Declared, Resource
    from meta_access.stack.load import Stack

KEY = f"{NAMESPACE}policy"
UNUSABLE = "unusable-policy"
"""The id of what is found where the policy itself cannot be used; no stack changes its level."""

SECONDS = 10.0
"""For reading a team's file, and for one rule of it: an endless loop must not hold up a run that renews tokens."""

T = TypeVar("T")


class _StillAtWorkError(Exception):
    """A team's code has not ended in time."""


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
    rules, found = rules_of(stack, folder)
    for place, one in rules:
        if one.level is not Level.DISABLED:
            # What a rule prints is for people: standard output may be a JSON that a program reads.
            with contextlib.redirect_stdout(sys.stderr):
                found += _of_team(place, one, declared) if place else _asked(place, one, declared)
    return sorted(dict.fromkeys(found), key=lambda finding: finding.order)


def mandatory(found: Iterable[Finding]) -> list[Finding]:
    """Those that refuse."""
    return [one for one in found if one.level is Level.MANDATORY]


def rules_of(stack: Stack, folder: Path) -> tuple[list[tuple[str, Rule]], list[Finding]]:
    """Each rule as it holds in a stack, with the place of its file ("" of this package's), and what is wrong there."""
    policy, found = stack.spec.policy, list[Finding]()
    rules: dict[str, tuple[str, Rule]] = {one.id: ("", one) for one in PRACTICE}
    for number, name in enumerate(policy.files):
        place = f"{KEY}.files[{number}]"
        own, wrong = _own(name, folder, place)
        found += wrong
        for one in own:
            if one.id in rules:
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


def unusable(place: str, cause: str, fix: str) -> Finding:
    """What is wrong with the policy itself."""
    return Finding(UNUSABLE, Severity.CRITICAL, Level.MANDATORY, place, scrub(cause), fix)


def _own(name: str, folder: Path, place: str) -> tuple[list[Rule], list[Finding]]:
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
        # Leaves no compiled file next to the stack files, unlike an import.
        with contextlib.redirect_stdout(sys.stderr):
            names = _in_time(lambda: runpy.run_path(str(path), run_name="meta_access_policy_file"))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever somebody's file does is its one error
        cause, fix = f"{file} cannot be read as Python: {_why(error, str(path))}", "Correct that line."
        if isinstance(error, _StillAtWorkError):
            cause, fix = f"{file} is not read within {SECONDS:g} seconds.", "Leave only functions at its top level."
        return [], [unusable(place, cause, fix)]
    own = [one for one in names.values() if isinstance(one, Rule) and one not in PRACTICE]
    if not own:
        fix = "Write functions with @rule() above them, as docs/policy.md shows."
        return [], [unusable(place, f"{file} has no rule.", fix)]
    return own, []


def _of_team(place: str, rule: Rule, declared: Declared) -> list[Finding]:
    try:
        return _in_time(lambda: list(_asked(place, rule, declared)))
    except _StillAtWorkError:
        file = getattr(getattr(rule.judge, "__code__", None), "co_filename", "").rpartition("/")[2]
        cause = f"Rule {rule.id} of {shown(file)} did not end within {SECONDS:g} seconds."
        fix = "Correct the loop, or what it waits for; a rule only looks at what is declared."
        return [unusable(place, cause, fix)]


def _in_time(work: Callable[[], T]) -> T:
    """What a team's code answers.

    Raises:
        _StillAtWorkError: It has not answered yet.
    """
    # A signal would need the main thread, which the policy pack does not give, and a process would need a rule that
    # can be pickled. Nothing can end a thread from outside; a daemon ends with its command at the latest.
    answer = Future[T]()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:  # noqa: BLE001 - SystemExit too is for whoever asked
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    if not wait([answer], SECONDS).done:
        raise _StillAtWorkError
    return answer.result()


def _asked(place: str, rule: Rule, declared: Declared) -> Iterator[Finding]:
    try:
        for one in rule.judge(declared) or ():
            if not isinstance(one, Violation):
                what = f"Rule {rule.id} yields {described(one)}, and no Violation."
                yield unusable(place, what, "Yield Violation(place, cause, fix).")
                return
            texts = (scrub(str(text)) for text in (one.place, one.cause, one.fix))
            yield Finding(rule.id, rule.severity, rule.level, *texts)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - neither a team's slip nor ours may end a run that renews tokens
        code = getattr(rule.judge, "__code__", None)
        why = _why(error, code.co_filename if code is not None else "")
        fix = "Correct that line." if place else "Please report it; meanwhile, disable the rule with that reason."
        yield unusable(place or f"{KEY}.rules.{rule.id}", f"Rule {rule.id} fails: {why}", fix)


def _why(error: BaseException, file: str) -> str:
    """What went wrong, and in which line of the file."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return f"line {error.lineno}: {error.msg}."
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    at = f"line {lines[-1]}: " if lines else ""
    return f"{at}{type(error).__name__}: {shown(str(error))}."
