"""Gates: from what is declared, what can be seen and what a person stated, to a status and who acts next.

Pure: no IO, no clock. A gate is something Meta lets only a person do (app roles, redirect URIs, access levels, business
verification). Its status comes from readings and dated statements, never from the fact that this tool ran.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from meta_access.clock import iso
from meta_access.gates.evidence import Judged, judge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

NOT_MADE = "not made yet"
"""In the place of a status, of a gate that is declared and that no update has made."""

FIELDS = ("status", "phase", "waiting_on", "since", "owner", "next_step", "observed", "evidence", "reason")
"""What people and commands read of each gate, of its resource's outputs."""

GATE_KINDS = frozenset(
    {
        "AppRoles", "AssetShare", "BusinessVerification", "FeatureRequest", "LeadAccess", "LoginConfiguration",
        "Obligation", "PermissionRequest", "RedirectUris", "SystemUserAppAccess",
    }
)  # fmt: skip
"""The resources that are gates, as states and previews call them."""

ATTEST = "Then state it in the stack's evidence file (`meta-access attest`)."


class Status(StrEnum):
    SATISFIED = "satisfied"
    PENDING_HUMAN = "pending_human"
    DRIFTED = "drifted"
    UNVERIFIABLE = "unverifiable"
    STALE_EVIDENCE = "stale_evidence"


class Phase(StrEnum):
    NOT_STARTED = "not_started"
    SUBMITTED = "submitted"
    DECLINED = "declined"
    GRANTED = "granted"


class Actor(StrEnum):
    """Who acts next."""

    US = "us"
    INVITEE = "invitee"
    CLIENT = "client"
    SECOND_ADMIN = "second_admin"
    META = "meta"
    NOBODY = "nobody"


_PHASE_OF_STATEMENT = {
    "satisfied": Phase.GRANTED,
    "submitted": Phase.SUBMITTED,
    "declined": Phase.DECLINED,
    "open": Phase.NOT_STARTED,
}

# Statuses from which "not there" means "no longer there".
_WAS_GOOD = frozenset({Status.SATISFIED, Status.DRIFTED, Status.STALE_EVIDENCE})


@dataclass(frozen=True, slots=True)
class NextStep:
    """What the person does.

    Attributes:
        what: The act, as one sentence.
        where: Deep link; `menu` is the way there for the day the link has moved.
        expect: The business or app whose name must be on the page before anything is clicked.
        paste: The exact text to enter, empty when there is none.
        wait: What to say while somebody else acts.
    """

    what: str
    where: str = ""
    menu: str = ""
    expect: str = ""
    paste: str = ""
    wait: str = ""

    def as_output(self) -> dict[str, str]:
        fields = {"what": self.what, "where": self.where, "menu": self.menu, "expect": self.expect, "paste": self.paste}
        return {key: text for key, text in fields.items() if text}


@dataclass(frozen=True, slots=True)
class Desired:
    """What is declared, and how a person brings it about.

    Attributes:
        value: The declared inputs by name; what evidence is bound to.
        reviewer: Who is waited for once the person has done their part.
    """

    value: Mapping[str, Any]
    app_id: str
    step: NextStep
    reviewer: Actor = Actor.META


@dataclass(frozen=True, slots=True)
class Observation:
    """What a reading says. `met` None means that nothing could tell, and `reason` says why.

    Attributes:
        value: The live value, for the output `observed`.
        source: `graph`, `header` or `rule`; empty when nothing was read.
        phase: Set when the reading itself shows progress, such as a verification that is under review; `waiting_on`
            likewise, when it shows who is to act.
    """

    met: bool | None
    value: Any = None
    source: str = ""
    reason: str = ""
    phase: Phase | None = None
    waiting_on: Actor | None = None


@dataclass(frozen=True, slots=True)
class Previous:
    """What the state says about the same declared value. A changed declaration has no previous status."""

    status: Status
    phase: Phase | None = None
    since: str = ""


@dataclass(frozen=True, slots=True)
class GateDecision:
    status: Status
    observed: Any
    evidence: dict[str, str]
    phase: Phase
    waiting_on: Actor
    since: str
    next_step: dict[str, str]
    reason: str

    def outputs(self) -> dict[str, Any]:
        """The outputs every gate has, in plain types."""
        return {
            "status": str(self.status),
            "observed": self.observed,
            "evidence": self.evidence,
            "phase": str(self.phase),
            "waiting_on": str(self.waiting_on),
            "since": self.since,
            "next_step": self.next_step,
            "reason": self.reason,
        }


def decide(
    desired: Desired,
    observation: Observation,
    evidence: Mapping[str, Any] | None,
    previous: Previous | None,
    *,
    now: datetime,
) -> GateDecision:
    """Rank the sources (reading, then statement) and say where the gate stands. `now` is the server's time."""
    record = judge(evidence, declared=desired.value, app_id=desired.app_id, now=now)
    met, source = observation.met, observation.source
    if met is None and record.fresh:
        met, source = record.says == "satisfied", record.source
    status = _status(met, record, previous)
    phase = _phase(status, observation, record)
    kept = previous is not None and (previous.status, previous.phase) == (status, phase) and previous.since
    since = previous.since if previous is not None and kept else iso(now)
    waiting_on = _waiting_on(status, phase, observation, desired.reviewer)
    return GateDecision(
        status=status,
        observed=observation.value,
        # A live reading is dated by the day it first said so: a time of its own would change at every refresh.
        evidence=record.as_output() if source == record.source or met is None else {"source": source, "at": since},
        phase=phase,
        waiting_on=waiting_on,
        since=since,
        next_step=_next_step(status, waiting_on, desired.step, record),
        reason=_reason(status, observation, record),
    )


def after(step: dict[str, str] | None, statuses: Mapping[str, str]) -> dict[str, str] | None:
    """A next step with the gates that have to be open before; a gate without a next step waits for nobody.

    Args:
        step: Of one gate.
        statuses: Of the gates before it, by name.
    """
    waiting = [name for name, status in statuses.items() if status != Status.SATISFIED]
    return {**step, "first": ", ".join(waiting)} if step and waiting else step


def _status(met: bool | None, record: Judged, previous: Previous | None) -> Status:
    if met:
        return Status.SATISFIED
    if met is None:
        return Status.STALE_EVIDENCE if record.stale else Status.UNVERIFIABLE
    return Status.DRIFTED if previous is not None and previous.status in _WAS_GOOD else Status.PENDING_HUMAN


def _phase(status: Status, observation: Observation, record: Judged) -> Phase:
    if status is Status.SATISFIED:
        return Phase.GRANTED
    if observation.phase is not None:
        return observation.phase
    if status is Status.STALE_EVIDENCE or (record.fresh and record.says != "satisfied"):
        return _PHASE_OF_STATEMENT[record.says]
    return Phase.NOT_STARTED


def _waiting_on(status: Status, phase: Phase, observation: Observation, reviewer: Actor) -> Actor:
    if status is Status.SATISFIED:
        return Actor.NOBODY
    if observation.waiting_on is not None:
        return observation.waiting_on
    waits = phase is Phase.SUBMITTED and status in {Status.PENDING_HUMAN, Status.DRIFTED}
    return reviewer if waits else Actor.US


def _next_step(status: Status, waiting_on: Actor, step: NextStep, record: Judged) -> dict[str, str]:
    if status is Status.SATISFIED:
        return {}
    if record.fresh and record.says == "declined" and waiting_on is Actor.US:
        why = record.reason.rstrip(".") or "no reason was written down"
        return replace(step, what=f"Meta declined it ({why}). Put that right, then again: {step.what}").as_output()
    if waiting_on is not Actor.US and step.wait:
        return replace(step, what=step.wait, paste="").as_output()
    if status is Status.STALE_EVIDENCE:
        return replace(step, what=f"Look whether it still holds: {step.what} {ATTEST}").as_output()
    if status is Status.UNVERIFIABLE:
        return replace(step, what=f"{step.what} {ATTEST}").as_output()
    return step.as_output()


def _reason(status: Status, observation: Observation, record: Judged) -> str:
    if status is Status.SATISFIED:
        return ""
    texts = [observation.reason, record.reason]
    if observation.met is False and record.fresh and record.says == "satisfied":
        texts.append(f"The {record.source} of {record.at[:10]} says otherwise; a reading outranks it.")
    return " ".join(text for text in texts if text)
