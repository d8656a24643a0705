"""Reading a stack's configuration: every problem at once, or the whole of it sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from meta_access import findings
from meta_access import rules as rule_sets
from meta_access.errors import ConfigError, Problem
from meta_access.stack import gate_names
from meta_access.stack.checks import every_problem
from meta_access.stack.draft import Draft, parse
from meta_access.stack.fields import described
from meta_access.stack.files import NAMESPACE, client_files, evidence_file, meta_values, secret_problems
from meta_access.stack.models import EvidenceSpec, FiguresSpec, StackSpec
from meta_access.stack.problems import dotted, misspelt, problems_of
from meta_access.stack.rules_overlay import Overlay, overlaid
from meta_access.stack.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from meta_access.rules import RuleSet
    from meta_access.stack.problems import Loc

_ALMOST = frozenset({"meta", "metaaccess"})
"""Namespaces that people write for `meta`, in any case of letters, with or without a mark between the words."""

_Record = TypeVar("_Record", EvidenceSpec, FiguresSpec)


@dataclass(frozen=True, slots=True)
class Stack:
    """A sound configuration, with the rule set it chose and its evidence.

    Attributes:
        evidence: By gate.
        figures: By app: how much it called, oldest first as a rule.
        overlay: What `meta:rules_overlay` changed; `rules` has it.
        file: The stack file, as people name it: `stacks/Pulumi.dev.yaml`.
        origins: Client to the file it came from; one of the stack file is not in it.
    """

    name: str
    spec: StackSpec
    rules: RuleSet
    evidence: Mapping[str, EvidenceSpec] = field(default_factory=dict)
    figures: Mapping[str, tuple[FiguresSpec, ...]] = field(default_factory=dict)
    overlay: Overlay | None = None
    file: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)


@findings.noted()
def load_stack(
    config_values: Mapping[str, Any],
    stack: str,
    stacks_dir: Path,
    *,
    project: str | None = None,
    secret: Collection[str] = (),
    now: datetime | None = None,
) -> Stack:
    """Read and check a stack: its config texts, the folder of clients and its evidence file.

    Args:
        config_values: Full key (`meta:environment`) to the text Pulumi gives, or to the value as typed.
        stack: Its name; chooses `evidence.<stack>.yaml`.
        stacks_dir: Where the stack files are.
        project: Its name; a key without a namespace is one of the project to the engine.
        secret: Full keys that the engine calls secret.
        now: For evidence from the future; the runner's time when absent.

    Raises:
        ConfigError: With every problem found.
    """
    raw = meta_values(config_values)
    problems = secret_problems(secret, stacks_dir / f"Pulumi.{stack}.yaml") + _misplaced(config_values, project)
    origins, lost = _add_client_files(raw, stacks_dir)
    problems += lost
    spec, found, broken = parse(raw, origins)
    evidence, figures, faults = _evidence(stacks_dir, stack)
    problems += found + faults
    chosen = None if ("rules",) in broken else _rules(raw["rules"], problems)
    overlay = None
    if chosen is not None and raw.get("rules_overlay") is not None and ("rules_overlay",) not in broken:
        try:
            overlay = overlaid(chosen, raw["rules_overlay"], stacks_dir)
            chosen = overlay.rules
        except ConfigError as error:
            problems += error.problems
    if spec is not None and chosen is not None:
        moment = now if now is not None else datetime.now(UTC)
        draft = Draft(stack, stacks_dir, raw, spec, chosen, moment, broken, origins, evidence, figures)
        problems += every_problem(draft)
    if problems or spec is None or chosen is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    file = f"{stacks_dir.name}/Pulumi.{stack}.yaml"
    return Stack(stack, spec, chosen, evidence, figures, overlay, file, origins)


def _misplaced(config: Mapping[str, Any], project: str | None) -> list[Problem]:
    """Known keys in another namespace, in their own spelling or nearly so, which nothing would ever read."""
    namespaces = {key.rpartition(":")[0] for key in config}
    elsewhere = {project, "", *(word for word in namespaces if misspelt(_bare(word), _ALMOST))}
    spelt = {_bare(name): name for name in StackSpec.model_fields}
    problems = []
    for key in config:
        namespace, _, name = key.rpartition(":")
        known = spelt.get(misspelt(_bare(name), spelt) or "")
        if f"{namespace}:" == NAMESPACE or namespace not in elsewhere or known is None:
            continue
        typed = name if namespace == project else key
        right = f"{NAMESPACE}{known}"
        fix = f"remove it, since {right} is there, too." if right in config else f'write "{right}".'
        problems.append(Problem(typed, f'lacks the prefix "{NAMESPACE}", so nothing reads it.', fix))
    return problems


def _bare(word: str) -> str:
    """A word without what people vary: capitals and the marks between its parts (`clientsDir`, `clients-dir`)."""
    return word.lower().replace("-", "").replace("_", "")


def _add_client_files(raw: dict[str, Any], stacks_dir: Path) -> tuple[dict[str, str], list[Problem]]:
    name = raw.get("clients_dir")
    typed = raw.get("clients")
    if not isinstance(name, str) or not isinstance(typed, dict | None):
        return {}, []
    folder = stacks_dir / name
    if "/" in name or name.startswith("."):
        return {}, []  # the model refuses such a name
    if not folder.is_dir():
        place = f"{stacks_dir.name}/{name}"
        fix = f"make the folder {place}, or remove the key."
        return {}, [Problem(f"{NAMESPACE}clients_dir", f"there is no folder {place}.", fix)]
    clients, origins, problems = client_files(folder)
    for twice in sorted(set(clients) & set(typed or {})):
        text = f'the client "{twice}" is also in {NAMESPACE}clients.'
        problems.append(Problem(origins.pop(twice), text, "keep one of the two."))
        del clients[twice]
    raw["clients"] = {**(typed or {}), **clients}
    return origins, problems


_Evidence = tuple[dict[str, EvidenceSpec], dict[str, tuple[FiguresSpec, ...]], list[Problem]]


def _evidence(stacks_dir: Path, stack: str) -> _Evidence:
    path = evidence_file(stacks_dir, stack)
    name = f"{stacks_dir.name}/{path.name}"
    if not path.exists():
        twin = path.with_suffix(".yml")
        if not twin.exists():
            return {}, {}, []
        text = f"is not read: evidence stands in {path.name}."
        return {}, {}, [Problem(f"{stacks_dir.name}/{twin.name}", text, "rename it.")]
    try:
        content = read_yaml(path, name)
    except ConfigError as error:
        return {}, {}, error.problems
    if not isinstance(content, dict | None):
        text = f"is {described(content)}, not a mapping of gate names."
        return {}, {}, [Problem(name, text, "let `meta-access attest` write the file.")]
    records: dict[str, EvidenceSpec] = {}
    figures: dict[str, tuple[FiguresSpec, ...]] = {}
    problems: list[Problem] = []
    for gate, record in (content or {}).items():
        if not gate.endswith(gate_names.UPKEEP):
            if (read := _read(EvidenceSpec, record, name, (gate,), problems)) is not None:
                records[gate] = read
        elif isinstance(record, list):
            found = [_read(FiguresSpec, row, name, (gate, at), problems) for at, row in enumerate(record)]
            figures[gate.removesuffix(gate_names.UPKEEP)] = tuple(row for row in found if row is not None)
        else:
            fix = "let `meta-access attest` write it."
            problems.append(Problem(_in_file(name, (gate,)), f"is {described(record)}, not a list of figures.", fix))
    return records, figures, problems


def _read(model: type[_Record], value: object, file: str, loc: Loc, problems: list[Problem]) -> _Record | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems += [found for _, found in problems_of(error, model, lambda inner: _in_file(file, (*loc, *inner)))]
        return None


def _in_file(name: str, loc: Loc) -> str:
    return f"{name}:{dotted(loc)}"


def _rules(name: str, problems: list[Problem]) -> RuleSet | None:
    try:
        return rule_sets.load(name)
    except ConfigError as error:
        problems += error.problems
        return None
