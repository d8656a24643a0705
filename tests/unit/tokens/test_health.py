"""A token that has ended at Meta: asked about by its value, noted in the tags, and then known to every look."""

from __future__ import annotations

import pytest

from meta_access.tokens.issuer import Examined, Health, examine
from meta_access.tokens.observe import Finding, Need, Observed, observe
from tests.unit.tokens import scenarios
from tests.unit.tokens.world import SPEC, World

TAG = "meta-tokens:ended"


@pytest.fixture
def world() -> World:
    made = World()
    made.ensure()
    return made


def arn(world: World) -> str:
    return str(world.aws.find(SPEC.secret_name).arn)


def version_of(world: World) -> str:
    stages = world.new_store().describe(arn(world)).stages
    return next(version for version, labels in stages.items() if "AWSCURRENT" in labels)


def examined(world: World) -> Examined:
    return examine(world.new_store(), world.meta, arn(world), version_of(world))


def seen(world: World, *, rotation_owner: str = "pulumi") -> Observed:
    return observe(
        world.new_store(),
        arn(world),
        claim=world.tags()["meta-tokens:claim"],
        version_id=version_of(world),
        generation=world.at("AWSCURRENT")["generation"],
        expires_at=None,
        grace_s=SPEC.grace_s,
        rotate_before_s=SPEC.rotate_before_s,
        rotation_owner=rotation_owner,
    )


def end_all(world: World) -> None:
    """A person revokes the user's tokens in Business settings."""
    for value in world.meta.living():
        world.meta.tokens[value].revoked = True


def test_a_token_that_lives_changes_nothing(world: World) -> None:
    before = world.tags()

    assert examined(world) == Examined(Health.LIVES)
    assert world.tags() == before
    assert (seen(world).freshness, seen(world).ended) == ("current", False)


def test_one_that_has_ended_is_noted_and_due_until_another_is_current(world: World) -> None:
    end_all(world)
    assert seen(world).freshness == "current"

    assert examined(world) == Examined(Health.ENDED)

    assert world.tags()[TAG] == "1"
    found = seen(world)
    assert (found.finding, found.ended) == (
        Finding(Need.ROTATION, "rotation due: generation 1 has ended at Meta", ended=1),
        True,
    )
    # AWS's own rotation is not Pulumi's to do.
    assert seen(world, rotation_owner="lambda").freshness.startswith("edited by hand")

    outcome = world.ensure(claim=world.tags()["meta-tokens:claim"])

    assert (outcome.generation, len(world.meta.living())) == (2, 1)
    assert world.tags()[TAG] == "0"
    assert seen(world).freshness == "current"


def test_a_token_that_lives_after_all_is_kept_and_the_note_taken_back(world: World) -> None:
    [value] = world.meta.living()
    world.aws.do_tag_resource(SecretId=arn(world), Tags=[{"Key": TAG, "Value": "1"}])
    assert seen(world).ended

    outcome = world.ensure(claim=world.tags()["meta-tokens:claim"])

    assert (outcome.generation, world.meta.living()) == (1, {value})
    assert (seen(world).freshness, world.tags()[TAG]) == ("current", "0")


def test_in_an_outage_nothing_is_taken_for_ended(world: World) -> None:
    world.meta.outage = True

    found = examined(world)

    assert found.health is Health.UNKNOWN
    assert found.why
    assert TAG not in world.tags()


def test_a_version_that_is_not_ours_is_not_asked_about(world: World) -> None:
    assert examine(world.new_store(), world.meta, arn(world), "another") == Examined(
        Health.UNKNOWN, "its current version holds no token"
    )


def test_the_note_is_about_one_generation(world: World) -> None:
    world.ensure(scenarios.ROTATED, claim=world.tags()["meta-tokens:claim"])
    world.aws.do_tag_resource(SecretId=arn(world), Tags=[{"Key": TAG, "Value": "1"}])

    assert seen(world).ended is False
