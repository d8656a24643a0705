"""The decision about a gate: every combination of reading, statement and previous status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from meta_access.gates import evidence
from meta_access.gates.status import (
    Actor,
    Desired,
    GateDecision,
    NextStep,
    Observation,
    Phase,
    Previous,
    Status,
    after,
    decide,
)
from tests.texts import lacks

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
APP = "120480000000201"
VALUE = {"gate": "PermissionRequest", "permission": "ads_read", "level": "advanced"}
STEP = NextStep(
    what="Request it.",
    where="https://example.test/a",
    menu="App > Review",
    expect="app ads",
    paste="text",
    wait="Wait.",
)
DESIRED = Desired(VALUE, APP, STEP)

MET = Observation(met=True, value="advanced", source="graph")
UNMET = Observation(met=False, value="standard", source="graph", reason="Meta says no.")
UNKNOWN = Observation(met=None, reason="Graph does not show it.")

NONE = None
GOOD = "satisfied 2026-11-20"
SUBMITTED = "submitted 2026-11-20"
DECLINED = "declined 2026-11-20"
OPEN = "open 2026-11-20"
OLD = "satisfied 2026-08-01"
OLD_SUBMITTED = "submitted 2026-08-01"


def record(text: str | None, **changed: Any) -> dict[str, Any] | None:
    if text is None:
        return None
    says, at = text.split()
    return {
        "declared": evidence.digest(VALUE, APP),
        "app": APP,
        "at": f"{at}T08:00:00Z",
        "by": "nadia",
        "status": says,
        "source": "attestation",
        **changed,
    }


def decided(
    seen: Observation, statement: str | None, before: Status | None, *, desired: Desired = DESIRED, **changed: Any
) -> GateDecision:
    previous = Previous(before, Phase.GRANTED, "2026-10-01T08:00:00Z") if before is not None else None
    return decide(desired, seen, record(statement, **changed), previous, now=NOW)


SATISFIED, PENDING, DRIFTED = Status.SATISFIED, Status.PENDING_HUMAN, Status.DRIFTED
UNVERIFIABLE, STALE = Status.UNVERIFIABLE, Status.STALE_EVIDENCE


@pytest.mark.parametrize(
    ("seen", "statement", "before", "status", "phase", "waiting_on"),
    [
        # A reading that says yes needs nothing else.
        (MET, NONE, None, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        (MET, NONE, PENDING, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        (MET, NONE, DRIFTED, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        (MET, NONE, UNVERIFIABLE, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        (MET, NONE, STALE, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        (MET, DECLINED, None, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        (MET, OLD, None, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        # A reading that says no: pending, or drifted when it was good before.
        (UNMET, NONE, None, PENDING, Phase.NOT_STARTED, Actor.US),
        (UNMET, NONE, PENDING, PENDING, Phase.NOT_STARTED, Actor.US),
        (UNMET, NONE, UNVERIFIABLE, PENDING, Phase.NOT_STARTED, Actor.US),
        (UNMET, NONE, SATISFIED, DRIFTED, Phase.NOT_STARTED, Actor.US),
        (UNMET, NONE, DRIFTED, DRIFTED, Phase.NOT_STARTED, Actor.US),
        (UNMET, NONE, STALE, DRIFTED, Phase.NOT_STARTED, Actor.US),
        # A statement never outranks it, but tells how far we are.
        (UNMET, GOOD, None, PENDING, Phase.NOT_STARTED, Actor.US),
        (UNMET, SUBMITTED, None, PENDING, Phase.SUBMITTED, Actor.META),
        (UNMET, SUBMITTED, SATISFIED, DRIFTED, Phase.SUBMITTED, Actor.META),
        (UNMET, DECLINED, None, PENDING, Phase.DECLINED, Actor.US),
        (UNMET, OLD_SUBMITTED, None, PENDING, Phase.NOT_STARTED, Actor.US),
        # No reading: the statement decides.
        (UNKNOWN, GOOD, None, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        (UNKNOWN, GOOD, STALE, SATISFIED, Phase.GRANTED, Actor.NOBODY),
        (UNKNOWN, SUBMITTED, None, PENDING, Phase.SUBMITTED, Actor.META),
        (UNKNOWN, SUBMITTED, SATISFIED, DRIFTED, Phase.SUBMITTED, Actor.META),
        (UNKNOWN, DECLINED, None, PENDING, Phase.DECLINED, Actor.US),
        # Looked at, and not there: what was good before has drifted.
        (UNKNOWN, OPEN, None, PENDING, Phase.NOT_STARTED, Actor.US),
        (UNKNOWN, OPEN, SATISFIED, DRIFTED, Phase.NOT_STARTED, Actor.US),
        (UNKNOWN, OLD, SATISFIED, STALE, Phase.GRANTED, Actor.US),
        (UNKNOWN, OLD_SUBMITTED, None, STALE, Phase.SUBMITTED, Actor.US),
        # Neither: nothing can tell, whatever was said before.
        (UNKNOWN, NONE, None, UNVERIFIABLE, Phase.NOT_STARTED, Actor.US),
        (UNKNOWN, NONE, SATISFIED, UNVERIFIABLE, Phase.NOT_STARTED, Actor.US),
        (UNKNOWN, NONE, DRIFTED, UNVERIFIABLE, Phase.NOT_STARTED, Actor.US),
    ],
)
def test_sources_are_ranked(
    *,
    seen: Observation,
    statement: str | None,
    before: Status | None,
    status: Status,
    phase: Phase,
    waiting_on: Actor,
) -> None:
    found = decided(seen, statement, before)

    assert (found.status, found.phase, found.waiting_on) == (status, phase, waiting_on)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"at": "2026-11-24T08:00:01Z"}, "is dated in the future"),
        ({"at": "2027-01-01T00:00:00Z"}, "is dated in the future"),
        ({"at": "2026-11-20"}, "it has no time such as"),
        ({"at": ""}, "it has no time such as"),
        ({"declared": "sha256:" + "0" * 64}, "another declaration"),
        ({"declared": None}, "another declaration"),
        ({"app": "120480000000999"}, "another app"),
        ({"source": "hearsay"}, "its source is none of attestation, export"),
        ({"status": "probably"}, "its status is none of satisfied, submitted, declined, open"),
    ],
)
def test_evidence_that_does_not_hold_counts_as_none_and_says_why(changed: dict[str, Any], reason: str) -> None:
    found = decided(UNKNOWN, GOOD, None, **changed)

    assert found.status is Status.UNVERIFIABLE
    assert reason in found.reason
    assert found.evidence == {}


def test_evidence_of_this_second_is_not_in_the_future() -> None:
    assert decided(UNKNOWN, GOOD, None, at="2026-11-24T08:00:00Z").status is Status.SATISFIED


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("2026-08-26T08:00:00Z", Status.SATISFIED),  # 90 days to the second
        ("2026-08-26T07:59:59Z", Status.STALE_EVIDENCE),
    ],
)
def test_evidence_is_good_for_ninety_days(at: str, status: Status) -> None:
    assert decided(UNKNOWN, GOOD, None, at=at).status is status


def test_a_changed_declaration_unbinds_the_evidence() -> None:
    other = Desired({**VALUE, "level": "standard"}, APP, STEP)

    assert decided(UNKNOWN, GOOD, None, desired=other).status is Status.UNVERIFIABLE


def test_the_digest_depends_on_value_and_app_but_not_on_the_order_of_keys() -> None:
    digest = evidence.digest({"a": "1", "b": ["x"]}, APP)

    assert digest == evidence.digest({"b": ["x"], "a": "1"}, APP)
    assert digest != evidence.digest({"a": "1", "b": ["y"]}, APP)
    assert digest != evidence.digest({"a": "1", "b": ["x"]}, "120480000000202")


@pytest.mark.parametrize(
    ("seen", "statement", "expected"),
    [
        (MET, NONE, {"source": "graph", "at": "2026-11-24T08:00:00Z"}),
        (UNMET, NONE, {"source": "graph", "at": "2026-11-24T08:00:00Z"}),
        (MET, GOOD, {"source": "graph", "at": "2026-11-24T08:00:00Z"}),
        (UNKNOWN, GOOD, {"source": "attestation", "at": "2026-11-20T08:00:00Z"}),
        (UNKNOWN, OLD, {"source": "attestation", "at": "2026-08-01T08:00:00Z"}),
        (UNKNOWN, NONE, {}),
    ],
)
def test_the_evidence_output_names_the_source_that_decided(
    seen: Observation, statement: str | None, expected: dict[str, str]
) -> None:
    assert decided(seen, statement, None).evidence == expected


def test_since_stays_while_status_and_phase_do() -> None:
    before = Previous(Status.SATISFIED, Phase.GRANTED, "2026-10-01T08:00:00Z")

    again = decide(DESIRED, MET, None, before, now=NOW)
    lost = decide(DESIRED, UNMET, None, before, now=NOW)

    assert again.since == "2026-10-01T08:00:00Z"
    assert again.evidence == {"source": "graph", "at": "2026-10-01T08:00:00Z"}
    assert lost.since == "2026-11-24T08:00:00Z"


def test_two_decisions_on_the_same_facts_are_equal() -> None:
    first = decide(DESIRED, UNMET, record(SUBMITTED), None, now=NOW)
    later = datetime(2026, 11, 30, tzinfo=UTC)
    second = decide(DESIRED, UNMET, record(SUBMITTED), Previous(first.status, first.phase, first.since), now=later)

    assert first == second


def test_a_satisfied_gate_has_no_next_step() -> None:
    assert decided(MET, NONE, None).next_step == {}


def test_a_pending_gate_says_what_where_and_what_to_paste() -> None:
    assert decided(UNMET, NONE, None).next_step == {
        "what": "Request it.",
        "where": "https://example.test/a",
        "menu": "App > Review",
        "expect": "app ads",
        "paste": "text",
    }


def test_a_submitted_gate_says_to_wait_and_has_nothing_to_paste() -> None:
    step = decided(UNMET, SUBMITTED, None).next_step

    assert step["what"] == "Wait."
    assert "paste" not in step


def test_an_invitee_is_waited_for_where_the_gate_says_so() -> None:
    roles = Desired(VALUE, APP, STEP, reviewer=Actor.INVITEE)

    assert decided(UNMET, SUBMITTED, None, desired=roles).waiting_on is Actor.INVITEE


def test_what_nobody_can_see_is_to_be_attested() -> None:
    assert not lacks(decided(UNKNOWN, NONE, None).next_step["what"], "Request it.", "`meta-access attest`")
    assert decided(UNKNOWN, OLD, None).next_step["what"].startswith("Look whether it still holds: Request it.")


def test_a_reading_may_show_progress_and_who_acts() -> None:
    more_papers = Observation(met=False, source="graph", reason="More.", phase=Phase.SUBMITTED, waiting_on=Actor.US)

    found = decided(more_papers, NONE, None)

    assert (found.phase, found.waiting_on) == (Phase.SUBMITTED, Actor.US)
    assert found.next_step["what"] == "Request it."


def test_reasons_name_the_contradiction_the_age_and_the_refusal_of_meta() -> None:
    assert not lacks(decided(UNMET, GOOD, None).reason, "Meta says no.", "2026-11-20")
    assert not lacks(decided(UNKNOWN, OLD, None).reason, "Graph does not show it.", "2026-08-01", "90 days")
    assert decided(UNMET, DECLINED, None, note="Screencast too short.").reason == "Meta says no. Screencast too short."
    assert decided(MET, GOOD, None).reason == ""


def test_outputs_are_plain_values() -> None:
    outputs = decided(UNMET, NONE, SATISFIED).outputs()

    assert outputs == {
        "status": "drifted",
        "observed": "standard",
        "evidence": {"source": "graph", "at": "2026-11-24T08:00:00Z"},
        "phase": "not_started",
        "waiting_on": "us",
        "since": "2026-11-24T08:00:00Z",
        "next_step": STEP.as_output(),
        "reason": "Meta says no.",
    }
    assert all(type(value) in {str, dict} for value in outputs.values())


def test_what_meta_declined_is_put_right_first_and_the_reason_is_told() -> None:
    found = decided(UNMET, DECLINED, None, note="The screencast does not show the login.")

    assert not lacks(found.next_step["what"], "The screencast does not show the login", "Request it.")
    assert found.next_step["paste"] == "text"
    assert not lacks(found.reason, "Meta says no.", "The screencast does not show the login.")
    assert not lacks(decided(UNMET, DECLINED, None).next_step["what"], "no reason", "Request it.")


def test_the_life_of_a_review_from_statement_to_statement() -> None:
    steps = (NONE, SUBMITTED, DECLINED, SUBMITTED)
    assert [decided(UNMET, said, PENDING).phase for said in steps] == [
        Phase.NOT_STARTED,
        Phase.SUBMITTED,
        Phase.DECLINED,
        Phase.SUBMITTED,
    ]
    assert [decided(UNMET, said, PENDING).waiting_on for said in steps] == [Actor.US, Actor.META, Actor.US, Actor.META]
    assert decided(MET, SUBMITTED, PENDING).phase is Phase.GRANTED


# --- what `make mutants` found nobody to notice ---------------------------------------------------


def test_a_status_that_stands_without_its_day_is_dated_today() -> None:
    before = Previous(Status.PENDING_HUMAN, Phase.NOT_STARTED, "")
    assert decide(DESIRED, UNMET, NONE, before, now=NOW).since == "2026-11-24T08:00:00Z"


def test_an_old_refusal_is_looked_at_again_before_it_is_believed() -> None:
    found = decide(DESIRED, UNKNOWN, record("declined 2026-08-01"), None, now=NOW)
    assert (found.status, found.phase) == (Status.STALE_EVIDENCE, Phase.DECLINED)
    assert found.next_step["what"].startswith("Look whether it still holds: Request it.")


def test_only_a_refusal_is_told_as_one_and_only_to_who_acts_next() -> None:
    plain = {"what": "Request it.", "where": "https://example.test/a", "menu": "App > Review", "expect": "app ads"}
    assert decide(DESIRED, UNMET, record(OPEN), None, now=NOW).next_step == {**plain, "paste": "text"}
    waiting = Observation(met=False, waiting_on=Actor.CLIENT)
    assert decide(DESIRED, waiting, record(DECLINED), None, now=NOW).next_step == {**plain, "what": "Wait."}


def test_a_gate_without_words_for_the_wait_repeats_its_step() -> None:
    desired = Desired(VALUE, APP, NextStep(what="Request it.", paste="text"))
    found = decide(desired, UNMET, record(SUBMITTED), None, now=NOW)
    assert (found.waiting_on, found.next_step) == (Actor.META, {"what": "Request it.", "paste": "text"})


def test_a_reading_does_not_contradict_a_statement_that_has_grown_old() -> None:
    found = decide(DESIRED, UNMET, record(OLD), None, now=NOW)
    assert not lacks(found.reason, "Meta says no.", "2026-08-01", "90 days")


def test_a_statement_that_has_gone_stale_is_not_said_to_be_outranked() -> None:
    fresh = decide(DESIRED, UNMET, record(GOOD), None, now=NOW)
    stale = decide(DESIRED, UNMET, record(OLD), None, now=NOW)

    assert (fresh.status, stale.status) == (Status.PENDING_HUMAN, Status.PENDING_HUMAN)
    assert fresh.reason.count("2026-11-20") == 1
    assert stale.reason.count("2026-08-01") == 1


@pytest.mark.parametrize(
    ("before", "first"),
    [
        ({}, None),
        ({"agency-verification": "satisfied"}, None),
        ({"agency-verification": "pending_human"}, "agency-verification"),
        ({"a": "drifted", "b": "satisfied", "c": "unverifiable"}, "a, c"),
    ],
)
def test_a_step_names_the_gates_that_are_to_be_open_first(before: dict[str, str], first: str | None) -> None:
    step = {"what": "Request it."}

    assert after(step, before) == (step if first is None else {"what": "Request it.", "first": first})
    assert after({}, before) == {}
    assert after(None, before) is None
