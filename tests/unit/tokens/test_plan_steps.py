"""The plan, one decision at a time: what a secret holds and what Meta answered, and the step that follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meta_access.tokens.issuer import Verdict
from meta_access.tokens.plan import (
    Do,
    HeldToken,
    Holds,
    Ledger,
    Progress,
    Step,
    TokenAnswer,
    View,
    Why,
    check_step,
    create_step,
    due,
    finish_step,
    next_step,
    settle,
)
from meta_access.tokens.spec import LAMBDA
from tests.unit.tokens.world import SPEC

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# 20 days before their end tokens are due, and a grace lasts a day.
FAR, NEAR = NOW + 60 * DAY, NOW + 5 * DAY
YES, NO, UNKNOWN = TokenAnswer(Verdict.YES), TokenAnswer(Verdict.NO), TokenAnswer(Verdict.UNKNOWN)
BY_AWS = replace(SPEC, rotation_owner=LAMBDA)


def token(**given: Any) -> HeldToken:
    return HeldToken(**{"live": True, "trigger": SPEC.trigger, "app_id": "120", "expires_at": FAR, **given})


def dropped(*stamps: datetime, **given: Any) -> HeldToken:
    return token(live=False, stamps=stamps, **given)


def view(current: int = 1, /, **given: Any) -> View:
    """A secret at rest: generation 1 is current, and nothing is under way."""
    base: dict[str, Any] = {
        "now": NOW,
        "current": current,
        "holds": Holds.TOKEN if current else Holds.NOTHING,
        "held": {current: token()} if current else {},
        "ledger": Ledger(generation=current, has_token=True) if current else None,
    }
    return View(**{**base, **given})


def run(answers: dict[int, TokenAnswer] | None = None, **given: Any) -> Progress:
    return Progress(answers={1: YES} if answers is None else answers, **given)


# --- what is there already ------------------------------------------------------------------------


def test_a_secret_at_rest_needs_nothing() -> None:
    assert next_step(view(), SPEC, run()) == Step(Do.DONE, 1)


def test_an_empty_secret_gets_its_first_generation() -> None:
    assert next_step(view(0), SPEC, run({})) == Step(Do.MINT, 1)


def test_a_foreign_value_is_no_token_of_ours() -> None:
    assert next_step(view(0, holds=Holds.FOREIGN), SPEC, run({})) == Step(Do.MINT, 1)


def test_a_current_token_is_asked_about_before_anything_is_claimed() -> None:
    for wish in (SPEC, replace(SPEC, keepers={"round": "2"})):
        assert next_step(view(), wish, run({})) == Step(Do.INSPECT, 1)


def test_another_wish_claims_the_generation_above_all_that_was_ever_claimed() -> None:
    wish = replace(SPEC, keepers={"round": "2"})
    assert next_step(view(), wish, run()) == Step(Do.MINT, 2)
    assert next_step(view(ledger=Ledger(generation=4)), wish, run()) == Step(Do.MINT, 5)
    held = {1: token(), 3: dropped(NOW)}
    assert next_step(view(held=held), wish, run(stamped={3})) == Step(Do.MINT, 4)
    assert next_step(view(ledger=None), wish, run()) == Step(Do.MINT, 2)


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (YES, Step(Do.MINT, 2)),
        (NO, Step(Do.MINT, 2)),
        (UNKNOWN, Step(Do.STOP, 1, Why.CURRENT_UNKNOWN)),
    ],
)
def test_another_wish_stops_only_while_meta_cannot_be_asked(answer: TokenAnswer, step: Step) -> None:
    assert next_step(view(), replace(SPEC, keepers={"round": "2"}), run({1: answer})) == step


@pytest.mark.parametrize(
    ("answer", "step"),
    [(YES, Step(Do.DONE, 1)), (NO, Step(Do.MINT, 2)), (UNKNOWN, Step(Do.DONE, 1))],
)
def test_the_token_asked_for_is_kept_unless_meta_says_no(answer: TokenAnswer, step: Step) -> None:
    assert next_step(view(), SPEC, run({1: answer})) == step


def test_a_token_of_another_app_is_replaced_without_being_asked_about() -> None:
    assert next_step(view(held={1: token(app_id="121")}), SPEC, run({})) == Step(Do.MINT, 2)


def test_a_token_is_due_as_long_before_its_end_as_was_asked_by_the_earlier_of_two_ends() -> None:
    second = timedelta(seconds=1)
    for recorded, told, step in [
        (NOW + 20 * DAY + second, None, Step(Do.DONE, 1)),
        (NOW + 20 * DAY, None, Step(Do.MINT, 2)),
        (FAR, NEAR, Step(Do.MINT, 2)),
        (NEAR, FAR, Step(Do.MINT, 2)),
        (None, NEAR, Step(Do.MINT, 2)),
        (None, None, Step(Do.DONE, 1)),
    ]:
        there = view(held={1: token(expires_at=recorded)})
        assert next_step(there, SPEC, run({1: TokenAnswer(Verdict.YES, expires_at=told)})) == step, (recorded, told)
    # During an outage the record alone says so, and a due token is not enough.
    assert next_step(view(held={1: token(expires_at=NEAR)}), SPEC, run({1: UNKNOWN})).why is Why.CURRENT_UNKNOWN


def test_due_at_the_moment_itself_and_never_without_an_end() -> None:
    assert due(NOW + DAY, NOW, 86_400) is True
    assert due(NOW + DAY, NOW, 86_399) is False
    assert due(None, NOW, 86_400) is False


@pytest.mark.parametrize(("condemned", "step"), [(0, Step(Do.DONE, 1)), (1, Step(Do.MINT, 2))])
def test_a_condemned_generation_is_not_enough(condemned: int, step: Step) -> None:
    assert next_step(view(condemned=condemned), SPEC, run()) == step


def test_what_this_run_has_promoted_is_not_asked_about_again() -> None:
    # Its own claim is closed by its token, and Meta's answer to the parked token is not repeated for the current one.
    there = view(2, held={2: token()}, ledger=Ledger(generation=2, minting=True, has_token=True))
    assert next_step(there, SPEC, run({}, claimed=2)) == Step(Do.DONE, 2)


# --- minting --------------------------------------------------------------------------------------


def test_no_run_mints_a_third_time() -> None:
    wish = replace(SPEC, keepers={"round": "2"})
    assert next_step(view(), wish, run(mints=1)) == Step(Do.MINT, 2)
    assert next_step(view(), wish, run(mints=2)) == Step(Do.STOP, 1, Why.NEVER_VALID)


def test_full_labels_are_made_room_for_before_a_mint() -> None:
    wish = replace(SPEC, keepers={"round": "2"})
    assert next_step(view(custom_labels=12), wish, run()) == Step(Do.MINT, 2)
    assert next_step(view(custom_labels=13), wish, run()) == Step(Do.STOP, 1, Why.LABELS_FULL)
    old = {1: token(), 0: dropped(NOW - 2 * DAY)}
    assert next_step(view(custom_labels=13, held=old), wish, run()) == Step(Do.RETIRE, 0)


# --- claims of other runs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ledger", "step"),
    [
        (Ledger(generation=2, minting=True, age_s=0), Step(Do.WAIT, 2)),
        (Ledger(generation=2, minting=True, age_s=120), Step(Do.WAIT, 2)),
        (Ledger(generation=2, minting=True, age_s=120.1), Step(Do.MARK, 2)),
        (Ledger(generation=2, minting=False, age_s=0), None),
        (Ledger(generation=2, minting=True, has_token=True), None),
        (Ledger(generation=1, minting=True), None),
        (None, None),
    ],
)
def test_a_claim_without_token_is_waited_for_and_then_suspected(ledger: Ledger | None, step: Step | None) -> None:
    there = view(ledger=ledger)
    assert settle(there) == step
    assert next_step(there, SPEC, run()) == (step or Step(Do.DONE, 1))
    assert settle(there, claimed=2) is None


def test_a_run_stops_when_the_ledger_has_left_its_claim() -> None:
    wish = replace(SPEC, keepers={"round": "2"})
    for ledger in (None, Ledger(generation=3, minting=True), Ledger(generation=2, minting=False)):
        assert next_step(view(ledger=ledger), wish, run(claimed=2)) == Step(Do.STOP, 2, Why.LEDGER_LEFT)
    # Unless what it parked is current by now: then another run has finished its work, and tidies up behind itself.
    there = view(2, held={1: token(), 2: token()}, ledger=Ledger(generation=2))
    assert next_step(there, SPEC, run({2: YES}, claimed=2)) == Step(Do.DONE, 2)


# --- what is parked -------------------------------------------------------------------------------


def parked(**given: Any) -> View:
    return view(held={1: token(trigger="sha256:old"), 2: token(**given)}, ledger=Ledger(generation=2, has_token=True))


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (None, Step(Do.INSPECT, 2)),
        (YES, Step(Do.PROMOTE, 2)),
        (NO, Step(Do.REJECT, 2)),
        (UNKNOWN, Step(Do.STOP, 2, Why.PARKED_UNKNOWN)),
    ],
)
def test_a_parked_token_is_asked_about_and_taken_ended_or_left(answer: TokenAnswer | None, step: Step) -> None:
    assert next_step(parked(), SPEC, run({1: YES, **({2: answer} if answer else {})})) == step


def test_the_highest_parked_token_is_the_one() -> None:
    there = view(0, held={1: token(), 2: token(), 3: dropped(NOW)}, ledger=Ledger(generation=2, has_token=True))
    assert next_step(there, SPEC, run({})) == Step(Do.INSPECT, 2)


def test_a_run_promotes_its_own_token_within_its_lease_only() -> None:
    there = replace(parked(), ledger=Ledger(generation=2, minting=True, has_token=True))
    answers = {1: YES, 2: YES}
    assert next_step(there, SPEC, run(answers, claimed=2)) == Step(Do.PROMOTE, 2)
    assert next_step(there, SPEC, run(answers, claimed=2, lease_over=True)) == Step(Do.STOP, 2, Why.LEASE_OVER)
    # Another run's token has no lease of this run.
    assert next_step(there, SPEC, run(answers, lease_over=True)) == Step(Do.PROMOTE, 2)


def test_a_parked_token_that_was_not_asked_for_is_superseded() -> None:
    for given in ({"trigger": "sha256:another"}, {"app_id": "121"}):
        assert next_step(parked(**given), SPEC, run({1: YES, 2: YES})) == Step(Do.MINT, 3)
    assert next_step(replace(parked(), condemned=2), SPEC, run({1: YES, 2: YES})) == Step(Do.MINT, 3)
    assert next_step(replace(parked(), condemned=1), SPEC, run({1: YES, 2: YES})) == Step(Do.PROMOTE, 2)


# --- labels that somebody took off ----------------------------------------------------------------


def test_the_ledgers_label_comes_first() -> None:
    hidden = view(ledger=Ledger(generation=3), ledger_hidden=True)
    assert next_step(hidden, SPEC, run()) == Step(Do.RELEDGER, 3)
    assert next_step(view(ledger_hidden=True, ledger=None), SPEC, run()) == Step(Do.DONE, 1)


def test_a_live_token_without_its_label_gets_it_back() -> None:
    assert next_step(view(held={1: token(live=False)}), SPEC, run()) == Step(Do.RELABEL, 1)
    # Current again, with the stamp of its demotion: first the label, then the stamp goes.
    assert next_step(view(held={1: dropped(NOW)}), SPEC, run()) == Step(Do.RELABEL, 1)
    assert next_step(view(held={1: token(stamps=(NOW,))}), SPEC, run()) == Step(Do.UNSTAMP, 1)
    # Of one that is not current the stamp stays, and the label is gone for good.
    there = view(2, held={1: dropped(NOW), 2: token()}, ledger=Ledger(generation=2, has_token=True))
    assert next_step(there, SPEC, run({2: YES})) == Step(Do.DONE, 2)
    there = view(2, held={1: token(live=False), 2: token()}, ledger=Ledger(generation=2, has_token=True))
    assert next_step(there, SPEC, run({2: YES})) == Step(Do.RELABEL, 1)


def test_what_current_is_not_on_a_token_is_no_current_token() -> None:
    there = view(0, current=1, holds=Holds.FOREIGN, held={1: dropped(NOW)}, ledger=None)
    assert next_step(there, SPEC, run({})) == Step(Do.MINT, 2)


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (None, Step(Do.INSPECT, 1)),
        (YES, Step(Do.RELABEL, 1)),
        (NO, Step(Do.RELABEL, 1)),
        (UNKNOWN, Step(Do.DONE, 2)),
        (TokenAnswer(Verdict.NO, dead=True), Step(Do.DONE, 2)),
    ],
)
def test_a_token_without_any_label_is_labelled_again_unless_it_is_dead(answer: TokenAnswer | None, step: Step) -> None:
    held = {1: token(live=False, unlabelled=True), 2: token()}
    there = view(2, held=held, ledger=Ledger(generation=2, has_token=True))
    assert next_step(there, SPEC, run({2: YES, **({1: answer} if answer else {})})) == step


def test_one_that_is_dead_hides_no_other() -> None:
    held = {1: token(live=False, unlabelled=True), 2: token(live=False), 3: token()}
    there = view(3, held=held, ledger=Ledger(generation=3, has_token=True))
    answers = {1: TokenAnswer(Verdict.NO, dead=True), 3: YES}
    assert next_step(there, SPEC, run(answers)) == Step(Do.RELABEL, 2)


# --- behind a promotion ---------------------------------------------------------------------------


def behind(first: HeldToken, **given: Any) -> View:
    return view(2, held={1: first, 2: token()}, ledger=Ledger(generation=2, has_token=True), **given)


def test_a_superseded_token_is_stamped_dropped_and_retired_after_its_grace() -> None:
    second = timedelta(seconds=1)
    for there, step in [
        (behind(token()), Step(Do.STAMP, 1)),
        (behind(token(stamps=(NOW,))), Step(Do.DROP, 1)),
        (behind(dropped(NOW - DAY + second)), Step(Do.DONE, 2)),
        (behind(dropped(NOW - DAY)), Step(Do.RETIRE, 1)),
        # Two runs stamped it: the later one counts.
        (behind(dropped(NOW - 2 * DAY, NOW)), Step(Do.DONE, 2)),
    ]:
        assert next_step(there, SPEC, run({2: YES})) == step


def test_no_grace_ends_in_the_run_that_began_it_unless_an_operator_condemned_the_token() -> None:
    there = behind(dropped(NOW - 2 * DAY))
    assert next_step(there, SPEC, run({2: YES}, stamped={1})) == Step(Do.DONE, 2)
    assert next_step(replace(there, condemned=1), SPEC, run({2: YES}, stamped={1})) == Step(Do.RETIRE, 1)


def test_what_could_not_be_ended_is_left_for_the_next_run_and_the_rest_goes_on() -> None:
    held = {1: dropped(NOW - 2 * DAY), 2: dropped(NOW - 2 * DAY), 3: token()}
    there = view(3, held=held, ledger=Ledger(generation=3, has_token=True))
    assert next_step(there, SPEC, run({3: YES}, kept={1})) == Step(Do.RETIRE, 2)
    assert next_step(there, SPEC, run({3: YES}, kept={1, 2})) == Step(Do.DONE, 3)


def test_every_superseded_token_has_its_turn() -> None:
    held = {1: dropped(NOW), 2: dropped(NOW - 2 * DAY), 3: token()}
    there = view(3, held=held, ledger=Ledger(generation=3, has_token=True))
    assert next_step(there, SPEC, run({3: YES})) == Step(Do.RETIRE, 2)
    held = {1: dropped(NOW), 2: token(), 3: token()}
    assert next_step(replace(there, held=held), SPEC, run({3: YES})) == Step(Do.STAMP, 2)


def test_no_current_token_and_no_labelled_one_is_retired_whatever_stamps_they_bear() -> None:
    # Under AWS's rotation nothing of this comes before: Meta cannot be asked, so the labels stay as they are.
    cut = view(held={1: dropped(NOW - 2 * DAY, unlabelled=True)})
    assert next_step(cut, BY_AWS, run({1: UNKNOWN})) == Step(Do.DONE, 1)
    assert next_step(behind(token(stamps=(NOW - 2 * DAY,))), BY_AWS, run({2: YES})) == Step(Do.DONE, 2)


def test_what_a_closing_left_is_swept_before_anything_is_retired() -> None:
    assert next_step(behind(dropped(NOW - 2 * DAY), leftovers=True), SPEC, run({2: YES})) == Step(Do.SWEEP)


# --- AWS's rotation -------------------------------------------------------------------------------


def test_once_aws_rotates_pulumi_repairs_and_retires_and_does_nothing_else() -> None:
    due_now = view(held={1: token(expires_at=NEAR)})
    assert next_step(due_now, BY_AWS, run({})) == Step(Do.DONE, 1)
    assert next_step(view(held={1: token(live=False)}), BY_AWS, run({})) == Step(Do.RELABEL, 1)
    assert next_step(behind(dropped(NOW - 2 * DAY)), BY_AWS, run({})) == Step(Do.RETIRE, 1)
    # AWS's own claim is AWS's.
    claimed = view(ledger=Ledger(generation=2, minting=True, age_s=500))
    assert next_step(claimed, BY_AWS, run({})) == Step(Do.DONE, 1)
    # The first token is Pulumi's to mint, and what it has claimed it finishes.
    assert next_step(view(0), BY_AWS, run({})) == Step(Do.MINT, 1)
    assert next_step(due_now, BY_AWS, run({}, claimed=2)) == Step(Do.STOP, 2, Why.LEDGER_LEFT)


def test_create_secret_mints_once_and_only_where_a_token_can_be_asked_about() -> None:
    assert create_step(view(), SPEC, run({}), None) == Step(Do.INSPECT, 1)
    assert create_step(view(), SPEC, run({1: UNKNOWN}), None) == Step(Do.STOP, 1, Why.CURRENT_UNKNOWN)
    for answer in (YES, NO):
        assert create_step(view(), SPEC, run({1: answer}), None) == Step(Do.MINT, 2)
    assert create_step(view(0), SPEC, run({}), None) == Step(Do.STOP, 0, Why.NOT_BEGUN)
    assert create_step(view(held={1: token(app_id="121")}), SPEC, run({}), None) == Step(Do.MINT, 2)
    foreign = view(0, current=1, holds=Holds.FOREIGN, held={1: dropped(NOW)})
    assert create_step(foreign, SPEC, run({}), None) == Step(Do.MINT, 2)
    assert create_step(view(), SPEC, run({}), 2) == Step(Do.DONE, 2)
    hidden = view(ledger_hidden=True)
    assert create_step(hidden, SPEC, run(), 2) == create_step(hidden, SPEC, run(), None) == Step(Do.RELEDGER, 1)
    claimed = view(ledger=Ledger(generation=2, minting=True))
    assert create_step(claimed, SPEC, run(), None) == Step(Do.WAIT, 2)
    assert create_step(claimed, SPEC, run(claimed=2), None) == Step(Do.MINT, 3)
    assert create_step(view(), SPEC, run(claimed=2), None) == Step(Do.STOP, 2, Why.LEDGER_LEFT)


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (None, Step(Do.INSPECT, 2)),
        (YES, Step(Do.DONE, 2)),
        (NO, Step(Do.REJECT, 2)),
        (UNKNOWN, Step(Do.STOP, 2, Why.PARKED_UNKNOWN)),
    ],
)
def test_test_secret_asks_about_the_token_in_awss_version(answer: TokenAnswer | None, step: Step) -> None:
    assert check_step(parked(), run({} if answer is None else {2: answer}), 2) == step


def test_test_secret_judges_what_is_there_what_is_current_and_what_was_never_stored() -> None:
    assert check_step(view(), run({}), None) == Step(Do.STOP, 1, Why.NOTHING_STORED)
    assert check_step(view(), run({1: NO}), 1) == Step(Do.STOP, 1, Why.CURRENT_INVALID)
    assert check_step(view(), run({2: NO}), 2) == Step(Do.STOP, 2, Why.REJECTED)
    assert check_step(replace(parked(), condemned=2), run({}), 2) == Step(Do.REJECT, 2)
    assert check_step(view(condemned=2), run({}), 2) == Step(Do.STOP, 2, Why.CONDEMNED)
    # The current one is condemned and serves until its successor is there.
    assert check_step(view(condemned=1), run(), 1) == Step(Do.DONE, 1)


def test_finish_secret_promotes_once_never_back_and_tidies_up_behind_itself() -> None:
    assert finish_step(view(), SPEC, run(), None) == Step(Do.STOP, 1, Why.NOTHING_STORED)
    assert finish_step(parked(), SPEC, run({2: YES}), 2) == Step(Do.PROMOTE, 2)
    assert finish_step(parked(), SPEC, run({}), 2) == Step(Do.INSPECT, 2)
    assert finish_step(parked(), SPEC, run({2: NO}), 2) == Step(Do.REJECT, 2)
    assert finish_step(replace(parked(), condemned=2), SPEC, run({2: YES}), 2) == Step(Do.REJECT, 2)
    assert finish_step(behind(token()), SPEC, run({1: YES}), 1) == Step(Do.STOP, 1, Why.OVERTAKEN)
    assert finish_step(behind(token()), SPEC, run({2: YES}), 2) == Step(Do.STAMP, 1)
    assert finish_step(behind(dropped(NOW)), SPEC, run({2: YES}), 2) == Step(Do.DONE, 2)
    assert finish_step(view(ledger_hidden=True), SPEC, run(), 1) == Step(Do.RELEDGER, 1)
    waiting = replace(parked(), ledger=Ledger(generation=3, minting=True))
    assert finish_step(waiting, SPEC, run({2: YES}), 2) == Step(Do.WAIT, 3)
