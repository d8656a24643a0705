"""What decisions change in a stack's files, and what is left to people. Pure.

A holder who is declared loses the line that declares it, and the next update takes the access away. What no line
declares goes with the next update where `exclusive: true` holds; elsewhere a person takes it away in Business settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from meta_access.access_review.judge import IGNORED, UNDECLARED, expanded, needs_entry, staying
from meta_access.access_review.record import GONE, Decision
from meta_access.graph.assigned_users import NOT_TAKEN
from meta_access.graph.holders import HolderKind
from meta_access.ids import parse_asset
from meta_access.stack import ignores
from meta_access.stack.files import NAMESPACE
from meta_access.stack.models import reason_of, tasks_in, until_of
from meta_access.stack.yaml_edits import Append, Drop, Edit, Put, edited

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meta_access.access_review.record import Record, Row
    from meta_access.discovery.files import Files
    from meta_access.stack.ignores import Ignore
    from meta_access.stack.load import Stack

Place = tuple[str, tuple[str | int, ...]]
"""A file of the stack, and the way to something in it."""


class Task(StrEnum):
    """What a person has to do about a row."""

    TAKE_AWAY = "take it away"
    IN_A_GROUP = "it comes with a group of assets"
    WIDE_ENTRY = "its entry of ignore is about more"


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to a person.

    Attributes:
        tasks: Those that have to go.
        place: Of the entry of ignore that is about more.
    """

    client: str
    row: Row
    task: Task
    tasks: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Consequences:
    """What closed records lead to.

    Attributes:
        edits: By file, in an order in which each finds its place.
    """

    edits: Mapping[str, Sequence[Edit]]
    work: tuple[Work, ...]

    def applied(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The files that change, as they are to be.

        Raises:
            NotEditableError: One is written in a way that a machine cannot edit.
        """
        return {name: edited(texts[name], edits, name) for name, edits in self.edits.items()}


def of_records(records: Iterable[Record], stack: Stack, files: Files) -> Consequences:
    """What the decisions of sound records lead to.

    Args:
        records: Whose rows are all decided.
        stack: As its files declare it.
        files: Those files.
    """
    found = _Found(stack, files)
    for record in records:
        for row in record.access:
            found.add(record.client or "", row)
    return found.consequences()


class _Found:
    def __init__(self, stack: Stack, files: Files) -> None:
        self._stack, self._files = stack, files
        self._ignores = ignores.of_stack(stack.spec)
        self._edits: dict[str, list[Edit]] = {}
        self._work: list[Work] = []

    def consequences(self) -> Consequences:
        return Consequences({name: _ordered(edits) for name, edits in self._edits.items()}, tuple(self._work))

    def add(self, client: str, row: Row) -> None:
        if row.standing == GONE:
            return
        rules = self._stack.rules
        stays, held = staying(row, rules), expanded(rules, row.asset, row.tasks)
        if row.decision is not Decision.KEEP:
            self._declared(client, row, stays)
        still_ignored = False
        if row.standing == IGNORED and row.decision is not Decision.KEEP:
            still_ignored = self._ignored(client, row, stays)
        if needs_entry(row, rules):
            until = "" if row.until is None else row.until.isoformat()
            entry = {"holder": row.email or row.holder, "asset": row.asset, "reason": row.reason}
            name, way = self._ignore_list(client)
            self._edit(name, Append(way, {**entry, "person": row.by, "until": until}))
        goes = held - stays
        whole_line_goes = row.decision is Decision.REMOVE and self._line(client, row) is not None
        update_takes = row.decision is Decision.REMOVE and not still_ignored and self._is_exclusive(client, row)
        if row.standing not in {UNDECLARED, IGNORED} or whole_line_goes or update_takes:
            return
        if left := goes & set(row.undeclared):
            self._work.append(Work(client, row, Task.TAKE_AWAY, tuple(sorted(left))))

    def _declared(self, client: str, row: Row, stays: set[str]) -> None:
        choice = self._line(client, row)
        if choice is None:
            if row.standing == "declared":
                self._work.append(Work(client, row, Task.IN_A_GROUP))
            return
        name, way = self._files.place_of(client)
        at = (*way, "assets", row.asset, row.identity or "")
        if row.decision is Decision.REMOVE:
            self._edit(name, Drop(at))
            return
        typed = tasks_in(choice)
        tasks = typed if isinstance(typed, str) else list(typed)
        declared = expanded(self._stack.rules, row.asset, row.tasks) - set(row.undeclared)
        if declared - stays:
            tasks = sorted(declared & set(row.limit_to or ()))
        until, reason = row.until or until_of(choice), reason_of(choice)
        more = {**({"until": until.isoformat()} if until else {}), **({"reason": reason} if reason else {})}
        self._edit(name, Put(at, {"tasks": tasks, **more} if more else tasks))

    def _line(self, client: str, row: Row) -> Any:
        """The line that declares a row, as typed; None where no line does."""
        spec = self._stack.spec.clients.get(client)
        return None if spec is None else spec.assets.get(row.asset, {}).get(row.identity or "")

    def _is_exclusive(self, client: str, row: Row) -> bool:
        """Whether `exclusive: true` takes a holder off whom no line and no entry keeps, as far as a call can."""
        spec, identity = self._stack.spec.clients.get(client), self._stack.spec.identities.get(row.identity or "")
        if row.pending or parse_asset(row.asset).kind in NOT_TAKEN:
            return False
        if HolderKind(row.kind) is HolderKind.PARTNER:
            return spec is not None and spec.exclusive and spec.access == "own"
        return any(one is not None and one.exclusive for one in (spec, identity))

    def _ignored(self, client: str, row: Row, stays: set[str]) -> bool:
        """Edit the entry that lets a row stay; answers whether it lets it stay still."""
        entry = next((one for one in self._ignores if _is_about(one, client, row)), None)
        if entry is None:
            return False  # its day has come, or somebody removed it
        if entry.entry.holder is None or entry.entry.asset is None:
            self._work.append(Work(client, row, Task.WIDE_ENTRY, place=entry.place))
            return True
        name, way = self._ignore_list(entry.client)
        at = (*way, int(entry.place.rpartition("[")[2].rstrip("]")))
        if not stays & set(row.undeclared):
            self._edit(name, Drop(at))
            return False
        if row.until is not None:
            self._edit(name, Put((*at, "until"), row.until.isoformat()))
        return True

    def _ignore_list(self, client: str) -> Place:
        """The list of a client; of "", that of the whole stack."""
        if not client:
            return self._files.stack[0], ("config", f"{NAMESPACE}ignore")
        name, way = self._files.place_of(client)
        return name, (*way, "ignore")

    def _edit(self, name: str, edit: Edit) -> None:
        edits = self._edits.setdefault(name, [])
        if edit not in edits:  # two rows may rest on one entry
            edits.append(edit)


def _is_about(one: Ignore, client: str, row: Row) -> bool:
    told = row.ignored
    same = told is not None and (told.reason, told.person, told.until) == (
        one.entry.reason,
        one.entry.person,
        one.entry.until,
    )
    return same and one.fits(client, row.asset, [name for name in (row.holder, row.email) if name])


def _ordered(edits: Iterable[Edit]) -> list[Edit]:
    """Values first, then what goes, the last of a list before those in front of it, then what is added."""

    def order(edit: Edit) -> tuple[int, int]:
        last = edit.at[-1]
        return [Put, Drop, Append].index(type(edit)), -last if isinstance(last, int) else 0

    return sorted(edits, key=order)
