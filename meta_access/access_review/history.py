"""Who had what and when: a stack as it was declared at each commit becomes spans of time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from meta_access.stack import ignores, plan
from meta_access.stack.models import until_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meta_access.stack.load import Stack


class What(StrEnum):
    """What somebody had."""

    DECLARED = "declared access"
    IGNORED = "ignored access"
    BUSINESS = "business role"
    APP = "app role"


@dataclass(frozen=True, slots=True, order=True)
class Had:
    """One thing that a version declares.

    Attributes:
        client: Whose the asset is; "" where no client is.
        on: The asset, business or app; "" of an entry of ignore about every asset.
        holder: Identity or person of the stack; of an entry of ignore whom it names, "" for everybody.
        rights: Tasks, or the role.
        why: Of an entry of ignore: its reason, and who answers for it.
    """

    what: What
    client: str
    on: str
    holder: str
    rights: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a commit declares.

    Attributes:
        at: When it came in.
        commit: Its id.
        author: The address of its author.
        had: What it declares, with the day it ends by itself.
    """

    at: datetime
    commit: str
    author: str
    had: frozenset[tuple[Had, date | None]]


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something was so.

    Attributes:
        until: None where it was still so at the end of the period.
        ended: The version that ended it; None where its day had come.
    """

    had: Had
    since: datetime
    began: Declared
    until: datetime | None
    ended: Declared | None


def declared(stack: Stack) -> frozenset[tuple[Had, date | None]]:
    """What a stack says that somebody has."""
    return frozenset([*_assets(stack), *_ignored(stack), *_people(stack)])


def _assets(stack: Stack) -> Iterator[tuple[Had, date | None]]:
    spec = stack.spec
    for client in spec.clients:
        for work in plan.assignments(spec, stack.rules, client):
            choice = spec.clients[client].assets[work.asset][work.identity]
            days = [until_of(choice), spec.identities[work.identity].until]
            had = Had(What.DECLARED, client, work.asset, work.identity, tuple(sorted(work.tasks)))
            yield had, min((day for day in days if day is not None), default=None)


def _ignored(stack: Stack) -> Iterator[tuple[Had, date | None]]:
    for one in ignores.of_stack(stack.spec):
        entry = one.entry
        why = f"{entry.reason} ({entry.person})"
        yield Had(What.IGNORED, one.client, entry.asset or "", entry.holder or "", (), why), entry.until


def _people(stack: Stack) -> Iterator[tuple[Had, date | None]]:
    spec = stack.spec
    for key, person in spec.people.items():
        for business, role in person.roles_in(plan.businesses_in_use(spec)).items():
            yield Had(What.BUSINESS, "", business, key, (role,)), person.until
    for key, app in spec.apps.items():
        for name, role in (app.roles.by_person() if app.roles is not None else {}).items():
            yield Had(What.APP, "", key, name, (role,)), spec.people[name].until if name in spec.people else None


def spans(versions: Sequence[Declared], start: date, end: date) -> list[Span]:
    """What was so at any moment of a period, sorted.

    Args:
        versions: The oldest first, those before the period included.
        start: The first day.
        end: The last day.
    """
    first, beyond = _midnight(start), datetime.combine(end, time.max, UTC)
    found = [span for had in {one for version in versions for one, _ in version.had} for span in _of(had, versions)]
    inside = [
        _clipped(one, beyond) for one in found if one.since <= beyond and (one.until is None or one.until > first)
    ]
    return sorted(inside, key=lambda one: (list(What).index(one.had.what), one.had, one.since))


def _of(had: Had, versions: Sequence[Declared]) -> Iterator[Span]:
    open_: Span | None = None
    for version, following in pairwise([*versions, None]):
        assert version is not None
        day = dict(version.had).get(had, _ABSENT)
        if day is _ABSENT or (isinstance(day, date) and _midnight(day) <= version.at):
            if open_ is not None:
                yield open_
            open_ = None
            continue
        ends = _midnight(day) if isinstance(day, date) else None
        by_day = ends is not None and (following is None or ends <= following.at)
        until, ended = (ends, None) if by_day else (following.at if following else None, following)
        began = (version.at, version) if open_ is None else (open_.since, open_.began)
        open_ = Span(had, *began, until, ended)
        if by_day:
            yield open_
            open_ = None
    if open_ is not None:
        yield open_


_ABSENT = object()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _clipped(span: Span, beyond: datetime) -> Span:
    """Without what the end of the period does not know yet."""
    if span.until is not None and span.until > beyond:
        return Span(span.had, span.since, span.began, None, None)
    return span


def in_order(versions: Iterable[Declared]) -> list[Declared]:
    """Versions whose times never go back: a clock of a committer may have been wrong."""
    found: list[Declared] = []
    for one in versions:
        late = found[-1].at if found else one.at
        found.append(one if one.at >= late else Declared(late, one.commit, one.author, one.had))
    return found
