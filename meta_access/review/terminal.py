"""A review for a terminal: one screen of 80 columns, what a reader must not miss first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access import wrapping
from meta_access.policy.judge import mandatory
from meta_access.policy.model import Level
from meta_access.redaction import visible
from meta_access.review import words
from meta_access.review.facts import FOLDED, Cause, Part, grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.review.facts import Group, Review

WIDTH = 80
MOST = 40
_LONGEST = 6
"""Lines of one sentence: whoever wants the rest of a long reason asks for it."""
_REFUSALS = 5
_ALL = "meta-access review --all shows them"


def render(reviews: Sequence[Review], *, whole: bool = False) -> str:
    """The lines of all reviews; `whole` folds nothing."""
    room = MOST // max(1, len(reviews))
    return "\n".join(line for review in reviews for line in _lines(review, room, whole=whole)) + "\n"


def _lines(review: Review, room: int, *, whole: bool) -> list[str]:
    caution = _wrapped(words.caution(review))[: None if whole else _LONGEST]
    refused = _refused(review, whole=whole)
    head = [*_wrapped(words.tally(review)), *_wrapped(words.recorded(review)), *caution, *refused]
    tail = _tail(review, whole=whole)
    groups = grouped(review.of(Cause.CHANGE))
    body = _body(groups, len(groups) if whole else None, max(room - len(head) - len(tail), 6), whole=whole)
    return [*head, *body, *tail]


def _refused(review: Review, *, whole: bool) -> list[str]:
    """What the policy refuses."""
    found = mandatory(review.policy)
    shown = found if whole else found[:_REFUSALS]
    more = len(found) - len(shown)
    rest = [f"  and {more} more of the policy; {_ALL}"] if more else []
    lines = (_wrapped(f"! {words.refusal(one)}", "    ")[: None if whole else _LONGEST] for one in shown)
    return [*(part for found in lines for part in found), *rest]


def _body(groups: Sequence[Group], most: int | None, room: int, *, whole: bool) -> list[str]:
    lines = [_one(group, whole=whole) for group in groups]
    if most is not None or sum(map(len, lines)) <= room:
        return [line for found in lines for line in found]
    shown: list[str] = []
    for number, found in enumerate(lines):
        if len(shown) + len(found) > room - 1:
            return [*shown, *_wrapped(f"  and {_rest(groups[number:])}; {_ALL}")[:1]]
        shown += found
    return shown


def _rest(groups: Sequence[Group]) -> str:
    counts = [(part, sum(len(group.all) for group in groups if group.first.part is part)) for part in Part]
    return ", ".join(f"{count} more {part.value}" for part, count in counts if count)


def _one(group: Group, *, whole: bool) -> list[str]:
    lines = _wrapped(f"{group.first.sign} {words.line(group, whole=whole)}", "    ")
    return lines if whole or len(lines) <= _LONGEST else [*lines[: _LONGEST - 1], "    …"]


def _tail(review: Review, *, whole: bool) -> list[str]:
    found: list[str] = []
    for cause in FOLDED:
        if line := words.folded(review, cause):
            found += _wrapped(line)[: None if whole else 3]
            if whole:
                found += [part for group in grouped(review.of(cause)) for part in _one(group, whole=True)]
    if line := words.warnings(review):
        found.append(line)
        if whole:
            found += [part for text in review.warnings for part in _wrapped(f"  {visible(text)}")]
    if line := words.advice(review):
        found += _wrapped(line)[: None if whole else 3]
        if whole:
            advised = [one for one in review.policy if one.level is Level.ADVISORY]
            found += [part for one in advised for part in _wrapped(f"  {words.refusal(one)}")]
    if found and not whole:
        found += [f"  {_ALL}"]
    found += _wrapped(words.undeclared(review))[: None if whole else 3]
    rows = [
        *(words.quota(row) for row in review.quota if row.before != row.after),
        *(words.budget(row) for row in review.budgets if row.calls),
    ]
    return found + [part for row in rows for part in _wrapped(row)][: None if whole else _LONGEST]


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return wrapping.wrapped(text, WIDTH, indent, cut=True) if text else []
