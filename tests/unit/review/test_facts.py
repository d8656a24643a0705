from __future__ import annotations

from dataclasses import replace

import pytest

from meta_access.review.facts import Cause, Class, Difference, Fact, Kind, Part, Review, Sign, against, grouped

GAIN = Fact(
    kind=Kind.TASKS_GAINED, resource="AssetAssignment", name="a", who="trading", tasks=("MANAGE",), asset="act_1"
)
LOSS = replace(GAIN, kind=Kind.TASKS_LOST, asset="act_2")
DUE = Fact(kind=Kind.TOKEN_RENEWED, cause=Cause.DUE, resource="SystemUserToken", name="t", who="trading")
DRIFT = replace(GAIN, cause=Cause.DRIFT, asset="act_3")
GATE = Fact(kind=Kind.GATE_WAITS, cause=Cause.PEOPLE, resource="AppRoles", name="g")


def review(*facts: Fact) -> Review:
    return Review(stack="dev", project="shop", facts=facts)


def test_a_base_review_tells_what_the_change_causes() -> None:
    found = against(review(GAIN, LOSS, DUE, DRIFT, GATE), review(LOSS, DRIFT, DUE, GATE))
    assert found.compared
    # The base branch loses the same once it is applied, so this change is not why.
    assert found.facts == (GAIN, replace(LOSS, cause=Cause.DUE), DUE, DRIFT, GATE)


def test_without_it_in_the_base_review_drift_is_the_changes_and_what_is_due_is_not() -> None:
    found = against(review(DRIFT, DUE, GATE), review())
    assert found.facts == (replace(DRIFT, cause=Cause.CHANGE), DUE, GATE)


def test_what_the_base_branch_would_do_and_the_change_leaves_undone_is_the_changes() -> None:
    # By hand trading got MANAGE; the state knows it, and the change declares it: the preview shows nothing at all.
    base = review(replace(LOSS, tasks=("ANALYZE", "MANAGE"), implied=("ADVERTISE",)), GAIN)
    found = against(review(replace(LOSS, tasks=("ANALYZE",), implied=())), base)
    assert found.facts == (
        replace(LOSS, tasks=("ANALYZE",), implied=()),
        replace(LOSS, kind=Kind.TASKS_GAINED, tasks=("MANAGE",), implied=("ADVERTISE",), already=True),
        replace(GAIN, kind=Kind.TASKS_LOST, already=True),
    )
    assert found.classes == {Class.DELETION, Class.WIDENING}


def test_offline_nobody_knows_whether_meta_has_it_so_already() -> None:
    offline = replace(review(), offline=True)
    assert against(offline, replace(review(GAIN), offline=True)).facts == (replace(GAIN, kind=Kind.TASKS_LOST),)


def test_a_renamed_user_leaves_nothing_undone_under_its_old_name() -> None:
    renamed = Fact(
        kind=Kind.USER_RENAMED,
        resource="SystemUser",
        who="buying",
        differences=(Difference("name", "trading", "buying"),),
    )
    drift = replace(DRIFT, kind=Kind.TASKS_LOST)
    found = against(review(renamed, replace(drift, who="buying")), review(drift))
    assert [(fact.kind, fact.who) for fact in found.facts] == [
        (Kind.USER_RENAMED, "buying"),
        (Kind.TASKS_LOST, "buying"),
    ]


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.HELD_BACK, Kind.TASKS_UNKNOWN])
def test_what_is_not_done_or_not_known_leaves_nothing_to_compare(kind: Kind) -> None:
    open_ = replace(GAIN, kind=kind)
    assert against(review(open_), review(GAIN)).facts == (open_,)
    failed = replace(review(), failed=True)
    assert against(failed, review(GAIN)).facts == ()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sign_and_a_part(kind: Kind) -> None:
    fact = Fact(kind=kind)
    assert fact.sign in Sign
    assert fact.part in Part


def test_only_the_change_stops_a_pipeline_but_a_refusal_always_does() -> None:
    assert LOSS.classes == {Class.DELETION}
    assert DRIFT.classes == frozenset()
    assert Fact(kind=Kind.REFUSED, cause=Cause.DRIFT).classes == {Class.REFUSED}
    assert review(GAIN, LOSS).classes == {Class.WIDENING, Class.DELETION}
    assert review().classes == frozenset()


def test_a_refusal_is_never_folded_away() -> None:
    refused = Fact(kind=Kind.REFUSED, cause=Cause.DRIFT)
    found = review(refused, DRIFT)
    assert (found.of(Cause.CHANGE), found.of(Cause.DRIFT)) == ((refused,), (DRIFT,))


def test_facts_alike_stand_together_in_the_order_of_their_risk() -> None:
    more = [replace(GAIN, asset=f"act_{number}", name=f"n{number}") for number in range(5, 9)]
    other = replace(GAIN, client="acme")
    found = grouped((GATE, *more, DUE, other, GAIN, LOSS))
    assert [(group.first.kind, len(group.all)) for group in found] == [
        (Kind.TASKS_LOST, 1),
        (Kind.TASKS_GAINED, 5),
        (Kind.TASKS_GAINED, 1),
        (Kind.TOKEN_RENEWED, 1),
        (Kind.GATE_WAITS, 1),
    ]
