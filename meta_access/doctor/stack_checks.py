"""What is judged of a stack: its files, rule set, state, gates and quota. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access import quota, rules
from meta_access.doctor.catalog import found
from meta_access.doctor.host_checks import numbers
from meta_access.gates.status import Status
from meta_access.stack.fields import few
from meta_access.stack.plan import identities
from meta_access.stack.tier import limit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from meta_access.doctor.catalog import Finding
    from meta_access.doctor.look import ConnectionSeen
    from meta_access.errors import MetaAccessError, Problem
    from meta_access.rules import RuleSet
    from meta_access.stack.models import StackSpec

_RULES = "meta:rules"


@dataclass(frozen=True, slots=True)
class StateSeen:
    """What the exported state tells.

    Attributes:
        resources: How many it holds.
        engine: The version that wrote it.
        foreign: What of it no version of this package writes, each with the reason.
        unknown_types: Types of ours that this version does not know.
        pending: Names of what a killed run began.
        last_failed: Whether the last update or refresh failed.
        gates: Name to what the last update saw of each.
    """

    resources: int = 0
    engine: str = ""
    foreign: tuple[tuple[str, str], ...] = ()
    unknown_types: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    last_failed: bool = False
    gates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StackSeen:
    """What was read of a stack.

    Attributes:
        problems: For which the program refuses the configuration.
        unknown_keys: Places of the keys that this version does not know.
        rules_typed: As it stands in the file.
        spec: None where the configuration is not sound.
        rules: Likewise.
        unread: Why the engine could not read the configuration.
        earlier: When the update ended whose connections were looked at instead; empty where they are today's.
        state: None where it was not read.
        state_error: Why it could not be read.
    """

    name: str
    problems: tuple[Problem, ...] = ()
    unknown_keys: frozenset[str] = frozenset()
    rules_typed: str = ""
    spec: StackSpec | None = None
    rules: RuleSet | None = None
    unread: MetaAccessError | None = None
    earlier: str = ""
    state: StateSeen | None = None
    state_error: MetaAccessError | None = None


def of_stack(seen: StackSeen, engine: str) -> list[Finding]:
    """Everything about a stack that needs no call of Meta or AWS.

    Args:
        seen: What was read.
        engine: The version of the engine on PATH.
    """
    return [*_config(seen), *_rules(seen), *_state(seen, engine), *_gates(seen)]


def _config(seen: StackSeen) -> Iterator[Finding]:
    if seen.unread is not None:
        yield found("stack.unreadable", f"stack {seen.name}", seen.unread.problem, seen.unread.next_step)
    for one in seen.problems:
        unknown = one.path in seen.unknown_keys
        id_ = "rules.unknown" if _is_of_rules(one, seen) else "config.unknown_key" if unknown else "config.invalid"
        yield found(id_, one.path, one.problem[:1].upper() + one.problem[1:], one.fix[:1].upper() + one.fix[1:])
    if seen.earlier:
        text = f"The connections are those of the update of {seen.earlier}."
        yield found("look.earlier_config", f"stack {seen.name}", text)
    if seen.spec is not None and not seen.problems:
        yield found("config.ok", f"stack {seen.name}")


def _is_of_rules(one: Problem, seen: StackSeen) -> bool:
    return one.path == _RULES and bool(seen.rules_typed) and seen.rules_typed not in rules.names()


def _rules(seen: StackSeen) -> Iterator[Finding]:
    if seen.rules is None:
        return
    newest = rules.newest()
    if seen.rules.name == newest:
        yield found("rules.ok", _RULES, f"{newest} is the newest rule set of this package.")
    else:
        text = f"The stack names {seen.rules.name}, and this package has {newest}."
        yield found("rules.old", _RULES, text)


def _state(seen: StackSeen, engine: str) -> Iterator[Finding]:
    subject = f"state of {seen.name}"
    if seen.state_error is not None:
        yield found("state.unreadable", subject, seen.state_error.problem, seen.state_error.next_step)
    state = seen.state
    if state is None:
        return
    wrong = [
        found(
            "state.newer_package", kind, f"The state holds resources of type {kind}, which this version does not know."
        )
        for kind in state.unknown_types
    ]
    wrong += [found("state.foreign", where, f"{why[:1].upper()}{why[1:]}.") for where, why in state.foreign]
    if numbers(state.engine) > (mine := numbers(engine)) and mine:
        text = f"pulumi {state.engine} wrote it, and {engine} is on PATH."
        wrong.append(found("state.newer_engine", subject, text))
    if state.pending:
        wrong.append(found("state.pending", subject, f"Begun and not recorded: {', '.join(state.pending)}."))
    if state.last_failed:
        wrong.append(found("state.last_failed", subject))
    if not wrong:
        count = "It is empty: nothing was made yet." if not state.resources else f"{state.resources} resources."
        yield found("state.ok", subject, count)
    yield from wrong


def _gates(seen: StackSeen) -> Iterator[Finding]:
    if seen.state is None or not seen.state.gates:
        return
    by_status: dict[str, list[str]] = {}
    for name, gate in seen.state.gates.items():
        by_status.setdefault(str(gate.get("status", "")), []).append(name)
    drifted = by_status.pop(Status.DRIFTED, [])
    satisfied = by_status.pop(Status.SATISFIED, [])
    waiting = [name for names in by_status.values() for name in names]
    if drifted:
        yield found("gates.drifted", "gates", f"Drifted: {few(drifted)}.")
    if waiting:
        yield found("gates.open", "gates", f"Open: {few(waiting)}.")
    if not drifted and not waiting:
        yield found("gates.ok", "gates", f"{len(satisfied)} gates, all open.")


def of_quota(spec: StackSpec, found_rules: RuleSet, seen: Iterable[ConnectionSeen]) -> list[Finding]:
    """Whether the declared system users fit, counted in each business whose users could be read."""
    plans = identities(spec, found_rules)
    findings: list[Finding] = []
    done: set[str] = set()
    for one in seen:
        business = one.connection.business_name
        if one.users.value is None or business in done:
            continue
        done.add(business)
        live = [quota.LiveUser(row.id, row.name, row.role) for row in one.users.value]
        mine = [plan for plan in plans if spec.connections[plan.connection].business == business]
        wrong: list[Finding] = []
        counts = []
        for role in ("EMPLOYEE", "ADMIN"):
            number = one.connection.quota_overrides.get(role, limit_of(spec, found_rules, business, role))
            limit = quota.Limit(number, f"rule set {found_rules.name}")
            planned = [quota.PlannedUser(plan.name, plan.role, plan.adopt) for plan in mine]
            fit = quota.fit(role, limit, live, planned)
            counts.append(f"{role} {fit.needed} of {'an unknown number' if number is None else number}")
            place = f"quota of business {business}"
            if not fit.fits:
                wrong.append(found("quota.exceeded", place, quota.refusal(fit, business=business)))
            elif fit.over_already:
                wrong.append(found("quota.over", place, quota.warning(fit, business=business)))
        findings += wrong or [found("quota.ok", f"quota of business {business}", f"{', '.join(counts)}.")]
    return findings
