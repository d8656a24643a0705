"""What the matrix complains of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults import verdict
from tests.faults.census import Census, Secret, Version
from tests.faults.verdict import Complaint, Kind, Outcome, Wish

OLD = Version(frozenset({"AWSCURRENT", "META_G1", "RELEASED"}), "active", 1, "sha256:old")
BEFORE = Census(
    live=frozenset({"sha256:old"}),
    users=("reporting",),
    secrets=(Secret("s", versions=(Version(frozenset({"META_INTENT"}), "minting", 1), OLD)),),
)
STAMPED = replace(OLD, labels=frozenset({"AWSPREVIOUS", "META_R1_1795757341", "RELEASED"}))
NEW = Version(frozenset({"AWSCURRENT", "META_G2"}), "active", 2, "sha256:new")
LEDGER = Version(frozenset({"META_INTENT"}), "minting", 2)
AFTER = Census(
    live=frozenset({"sha256:old", "sha256:new"}),
    users=("reporting",),
    secrets=(Secret("s", versions=(LEDGER, STAMPED, NEW)),),
)
ROTATED = Wish(kept=frozenset({"sha256:old"}))


def kinds(complaints: list[Complaint]) -> dict[Kind, int]:
    return {complaint.kind: complaint.count for complaint in complaints}


def after(*versions: Version, live: set[str] | None = None, users: tuple[str, ...] = ("reporting",)) -> Census:
    return Census(frozenset(AFTER.live if live is None else live), users, (Secret("s", versions=versions),))


def test_a_good_rotation_has_nothing_to_complain_of() -> None:
    assert verdict.finally_(AFTER, ROTATED, BEFORE) == []
    assert verdict.meanwhile(AFTER, ROTATED, BEFORE) == []


def test_live_tokens_in_no_labelled_version_are_counted_and_suspects_stand_for_as_many() -> None:
    two_more = {"sha256:old", "sha256:new", "sha256:lost", "sha256:lost too"}

    assert kinds(verdict.finally_(after(LEDGER, STAMPED, NEW, live=two_more), ROTATED, BEFORE)) == {Kind.UNACCOUNTED: 2}
    listing = replace(LEDGER, suspects=(1,))
    assert kinds(verdict.finally_(after(listing, STAMPED, NEW, live=two_more), ROTATED, BEFORE)) == {
        Kind.UNACCOUNTED: 1
    }
    # A list that no label keeps is none.
    unlabelled = replace(listing, labels=frozenset({"META_R2_1795757341"}))
    assert Kind.UNACCOUNTED in kinds(verdict.finally_(after(unlabelled, STAMPED, NEW, live=two_more), ROTATED, BEFORE))


@pytest.mark.parametrize("judge", [verdict.finally_, verdict.meanwhile])
def test_a_current_version_must_be_honoured_in_between_and_in_the_end(judge: object) -> None:
    dead = after(LEDGER, STAMPED, NEW, live={"sha256:old"})
    retired = after(STAMPED, replace(LEDGER, labels=frozenset({"AWSCURRENT", "META_INTENT"}), state="retired"))
    blank = after(STAMPED, Version(frozenset({"AWSCURRENT"}), "empty"))

    for census in (dead, retired, blank):
        assert kinds(judge(census, ROTATED, BEFORE))[Kind.DEAD_CURRENT] == 1  # type: ignore[operator]


def test_a_new_secret_may_be_empty_in_between_but_not_in_the_end() -> None:
    blank = Census(
        users=("reporting",), secrets=(Secret("s", versions=(Version(frozenset({"AWSCURRENT"}), "empty"),)),)
    )

    assert verdict.meanwhile(blank, Wish(), Census()) == []
    assert Kind.WRONG_CURRENT in kinds(verdict.finally_(blank, Wish(), Census()))


def test_a_second_user_is_counted() -> None:
    assert kinds(verdict.finally_(after(LEDGER, STAMPED, NEW, users=("reporting", "reporting")), ROTATED, BEFORE)) == {
        Kind.DUPLICATE: 1
    }


def test_a_token_in_grace_must_live_in_a_labelled_version() -> None:
    assert kinds(verdict.meanwhile(after(LEDGER, STAMPED, NEW, live={"sha256:new"}), ROTATED, BEFORE)) == {
        Kind.LOST_VERSION: 1
    }
    assert Kind.LOST_VERSION in kinds(verdict.finally_(after(LEDGER, NEW), ROTATED, BEFORE))


def test_what_is_asked_for_must_be_current() -> None:
    assert Kind.WRONG_CURRENT in kinds(verdict.finally_(BEFORE, ROTATED, BEFORE))
    assert Kind.WRONG_CURRENT in kinds(verdict.finally_(AFTER, Wish(current="sha256:old"), BEFORE))
    assert Kind.WRONG_CURRENT in kinds(verdict.finally_(Census(users=("reporting",)), Wish(), Census()))


def test_what_had_to_end_must_be_dead() -> None:
    wish = Wish(current="sha256:new", ended=frozenset({"sha256:old"}))

    assert kinds(verdict.finally_(AFTER, wish, AFTER)) == {Kind.NOT_ENDED: 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AWSPREVIOUS", "META_R1_1795757341"}, "RELEASED is gone"),
        ({"META_R1_1795757341", "META_G1", "RELEASED"}, "META_G1"),
        ({"META_R1_0", "META_R1_1795757341", "RELEASED"}, "META_R1_0"),
        ({"META_R1_1795757341", "RELEASED", "STRANGE"}, "STRANGE"),
        ({"RELEASED", *(f"META_R1_{number}" for number in range(1, 13))}, "15 labels"),
    ],
)
def test_labels_are_what_they_should_be(change: set[str], said: str) -> None:
    [complaint] = verdict.finally_(after(LEDGER, replace(STAMPED, labels=frozenset(change)), NEW), ROTATED, BEFORE)

    assert complaint == Complaint(Kind.LABELS, said)


def test_a_destroyed_secret_leaves_no_token_and_a_free_slot() -> None:
    gone = Census(users=("unused alder-1a2b",), secrets=(Secret("s", scheduled=True),))

    assert verdict.finally_(gone, Wish(gone=True), BEFORE) == []
    alive = replace(gone, live=frozenset({"sha256:old"}))
    assert kinds(verdict.finally_(alive, Wish(gone=True), BEFORE)) == {Kind.UNACCOUNTED: 1, Kind.NOT_ENDED: 1}
    assert kinds(verdict.finally_(replace(gone, users=("reporting",)), Wish(gone=True), BEFORE)) == {Kind.NOT_ENDED: 1}
    assert kinds(verdict.finally_(AFTER, Wish(gone=True), BEFORE)) == {Kind.NOT_ENDED: 1}


def test_the_last_line_counts() -> None:
    found = [
        Outcome("a", (), suspects=1),
        Outcome("b", (Complaint(Kind.UNACCOUNTED, "", 2), Complaint(Kind.DEAD_CURRENT, ""))),
        Outcome("c", (Complaint(Kind.DUPLICATE, "", 1),)),
    ]

    assert str(verdict.count(found)) == (
        "trials 3, failing 2, live tokens unaccounted 2, dead currents 1, duplicates 1"
    )
    assert verdict.count(found).suspects == 1
