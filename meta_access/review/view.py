"""What has to be looked up in a preview: whose a resource is, why something happens, what differs. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from meta_access import rules
from meta_access.engine_marks import name_of
from meta_access.errors import ConfigError, MetaAccessError
from meta_access.gates.status import GATE_KINDS
from meta_access.ids import parse_asset
from meta_access.redaction import scrub
from meta_access.review.facts import SATISFIED, Cause, Difference, Fact, Kind, Until
from meta_access.review.steps import UNKNOWN, Op, Side, Step, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from meta_access.review.steps import EventLog
    from meta_access.rules import RuleSet
    from meta_access.stack.time_limits import Limit

CLIENT, IDENTITY, APP = "meta:access:ClientAccess", "meta:access:SystemIdentity", "meta:access:AppAccess"
ASSIGNMENT, USER, PERSON, TOKEN = "AssetAssignment", "SystemUser", "BusinessUser", "SystemUserToken"
SHARE = "AssetShare"
EXCLUSIVE = "ExclusiveAccess"
# What the tool itself writes into inputs, and what only says where a resource stands: nothing at Meta follows from it.
_ASIDE = frozenset({"label", "path", "stack", "requires", "access", "given", "stack_id", "owner"})
OF_GATE = _ASIDE | {"status", "state", "evidence"}
OF_TOKEN = _ASIDE | {"freshness"}
_LONGEST_VALUE = 200


class View:
    """A log with what has to be looked up in it."""

    def __init__(self, log: EventLog, limits: Iterable[Limit] = ()) -> None:
        self.log = log
        self._limits = {limit.place: limit for limit in limits}
        self.steps = {step.urn: step for step in log.steps}
        self.rules = _rules(log)
        self._businesses = _businesses(log)
        users = [step for step in log.steps if step.kind == USER]
        self._namesakes = _of_two({(self._name_of(step), self.business(side)) for step, side in _sides(users)})
        # One that stays has the last word on whose the id is.
        known = sorted(users, key=lambda step: step.new is not None)
        self._users = {step.old.id: self._identity(step) for step in known if step.old is not None}
        adopted = ((step, step.new.inputs.get("adopt")) for step in users if step.new is not None)
        self._users |= {text_of(id_): self._identity(step) for step, id_ in adopted if id_ and id_ is not UNKNOWN}
        self._new_users = {self._identity(step) for step in users if step.op in {Op.CREATE, Op.REPLACE}}

    @property
    def moving(self) -> list[Step]:
        """The steps of resources that are neither components nor the engine's own."""
        return [step for step, side in _sides(self.log.steps) if side.custom and is_resource(step.urn)]

    def before(self, step: Step) -> Side | None:
        """The resource as the last update left it, before the refresh looked."""
        seen = self.log.observations.get(step.urn)
        return seen.before if seen is not None else step.old

    def about(self, step: Step) -> Fact:
        """What a step is about, to be made a fact of some kind."""
        side = step.new or step.old
        assert side is not None
        inputs = side.inputs
        is_client = type_of(step.parent) == CLIENT
        return Fact(
            kind=Kind.CHANGED,
            cause=self.cause(step),
            resource=text_of(step.kind.rsplit(":", 1)[-1]),
            name=text_of(step.name),
            who=self.who(step, side),
            asset=text_of(inputs.get("asset", "")) if step.kind == ASSIGNMENT else "",
            client=text_of(name_of(step.parent)) if is_client else "",
            until=self._until(step) if step.new is None else None,
        )

    def person(self, email: str) -> str:
        """Key in `meta:people` of an e-mail address; "" where the table does not have it."""
        rows = _table(self.log, "meta:people").items()
        known = {str(row.get("email", "")).casefold(): key for key, row in rows if isinstance(row, dict)}
        return text_of(known.get(email.casefold(), ""))

    def person_until(self, person: str) -> Until | None:
        """The day of somebody who loses an app role."""
        return _as_until(self._limits.get(f"people.{person}"))

    def _until(self, step: Step) -> Until | None:
        """The day that takes a resource away. What has a day and is planned no more has reached it."""
        parent, kind = name_of(step.parent), type_of(step.parent)
        if kind == IDENTITY:
            return _as_until(self._limits.get(f"identities.{parent}"))
        named = (limit for limit in self._limits.values() if (step.kind, step.name) in limit.names)
        if (limit := next(named, None)) is not None or kind != CLIENT or step.old is None:
            return _as_until(limit)
        # An identity takes its assignments along.
        asset = str(step.old.inputs.get("asset", ""))
        of = (one for one in self._limits.values() if one.is_identity)
        went = (one for one in of if step.name == f"{parent}-{one.place.partition('.')[2]}-{asset}")
        return _as_until(next(went, None))

    def _identity(self, step: Step) -> str:
        """The user's name, with its business where two have users of one name."""
        name, side = self._name_of(step), step.new or step.old
        return f"{name} ({self.business(side)})" if side is not None and name in self._namesakes else name

    def _name_of(self, step: Step) -> str:
        if type_of(step.parent) == IDENTITY:
            return text_of(name_of(step.parent))
        side = step.new or step.old
        name = side.inputs.get("name") if side is not None else None
        return text_of(name) if isinstance(name, str) and name else text_of(step.name)

    def who(self, step: Step, side: Side) -> str:
        if step.kind == USER:
            return self._identity(step)
        if step.kind == PERSON:
            return text_of(side.inputs.get("email", step.name))
        if type_of(step.parent) == IDENTITY:
            return text_of(name_of(step.parent))
        user = side.inputs.get("system_user_id", "")
        if user is UNKNOWN:
            return self._of_new_user(step, side)
        return self._users.get(str(user)) or (f"system user {text_of(user)}" if user else "")

    def _of_new_user(self, step: Step, side: Side) -> str:
        """Whose a resource is whose user this update makes: a component's child says it in its name."""
        client, asset = name_of(step.parent), str(side.inputs.get("asset", ""))
        key = re.fullmatch(f"{re.escape(client)}-(.+)-{re.escape(asset)}", step.name, re.DOTALL)
        if type_of(step.parent) == CLIENT and key is not None:
            return text_of(key[1])
        return next(iter(self._new_users)) if len(self._new_users) == 1 else ""

    def cause(self, step: Step) -> Cause:
        if step.new is None:
            return Cause.CHANGE
        if step.op in {Op.CREATE, Op.IMPORT}:
            # What the state had and the refresh did not find is made again.
            return Cause.DRIFT if step.urn in self.log.observations else Cause.CHANGE
        before = self.before(step)
        if before is None or changed(before.inputs, step.new.inputs, aside(step.kind)):
            return Cause.CHANGE
        return Cause.DRIFT

    def business(self, side: Side) -> str:
        """The business that a resource's connection acts for, by its name; the connection's own where nobody knows."""
        connection = text_of(side.inputs.get("connection", ""))
        return self._businesses.get(connection, connection)

    def expanded(self, kind: str, tasks: Iterable[str]) -> set[str]:
        """The tasks with those they imply."""
        return set(self.rules.expand_tasks(kind, tasks)) if self.rules is not None else set(tasks)


def _as_until(limit: Limit | None) -> Until | None:
    return None if limit is None else Until(limit.until.isoformat(), text_of(limit.file), text_of(limit.key))


def _sides(steps: Iterable[Step]) -> Iterator[tuple[Step, Side]]:
    for step in steps:
        if (side := step.new or step.old) is not None:
            yield step, side


def _of_two(places: Iterable[tuple[str, str]]) -> set[str]:
    """The names that stand in two places."""
    counts = Counter(name for name, _ in places)
    return {name for name, count in counts.items() if count > 1}


def is_resource(urn: str) -> bool:
    """Whether it is one, and neither the stack nor a provider of the engine's."""
    return bool(urn) and not type_of(urn).startswith("pulumi:")


def aside(kind: str) -> frozenset[str]:
    if kind in GATE_KINDS:
        return OF_GATE
    return OF_TOKEN if kind == TOKEN else _ASIDE


def changed(before: Mapping[str, Any], after: Mapping[str, Any], aside: frozenset[str]) -> frozenset[str]:
    """The inputs that differ; one that only the update will know is no change."""
    names = {*before, *after} - aside
    return frozenset(
        name
        for name in names
        if not has_unknown(after.get(name)) and _plain(before.get(name)) != _plain(after.get(name))
    )


def _plain(value: Any) -> Any:
    # The engine leaves out what is empty in one place and writes it in another.
    return None if value in ("", [], {}, False) else value


def has_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    return any(map(has_unknown, value)) if isinstance(value, list) else value is UNKNOWN


def _difference(key: str, before: Any, after: Any) -> Difference:
    return Difference(text_of(key), _shown(before), _shown(after), unknown=has_unknown(after))


def _shown(value: Any) -> str:
    if value is None or value is UNKNOWN:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{text_of(key)}: {_shown(part)}" for key, part in sorted(value.items()))
    return text_of(value)


def text_of(value: Any) -> str:
    """Somebody else's text, fit for a line: short, without secrets and without what cannot be seen."""
    if value is UNKNOWN or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():  # the engine's numbers are all floats
        value = int(value)
    text = scrub(str(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def texts(value: Any) -> tuple[str, ...]:
    return tuple(text_of(part) for part in value if part is not UNKNOWN) if isinstance(value, list) else ()


def closed_gates(inputs: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    requires = inputs.get("requires")
    if not isinstance(requires, dict):
        return ()
    return tuple((text_of(gate), text_of(status)) for gate, status in sorted(requires.items()) if status != SATISFIED)


def differences(before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]) -> tuple[Difference, ...]:
    found = []
    for name in sorted(names):
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
            found += [_difference(f"{name}.{key}", old.get(key), new.get(key)) for key in keys]
        else:
            found.append(_difference(name, old, new))
    return tuple(found)


def asset_kind(asset: str) -> str:
    try:
        return parse_asset(asset).kind
    except (MetaAccessError, ValueError):
        return ""


def _businesses(log: EventLog) -> dict[str, str]:
    """Connection to its business, as the configuration names both."""
    rows = _table(log, "meta:connections").items()
    named = {name: row.get("business") for name, row in rows if isinstance(row, dict)}
    return {name: text_of(business) for name, business in named.items() if isinstance(business, str)}


def _table(log: EventLog, key: str) -> dict[str, Any]:
    """A table of the configuration; empty where it is none."""
    try:
        found = json.loads(log.config.get(key) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rules(log: EventLog) -> RuleSet | None:
    """The rule set of the stack, or of the newest edition; None where the stack names one that this version lacks."""
    try:
        return rules.load(log.config.get("meta:rules") or rules.newest())
    except ConfigError:
        return None
