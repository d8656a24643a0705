"""Reviews of many stacks as one digest: each change once, with the stacks that have it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from meta_access.policy.judge import mandatory
from meta_access.review.facts import Cause, Fact, Group, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meta_access.policy import Finding
    from meta_access.review.facts import Review

# What a stack has of its own although it does the same as the others: a template's change has the rest in common.
_OWN = frozenset({"name", "asset", "client", "secret", "moved_to", "by", "until", "person"})
_SHARED = tuple(field.name for field in fields(Fact) if field.name not in _OWN)
_GATES = frozenset({Kind.GATE_WAITS, Kind.GATE_SATISFIED, Kind.GATE_DROPPED})
ELSEWHERE = "…"
"""In the place of what differs from stack to stack."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """A change, and the stacks that have it, by project and stack.

    Attributes:
        group: All facts of it; what differs from stack to stack is left out of the first, or reads `…`.
    """

    group: Group
    stacks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A mandatory finding of the policy, and the stacks in which it is the same."""

    finding: Finding
    stacks: tuple[tuple[str, str], ...]


def distinct(reviews: Iterable[Review]) -> list[Distinct]:
    """What the reviews have, each change once, in the order of its risk."""
    found: dict[tuple[object, ...], list[tuple[Fact, tuple[str, str]]]] = {}
    for review in reviews:
        for fact in review.facts:
            if not refuses_all(fact):
                found.setdefault(_alike(fact), []).append((fact, (review.project, review.stack)))
    made = [
        Distinct(_group([fact for fact, _ in rows]), tuple(dict.fromkeys(stack for _, stack in rows)))
        for rows in found.values()
    ]
    causes = list(Cause)
    return sorted(made, key=lambda one: (causes.index(one.group.first.cause), *one.group.first.order))


def refusals(reviews: Iterable[Review]) -> list[Refusal]:
    """What the policy refuses, by rule and cause."""
    found: dict[tuple[str, str], list[tuple[Finding, tuple[str, str]]]] = {}
    for review in reviews:
        for one in mandatory(review.policy):
            found.setdefault((one.rule, one.cause), []).append((one, (review.project, review.stack)))
    return [Refusal(rows[0][0], tuple(dict.fromkeys(stack for _, stack in rows))) for rows in found.values()]


def refuses_all(fact: Fact) -> bool:
    """Whether it is the refusal of a stack's configuration: that is a failure, and no change."""
    return fact.kind is Kind.REFUSED and not fact.name


def _alike(fact: Fact) -> tuple[object, ...]:
    ends = fact.until.day if fact.until else None
    if fact.kind in _GATES and not fact.differences:
        return (fact.kind, fact.cause, ends)
    return (*(getattr(fact, name) for name in _SHARED), ends)


def _group(facts: Sequence[Fact]) -> Group:
    first = facts[0]
    until = first.until
    if until is not None:
        until = replace(until, file=_common([one.until.file for one in facts if one.until is not None]))
    alike = replace(
        first,
        client=first.client if len({one.client for one in facts}) == 1 else "",
        secret=_common([one.secret for one in facts]),
        moved_to=_common([one.moved_to for one in facts]),
        by=first.by if len({one.by for one in facts}) == 1 else None,
        until=until,
    )
    return Group(alike, tuple(facts))


def _common(texts: Sequence[str]) -> str:
    """The parts of paths that all have in common: `meta/…/reporting`."""
    if len(set(texts)) == 1:
        return texts[0]
    parts = [text.split("/") for text in texts]
    if len({len(one) for one in parts}) > 1:
        return ELSEWHERE
    return "/".join(column[0] if len(set(column)) == 1 else ELSEWHERE for column in zip(*parts, strict=True))
