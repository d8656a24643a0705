"""Tasks of a system user on an asset: what it had by the state, has today, and will have. Pure."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meta_access import exclusive
from meta_access.exclusive import Stays
from meta_access.review.facts import Cause, Fact, Kind
from meta_access.review.view import asset_kind, closed_gates, has_unknown, text_of, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meta_access.graph.holders import Grant
    from meta_access.review.steps import Step
    from meta_access.review.view import View


@dataclass(slots=True)
class _Grant:
    """What somebody had on an asset by the state, has today, and will have.

    Attributes:
        stays: Whether the program declares it.
        unknown: Whether only the update will know what is given.
        closed: The gates that hold it back.
    """

    fact: Fact
    stood: set[str] = field(default_factory=set)
    has: set[str] = field(default_factory=set)
    will: set[str] = field(default_factory=set)
    stays: bool = False
    unknown: bool = False
    closed: tuple[tuple[str, str], ...] = ()


def of_assignments(view: View, steps: Iterable[Step]) -> Iterator[Fact]:
    """What these steps give and take. Two resources may mean one grant, so that its one is no loss of the other's."""
    grants: dict[tuple[str, str, str], _Grant] = {}
    for step in steps:
        _add(view, step, grants)
    for grant in grants.values():
        yield from _told(view, grant)


def _add(view: View, step: Step, grants: dict[tuple[str, str, str], _Grant]) -> None:
    # Whether it goes from the asset that it is on is not known either.
    hidden = step.new is not None and has_unknown(step.new.inputs.get("asset"))
    for side, role in ((view.before(step), "stood"), (step.old, "has"), (step.new, "will")):
        if side is None or (hidden and role != "will"):
            continue
        fact = replace(view.about(step), who=view.who(step, side), asset=text_of(side.inputs.get("asset", "")))
        # Two businesses may each have a user of one name.
        user = (view.business(side), fact.who or str(side.inputs.get("system_user_id")))
        one = grants.setdefault((*user, fact.asset or step.urn), _Grant(fact))
        if role == "will":
            one.fact, one.stays, one.closed = fact, True, closed_gates(side.inputs)
            one.unknown |= has_unknown(side.inputs.get("tasks")) or fact.asset == ""
            tasks = (*texts(side.inputs.get("tasks")), *_kept(step))
        else:
            tasks = (*texts(side.outputs.get("tasks")), *texts(side.outputs.get("kept")))
        getattr(one, role).update(view.expanded(asset_kind(fact.asset), tasks))


def _kept(step: Step) -> tuple[str, ...]:
    """What the user had before the resource, is not declared, and stays."""
    if step.old is None or step.new is None or step.new.inputs.get("replace_existing") is True:
        return ()
    place = ("asset", "system_user_id", "connection")
    same = all(step.old.inputs.get(name) == step.new.inputs.get(name) for name in place)
    return texts(step.old.outputs.get("kept")) if same else ()


def _told(view: View, one: _Grant) -> Iterator[Fact]:
    if one.unknown:
        yield replace(one.fact, kind=Kind.TASKS_UNKNOWN, cause=Cause.CHANGE)
        return
    kind = asset_kind(one.fact.asset)
    if one.closed and (gained := one.will - one.has):
        # An update that gives what is held back takes nothing away either.
        tasks, implied = split(view, kind, gained)
        yield replace(one.fact, kind=Kind.HELD_BACK, gates=one.closed, tasks=tasks, implied=implied)
        return
    for cause in (Cause.CHANGE, Cause.DRIFT):
        # What was given by hand goes as drift where the declaration stays, and with it where that goes.
        lost = {task for task in one.has - one.will if (task in one.stood or not one.stays) is (cause is Cause.CHANGE)}
        gained = {task for task in one.will - one.has if (task in one.stood) is (cause is Cause.DRIFT)}
        for what, found in ((Kind.TASKS_LOST, lost), (Kind.TASKS_GAINED, gained)):
            if found:
                tasks, implied = split(view, kind, found)
                yield replace(one.fact, kind=what, cause=cause, tasks=tasks, implied=implied)
    # What somebody did by hand and the program now declares: the update finds nothing to do.
    for what, found in (
        (Kind.TASKS_LOST, one.stood - one.has - one.will),
        (Kind.TASKS_GAINED, (one.has & one.will) - one.stood),
    ):
        if found:
            tasks, implied = split(view, kind, found)
            yield replace(one.fact, kind=what, cause=Cause.CHANGE, tasks=tasks, implied=implied, already=True)


def grants_of(value: Any) -> Iterator[tuple[Grant, str]]:
    """The rows of an input of ExclusiveAccess, each with why its holder stays; none where they are not known."""
    for row in value if isinstance(value, list) else ():
        # A log is somebody else's.
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            why = row.get("why")
            yield exclusive.of_row(row), exclusive.WHYS[Stays(why)] if why else ""


def split(view: View, kind: str, tasks: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tasks that no other of them implies, and the rest."""
    implied = {extra for task in tasks for extra in view.expanded(kind, [task]) - {task}} & tasks
    # Two that imply each other would leave nothing to say.
    implied = implied if implied != tasks else set()
    return tuple(sorted(tasks - implied)), tuple(sorted(implied))
