"""Reviews as one comment of a pull request: the same bytes for the same input, and small enough for every forge. Pure.

Other people's text stands in fenced blocks, where no forge reads markup in it, and even there without what could open
or close a fence, a tag, a comment or a mention.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meta_access.policy.judge import mandatory
from meta_access.policy.model import Level
from meta_access.redaction import visible
from meta_access.review import words
from meta_access.review.facts import FOLDED, Cause, grouped, labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.review.facts import Review

MARKER = "<!-- meta-access review -->"
MOST = 60_000
"""Characters; GitHub takes 65,536 and GitLab more."""
LONGEST_LINE = 600
_MENTION = re.compile(r"(?<![\w.+-])@(?=\w)")
_LESS = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
_ISSUE = re.compile(r"([#!])(?=\d)")
_MARKUP = re.compile(r"[\\`*_{}\[\]#+!|~<>&@]")
_LINK = re.compile(r"(?<=:)//|(?<=www)\.", re.IGNORECASE)
"""What a forge makes a link of without being asked to."""


def render(reviews: Sequence[Review]) -> str:
    """One comment for all stacks, in the order of their names."""
    ordered = sorted(reviews, key=lambda review: (review.project, review.stack))
    head = [MARKER, f"**Access review.** {_inline(_tallies(ordered))}", ""]
    foot = ["Labels: " + " ".join(f"`{label}`" for label in labels(ordered)), ""]
    room = (MOST - len("\n".join([*head, *foot]))) // max(1, len(ordered))
    parts = [_stack(review, room) for review in ordered]
    text = "\n".join([*head, *(line for part in parts for line in part), *foot])
    # So many stacks that not even their first lines fit.
    return text if len(text) < MOST else "\n".join([*head, f"{len(ordered)} stacks are too many to list here.", *foot])


def _tallies(reviews: Sequence[Review]) -> str:
    if len(reviews) == 1:
        return words.tally(reviews[0])
    failed = sum(review.failed for review in reviews)
    changed = sum(bool(review.of(Cause.CHANGE)) for review in reviews)
    return f"{len(reviews)} stacks: {changed} changed, {failed} failed"


def _stack(review: Review, room: int) -> list[str]:
    title = [f"### {_inline(words.tally(review))}", ""]
    groups = grouped(review.of(Cause.CHANGE))
    lines = [_fenced(f"{group.first.sign} {words.line(group)}") for group in groups]
    why = words.caution(review)
    warned = words.warnings(review)
    access = words.undeclared(review)
    notes = [
        *([_fenced(f"  {access}")] if access else []),
        *([f"  {warned}"] if warned else []),
        *(_fenced(f"  {words.quota(row)}") for row in review.quota if row.before != row.after),
        *(_fenced(f"  {words.budget(row)}") for row in review.budgets if row.calls),
    ]
    held = words.recorded(review)
    refused = [_fenced(f"! {words.refusal(one)}") for one in mandatory(review.policy)]
    head = [*([_fenced(f"  {held}")] if held else []), *([_fenced(f"! {why}")] if why else [])]
    head += _within(refused, room // 8)
    body = [*head, *_within(lines, room // 2), *_within(notes, room // 8)]
    # Each with what is left of it where the room is short, the last one first.
    parts: list[tuple[list[str], ...]] = []
    for cause in FOLDED:
        if told := words.folded(review, cause):
            facts = [_fenced(f"{one.first.sign} {words.line(one, whole=True)}") for one in grouped(review.of(cause))]
            parts.append((_details(told, _within(facts, room // 8)), [_inline(told), ""], []))
    if told := words.advice(review):
        advised = [_fenced(f"  {words.refusal(one)}") for one in review.policy if one.level is Level.ADVISORY]
        parts.append((_details(told, _within(advised, room // 8)), [_inline(told), ""], []))
    named = [_fenced(f"{group.first.sign} {words.line(group, whole=True)}") for group in groups]
    if more := [line for line in named if line not in lines]:
        parts.append((_details("By name", _within(more, room // 8)), [], []))
    for shorter in range(2 * len(parts) + 1):
        forms = [(shorter + number) // len(parts) for number in range(len(parts))]
        rest = [line for part, form in zip(parts, forms, strict=True) for line in part[form]]
        found = [*title, *_block(body, "diff"), *rest]
        if _size(found) <= room:
            return found
    return [title[0][:room], ""][: 2 if room > 0 else 0]


def _size(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _details(summary: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{_inline(summary)}</summary>", "", *_block(lines, "diff"), "</details>", ""]


def _within(lines: Sequence[str], room: int) -> list[str]:
    """The first lines that fit; the rest as a count."""
    taken = 0
    for number, line in enumerate(lines):
        taken += len(line) + 1
        if taken > room:
            return [*lines[:number], f"  and {len(lines) - number} more lines, which meta-access review --all shows"]
    return list(lines)


def _block(lines: Sequence[str], language: str) -> list[str]:
    return [f"```{language}", *lines, "```", ""] if lines else []


def _fenced(text: str) -> str:
    """Other people's text in a fenced block."""
    clean = visible(text).replace("`", "'").replace("<", _LESS)
    clean = _MENTION.sub("(at)", clean)
    return clean if len(clean) <= LONGEST_LINE else f"{clean[:LONGEST_LINE]}…"


def _inline(text: str) -> str:
    """Other people's text in a line of Markdown: as entities, of which no forge makes markup or a link."""
    # Entities hide neither a mention nor a reference to an issue: forges look for those in what is rendered.
    clean = _ISSUE.sub(r"\1 ", _MENTION.sub("(at)", visible(text)))
    clean = clean if len(clean) <= LONGEST_LINE else f"{clean[:LONGEST_LINE]}…"
    return _LINK.sub(_entity, _MARKUP.sub(_entity, clean))


def _entity(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(char)};" for char in found[0])
