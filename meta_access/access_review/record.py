"""The record of an access review: a YAML file for each client, in which people decide about each holder. Pure."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from meta_access.clock import iso
from meta_access.errors import ConfigError, Problem
from meta_access.redaction import scrub
from meta_access.stack.fields import Day, Moment, Name, Section, Text, described
from meta_access.stack.problems import dotted, problems_of
from meta_access.stack.yaml_additions import NotEditableError, conflicts, end_of, next_line
from meta_access.stack.yaml_edits import Drop, Edit, Put, edited, flow
from meta_access.stack.yaml_files import parse_with_places, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    import yaml

    from meta_access.access import Access
    from meta_access.graph.activities import Activity
    from meta_access.graph.lists import Unread

_FORMS = "meta-access access review "
FORM = "meta-access access review 1"
GONE = "gone"
"""The standing of a holder whom Meta listed at the start, and lists no more."""
_HEAD = """\
# Who may touch {whose} of stack {stack}, as Meta listed them. Fill in decision and by; edit nothing else.
#   decision: keep, limit (with limit_to, until, or both) or remove.
#   by: a name of meta:people; the commit that brings the decision in has to be of that person.
#   reason, until: needed where undeclared access stays, for the entry of `ignore` that it becomes.
"""
_NO_FACTS = "sha256:" + "0" * 64
DECIDED_BY = ("decision", "by", "limit_to", "until", "reason")
"""Keys of a row that people write; all others are what was read."""


class ReviewError(ConfigError):
    """An access review is not as it has to be, or what was asked of it cannot be."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems, "the access review")


class Decision(StrEnum):
    """What is to become of somebody's access."""

    KEEP = "keep"
    LIMIT = "limit"
    REMOVE = "remove"


class UnreadSpec(Section):
    list: Text
    why: Text


class IgnoredSpec(Section):
    reason: Text
    person: Name
    until: Day


class Row(Section):
    """One holder of one asset.

    Attributes:
        holder: Id; missing where the state knows none.
        identity: Of the stack; `person` likewise.
        undeclared: Of the tasks, what no line declares.
        ignored: The entry that lets it stay.
    """

    asset: Text
    kind: Literal["system user", "person", "partner business"]
    holder: Text | None = None
    name: Text | None = None
    email: Text | None = None
    identity: Name | None = None
    person: Name | None = None
    tasks: tuple[Text, ...] = ()
    standing: Literal["declared", "declared, not given", "ignored", "undeclared", "gone"]
    undeclared: tuple[Text, ...] = ()
    pending: bool = False
    ignored: IgnoredSpec | None = None
    since: Moment | None = None
    given_by: Text | None = None
    given_through: Text | None = None
    decision: Decision | None = None
    by: Name | None = None
    limit_to: tuple[Text, ...] | None = None
    until: Day | None = None
    reason: Text | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other row."""
        return self.asset, self.holder or self.identity or ""

    @property
    def shown(self) -> str:
        """How messages call it, and how a command line may."""
        return f"{self.asset}/{self.email or self.identity or self.name or self.holder}"

    @property
    def words(self) -> set[str]:
        """What the holder is called by."""
        return {one for one in (self.holder, self.name, self.email, self.identity, self.person) if one}

    @property
    def facts(self) -> dict[str, Any]:
        """What was read, without what people write."""
        told = self.model_dump(mode="json", exclude=set(DECIDED_BY), exclude_defaults=True)
        return {key: told[key] for key in type(self).model_fields if key in told}


class Record(Section):
    """One review.

    Attributes:
        client: None of the assets that no client has.
        facts: Digest of all that people do not write.
        snapshot: Whether a snapshot was read, and not Meta.
        closed: When what follows was written into the stack's files.
        incomplete: Closed although lists were not shown.
    """

    access_review: Literal["meta-access access review 1"]
    project: Text
    stack: Text
    client: Name | None = None
    started: Moment
    snapshot: bool = False
    due: Day | None = None
    facts: Text = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    unread: tuple[UnreadSpec, ...] = ()
    closed: Moment | None = None
    incomplete: bool = False
    access: tuple[Row, ...]

    def digest(self) -> str:
        """Of all that was read."""
        told = {
            "project": self.project,
            "stack": self.stack,
            "client": self.client,
            "started": iso(self.started),
            "unread": [one.model_dump() for one in self.unread],
            "access": [row.facts for row in self.access],
        }
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def overdue(self, today: date) -> bool:
        """Whether its day has passed, and it is open."""
        return self.closed is None and self.due is not None and self.due < today


def folder_of(stack: str) -> str:
    """Where the records of a stack lie, in the folder of the stack files."""
    return f"access-reviews.{stack}"


def file_name(client: str, day: date, taken: Iterable[str]) -> str:
    """The name of a new record: of the day and the client, numbered from the second on."""
    stem = f"{day}-{client}" if client else f"{day}"
    names = [f"{stem}.yaml", *(f"{stem}.{number}.yaml" for number in range(2, 100))]
    return next(name for name in names if name not in set(taken))


def row_of(access: Access, last: Activity | None) -> Row:
    """A row as it was read, undecided."""
    holder, entry = access.holder, access.ignored
    key = {"identity": access.key} if holder.kind == "system user" else {"person": access.key}
    told: dict[str, Any] = {
        "asset": access.asset,
        "kind": str(holder.kind),
        "holder": holder.id,
        "name": scrub(holder.name),
        "email": scrub(holder.email),
        **key,
        "tasks": sorted(access.tasks),
        "standing": str(access.standing),
        "undeclared": sorted(access.undeclared),
        "pending": access.pending,
        "since": None if last is None else iso(last.at),
        "given_by": None if last is None else scrub(last.actor),
        "given_through": None if last is None else scrub(last.application),
    }
    if entry is not None:
        told["ignored"] = {"reason": entry.reason, "person": entry.person, "until": entry.until.isoformat()}
    return Row.model_validate({key: value for key, value in told.items() if value})


def rows_of(accesses: Iterable[Access], changed: Mapping[Access, Activity]) -> tuple[Row, ...]:
    """The rows of a client, each holder of an asset once."""
    found: dict[tuple[str, str], Row] = {}
    for one in accesses:
        row = row_of(one, changed.get(one))
        if (held := found.get(row.key)) is not None:  # seen through two businesses
            tasks, beyond = {*held.tasks, *row.tasks}, {*held.undeclared, *row.undeclared}
            row = held.model_copy(update={"tasks": tuple(sorted(tasks)), "undeclared": tuple(sorted(beyond))})
        found[row.key] = row
    return tuple(found.values())


def begun(
    rows: tuple[Row, ...],
    unread: Iterable[Unread],
    *,
    project: str,
    stack: str,
    client: str,
    started: datetime,
    due: date | None,
    snapshot: bool,
) -> Record:
    """A new record."""
    told: dict[str, Any] = {
        "access_review": FORM,
        "project": project,
        "stack": stack,
        "client": client or None,
        "started": iso(started),
        "snapshot": snapshot,
        "due": None if due is None else due.isoformat(),
        "facts": _NO_FACTS,
        "unread": [{"list": one.path, "why": scrub(one.why)} for one in unread],
        "access": [row.facts for row in rows],
    }
    made = Record.model_validate(told)
    return made.model_copy(update={"facts": made.digest()})


def written(record: Record) -> str:
    """The text of a new record."""
    whose = f"the assets of client {record.client}" if record.client else "assets of no client"
    head: dict[str, Any] = {"access_review": FORM, "project": record.project, "stack": record.stack}
    head |= {"client": record.client} if record.client else {}
    head |= {"started": iso(record.started)}
    head |= {"snapshot": True} if record.snapshot else {}
    head |= {"due": record.due.isoformat()} if record.due else {}
    head |= {"facts": record.facts}
    head |= {"unread": [one.model_dump() for one in record.unread]} if record.unread else {}
    lines = [f"{key}: {flow(value)}\n" for key, value in head.items()]
    rows = "\n".join(_block(row) for row in record.access)
    return f"{_HEAD.format(whose=whose, stack=record.stack)}{''.join(lines)}access:\n{rows}"


def _block(row: Row) -> str:
    lines = [f"{key}: {flow(value)}" for key, value in row.facts.items()]
    return "".join(f"  {'-' if at == 0 else ' '} {line}\n" for at, line in enumerate([*lines, "decision:", "by:"]))


def read(text: str, name: str) -> Record:
    """The record in a text.

    Raises:
        ReviewError: It is none; every problem is named.
    """
    if marks := conflicts(text, name):
        raise ReviewError(marks)
    content = parse_yaml(text, name)
    if not isinstance(content, dict):
        fix = "let `meta-access access-review start` write it."
        raise ReviewError([Problem(name, f"is {described(content)}, not a record of an access review.", fix)])
    form = content.get("access_review")
    if isinstance(form, str) and form.startswith(_FORMS) and form != FORM:
        fix = "read it with the version that wrote it, or a newer one."
        raise ReviewError([Problem(f"{name}:access_review", f'is "{form}", which this version does not know.', fix)])
    try:
        found = Record.model_validate(content)
    except ValidationError as error:
        raise ReviewError(
            [problem for _, problem in problems_of(error, Record, lambda loc: f"{name}:{dotted(loc)}")]
        ) from None
    if found.digest() != found.facts:
        fix = "take that change back (git diff shows it): only decision, by, limit_to, until and reason are people's."
        raise ReviewError([Problem(f"{name}:facts", "what Meta listed was edited by hand since it was written.", fix)])
    return found


def decision_lines(text: str, name: str) -> list[tuple[int, ...]]:
    """Of each row, the lines that its decision stands on, counted from 1."""
    root, _ = parse_with_places(text, name)
    found = []
    for row in _list(root).value:
        lines: set[int] = set()
        for key, value in row.value:
            if key.value in DECIDED_BY:
                lines |= {*range(key.start_mark.line + 1, value.start_mark.line + 1), key.start_mark.line + 1}
                lines |= _lines_of(text, value)
        found.append(tuple(sorted(lines)))
    return found


def _lines_of(text: str, node: Any) -> set[int]:
    """The lines of a value. That of an alias stands at its anchor, and whoever edits that decides here as well."""
    end = text.count("\n", 0, max(node.start_mark.index, end_of(node) - 1)) + 1
    parts = node.value if isinstance(node.value, list) else []
    return set(range(node.start_mark.line + 1, end + 1)).union(*(_lines_of(text, part) for part in parts))


def _list(root: Any) -> yaml.SequenceNode:
    return next(value for key, value in root.value if key.value == "access")  # type: ignore[no-any-return]


def decided(text: str, name: str, choices: Mapping[int, Mapping[str, Any]]) -> str:
    """The record with decisions in it: by row, what stands at each key of `DECIDED_BY`; one that is missing goes.

    Raises:
        NotEditableError: It is written in a way that a machine cannot edit.
    """
    there = parse_yaml(text, name)["access"]
    return edited(text, [edit for at, told in choices.items() for edit in _deciding(at, there[at], told)], name)


def _deciding(at: int, there: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Edit]:
    for key in DECIDED_BY:
        if told.get(key) is not None:
            yield Put(("access", at, key), told[key])
        elif there.get(key) is not None:
            yield Put(("access", at, key), None) if key in {"decision", "by"} else Drop(("access", at, key))


def renewed(text: str, name: str, changed: Mapping[int, Row], new: Sequence[Row]) -> str:
    """The record with what Meta lists by now, to be decided.

    Args:
        text: Of the record.
        name: How messages call it.
        changed: By number, the rows that are not as they were.
        new: Rows that were not there.

    Raises:
        NotEditableError: It is written in a way that a machine cannot edit.
    """
    there = parse_yaml(text, name)["access"]
    edits: list[Edit] = []
    for at, row in changed.items():
        facts = row.facts
        edits += [Put(("access", at, key), value) for key, value in facts.items() if there[at].get(key) != value]
        edits += [Drop(("access", at, key)) for key in there[at] if key not in {*facts, *DECIDED_BY}]
        edits += _deciding(at, there[at], {})
    text = edited(text, edits, name)
    if new:
        root, _ = parse_with_places(text, name)
        at, lead = next_line(text, end_of(_list(root)), "\n")
        text = text[:at] + lead + "".join(f"\n{_block(row)}" for row in new) + text[at:]
    try:
        after = Record.model_validate(parse_yaml(text, name))
    except (ConfigError, ValidationError):
        after = None
    if after is None or after.access[len(there) :] != tuple(new):
        raise NotEditableError(
            f"{name} is written in a way that no row can be added to it, and nothing was changed.",
            next_step="Write access as the last key, as a plain block, then run this again.",
        )
    return edited(text, [Put(("facts",), after.digest())], name)


def compared(record: Record, now: Sequence[Row], *, whole: bool) -> tuple[dict[int, Row], tuple[Row, ...]]:
    """What Meta lists otherwise than the record: by number the rows that changed, and the new ones.

    Args:
        record: As it stands.
        now: What is there by now of the record's client.
        whole: Whether every list was shown; else nobody knows of a row that is not listed any more whether it is gone.
    """
    seen = {row.key: row for row in now}
    changed: dict[int, Row] = {}
    for at, row in enumerate(record.access):
        fresh = seen.get(row.key)
        if fresh is None:
            if whole and row.standing != GONE:
                left = row.model_dump(include={"asset", "kind", "holder", "name", "email", "identity", "person"})
                changed[at] = Row.model_validate({**left, "standing": GONE})
        elif _weight(fresh) != _weight(row):
            changed[at] = fresh
    known = {row.key for row in record.access}
    return changed, tuple(row for row in now if row.key not in known)


def _weight(row: Row) -> tuple[Any, ...]:
    """What a decision was taken about; a name that changed is no other access."""
    return row.tasks, row.standing, row.undeclared, row.pending
