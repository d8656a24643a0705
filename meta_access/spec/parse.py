"""Reading the models with everything wrong reported, and as much as is sound kept for the checks across sections."""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from meta_access.spec.draft import where
from meta_access.spec.problems import field_at, problems_of
from meta_access.spec.stack import StackSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meta_access.errors import Problem
    from meta_access.spec.problems import Loc


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
