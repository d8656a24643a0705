"""Whether a record may be closed: its decisions, who took them, and whose commits they came in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.access_review.record import GONE, Decision
from meta_access.errors import Problem
from meta_access.graph.business_users import same
from meta_access.ids import parse_asset
from meta_access.stack.problems import instead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from meta_access.access_review.record import Record, Row
    from meta_access.rules import RuleSet
    from meta_access.stack.models import PersonSpec

    People = Mapping[str, PersonSpec]

UNDECLARED = "undeclared"
IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Commit:
    """Who brought a line into a file.

    Attributes:
        email: Of the commit's author.
    """

    id: str
    email: str


def expanded(rules: RuleSet, asset: str, tasks: Sequence[str]) -> set[str]:
    """Tasks with those they imply."""
    try:
        kind = parse_asset(asset).kind
    except ValueError:
        return set(tasks)
    return set(rules.expand_tasks(kind, tasks))


def staying(row: Row, rules: RuleSet) -> set[str]:
    """The tasks that a decided row leaves the holder."""
    if row.decision is Decision.REMOVE:
        return set()
    return expanded(rules, row.asset, row.limit_to or row.tasks)


def needs_entry(row: Row, rules: RuleSet) -> bool:
    """Whether undeclared access stays that nothing ignores yet."""
    return row.standing == UNDECLARED and bool(set(row.undeclared) & staying(row, rules))


def undecided(record: Record, name: str) -> Iterator[Problem]:
    """The rows that nobody has decided."""
    for at, row in enumerate(record.access):
        if row.decision is None:
            yield Problem(_place(name, at, row), "nobody has decided.", "write keep, limit or remove at decision.")


def decisions(record: Record, name: str, people: People, rules: RuleSet, today: date) -> Iterator[Problem]:
    """What is wrong with the decisions that were taken."""
    for at, row in enumerate(record.access):
        if row.decision is not None:
            place = _place(name, at, row)
            yield from _reviewer(row, place, people, today)
            yield from _decision(row, place, rules, today)
        elif row.by or row.limit_to or row.until or row.reason:
            fix = "write keep, limit or remove at decision."
            yield Problem(_place(name, at, row), "has a part of a decision, and no decision.", fix)


def _place(name: str, at: int, row: Row) -> str:
    return f"{name}:access[{at}] ({row.shown})"


def _reviewer(row: Row, place: str, people: People, today: date) -> Iterator[Problem]:
    if row.by is None:
        yield Problem(place, "names nobody who decided.", "write a name of meta:people at by.")
        return
    if (person := people.get(row.by)) is None:
        fix = instead(row.by, people, "add the person to meta:people.")
        yield Problem(place, f'there is no "{row.by}" in meta:people.', fix)
        return
    if person.until is not None and person.until <= today:
        yield Problem(place, f"{row.by} left on {person.until} (until).", "let somebody decide who is still there.")
    if not person.email:
        fix = f"write the address of their commits at meta:people.{row.by}.email."
        yield Problem(place, f"{row.by} has no address, so no commit can be known to be theirs.", fix)
    if is_own(row, row.by, person):
        yield Problem(place, f"{row.by} decides about their own access.", "let another person decide about this row.")


def is_own(row: Row, key: str, person: PersonSpec) -> bool:
    """Whether a row is about the person who decides."""
    return row.person == key or bool(person.email and row.email and same(person.email, row.email))


def _decision(row: Row, place: str, rules: RuleSet, today: date) -> Iterator[Problem]:
    if row.standing == GONE and row.decision is not Decision.REMOVE:
        text = "Meta lists this holder no more, so there is nothing to keep."
        yield Problem(place, text, "write remove.")
        return
    entry = needs_entry(row, rules)
    if row.decision is Decision.LIMIT:
        yield from _limit(row, place, rules)
    elif row.limit_to is not None:
        yield Problem(place, f"{row.decision} takes no limit_to.", "write limit, or remove limit_to.")
    if row.until is not None and row.decision is not Decision.LIMIT and not entry:
        yield Problem(place, f"{row.decision} takes no until here.", "write limit, or remove until.")
    if row.until is not None and row.until <= today:
        yield Problem(place, f"until is {row.until}, which has come.", "write a day to come.")
    said = {"reason": (row.reason or "").strip(), "until": row.until}
    if entry and (lacking := [key for key, value in said.items() if not value]):
        text = f"undeclared access stays ({', '.join(sorted(set(row.undeclared) & staying(row, rules)))}), and there "
        text += f"is no {' and no '.join(lacking)} for the entry of ignore that it becomes."
        yield Problem(place, text, "add it, or write remove.")


def _limit(row: Row, place: str, rules: RuleSet) -> Iterator[Problem]:
    if row.limit_to is None and row.until is None:
        yield Problem(place, "limit says neither to which tasks nor until when.", "add limit_to, until, or both.")
    if row.limit_to is None:
        return
    held, wanted = expanded(rules, row.asset, row.tasks), expanded(rules, row.asset, row.limit_to)
    tasks = ", ".join(row.tasks) or "none"
    if not wanted:
        yield Problem(place, "limit_to is empty.", "write remove, or the tasks that stay.")
    elif more := [task for task in row.limit_to if not expanded(rules, row.asset, [task]) <= held]:
        yield Problem(place, f"limit_to has {', '.join(more)}, which is not held.", f"write some of {tasks}.")
    elif wanted == held and row.until is None:
        yield Problem(
            place, "limit_to has all that is held, so it limits nothing.", f"write fewer of {tasks}, or keep."
        )


def not_committed(name: str) -> Problem:
    """A record whose text no commit has."""
    return Problem(name, "differs from the last commit, and only a commit signs it.", "commit it.")


def signatures(
    record: Record, name: str, lines: Sequence[Sequence[int]], blamed: Mapping[int, Commit], people: People
) -> Iterator[Problem]:
    """The decisions that somebody else than the named person has committed.

    Args:
        record: As committed.
        name: Of its file.
        lines: Of each row, those of its decision.
        blamed: Line to the commit that brought it.
        people: Of the stack.
    """
    for at, row in enumerate(record.access):
        person = people.get(row.by or "")
        if row.decision is None or person is None or not person.email:
            continue
        strange = [one for one in signers(lines[at], blamed) if not same(one.email, person.email)]
        for one in strange:
            yield Problem(
                _place(name, at, row),
                f"{row.by} ({person.email}) is named, and commit {one.id[:12]} of {one.email} brought the decision.",
                f"let {row.by} commit it, or write who decided; a squash makes one author of several.",
            )


def signers(lines: Sequence[int], blamed: Mapping[int, Commit]) -> list[Commit]:
    """The commits of some lines, each once."""
    return list(dict.fromkeys(blamed[line] for line in lines if line in blamed))
