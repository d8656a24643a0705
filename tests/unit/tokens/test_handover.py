"""A secret that is left to another token of its user: its readers keep a live token through the grace, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from meta_access.errors import ConflictError
from meta_access.tokens.delete import Heir, LeftSecret, hand_over, read, settle
from meta_access.tokens.run import leave
from tests.unit.tokens.world import NAME, SPEC, Crash, World

NEW = "meta/test/insights"
GRACE_S = 24 * 3600
# One day after the world's beginning.
ENDS = datetime(2026, 11, 25, 8, 0, 0, tzinfo=UTC)


class Two:
    """Two tokens of one user, the older one to go."""

    def __init__(self) -> None:
        self.world = World()
        self.old = self.world.ensure()
        self.new = self.world.ensure(replace(SPEC, secret_name=NEW))

    def hand_over(self) -> Any:
        heir = Heir(self.world.new_store(), self.new.arn, self.new.claim)
        return hand_over(
            self.world.new_store(), self.world.meta, self.old.arn, claim=self.old.claim, heir=heir, grace_s=GRACE_S,
            clock=self.world.time, notify=self.world.said.append,
        )  # fmt: skip

    def end(self) -> Any:
        """What the heir does on its later runs."""
        return leave(
            self.world.new_store(), self.world.meta, self.old.arn, claim=self.new.claim, grace_s=GRACE_S,
            clock=self.world.time, notify=self.world.said.append,
        )  # fmt: skip

    def alive(self) -> int:
        return len(self.world.meta.living())

    def left(self) -> tuple[LeftSecret, ...]:
        return read(self.new.arn, self.world.tags(NEW))


@pytest.fixture
def two() -> Two:
    return Two()


def test_readers_keep_a_live_token_until_the_grace_is_over_and_the_heir_ends_it(two: Two) -> None:
    assert two.hand_over().ends_at == ENDS

    assert two.alive() == 2
    assert two.world.at("AWSCURRENT")["state"] == "active"
    assert two.left() == (LeftSecret(two.old.arn, ENDS),)
    two.world.time.advance(GRACE_S - 60)
    assert two.end().ends_at == ENDS
    assert two.alive() == 2

    two.world.time.advance(120)
    assert two.end().ends_at is None
    assert two.alive() == 1
    settle(two.world.new_store(), two.new.arn, two.old.arn)
    assert two.left() == ()


@pytest.mark.parametrize("nth", [1, 2])
def test_a_run_that_dies_in_between_is_done_again_and_loses_nothing(two: Two, nth: int) -> None:
    tags = 0

    def die(when: str, what: str) -> None:
        nonlocal tags
        tags += (when, what) == ("before", "tag_resource")
        if tags == nth:
            raise Crash

    two.world.hook(die)
    with pytest.raises(Crash):
        two.hand_over()
    two.world.hook(lambda _when, _what: None)
    two.world.time.advance(3600)

    # The grace goes on from its beginning.
    assert two.hand_over().ends_at == ENDS
    assert two.left() == (LeftSecret(two.old.arn, ENDS),)
    assert two.world.tags(NAME)["meta-tokens:claim"] == two.new.claim
    assert two.alive() == 2


def test_an_identity_that_comes_back_within_the_grace_has_its_token_and_the_heir_lets_go(two: Two) -> None:
    two.hand_over()

    back = two.world.ensure()

    assert back.generation == 1
    two.world.time.advance(2 * GRACE_S)
    assert two.end().ends_at is None
    assert two.alive() == 2


def test_an_heir_that_somebody_else_has_claimed_gets_nothing_and_nothing_ends(two: Two) -> None:
    two.world.ensure(replace(SPEC, secret_name=NEW))

    with pytest.raises(ConflictError, match="has been claimed by another resource since"):
        two.hand_over()

    assert (two.alive(), two.left()) == (2, ())
    assert not [label for label in two.world.labels() if label.startswith("META_R")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/x-AbCdEf soon",
        "meta/x 2026-11-25T08:00:00Z",
        "arn:aws:secretsmanager:eu-central-1:999999999999:secret:meta/x-AbCdEf 2026-11-25T08:00:00Z",
        "arn:aws:secretsmanager:evil.example/:123456789012:secret:meta/x-AbCdEf 2026-11-25T08:00:00Z",
    ],
)
def test_what_was_edited_by_hand_is_not_taken_for_a_secret_of_ours(two: Two, text: str) -> None:
    assert read(two.new.arn, {"meta-tokens:leaves-a": text}) == ()


def test_a_secret_of_another_region_may_have_been_left(two: Two) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:meta/x-AbCdEf"

    assert read(two.new.arn, {"meta-tokens:leaves-a": f"{arn} 2026-11-25T08:00:00Z"}) == (LeftSecret(arn, ENDS),)
