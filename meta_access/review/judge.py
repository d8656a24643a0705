"""From what the engine plans and saw to facts: who gains and loses what, and why. Pure.

A cause is told from the preview alone: what the program wants and the state did not have is the change; what the
refresh saw differently is drift; what a token's secret has due is due; what a gate waits for is people's work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meta_access import rules
from meta_access.errors import ConfigError, MetaAccessError
from meta_access.findings import Kind as Found
from meta_access.ids import parse_asset
from meta_access.redaction import scrub
from meta_access.review.calls import budget_of
from meta_access.review.facts import (
    DRIFTED,
    SATISFIED,
    Cause,
    Difference,
    Fact,
    Kind,
    Quota,
    Review,
)
from meta_access.review.steps import UNKNOWN, Observation, Op, Severity, Side, Step, name_of, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meta_access.findings import Finding
    from meta_access.review.steps import EventLog
    from meta_access.rules import RuleSet

CLIENT, IDENTITY, APP = "meta:access:ClientAccess", "meta:access:SystemIdentity", "meta:access:AppAccess"
ASSIGNMENT, USER, PERSON, TOKEN = "AssetAssignment", "SystemUser", "BusinessUser", "SystemUserToken"
GATES = frozenset(
    {
        "AppRoles", "AssetShare", "BusinessVerification", "FeatureRequest", "LeadAccess", "LoginConfiguration",
        "Obligation", "PermissionRequest", "RedirectUris", "SystemUserAppAccess",
    }
)  # fmt: skip
REFUSED_KINDS = {
    "asset assignment": ASSIGNMENT,
    "business user": PERSON,
    "system user": USER,
    "token": TOKEN,
    "app settings": "AppSettings",
    "webhook subscription": "WebhookSubscription",
}
"""What a finding calls a resource, to the kind in its type."""
# What the tool itself writes into inputs, and what only says where a resource stands: nothing at Meta follows from it.
_ASIDE = frozenset({"label", "path", "stack", "requires", "access", "given", "stack_id", "owner"})
_OF_GATE = _ASIDE | {"status", "state", "evidence"}
_OF_TOKEN = _ASIDE | {"freshness"}
# What only says when to act, not what the token is.
_POLICY = frozenset({"grace", "rotate_before", "take_over_from"})
_CURRENT = "current"
_LONGEST_VALUE = 200


def judged(
    log: EventLog, findings: Sequence[Finding], *, stack: str, project: str, failed: bool = False, error: str = ""
) -> Review:
    """The review of a preview.

    Args:
        log: What the engine wrote.
        findings: What the run has found besides.
        stack: Whose preview it is; likewise `project`.
        project: Of the stack.
        failed: Whether the run failed, whatever the log says.
        error: Why, where the log does not say it.
    """
    view = _View(log)
    refused = list(_refused(view, findings))
    # What is refused does not happen, neither the gain nor the loss.
    hindered = {(fact.resource, fact.name) for fact in refused}
    facts = [fact for fact in view.facts() if (fact.resource, fact.name) not in hindered]
    failed = failed or not log.whole
    # A refused configuration is told problem by problem.
    told = any(one.kind is Found.CONFIGURATION for one in findings)
    said = error or ("" if told else " ".join(scrub(one.text) for one in log.errors if not view.ours(one.urn)))
    unique = dict.fromkeys([*refused, *facts])
    return Review(
        stack=_text(stack),
        project=_text(project),
        facts=tuple(sorted(unique, key=lambda fact: fact.order)),
        quota=_quota(log),
        budgets=budget_of([step for step in log.steps if step.urn in view.changed], log, view.rules),
        failed=failed,
        error=said if failed else "",
        warnings=tuple(sorted({scrub(one.text) for one in log.diagnostics if one.severity is Severity.WARNING})),
    )


def _refused(view: _View, findings: Iterable[Finding]) -> Iterator[Fact]:
    by_label = {(step.kind, str(step.new.inputs.get("label"))): step for step in view.log.steps if step.new is not None}
    told = set()
    for finding in findings:
        if finding.kind is Found.CONFIGURATION:
            for line in _lines(finding.reason):
                yield Fact(kind=Kind.REFUSED, reason=line)
        else:
            kind = REFUSED_KINDS.get(finding.resource, "")
            step = by_label.get((kind, finding.name))
            about = Fact(kind=Kind.REFUSED, resource=kind, name=_text(finding.name))
            if step is not None:
                about = view.about(step)
                told.add(step.urn)
            yield replace(about, kind=Kind.REFUSED, reason=scrub(finding.reason))
    for one in view.log.errors:
        step = view.steps.get(one.urn)
        if one.urn in told or not view.ours(one.urn):
            continue
        about = view.about(step) if step else Fact(kind=Kind.REFUSED, resource=_kind(one.urn), name=name_of(one.urn))
        yield replace(about, kind=Kind.REFUSED, reason=scrub(one.text))


def _kind(urn: str) -> str:
    return type_of(urn).rsplit(":", 1)[-1]


def _lines(reason: str) -> list[str]:
    """The problems of a configuration, one each; its headline only counts them."""
    found = [line.strip().removeprefix("- ").strip() for line in reason.splitlines()]
    return [scrub(line) for line in (found[1:] if len(found) > 1 else found) if line]


@dataclass(slots=True)
class _Held:
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


class _View:
    """A log with what has to be looked up in it."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.steps = {step.urn: step for step in log.steps}
        self.rules = _rules(log)
        users = [step for step in log.steps if step.kind == USER]
        # One that stays has the last word on whose the id is.
        known = sorted(users, key=lambda step: step.new is not None)
        self._users = {step.old.id: self._identity(step) for step in known if step.old is not None}
        self._new_users = {self._identity(step) for step in users if step.op in {Op.CREATE, Op.REPLACE}}
        self.changed: set[str] = set()

    def ours(self, urn: str) -> bool:
        """Whether an error is about one resource, and not about the run."""
        return bool(urn) and not type_of(urn).startswith("pulumi:")

    def facts(self) -> Iterator[Fact]:
        held: dict[tuple[str, str], _Held] = {}
        for step in self.log.steps:
            side = step.new or step.old
            if side is None or not side.custom or type_of(step.urn).startswith("pulumi:"):
                continue
            if step.op is not Op.SAME:
                self.changed.add(step.urn)
            if step.kind == ASSIGNMENT:
                self._hold(step, held)
            elif step.kind in GATES:
                yield from self._of_gate(step)
            elif step.op is not Op.SAME:
                yield from self._of_step(step)
        for one in held.values():
            yield from self._of_held(one)

    def about(self, step: Step) -> Fact:
        """What a step is about, to be made a fact of some kind."""
        side = step.new or step.old
        assert side is not None
        inputs = side.inputs
        is_client = type_of(step.parent) == CLIENT
        return Fact(
            kind=Kind.CHANGED,
            cause=self._cause(step),
            resource=_text(step.kind.rsplit(":", 1)[-1]),
            name=_text(step.name),
            who=self._who(step, side),
            asset=_text(inputs.get("asset", "")) if step.kind == ASSIGNMENT else "",
            client=_text(name_of(step.parent)) if is_client else "",
        )

    # --- who, and why ---

    def _identity(self, step: Step) -> str:
        if type_of(step.parent) == IDENTITY:
            return _text(name_of(step.parent))
        side = step.new or step.old
        name = side.inputs.get("name") if side is not None else None
        return _text(name) if isinstance(name, str) and name else _text(step.name)

    def _who(self, step: Step, side: Side) -> str:
        if step.kind == USER:
            return self._identity(step)
        if step.kind == PERSON:
            return _text(side.inputs.get("email", step.name))
        if type_of(step.parent) == IDENTITY:
            return _text(name_of(step.parent))
        user = side.inputs.get("system_user_id", "")
        if user is UNKNOWN:
            return self._of_new_user(step, side)
        return self._users.get(str(user)) or (f"system user {_text(user)}" if user else "")

    def _of_new_user(self, step: Step, side: Side) -> str:
        """Whose a resource is whose user this update makes: a component's child says it in its name."""
        client, asset = name_of(step.parent), str(side.inputs.get("asset", ""))
        key = re.fullmatch(f"{re.escape(client)}-(.+)-{re.escape(asset)}", step.name, re.DOTALL)
        if type_of(step.parent) == CLIENT and key is not None:
            return _text(key[1])
        return next(iter(self._new_users)) if len(self._new_users) == 1 else ""

    def _cause(self, step: Step) -> Cause:
        seen = self.log.observations.get(step.urn)
        if step.op is Op.DELETE or step.new is None:
            return Cause.CHANGE
        if step.op in {Op.CREATE, Op.IMPORT}:
            return Cause.DRIFT if seen is not None else Cause.CHANGE
        before = seen.before if seen is not None else step.old
        if before is None or _changed(before.inputs, step.new.inputs, _aside(step.kind)):
            return Cause.CHANGE
        return Cause.DRIFT

    # --- access to assets ---

    def _hold(self, step: Step, held: dict[tuple[str, str], _Held]) -> None:
        """Put an assignment's tasks where its user and asset are: two resources may mean the same grant."""
        seen = self.log.observations.get(step.urn)
        before = seen.before if seen is not None else step.old
        for side, role in ((before, "stood"), (step.old, "has"), (step.new, "will")):
            if side is None:
                continue
            fact = replace(self.about(step), who=self._who(step, side), asset=_text(side.inputs.get("asset", "")))
            one = held.setdefault((fact.who or str(side.inputs.get("system_user_id")), fact.asset), _Held(fact))
            if role == "will":
                one.fact, one.stays, one.closed = fact, True, _closed(side.inputs)
                one.unknown |= _has_unknown(side.inputs.get("tasks")) or fact.asset == ""
                tasks = (*_texts(side.inputs.get("tasks")), *self._kept(step))
            else:
                tasks = (*_texts(side.outputs.get("tasks")), *_texts(side.outputs.get("kept")))
            getattr(one, role).update(self._expanded(_asset_kind(fact.asset), tasks))

    @staticmethod
    def _kept(step: Step) -> tuple[str, ...]:
        """What the user had before the resource, is not declared, and stays."""
        if step.old is None or step.new is None or step.new.inputs.get("replace_existing") is True:
            return ()
        place = ("asset", "system_user_id", "connection")
        same = all(step.old.inputs.get(name) == step.new.inputs.get(name) for name in place)
        return _texts(step.old.outputs.get("kept")) if same else ()

    def _of_held(self, one: _Held) -> Iterator[Fact]:
        if one.unknown:
            yield replace(one.fact, kind=Kind.TASKS_UNKNOWN)
            return
        kind = _asset_kind(one.fact.asset)
        if one.closed and (gained := one.will - one.has):
            # An update that gives what is held back takes nothing away either.
            tasks, implied = self._split(kind, gained)
            yield replace(one.fact, kind=Kind.HELD_BACK, gates=one.closed, tasks=tasks, implied=implied)
            return
        for cause in (Cause.CHANGE, Cause.DRIFT):
            # What was given by hand goes as drift where the declaration stays, and with it where that goes.
            lost = {
                task for task in one.has - one.will if (task in one.stood or not one.stays) is (cause is Cause.CHANGE)
            }
            gained = {task for task in one.will - one.has if (task in one.stood) is (cause is Cause.DRIFT)}
            for what, found in ((Kind.TASKS_LOST, lost), (Kind.TASKS_GAINED, gained)):
                if found:
                    tasks, implied = self._split(kind, found)
                    yield replace(one.fact, kind=what, cause=cause, tasks=tasks, implied=implied)

    def _expanded(self, kind: str, tasks: Iterable[str]) -> set[str]:
        return set(self.rules.expand_tasks(kind, tasks)) if self.rules is not None else set(tasks)

    def _split(self, kind: str, tasks: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The tasks that no other of them implies, and the rest."""
        implied = {extra for task in tasks for extra in self._expanded(kind, [task]) - {task}} & tasks
        # Two that imply each other would leave nothing to say.
        implied = implied if implied != tasks else set()
        return tuple(sorted(tasks - implied)), tuple(sorted(implied))

    # --- everything else ---

    def _of_step(self, step: Step) -> Iterator[Fact]:
        if step.kind == USER:
            yield from self._of_user(step)
        elif step.kind == PERSON:
            yield from self._of_person(step)
        elif step.kind == TOKEN:
            yield from self._of_token(step)
        else:
            yield from self._of_other(step)

    def _of_user(self, step: Step) -> Iterator[Fact]:
        fact, old, new = self.about(step), step.old, step.new
        if new is None:
            kept = old is not None and old.outputs.get("on_destroy", old.inputs.get("on_destroy")) == "keep"
            yield replace(fact, kind=Kind.USER_LEFT if kept else Kind.USER_RETIRED)
            return
        role = _text(new.inputs.get("role", ""))
        if old is None or old.outputs.get("gone") is True or step.op is Op.REPLACE:
            adopts = new.inputs.get("adopt") not in {None, ""}
            kind = Kind.USER_ADOPTED if adopts else Kind.USER_MADE
            closed = _closed(new.inputs)
            yield replace(
                fact, kind=Kind.HELD_BACK if closed else kind, cause=self._made(step), role=role, gates=closed
            )
            return
        name = Difference("name", _text(old.outputs.get("name", "")), _text(new.inputs.get("name", "")))
        if new.inputs.get("name") is not UNKNOWN and name.before != name.after:
            yield replace(fact, kind=Kind.USER_RENAMED, differences=(name,))
        else:
            yield from self._of_other(step)

    def _made(self, step: Step) -> Cause:
        if step.op is Op.CREATE:
            return self._cause(step)
        return Cause.DRIFT if step.old is not None and step.old.outputs.get("gone") is True else Cause.CHANGE

    def _of_person(self, step: Step) -> Iterator[Fact]:
        fact, old, new = self.about(step), step.old, step.new
        if new is None:
            kept = old is not None and old.outputs.get("on_destroy", old.inputs.get("on_destroy")) == "keep"
            yield replace(fact, kind=Kind.PERSON_LEFT if kept else Kind.PERSON_OUT)
            return
        role = _text(new.inputs.get("role", ""))
        if old is None or old.outputs.get("state") == "gone":
            cause = self._cause(step) if old is None else Cause.DRIFT
            yield replace(fact, kind=Kind.PERSON_IN, cause=cause, role=role)
            return
        before = _text(old.outputs.get("role", ""))
        if before != role and new.inputs.get("role") is not UNKNOWN:
            kind = Kind.PERSON_PROMOTED if role == "ADMIN" else Kind.PERSON_DEMOTED
            yield replace(fact, kind=kind, role=role, differences=(Difference("role", before, role),))
        else:
            yield from self._of_other(step)

    def _of_token(self, step: Step) -> Iterator[Fact]:
        fact, old, new = self.about(step), step.old, step.new
        if new is None:
            assert old is not None
            name = _text(old.inputs.get("secret_name", ""))
            yield replace(fact, kind=Kind.TOKEN_ENDS, secret=name, grace=self._left_to_another(step))
            return
        secret = "" if new.inputs.get("secret_name") is UNKNOWN else _text(new.inputs.get("secret_name", ""))
        scopes, closed = _texts(new.inputs.get("scopes")), _closed(new.inputs)
        if old is None:
            kind = Kind.HELD_BACK if closed else Kind.TOKEN_NEW
            yield replace(fact, kind=kind, secret=secret, tasks=scopes, gates=closed)
            return
        seen = self.log.observations.get(step.urn)
        before = seen.before if seen is not None else old
        changes = _changed(before.inputs, new.inputs, _OF_TOKEN)
        fact = replace(
            fact, secret=_text(before.inputs.get("secret_name", "")), grace=_text(new.inputs.get("grace", ""))
        )
        gained = tuple(scope for scope in scopes if scope not in _texts(before.inputs.get("scopes")))
        if gained and closed:
            yield replace(fact, kind=Kind.HELD_BACK, tasks=gained, gates=closed)
            gained = ()
        due = next(
            (str(side.get("freshness")) for side in (old.outputs, old.inputs) if side.get("freshness")), _CURRENT
        )
        # Scopes that are only added are told as what the token gains.
        lost = set(_texts(before.inputs.get("scopes"))) - set(scopes)
        shown = self._differences(
            before.inputs, new.inputs, changes - {"secret_name"} - (set() if lost else {"scopes"})
        )
        if "secret_name" in changes:
            yield replace(fact, kind=Kind.TOKEN_MOVES, moved_to=secret, tasks=gained, differences=shown)
        elif changes - _POLICY:
            yield replace(fact, kind=Kind.TOKEN_RENEWED, tasks=gained, differences=shown)
        elif changes:
            yield replace(fact, kind=Kind.CHANGED, differences=shown)
        if due != _CURRENT and not changes - _POLICY:
            yield replace(fact, kind=Kind.TOKEN_RENEWED, cause=Cause.DUE, reason=scrub(due))
        elif not changes:
            # Without a change that is seen, what only the update will know may renew it.
            yield from self._of_other(step)

    def _left_to_another(self, step: Step) -> str:
        """The grace of a token that goes while another one of the same user stays, to which its readers move."""
        assert step.old is not None
        user, outs = step.old.inputs.get("system_user_id"), step.old.inputs
        stays = any(
            other.urn != step.urn and other.new is not None and other.new.inputs.get("system_user_id") == user
            for other in self.log.steps
            if other.kind == TOKEN
        )
        return _text(outs.get("grace", "")) if stays and outs.get("rotation_owner") != "lambda" else ""

    def _of_gate(self, step: Step) -> Iterator[Fact]:
        fact, old, new = self.about(step), step.old, step.new
        parent = _text(name_of(step.parent)) if type_of(step.parent) in {CLIENT, APP, IDENTITY} else ""
        fact = replace(fact, who="", client=parent)
        seen = self.log.observations.get(step.urn)
        if new is None:
            yield replace(fact, kind=Kind.GATE_DROPPED)
            return
        status = new.inputs.get("status", "")
        if old is not None and (step.op is Op.SAME or not status):
            status = old.outputs.get("status", status)
        gate = ((fact.name, _text(status) if status is not UNKNOWN else ""),)
        fact = replace(fact, gates=gate)
        before = seen.before if seen is not None else old
        changes = frozenset() if before is None else _changed(before.inputs, new.inputs, _OF_GATE)
        stated = before is not None and _changed(
            {"evidence": before.inputs.get("evidence")}, {"evidence": new.inputs.get("evidence")}, frozenset()
        )
        if status == DRIFTED and not changes and old is not None:
            shown = self._differences(new.inputs, old.inputs, _changed(new.inputs, old.inputs, _OF_GATE))
            yield replace(fact, kind=Kind.GATE_DRIFTED, cause=Cause.DRIFT, differences=shown)
            return
        kind = Kind.GATE_SATISFIED if status == SATISFIED else Kind.GATE_WAITS
        if old is None or changes or stated:
            shown = () if before is None else self._differences(before.inputs, new.inputs, changes)
            yield replace(fact, kind=kind, cause=Cause.CHANGE, differences=shown)
        elif kind is Kind.GATE_WAITS or _moved(seen, status):
            yield replace(fact, kind=kind, cause=Cause.PEOPLE)

    def _of_other(self, step: Step) -> Iterator[Fact]:
        fact, old, new = self.about(step), step.old, step.new
        if new is None:
            yield replace(fact, kind=Kind.REMOVED)
        elif old is None:
            yield replace(fact, kind=Kind.MADE)
        else:
            seen = self.log.observations.get(step.urn)
            before = seen.before if seen is not None and fact.cause is Cause.CHANGE else old
            changes = _changed(before.inputs, new.inputs, _aside(step.kind))
            hidden = {name for name in new.inputs.keys() - _aside(step.kind) if _has_unknown(new.inputs[name])}
            if hidden and not changes:
                shown = self._differences(before.inputs, new.inputs, hidden)
                yield replace(fact, kind=Kind.UNKNOWN, cause=Cause.CHANGE, differences=shown)
            else:
                shown = self._differences(before.inputs, new.inputs, changes)
                yield replace(fact, kind=Kind.CHANGED, differences=shown)

    @staticmethod
    def _differences(
        before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]
    ) -> tuple[Difference, ...]:
        found = []
        for name in sorted(names):
            old, new = before.get(name), after.get(name)
            if isinstance(old, dict) and isinstance(new, dict):
                keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
                found += [_difference(f"{name}.{key}", old.get(key), new.get(key)) for key in keys]
            else:
                found.append(_difference(name, old, new))
        return tuple(found)


def _aside(kind: str) -> frozenset[str]:
    if kind in GATES:
        return _OF_GATE
    return _OF_TOKEN if kind == TOKEN else _ASIDE


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], aside: frozenset[str]) -> frozenset[str]:
    """The inputs that differ; one that only the update will know is no change."""
    names = {*before, *after} - aside
    return frozenset(
        name
        for name in names
        if not _has_unknown(after.get(name)) and _plain(before.get(name)) != _plain(after.get(name))
    )


def _plain(value: Any) -> Any:
    # The engine leaves out what is empty in one place and writes it in another.
    return None if value in ("", [], {}, False) else value


def _has_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    return any(map(_has_unknown, value)) if isinstance(value, list) else value is UNKNOWN


def _difference(key: str, before: Any, after: Any) -> Difference:
    return Difference(_text(key), _shown(before), _shown(after), unknown=_has_unknown(after))


def _shown(value: Any) -> str:
    if value is None or value is UNKNOWN:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{_text(key)}: {_shown(part)}" for key, part in sorted(value.items()))
    return _text(value)


def _text(value: Any) -> str:
    """Somebody else's text, fit for a line: short, without secrets and without what cannot be seen."""
    if value is UNKNOWN or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():  # the engine's numbers are all floats
        value = int(value)
    text = scrub(str(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(part) for part in value if part is not UNKNOWN) if isinstance(value, list) else ()


def _closed(inputs: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    requires = inputs.get("requires")
    if not isinstance(requires, dict):
        return ()
    return tuple((_text(gate), _text(status)) for gate, status in sorted(requires.items()) if status != SATISFIED)


def _moved(seen: Observation | None, status: Any) -> bool:
    return seen is not None and seen.before.outputs.get("status") != status


def _asset_kind(asset: str) -> str:
    try:
        return parse_asset(asset).kind
    except (MetaAccessError, ValueError):
        return ""


def _rules(log: EventLog) -> RuleSet | None:
    """The rule set of the stack, or of the newest edition; None where the stack names one that this version lacks."""
    try:
        return rules.load(log.config.get("meta:rules") or rules.newest())
    except ConfigError:
        return None


def _quota(log: EventLog) -> tuple[Quota, ...]:
    if log.exports is None:
        return ()
    before, after = (_table(side.get("quota")) for side in log.exports)
    found = []
    for business in sorted({*before, *after}):
        old, new = _table(before.get(business)), _table(after.get(business))
        for role in sorted({*old, *new}):
            was, will = _table(old.get(role)), _table(new.get(role))
            planned = will.get("planned")
            limit = will.get("limit", was.get("limit"))
            found.append(
                Quota(
                    _text(business),
                    _text(role),
                    len(_texts(was.get("planned"))),
                    None if planned is UNKNOWN else len(_texts(planned)),
                    int(limit) if isinstance(limit, (int, float)) else None,
                )
            )
    return tuple(found)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
