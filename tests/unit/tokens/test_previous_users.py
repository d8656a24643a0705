"""Users that a secret's token has left: noted with the change, marked for retirement, forgotten when that is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meta_access.tokens import previous_users
from meta_access.tokens.observe import observe
from meta_access.tokens.previous_users import Former
from tests.unit.tokens.world import NAME, SPEC, Crash, World

OTHER = replace(SPEC, system_user_id="302")
THIRD = replace(SPEC, system_user_id="303")
# sha256("trading"), its first 16 hex digits
TRADING = "0035e3bed3a10ebe"
TAG = "meta-tokens:former-users"


@pytest.fixture
def world() -> World:
    """A secret whose token has moved from user 301 to user 302."""
    made = World()
    made.ensure(OTHER, claim=made.ensure().claim)
    return made


def claim(world: World) -> str:
    return world.tags()["meta-tokens:claim"]


def test_a_user_that_the_token_leaves_is_noted_and_one_that_it_comes_back_to_is_not(world: World) -> None:
    assert world.tags()[TAG] == "301"
    world.ensure(THIRD, claim=claim(world))
    assert world.tags()[TAG] == "301 302"

    world.ensure(SPEC, claim=claim(world))

    assert world.tags()[TAG] == "302 303"


def test_a_secret_whose_user_never_changed_has_no_such_tag() -> None:
    world = World()
    made = world.ensure()
    world.ensure(replace(SPEC, keepers={"round": "2"}), claim=made.claim)

    assert TAG not in world.tags()


def test_the_note_comes_in_one_write_with_the_new_user() -> None:
    world = World()
    made = world.ensure().claim

    def dies(when: str, what: str) -> None:
        if (when, what) == ("after", "tag_resource"):
            raise Crash

    world.hook(dies)
    with pytest.raises(Crash):
        world.ensure(OTHER, claim=made)
    world.hook(lambda _when, _what: None)

    assert (world.tags()["meta-tokens:system-user-id"], world.tags()[TAG]) == ("302", "301")


def test_a_look_tells_who_was_left(world: World) -> None:
    seen = observe(
        world.store, NAME, claim=claim(world), version_id="", generation=2, expires_at=None, grace_s=86_400,
        rotate_before_s=86_400,
    )  # fmt: skip

    assert (seen.former, [token.generation for token in seen.superseded]) == (("301",), [1])


def test_a_user_is_marked_with_a_digest_of_its_name_and_forgotten(world: World) -> None:
    previous_users.mark(world.store, NAME, "301", "trading")
    assert previous_users.read(world.tags()) == (Former("301", TRADING),)
    # A later change of user keeps the mark.
    world.ensure(THIRD, claim=claim(world))
    assert previous_users.read(world.tags()) == (Former("301", TRADING), Former("302"))

    previous_users.forget(world.store, NAME, "301")

    assert previous_users.read(world.tags()) == (Former("302"),)


def test_tokens_of_a_user_are_held_until_they_are_retired(world: World) -> None:
    assert previous_users.held(world.store, NAME, "301") == [1]
    assert previous_users.held(world.store, NAME, "302") == [2]
    world.time.advance(86_401)
    world.ensure(OTHER, claim=claim(world))

    assert previous_users.held(world.store, NAME, "301") == []


def test_what_does_not_fit_into_the_tag_drops_the_oldest(world: World) -> None:
    for number in range(10):
        previous_users.mark(world.store, NAME, f"1220900000001{number:02d}", f"user {number}")

    found = previous_users.read(world.tags())

    assert len(world.tags()[TAG]) <= 256
    assert [one.id[-2:] for one in found] == ["03", "04", "05", "06", "07", "08", "09"]


def test_a_tag_that_somebody_wrote_over_holds_nobody() -> None:
    assert previous_users.read({TAG: "see Lena, 12x"}) == ()
