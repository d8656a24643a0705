"""What auditors get: who had what in a period, by whose commits, what reviews decided, and what was done to tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.access_review.judge import signers
from meta_access.clock import iso
from meta_access.graph.business_users import same
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from meta_access.access_review.history import Span
    from meta_access.access_review.judge import Commit, People
    from meta_access.access_review.record import Record

COLUMNS = (
    "what", "client", "on", "holder", "name", "rights", "from", "to", "began_by", "began_commit", "ended_by",
    "ended_commit", "standing", "decision", "reviewer", "signed", "note",
)  # fmt: skip
REVIEWED, TOKEN = "reviewed access", "token step"
Line = dict[str, str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The content of a pack; the same from the same commit and audit.

    Attributes:
        commit: The last one of the period.
        lines: By column; sorted.
        unknown: What nobody can tell, and why.
        notes: What else a reader has to know.
    """

    project: str
    stack: str
    start: date
    end: date
    commit: str
    lines: tuple[Line, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]


def of_spans(spans: Iterable[Span]) -> Iterator[Line]:
    """What was declared, as lines."""
    for one in spans:
        had, ended = one.had, one.ended
        by_day = one.until is not None and ended is None
        yield _line(
            what=str(had.what),
            client=had.client,
            on=had.on,
            holder=had.holder,
            rights=" ".join(had.rights),
            began_by=one.began.author,
            began_commit=one.began.commit,
            ended_by="its day (until)" if by_day else ended.author if ended else "",
            ended_commit=ended.commit if ended else "",
            note=had.why,
            **{"from": iso(one.since), "to": iso(one.until) if one.until else ""},
        )


def of_record(
    record: Record, lines: Sequence[Sequence[int]], blamed: Mapping[int, Commit], people: People
) -> Iterator[Line]:
    """What Meta listed at the start of a closed review, and what was decided."""
    for row, at in zip(record.access, lines, strict=True):
        commits = signers(at, blamed)
        person = people.get(row.by or "")
        email = person.email if person is not None and person.email else ""
        sound = bool(commits) and all(same(one.email, email) for one in commits)
        yield _line(
            what=REVIEWED,
            client=record.client or "",
            on=row.asset,
            holder=row.identity or row.email or row.holder or "",
            name=row.name or "",
            rights=" ".join(row.tasks),
            began_by=row.given_by or "",
            standing=row.standing,
            decision=_decision(row.decision or "", row.limit_to, row.until),
            reviewer=row.by or "",
            signed=" ".join(one.id for one in commits) if sound else "not by the reviewer's own commit",
            note=row.reason or "",
            **{"from": iso(record.started), "to": iso(record.closed) if record.closed else ""},
        )


def _decision(decision: str, tasks: Sequence[str] | None, until: date | None) -> str:
    return " ".join([decision, *(tasks or ()), *([f"until {until}"] if until else [])])


def of_audit(entries: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    """What was done to tokens."""
    for entry in entries:
        generation = entry.get("generation")
        yield _line(
            what=TOKEN,
            on=str(entry.get("secret") or ""),
            holder=str(entry.get("fingerprint") or ""),
            name="" if generation is None else f"generation {generation}",
            rights=str(entry.get("step") or ""),
            began_by=str(entry.get("who") or ""),
            began_commit=str(entry.get("commit") or ""),
            note=str(entry.get("note") or ""),
            **{"from": str(entry.get("at"))},
        )


def _line(**told: str) -> Line:
    return {column: scrub(told.get(column, "")) for column in COLUMNS}
