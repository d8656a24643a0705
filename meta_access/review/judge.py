"""From what the engine plans and saw to facts: who gains and loses what, and why. Pure.

A cause is told from the preview alone: what the program wants and the state did not have is the change; what the
refresh saw differently is drift; what a token's secret has due is due; what a gate waits for is people's work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meta_access import exclusive
from meta_access.engine_marks import name_of
from meta_access.findings import Kind as Found
from meta_access.gates.status import GATE_KINDS
from meta_access.redaction import scrub
from meta_access.review.facts import DRIFTED, SATISFIED, Cause, Difference, Fact, Kind, Review
from meta_access.review.grants import grants_of, of_assignments, split
from meta_access.review.limits import budget_of, quota_of
from meta_access.review.steps import UNKNOWN, Op, Severity, Step, type_of
from meta_access.review.view import (
    APP,
    ASSIGNMENT,
    CLIENT,
    EXCLUSIVE,
    IDENTITY,
    OF_GATE,
    OF_TOKEN,
    PERSON,
    SHARE,
    TOKEN,
    USER,
    View,
    aside,
    changed,
    closed_gates,
    differences,
    has_unknown,
    is_resource,
    text_of,
    texts,
)
from meta_access.tokens.observe import NOTHING_DUE, Need, finding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from meta_access.findings import Finding
    from meta_access.graph.holders import Grant
    from meta_access.review.steps import EventLog, Side
    from meta_access.stack.time_limits import Limit

REFUSED_KINDS = {
    "asset assignment": ASSIGNMENT,
    "business user": PERSON,
    "system user": USER,
    "token": TOKEN,
    "app settings": "AppSettings",
    "webhook subscription": "WebhookSubscription",
}
"""What a finding calls a resource, to the kind in its type."""
_SAID = 3
_HELD = frozenset({"assets", "system_user_id", "connection"})
# What only says when to act, not what the token is.
_POLICY = frozenset({"grace", "rotate_before", "take_over_from"})


def judged(
    log: EventLog,
    findings: Sequence[Finding],
    *,
    stack: str,
    project: str,
    failed: bool = False,
    error: str = "",
    limits: Sequence[Limit] = (),
) -> Review:
    """The review of a preview.

    Args:
        log: What the engine wrote.
        findings: What the run has found besides.
        stack: Whose preview it is; likewise `project`.
        project: Of the stack.
        failed: Whether the run failed, whatever the log says.
        error: Why, where the log does not say it.
        limits: What the configuration lets end on a day.
    """
    view = View(log, limits)
    refused = list(_refused(view, findings))
    # What is refused does not happen, neither the gain nor the loss.
    hindered = {urn for urn, _ in refused}
    facts = list(_facts(view, [step for step in view.moving if step.urn not in hindered]))
    failed = failed or not log.whole
    # A refused configuration is told problem by problem.
    told = any(one.kind is Found.CONFIGURATION for one in findings)
    said = error or ("" if told else _said(log))
    unique = dict.fromkeys([*(fact for _, fact in refused), *facts])
    return Review(
        stack=text_of(stack),
        project=text_of(project),
        facts=tuple(sorted(unique, key=lambda fact: fact.order)),
        quota=quota_of(log),
        budgets=budget_of([step for step in view.moving if step.op is not Op.SAME], log, view.rules),
        failed=failed,
        error=said if failed else "",
        undeclared=next((one.undeclared for one in reversed(findings) if one.undeclared is not None), None),
        warnings=tuple(sorted({scrub(one.text) for one in log.diagnostics if one.severity is Severity.WARNING})),
    )


def _said(log: EventLog) -> str:
    """The errors that refuse nothing: of the whole run, and of what could not be looked at."""
    unread = dict.fromkeys(scrub(one.text) for one in log.errors if one.urn in log.unread)
    more = [f"{len(unread) - _SAID} more could not be looked at."] if len(unread) > _SAID else []
    return " ".join(
        [*list(unread)[:_SAID], *more, *(scrub(one.text) for one in log.errors if not is_resource(one.urn))]
    )


def _refused(view: View, findings: Iterable[Finding]) -> Iterator[tuple[str, Fact]]:
    """Each refusal with the URN of its resource; "" of the configuration, and where two could be meant."""
    by_name: dict[tuple[str, str], list[Step]] = {}
    for step in view.log.steps:
        if step.new is not None:
            by_name.setdefault((step.kind, step.name), []).append(step)
    told = set()
    for finding in findings:
        if finding.kind is Found.CONFIGURATION:
            for line in _lines(finding.reason):
                yield "", Fact(kind=Kind.REFUSED, reason=line)
        elif finding.kind is Found.REFUSED:
            kind = REFUSED_KINDS.get(finding.resource, "")
            # Two components may each have a child of one name: which one it is, a finding does not say.
            meant = by_name.get((kind, finding.name), [])
            urn, about = "", Fact(kind=Kind.REFUSED, resource=kind, name=text_of(finding.name))
            if len(meant) == 1:
                urn, about = meant[0].urn, view.about(meant[0])
                told.add(urn)
            yield urn, replace(about, kind=Kind.REFUSED, reason=scrub(finding.reason))
    for one in view.log.errors:
        at = view.steps.get(one.urn)
        if one.urn in told or one.urn in view.log.unread or not is_resource(one.urn):
            continue
        about = view.about(at) if at else Fact(kind=Kind.REFUSED, resource=_kind(one.urn), name=name_of(one.urn))
        # The engine names the resource in its own words first.
        text = one.text.removeprefix(f"{type_of(one.urn)} resource '{name_of(one.urn)}': ")
        yield one.urn, replace(about, kind=Kind.REFUSED, reason=scrub(text))


def _kind(urn: str) -> str:
    return type_of(urn).rsplit(":", 1)[-1]


def _lines(reason: str) -> list[str]:
    """The problems of a configuration, one each; its headline only counts them."""
    found = [line.strip().removeprefix("- ").strip() for line in reason.splitlines()]
    return [scrub(line) for line in (found[1:] if len(found) > 1 else found) if line]


def _facts(view: View, steps: Sequence[Step]) -> Iterator[Fact]:
    yield from of_assignments(view, (step for step in steps if step.kind == ASSIGNMENT))
    for step in steps:
        if step.kind in GATE_KINDS:
            yield from _of_gate(view, step)
        elif step.kind == EXCLUSIVE:
            yield from _of_exclusive(view, step)
        elif step.kind == PERSON:
            yield from _of_person(view, step)
        elif step.op is not Op.SAME and step.kind != ASSIGNMENT:
            yield from _TOLD.get(step.kind, _of_other)(view, step)


def _of_user(view: View, step: Step) -> Iterator[Fact]:
    fact, old, new = view.about(step), step.old, step.new
    if new is None:
        kept = _stays(old) or (old is not None and old.outputs.get("adopted") is True)
        yield replace(fact, kind=Kind.USER_LEFT if kept else Kind.USER_RETIRED)
        return
    role = text_of(new.inputs.get("role", ""))
    if old is None or old.outputs.get("gone") is True or step.op is Op.REPLACE:
        adopts = new.inputs.get("adopt") not in (None, "")
        kind = Kind.USER_ADOPTED if adopts else Kind.USER_MADE
        closed = closed_gates(new.inputs)
        yield replace(fact, kind=Kind.HELD_BACK if closed else kind, cause=_made(view, step), role=role, gates=closed)
        return
    name = Difference("name", text_of(old.outputs.get("name", "")), text_of(new.inputs.get("name", "")))
    if new.inputs.get("name") is not UNKNOWN and name.before != name.after:
        yield replace(fact, kind=Kind.USER_RENAMED, differences=(name,))
    else:
        yield from _of_other(view, step)


def _stays(old: Side | None) -> bool:
    """Whether what the program no longer declares stays at Meta."""
    return old is not None and old.outputs.get("on_destroy", old.inputs.get("on_destroy")) == "keep"


def _made(view: View, step: Step) -> Cause:
    if step.op is Op.CREATE:
        return view.cause(step)
    return Cause.DRIFT if step.old is not None and step.old.outputs.get("gone") is True else Cause.CHANGE


def _of_person(view: View, step: Step) -> Iterator[Fact]:
    fact, old, new = view.about(step), step.old, step.new
    if new is None:
        yield replace(fact, kind=Kind.PERSON_LEFT if _stays(old) else Kind.PERSON_OUT)
        return
    role = text_of(new.inputs.get("role", ""))
    gone = old is not None and old.outputs.get("state") == "gone"
    if (
        old is not None
        and not has_unknown(new.inputs.get("email"))
        and _membership(view, old) != _membership(view, new)
    ):
        yield replace(fact, kind=Kind.PERSON_IN, cause=Cause.CHANGE, role=role)
        if not gone and not _is_declared(view, old):
            kind = Kind.PERSON_LEFT if _stays(old) else Kind.PERSON_OUT
            yield replace(fact, kind=kind, cause=Cause.CHANGE, who=text_of(old.inputs.get("email", "")))
        return
    if old is None:
        yield replace(fact, kind=Kind.PERSON_IN, cause=view.cause(step), role=role)
        return
    if gone:
        was = text_of((view.before(step) or old).outputs.get("state", ""))
        person = view.person(str(new.inputs.get("email", "")))
        left = (Difference("state", was, "gone"),)
        yield replace(fact, kind=Kind.PERSON_BACK, cause=Cause.DRIFT, role=role, differences=left, person=person)
        return
    stood, has = (text_of(side.outputs.get("role", "")) for side in (view.before(step) or old, old))
    kind = Kind.PERSON_PROMOTED if role == "ADMIN" else Kind.PERSON_DEMOTED
    known = new.inputs.get("role") is not UNKNOWN
    if known and has != role:
        yield replace(fact, kind=kind, role=role, differences=(Difference("role", has, role),))
    elif known and stood != role:
        # Somebody has done by hand what the program now declares.
        change = Difference("role", stood, role)
        yield replace(fact, kind=kind, cause=Cause.CHANGE, role=role, differences=(change,), already=True)
    elif step.op is not Op.SAME:
        yield from _of_other(view, step)


def _membership(view: View, side: Side) -> tuple[str, str]:
    """Who is in which business: what a resource of another one takes out and brings in."""
    return view.business(side), str(side.inputs.get("email", "")).casefold()


def _is_declared(view: View, old: Side) -> bool:
    """Whether the program still declares that person by some resource."""
    others = (step.new for step in view.log.steps if step.kind == PERSON and step.new is not None)
    return any(_membership(view, other) == _membership(view, old) for other in others)


def _of_token(view: View, step: Step) -> Iterator[Fact]:
    fact, old, new = view.about(step), step.old, step.new
    if new is None:
        assert old is not None
        name = text_of(old.inputs.get("secret_name", ""))
        yield replace(fact, kind=Kind.TOKEN_ENDS, secret=name, grace=_left_to_another(view, step))
        return
    secret = "" if new.inputs.get("secret_name") is UNKNOWN else text_of(new.inputs.get("secret_name", ""))
    scopes, closed = texts(new.inputs.get("scopes")), closed_gates(new.inputs)
    if old is None:
        kind = Kind.HELD_BACK if closed else Kind.TOKEN_NEW
        yield replace(fact, kind=kind, secret=secret, tasks=scopes, gates=closed)
        return
    before = view.before(step) or old
    changes = changed(before.inputs, new.inputs, OF_TOKEN)
    fact = replace(
        fact, secret=text_of(before.inputs.get("secret_name", "")), grace=text_of(new.inputs.get("grace", ""))
    )
    texts_of_due = (str(side["freshness"]) for side in (old.outputs, old.inputs) if side.get("freshness"))
    due = next(map(finding_of, texts_of_due), NOTHING_DUE)
    gained = tuple(scope for scope in scopes if scope not in texts(before.inputs.get("scopes")))
    by_lambda = all(side.inputs.get("rotation_owner") == "lambda" for side in (before, new))
    if gained and closed and not by_lambda:
        yield replace(fact, kind=Kind.HELD_BACK, tasks=gained, gates=closed)
        # Nothing else of that update is done either, but that a token which is due is renewed as it was.
        if due.need is not Need.NONE:
            yield replace(fact, kind=Kind.TOKEN_RENEWED, cause=Cause.DUE, reason=scrub(due.text))
        return
    # Scopes that are only added are told as what the token gains.
    lost = set(texts(before.inputs.get("scopes"))) - set(scopes)
    keys = changes - {"secret_name"} - (set() if lost else {"scopes"}) | (_hidden(step, new) if changes else set())
    shown = differences(before.inputs, new.inputs, keys)
    if "secret_name" in changes:
        yield replace(fact, kind=Kind.TOKEN_MOVES, moved_to=secret, tasks=gained, differences=shown)
    elif changes - _POLICY:
        yield replace(fact, kind=Kind.TOKEN_RENEWED, tasks=gained, differences=shown)
    elif changes:
        yield replace(fact, kind=Kind.CHANGED, differences=shown)
    if due.need is not Need.NONE and not changes - _POLICY:
        yield replace(fact, kind=Kind.TOKEN_RENEWED, cause=Cause.DUE, reason=scrub(due.text))
    elif not changes:
        # Without a change that is seen, what only the update will know may renew it.
        yield from _of_other(view, step)


def _left_to_another(view: View, step: Step) -> str:
    """The grace of a token that goes while another one of the same user stays, to which its readers move."""
    assert step.old is not None
    user, outs = step.old.inputs.get("system_user_id"), step.old.inputs
    stays = any(
        other.urn != step.urn and other.new is not None and other.new.inputs.get("system_user_id") == user
        for other in view.log.steps
        if other.kind == TOKEN
    )
    return text_of(outs.get("grace", "")) if stays and outs.get("rotation_owner") != "lambda" else ""


def _of_gate(view: View, step: Step) -> Iterator[Fact]:
    fact, old, new = view.about(step), step.old, step.new
    parent = text_of(name_of(step.parent)) if type_of(step.parent) in {CLIENT, APP, IDENTITY} else ""
    fact = replace(fact, who="", client=parent)
    if new is None:
        yield replace(fact, kind=Kind.GATE_DROPPED)
        return
    status = new.inputs.get("status", "")
    if old is not None and (step.op is Op.SAME or not status):
        status = old.outputs.get("status", status)
    gate = ((fact.name, text_of(status) if status is not UNKNOWN else ""),)
    fact = replace(fact, gates=gate)
    before = view.before(step)
    changes = frozenset() if before is None else changed(before.inputs, new.inputs, OF_GATE)
    stated = before is not None and changed(
        {"evidence": before.inputs.get("evidence")}, {"evidence": new.inputs.get("evidence")}, frozenset()
    )
    if status == DRIFTED and not changes and old is not None:
        shown = differences(new.inputs, old.inputs, changed(new.inputs, old.inputs, OF_GATE))
        # What has become of an asset, and which command follows, the lists of its owner tell, and not its tasks.
        why = scrub(str(old.outputs.get("reason") or "")) if step.kind == SHARE else ""
        yield replace(fact, kind=Kind.GATE_DRIFTED, cause=Cause.DRIFT, differences=shown, reason=why)
        return
    kind = Kind.GATE_SATISFIED if status == SATISFIED else Kind.GATE_WAITS
    if old is None or changes or stated:
        shown = () if before is None else differences(before.inputs, new.inputs, changes)
        gone = (one.key.removeprefix("roles.") for one in shown if one.key.startswith("roles.") and not one.after)
        until = next(filter(None, map(view.person_until, gone)), None)
        yield replace(fact, kind=kind, cause=Cause.CHANGE, differences=shown, until=until)
    elif kind is Kind.GATE_WAITS or (before is not None and before.outputs.get("status") != status):
        yield replace(fact, kind=kind, cause=Cause.PEOPLE)


def _of_exclusive(view: View, step: Step) -> Iterator[Fact]:
    """Whom it takes off, and who stays although no line declares it."""
    fact, old, new = view.about(step), step.old, step.new
    fact = replace(fact, cause=Cause.CHANGE, who="")
    if old is None or new is None:
        yield replace(fact, kind=Kind.REMOVED if new is None else Kind.MADE)
    elif shown := differences(old.inputs, new.inputs, changed(old.inputs, new.inputs, frozenset()) & _HELD):
        yield replace(fact, kind=Kind.CHANGED, differences=shown)
    if new is None:
        return
    for grant, _ in [] if step.op is Op.SAME else grants_of(new.inputs.get("removes")):
        yield replace(fact, kind=Kind.TASKS_LOST, **_given(view, grant))
    for grant, why in grants_of(new.inputs.get("stays")):
        yield replace(fact, kind=Kind.HOLDER_STAYS, cause=Cause.PEOPLE, reason=why, **_given(view, grant))


def _given(view: View, grant: Grant) -> dict[str, Any]:
    tasks, implied = split(view, grant.asset.kind, set(grant.tasks))
    texts_of = {name: tuple(map(text_of, found)) for name, found in (("tasks", tasks), ("implied", implied))}
    return {"who": text_of(exclusive.named(grant.holder)), "asset": text_of(grant.asset.id), **texts_of}


def _of_other(view: View, step: Step) -> Iterator[Fact]:
    fact, old, new = view.about(step), step.old, step.new
    if new is None:
        yield replace(fact, kind=Kind.REMOVED)
    elif old is None:
        yield replace(fact, kind=Kind.MADE)
    else:
        before = (view.before(step) or old) if fact.cause is Cause.CHANGE else old
        changes = changed(before.inputs, new.inputs, aside(step.kind))
        hidden = _hidden(step, new)
        shown = differences(before.inputs, new.inputs, changes | hidden)
        if step.op is Op.REPLACE:
            # What the refresh saw as it was is replaced because the program says so.
            seen = view.before(step) or old
            drifted = fact.cause is Cause.DRIFT and seen.outputs != old.outputs
            yield replace(fact, kind=Kind.REPLACED, cause=fact.cause if drifted else Cause.CHANGE, differences=shown)
        elif hidden and not changes:
            yield replace(fact, kind=Kind.UNKNOWN, cause=Cause.CHANGE, differences=shown)
        else:
            yield replace(fact, kind=Kind.CHANGED, differences=shown)


def _hidden(step: Step, new: Side) -> frozenset[str]:
    """The inputs that only the update will know."""
    return frozenset(name for name in new.inputs.keys() - aside(step.kind) if has_unknown(new.inputs[name]))


_TOLD: dict[str, Callable[[View, Step], Iterator[Fact]]] = {USER: _of_user, TOKEN: _of_token}
