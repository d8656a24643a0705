"""A configuration that is being checked: what could be read of it, and what was typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access.spec.files import NAMESPACE
from meta_access.spec.problems import dotted, nearest, problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from meta_access.errors import Problem
    from meta_access.rules import RuleSet
    from meta_access.spec.evidence import EvidenceSpec, FiguresSpec
    from meta_access.spec.problems import Loc
    from meta_access.spec.stack import StackSpec


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
