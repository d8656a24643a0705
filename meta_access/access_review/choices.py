"""What a command line decides about the rows of records: which rows it names, and what is written there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.access_review import judge
from meta_access.access_review.record import Decision
from meta_access.errors import Problem
from meta_access.graph.business_users import same
from meta_access.stack.problems import instead

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from meta_access.access_review.record import Record, Row
    from meta_access.rules import RuleSet
    from meta_access.stack.models import PersonSpec


@dataclass(frozen=True, kw_only=True)
class Said:
    """What somebody decides.

    Attributes:
        by: A name of meta:people.
        rows: Decision to what the rows are called: a holder, an asset, or `ASSET/HOLDER`.
        rest: The decision about every other row that nobody has decided; not about the person's own.
        tasks: What limited rows are limited to.
        until: Of limited rows, and of undeclared access that stays.
    """

    by: str
    rows: Mapping[Decision, Sequence[str]]
    rest: Decision | None = None
    tasks: tuple[str, ...] = ()
    until: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is to be written.

    Attributes:
        by_record: Name of a record to its rows by number, each with what stands at the keys of a decision.
        own: Rows that the person may not decide about, and that `rest` leaves alone.
    """

    by_record: Mapping[str, Mapping[int, Mapping[str, Any]]]
    own: tuple[Row, ...]
    problems: tuple[Problem, ...]


def of_command(said: Said, held: Mapping[str, Record], people: Mapping[str, PersonSpec], rules: RuleSet) -> Choices:
    """What a command line writes into records."""
    problems: list[Problem] = []
    found = _named(said, held, problems)
    own: list[Row] = []
    for name, one in held.items() if said.rest is not None else ():
        for at, row in enumerate(one.access):
            if row.decision is not None or (name, at) in found:
                continue
            if judge.is_own(row, said.by, people[said.by]):
                own.append(row)
            elif said.rest is not None:
                found[name, at] = said.rest
    by_record: dict[str, dict[int, Mapping[str, Any]]] = {}
    for (name, at), decision in found.items():
        by_record.setdefault(name, {})[at] = _written(said, held[name].access[at], decision, rules)
    return Choices(by_record, tuple(own), tuple(dict.fromkeys(problems)))


def _named(said: Said, held: Mapping[str, Record], problems: list[Problem]) -> dict[tuple[str, int], Decision]:
    """The rows that the command line names, by record and number."""
    found: dict[tuple[str, int], Decision] = {}
    for decision, word in ((decision, word) for decision, words in said.rows.items() for word in words):
        named = [(name, at) for name, one in held.items() for at, row in enumerate(one.access) if called(row, word)]
        if not named:
            known = {text for one in held.values() for row in one.access for text in (*row.words, row.asset)}
            fix = instead(word, known, "write a holder, an asset or ASSET/HOLDER as the record has it.")
            problems.append(Problem(f"--{decision}", f'no row of the open reviews is called "{word}".', fix))
        for place in named:
            if found.setdefault(place, decision) is not decision:
                row = held[place[0]].access[place[1]]
                text = f"{row.shown} is to be {found[place]} and {decision}."
                problems.append(Problem(f"--{decision}", text, "decide once; ASSET/HOLDER names one row."))
    return found


def called(row: Row, word: str) -> bool:
    """Whether a word means a row: its asset, its holder, or both with a slash between them."""
    asset, slash, holder = word.partition("/")
    return word == row.asset or word in row.words or bool(slash and asset == row.asset and holder in row.words)


def _written(said: Said, row: Row, decision: Decision, rules: RuleSet) -> Mapping[str, Any]:
    limited = decision is Decision.LIMIT
    told: dict[str, Any] = {"decision": str(decision), "by": said.by}
    told["limit_to"] = list(said.tasks) if limited and said.tasks else None
    after = row.model_copy(update={"decision": decision, "limit_to": said.tasks if told["limit_to"] else None})
    dated = limited or judge.needs_entry(after, rules)
    told["until"] = said.until.isoformat() if said.until is not None and dated else None
    told["reason"] = said.reason or None
    return told


def reviewer(word: str, people: Mapping[str, PersonSpec]) -> str | None:
    """The person of the stack whom a name or an address means."""
    if word in people:
        return word
    return next((key for key, one in people.items() if one.email and same(one.email, word)), None)


def shown(rows: Iterable[Row]) -> str:
    """Rows in a sentence."""
    return ", ".join(row.shown for row in rows)
