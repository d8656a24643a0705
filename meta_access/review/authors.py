"""Who made a drift: which facts can be asked about, and which entry of an ad account's record is the one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meta_access.clock import iso
from meta_access.review.facts import Actor, Cause, NoAuthor, Part
from meta_access.review.view import ASSIGNMENT, PERSON, View, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from meta_access.graph.activities import Activity
    from meta_access.review.facts import Fact, Review
    from meta_access.review.steps import EventLog

_HAVE_AUTHORS = frozenset({ASSIGNMENT, "AppRoles", PERSON})


@dataclass(frozen=True, slots=True)
class Drifted:
    """A fact whose author the ad account's record may know.

    Attributes:
        urn: The resource's; its state says when it was last written.
        account: `act_1`.
        user: The system user's id.
    """

    fact: Fact
    urn: str
    connection: str
    account: str
    user: str


def drifted(review: Review, log: EventLog) -> list[Drifted]:
    """The drifted tasks on ad accounts."""
    facts = [fact for fact in review.facts if _has_author(fact) and fact.asset.startswith("act_")]
    wanted = {_key(fact) for fact in facts}
    view = View(log)
    found: dict[tuple[str, ...], tuple[str, str, str]] = {}
    for step in log.steps if wanted else ():
        side = view.before(step)
        if step.kind == ASSIGNMENT and side is not None and (key := _key(view.about(step))) in wanted:
            found[key] = step.urn, text_of(side.inputs.get("connection")), text_of(side.inputs.get("system_user_id"))
    # One resource may have lost one task and gained another.
    asked = [(fact, *found[_key(fact)]) for fact in facts if _key(fact) in found]
    return [Drifted(fact, urn, connection, fact.asset, user) for fact, urn, connection, user in asked]


def _has_author(fact: Fact) -> bool:
    """Whether somebody changed tasks or a role by hand; what is refused or held back need not have changed."""
    return fact.cause is Cause.DRIFT and fact.part is not Part.REFUSED and fact.resource in _HAVE_AUTHORS


def _key(fact: Fact) -> tuple[str, ...]:
    return fact.resource, fact.name, fact.asset, fact.client


def chosen(one: Drifted, entries: Iterable[Activity], since: datetime) -> Actor | NoAuthor:
    """The author of a drift: of the newest entry about its user since the state was written.

    Args:
        one: What drifted.
        entries: About the users of its account, in any order.
        since: When the state was written: what is older, the tool has seen or done itself.
    """
    fitting = [entry for entry in entries if entry.at > since and one.user in entry.about]
    if not fitting:
        return NoAuthor.NO_ENTRY
    last = max(fitting, key=lambda entry: (entry.at, entry.actor, entry.application))
    return Actor(text_of(last.actor), text_of(last.application), iso(last.at))


def told(review: Review, found: Mapping[Fact, Actor | NoAuthor]) -> Review:
    """The review with the authors of its drift; without one where Meta has no record that could name it."""
    facts = []
    for fact in review.facts:
        by = found.get(fact)
        if by is None and _has_author(fact):
            by = NoAuthor.NOT_ASKED if fact.asset.startswith("act_") else NoAuthor.NO_RECORD
        facts.append(replace(fact, by=by))
    return replace(review, facts=tuple(facts))
