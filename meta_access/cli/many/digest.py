"""What came of the runs of many stacks: each change and each reason once, with its stacks. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from meta_access import wrapping
from meta_access.cli.many.children import End, Fate
from meta_access.cli.terminal import DONE, EXPIRING, FAILED, WORK_LEFT
from meta_access.redaction import scrub, visible
from meta_access.review import stored, words
from meta_access.review.distinct import distinct, refusals, refuses_all
from meta_access.review.facts import FOLDED, Cause, Class, Review
from meta_access.tokens.observe import Need

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meta_access.cli.many.stacks import Stack

PLAIN_WIDTH = 100
_NAMED = 3
"""So many stacks are named, or so many that are missing; of others the count is told."""
_LONGEST = 400
_STILL_KNOWN = {
    Fate.NOT_BEGUN: "not begun: the whole run had ended before its turn.",
    Fate.BOUND: "ended, because the whole run has taken as long as --timeout-minutes allows.",
    Fate.STOPPED: "stopped by a signal; what was under way was recorded.",
}


def review_of(stack: Stack, end: End) -> Review:
    """A stack's review, as its child wrote it; one that failed where it wrote none."""
    try:
        return stored.read_one(end.out, stack.name, scrub(stack.stack))
    except stored.StoredError:
        return Review(stack=scrub(stack.stack), project=stack.project, facts=(), failed=True, error=_why(end))


@dataclass(frozen=True, slots=True)
class Token:
    """What a stack's rotation says of a token that is not as it should be, or that was due.

    Attributes:
        need: What is to be done; None where the secret could not be looked at.
        said: The reason, and what a person does about it.
    """

    name: str
    need: Need | None
    late: bool
    said: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """What came of a stack's rotation.

    Attributes:
        code: Its exit code, as of `meta-access rotate`.
        acted: The tokens that were due.
        left: Those of which something is left.
        error: Why it failed as a whole; "" where it did not.
    """

    code: int
    acted: tuple[str, ...] = ()
    left: tuple[Token, ...] = ()
    error: str = ""

    @property
    def failed(self) -> bool:
        return self.code not in {DONE, WORK_LEFT, EXPIRING}


def rotation_of(end: End) -> Rotation:
    """A stack's rotation, as its child told it; one that failed where it told none."""
    try:
        told = json.loads(end.out)
        tokens = [_token(row) for row in told["tokens"]]
        acted = tuple(scrub(str(name)) for name in told["acted"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return Rotation(FAILED, error=_why(end))
    left = tuple(one for one in tokens if one.late or one.need is not Need.NONE)
    if end.code in {DONE, WORK_LEFT, EXPIRING}:
        return Rotation(end.code, acted, left)
    unseen = " ".join(f"{one.name}: {one.said}" for one in left if one.need is None)[:_LONGEST]
    return Rotation(end.code, acted, left, _last_said(end) or unseen or "a token could not be renewed.")


def _token(row: Mapping[str, Any]) -> Token:
    need = None if row["need"] is None else Need[str(row["need"]).upper()]
    said = " ".join(filter(None, (str(row["trouble"] or row["freshness"]), str(row["step"]), str(row["start"]))))
    if row["late"]:
        said += f" (expires {row['expires_at']})"
    return Token(scrub(str(row["name"])), need, bool(row["late"]), scrub(said)[:_LONGEST])


def _why(end: End) -> str:
    """Why a child told nothing of its stack."""
    if end.fate in _STILL_KNOWN:
        return _STILL_KNOWN[end.fate]
    try:
        return scrub(str(json.loads(end.out)["error"]))[:_LONGEST]
    except (ValueError, TypeError, KeyError, RecursionError):
        return f"it ended without an answer (exit code {end.code}). {_last_said(end)}".rstrip()


def _last_said(end: End) -> str:
    """The last lines of its standard error, errors first: an engine says more after them."""
    lines = [line.strip() for line in scrub(end.said).splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line.lower()]
    return visible(" ".join(errors[-2:] or lines[-2:]))[-_LONGEST:]


@dataclass(frozen=True)
class _Digest:
    """The stacks in their order, and how the child of each ended."""

    stacks: Sequence[Stack]
    ends: Sequence[End]

    def runs(self, codes: Iterable[int], errors: Iterable[str]) -> list[dict[str, Any]]:
        return [
            {**stack.as_row(), "ended": str(end.fate), "code": code, "seconds": round(end.seconds, 1), "error": error}
            for stack, end, code, error in zip(self.stacks, self.ends, codes, errors, strict=True)
        ]

    def where(self, names: Sequence[str]) -> str:
        """`287 of 300 stacks`, with the names where they are few."""
        every = [one.name for one in self.stacks]
        if len(every) == 1:
            return every[0]
        count = f"{len(names)} of {_count(len(every), 'stack')}"
        if len(names) <= _NAMED:
            return f"{count}: {', '.join(names)}"
        missing = [name for name in every if name not in set(names)]
        return f"{count}, all but {', '.join(missing)}" if 0 < len(missing) <= _NAMED else count

    def reasons(self, found: Iterable[tuple[str, str]], head: str) -> Iterator[str]:
        """Each reason once, with the names of its stacks, all of them: each has to be looked at."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in found:
            by_reason.setdefault(reason, []).append(name)
        if by_reason:
            yield f"{head} in {len(set().union(*by_reason.values()))} of {_count(len(self.stacks), 'stack')}:"
        for reason, names in by_reason.items():
            yield f"! {', '.join(dict.fromkeys(names))}: {reason}"


class Previews(_Digest):
    """The previews of many stacks."""

    @cached_property
    def reviews(self) -> list[Review]:
        return [review_of(stack, end) for stack, end in zip(self.stacks, self.ends, strict=True)]

    @property
    def code(self) -> int:
        """Failed before refused: of a stack that failed nobody knows what is refused."""
        reviews = self.reviews
        if any(one.failed for one in reviews):
            return FAILED
        return WORK_LEFT if any(Class.REFUSED in one.classes for one in reviews) else DONE

    def as_object(self) -> dict[str, Any]:
        """What `stored.read` reads, and what belongs to all."""
        reviews = self.reviews
        codes = [FAILED if one.failed else WORK_LEFT if Class.REFUSED in one.classes else DONE for one in reviews]
        changes = [
            {
                **stored.fact_as_object(one.group.first),
                "facts": len(one.group.all),
                "count": len(one.stacks),
                "of": len(self.stacks),
                "stacks": ["/".join(stack) for stack in one.stacks],
                "text": words.line(one.group),
            }
            for one in distinct(reviews)
        ]
        refused = [
            {**one.finding.as_json(), "count": len(one.stacks), "stacks": ["/".join(stack) for stack in one.stacks]}
            for one in refusals(reviews)
        ]
        runs = self.runs(codes, [_failure(one) if one.failed else "" for one in reviews])
        return {**stored.as_object(reviews), "changes": changes, "refusals": refused, "runs": runs}

    def as_text(self, width: int = PLAIN_WIDTH) -> str:
        return "\n".join(part for line in self._lines() for part in wrapping.wrapped(line, width, "    ")) + "\n"

    def _lines(self) -> Iterator[str]:
        reviews = self.reviews
        failed = sum(one.failed for one in reviews)
        found = distinct(reviews)
        mine = [one for one in found if one.group.first.cause is Cause.CHANGE]
        changed = len({stack for one in mine for stack in one.stacks})
        ways = f" in {_count(len(mine), 'distinct way')}" if mine else ""
        yield f"{_count(len(reviews), 'stack')}: {changed} changed{ways}, {failed} failed."
        for refusal in refusals(reviews):
            where = self.where(["/".join(stack) for stack in refusal.stacks])
            yield f"! {words.refusal(refusal.finding)} ({where})"
        for one in mine:
            where = self.where(["/".join(stack) for stack in one.stacks])
            yield f"{one.group.first.sign} {words.line(one.group)} ({where})"
        for cause in FOLDED:
            if here := [one for one in found if one.group.first.cause is cause]:
                stacks = dict.fromkeys("/".join(stack) for one in here for stack in one.stacks)
                count = sum(len(one.group.all) for one in here)
                yield f"{words.HEADS[cause]}: {count} ({self.where(list(stacks))})"
        yield from self.reasons(
            [(f"{one.project}/{one.stack}", visible(_failure(one))) for one in reviews if one.failed], "Failed"
        )


def _failure(review: Review) -> str:
    """Why a preview failed: the reasons of a refused configuration, or the engine's own words."""
    refused = [fact.reason for fact in review.facts if refuses_all(fact)]
    return " ".join(refused) or review.error or "the engine ended before its work was done."


class Rotations(_Digest):
    """The rotations of many stacks."""

    @cached_property
    def each(self) -> list[Rotation]:
        return [rotation_of(end) for end in self.ends]

    @property
    def code(self) -> int:
        """The worst one, in the order of `meta-access rotate`."""
        each = self.each
        if any(one.failed for one in each):
            return FAILED
        return next((code for code in (EXPIRING, WORK_LEFT) if any(one.code == code for one in each)), DONE)

    def as_object(self) -> dict[str, Any]:
        each = self.each
        runs = self.runs((one.code for one in each), (one.error for one in each))
        for run, one in zip(runs, each, strict=True):
            run["acted"] = list(one.acted)
            run["left"] = [
                {"name": token.name, "need": token.need and token.need.name.lower(), "late": token.late}
                | {"text": token.said}
                for token in one.left
            ]
        errors = [one.error for one in each if one.failed]
        return {"runs": runs, **({"error": errors[0]} if errors else {})}

    def as_text(self, width: int = PLAIN_WIDTH) -> str:
        return "\n".join(part for line in self._lines() for part in wrapping.wrapped(line, width, "    ")) + "\n"

    def _lines(self) -> Iterator[str]:
        rows = list(zip((one.name for one in self.stacks), self.each, strict=True))
        acted = sum(len(one.acted) for _, one in rows)
        failed = sum(one.failed for _, one in rows)
        of = sum(bool(one.acted) for _, one in rows)
        due = f"{_count(acted, 'token')} {'was' if acted == 1 else 'were'} due in {_count(of, 'stack')}"
        yield f"{_count(len(rows), 'stack')}: {due}, {failed} failed."
        late = [(name, f"{token.name}: {token.said}") for name, one in rows for token in one.left if token.late]
        yield from self.reasons(late, "A token is near its end, or has ended,")
        left = [(name, f"{token.name}: {token.said}") for name, one in rows for token in one.left if not token.late]
        yield from self.reasons(left, "Something is left")
        yield from self.reasons([(name, one.error) for name, one in rows if one.error], "Failed")


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"
