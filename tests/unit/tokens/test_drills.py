"""The drills of docs/runbook.md: what goes wrong, what the operator does, and what is right afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meta_access.errors import AuthError, SecretDeniedError, TokenPendingError
from tests.unit.tokens.world import NAME, SPEC, World

DAY = 86_400


def test_drill_token_dead() -> None:
    world = World()
    claim = world.ensure().claim
    for token in world.meta.tokens.values():
        token.revoked = True

    outcome = world.ensure(claim=claim)

    assert outcome.generation == 2
    assert world.meta.alive(world.at("AWSCURRENT")["access_token"])
    assert len(world.meta.living()) == 1


def test_drill_secret_deleted() -> None:
    world = World()
    claim = world.ensure().claim
    world.aws.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)

    assert world.ensure(claim=claim).generation == 1
    assert world.said[-1] == f"Secret {NAME}: it was scheduled for deletion, and is restored."
    assert len(world.meta.tokens) == 1

    del world.aws.secrets[NAME]
    assert world.ensure(claim=claim).generation == 1
    assert len(world.meta.tokens) == 2


def test_drill_kms_key_gone() -> None:
    world = World()
    claim = world.ensure().claim
    value = world.at("AWSCURRENT")["access_token"]

    def denied(**_: object) -> None:
        raise world.aws.error("DecryptionFailure")

    world.aws.get_secret_value = denied
    with pytest.raises(SecretDeniedError, match="its KMS key does not serve this role"):
        world.ensure(replace(SPEC, keepers={"round": "2"}), claim=claim)
    assert (len(world.meta.tokens), world.meta.alive(value)) == (1, True)

    # The key is gone for good: another secret, with another key, gets a token of its own.
    del world.aws.get_secret_value
    moved = world.ensure(replace(SPEC, secret_name="meta/test/other", kms_key="alias/meta-new"))
    assert moved.generation == 1
    assert world.meta.alive(world.at("AWSCURRENT", "meta/test/other")["access_token"])


def test_drill_meta_down_for_a_day() -> None:
    world = World()
    claim = world.ensure().claim
    before = world.stages()
    world.time.advance(45 * DAY)
    world.meta.outage = True

    for _ in range(4):
        with pytest.raises(TokenPendingError, match="Nothing was minted, revoked or marked"):
            world.ensure(claim=claim)
        world.time.advance(DAY / 4)
    assert world.stages() == before
    world.meta.outage = False

    assert world.ensure(claim=claim).generation == 2
    assert len(world.meta.tokens) == 2


def test_drill_admin_token_lost() -> None:
    world = World()
    claim = world.ensure().claim
    value = world.at("AWSCURRENT")["access_token"]
    honest = world.meta.inspect

    def refused(_: object) -> None:
        raise AuthError("Meta refuses the token that this connection acts with", code=190)

    world.meta.inspect = refused  # type: ignore[assignment]
    rotated = replace(SPEC, keepers={"round": "2"})
    with pytest.raises(TokenPendingError, match="Meta refuses the token that this connection acts with"):
        world.ensure(rotated, claim=claim)
    assert (len(world.meta.tokens), world.meta.alive(value)) == (1, True)

    world.meta.inspect = honest  # type: ignore[method-assign]  # a new one is put where the reference points
    assert world.ensure(rotated, claim=claim).generation == 2


def test_drill_wrong_rollback() -> None:
    world = World()
    first = world.ensure()
    rotated = replace(SPEC, keepers={"round": "2"})
    second = world.ensure(rotated, claim=first.claim)
    world.aws.update_secret_version_stage(
        SecretId=NAME,
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=second.version_id,
        MoveToVersionId=first.version_id,
    )
    world.time.advance(2 * DAY)

    outcome = world.ensure(rotated, claim=first.claim)

    assert (outcome.generation, outcome.version_id) == (2, second.version_id)
    assert len(world.meta.tokens) == 2
    # Its predecessor was in use until a moment ago: its grace begins anew.
    assert len(world.meta.living()) == 2
    world.time.advance(DAY + 1)
    world.ensure(rotated, claim=first.claim)
    assert len(world.meta.living()) == 1
