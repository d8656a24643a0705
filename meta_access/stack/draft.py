"""A configuration that is being checked: what could be read of it, with everything wrong reported."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from meta_access.stack.files import NAMESPACE
from meta_access.stack.models import StackSpec
from meta_access.stack.problems import dotted, field_at, nearest, problem, problems_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from meta_access.errors import Problem
    from meta_access.rules import RuleSet
    from meta_access.stack.models import EvidenceSpec, FiguresSpec
    from meta_access.stack.problems import Loc


@dataclass(frozen=True, slots=True)
class Draft:
    """What the checks across sections look at.

    Attributes:
        stack: The stack's name.
        raw: The values as typed; names are looked up here, so that a broken entry is not called unknown as well.
        spec: What of them is sound.
        broken: Places of what is not, reported already.
        origins: Client to the file it came from.
    """

    stack: str
    folder: Path
    raw: Mapping[str, Any]
    spec: StackSpec
    rules: RuleSet
    now: datetime
    broken: frozenset[Loc] = frozenset()
    origins: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, EvidenceSpec] = field(default_factory=dict)
    figures: Mapping[str, tuple[FiguresSpec, ...]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.date()

    def names(self, table: str) -> list[str]:
        """The names typed in a table, sound or not."""
        entries = self.raw.get(table)
        return [str(name) for name in entries] if isinstance(entries, dict) else []

    def is_broken(self, *loc: int | str) -> bool:
        """Whether something at, above or below that place was refused, so that nothing follows from its absence."""
        return any(place[: len(loc)] == loc or loc[: len(place)] == place for place in self.broken)

    def problem(self, loc: Loc, text: str, fix: str) -> Problem:
        return problem(where(loc, self.origins), (text, fix))

    def unknown(self, loc: Loc, name: str | None, table: str) -> Iterator[Problem]:
        """A problem when `name` is not in the table."""
        known = self.names(table)
        if name is None or name in known or (table,) in self.broken:
            return
        near = nearest(name, known)
        fix = f'write "{near}".' if near else f"add it to {NAMESPACE}{table}{_listed(known)}."
        yield self.problem(loc, f'there is no "{name}" in {NAMESPACE}{table}.', fix)


def where(loc: Loc, origins: Mapping[str, str]) -> str:
    """A location as a reader finds it: `meta:apps.ads.id`, or the client's file and the place in it."""
    if len(loc) > 1 and loc[0] == "clients" and loc[1] in origins:
        rest = dotted(loc[2:])
        return f"{origins[str(loc[1])]}:{rest}" if rest else origins[str(loc[1])]
    return f"{NAMESPACE}{dotted(loc)}"


def _listed(known: Collection[str]) -> str:
    return f", or use one of {', '.join(known)}" if known else ""


def parse(raw: dict[str, Any], origins: Mapping[str, str]) -> tuple[StackSpec | None, list[Problem], frozenset[Loc]]:
    """The model of what is sound, the problems of the rest, and the places of those.

    What is unsound is taken out, or an example put in its place where a section cannot be without it, and the rest is
    read again; only the first reading is reported. None when a table that must be there is not.
    """
    problems: list[Problem] = []
    broken: set[Loc] = set()
    rest: dict[str, Any] | None = raw
    while rest is not None:
        try:
            return StackSpec.model_validate(rest), problems, frozenset(broken)
        except ValidationError as error:
            found = problems_of(error, StackSpec, lambda loc: where(loc, origins))
        if rest is raw:
            problems = [problem for _, problem in found]
        taken = {loc for loc, _ in found}
        rest = _mended(rest, taken, replace=not taken & broken)
        broken |= taken
    return None, problems, frozenset(broken)


def _mended(values: dict[str, Any], locs: Iterable[Loc], *, replace: bool) -> dict[str, Any] | None:
    rest = copy.deepcopy(values)
    for loc in locs:
        names = list(itertools.takewhile(lambda part: isinstance(part, str), loc))  # a list goes as a whole
        field = field_at(StackSpec, tuple(names)) if names else None
        if (
            replace
            and field is not None
            and field.is_required()
            and field.examples
            and _section(rest, names) is not None
        ):
            _section(rest, names)[names[-1]] = field.examples[0]
            continue
        while names and not _drop(rest, names):
            names.pop()  # something missing: its section goes
        if not names:
            return None
    return rest


def _section(values: dict[str, Any], names: list[Any]) -> Any:
    target: Any = values
    for name in names[:-1]:
        target = target.get(name) if isinstance(target, dict) else None
    return target if isinstance(target, dict) else None


def _drop(values: dict[str, Any], names: list[Any]) -> bool:
    section = _section(values, names)
    if section is None or names[-1] not in section:
        return False
    del section[names[-1]]
    return True
