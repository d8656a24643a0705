"""An emergency: what is condemned dies at once, a successor takes over first, and nothing else is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.errors import ForeignSecretError, PermissionDeniedError, SecretScheduledForDeletionError
from meta_access.tokens.observe import Finding, Need
from meta_access.tokens.revocation import Condemned, end_condemned, order
from meta_access.tokens.run import observe
from tests.unit.tokens import scenarios
from tests.unit.tokens.world import NAME, PREFIX, SPEC, Crash, World, nothing

if TYPE_CHECKING:
    from pathlib import Path

    from meta_access.tokens.observe import Observed, Outcome
    from meta_access.tokens.tags import Order

FIRST, SECOND, THIRD = (f"{PREFIX}0000000{n}" for n in (1, 2, 3))
HOUR = 3600


@pytest.fixture
def world() -> World:
    """A secret with a current token, generation 2, and a superseded one in grace."""
    made = World()
    claim = made.ensure().claim
    made.ensure(scenarios.ROTATED, claim=claim)
    made.time.advance(HOUR)
    return made


def arn(world: World) -> str:
    found: str = world.aws.find(NAME).arn
    return found


def claim(world: World) -> str:
    return world.tags()["meta-tokens:claim"]


def ordered(world: World, order_id: str = "o1", owner: str = SPEC.owner) -> Order:
    store, said = world.new_store(), world.said.append
    return order(store, world.meta, arn(world), owner=owner, order_id=order_id, clock=world.time, notify=said)


def rotated(world: World) -> Outcome:
    return world.ensure(scenarios.ROTATED, claim=claim(world))


def ended(world: World, spare_current: str = "") -> Condemned:
    return end_condemned(
        world.new_store(),
        world.meta,
        arn(world),
        owner=SPEC.owner,
        spare_current=spare_current,
        clock=world.time,
        notify=world.said.append,
    )


def seen(world: World, outcome: Outcome) -> Observed:
    return observe(
        world.new_store(),
        arn(world),
        claim=outcome.claim,
        version_id=outcome.version_id,
        generation=outcome.generation,
        expires_at=outcome.expires_at,
        grace_s=SPEC.grace_s,
        rotate_before_s=SPEC.rotate_before_s,
    )


def test_the_successor_is_current_before_anything_is_ended(world: World) -> None:
    assert ordered(world).through == 2
    current_at_revocation: list[str] = []

    def hook(when: str, what: str) -> None:
        if (when, what) == ("before", "revoke"):
            current_at_revocation.append(world.at("AWSCURRENT")["access_token"])

    world.meta.hook = hook
    outcome = rotated(world)

    assert current_at_revocation == [THIRD, THIRD]
    assert outcome.generation == 3
    assert outcome.superseded == ()
    assert world.meta.living() == {THIRD}


def test_one_order_is_carried_out_once(world: World) -> None:
    ordered(world)
    rotated(world)

    assert ordered(world).through == 2
    assert rotated(world).generation == 3
    assert ordered(world, "o2").through == 3


def test_the_preview_says_what_is_condemned_until_it_is_dead(world: World) -> None:
    before = rotated(world)
    ordered(world)

    assert seen(world, before).finding == Finding(Need.REVOCATION, "revocation due: generation 1, 2")
    assert seen(world, rotated(world)).freshness == "current"


def test_a_token_in_the_making_is_condemned_as_well(world: World) -> None:
    def dies(_when: str, what: str) -> None:
        if what == "mint":
            raise Crash

    world.meta.hook = dies
    with pytest.raises(Crash):
        world.ensure(claim=claim(world))
    world.meta.hook = nothing

    assert ordered(world).through == 3


def test_a_refused_mint_leaves_the_order_and_the_condemned_can_be_ended_without_it(world: World) -> None:
    ordered(world)
    world.meta.refuse = PermissionDeniedError("no", code=10)
    with pytest.raises(PermissionDeniedError):
        rotated(world)
    assert world.meta.living() == {FIRST, SECOND}

    assert ended(world) == Condemned(ended=[1, 2], kept={}, current=True)
    assert world.meta.living() == set()

    world.meta.refuse = None
    outcome = rotated(world)
    assert world.meta.living() == {world.at("AWSCURRENT")["access_token"]}
    assert seen(world, outcome).freshness == "current"


def test_the_current_token_can_be_spared_while_the_others_end(world: World) -> None:
    ordered(world)

    assert ended(world, "no successor") == Condemned(ended=[1], kept={2: "no successor"})
    assert world.meta.living() == {SECOND}


def test_without_an_order_nothing_is_condemned(world: World) -> None:
    assert ended(world) == Condemned()
    assert world.meta.living() == {FIRST, SECOND}


def test_the_credential_in_use_is_kept_and_said(world: World) -> None:
    ordered(world)
    world.meta.calling = SECOND

    assert ended(world) == Condemned(ended=[1], kept={2: "it is the credential in use"})
    assert world.meta.living() == {SECOND}


def test_a_silent_meta_keeps_everything_and_says_so(world: World) -> None:
    ordered(world)
    world.meta.outage = True

    assert ended(world).kept == {1: "Meta did not say", 2: "Meta did not say"}
    world.meta.outage = False
    assert world.meta.living() == {FIRST, SECOND}


def test_an_audit_that_cannot_be_written_stops_neither_the_order_nor_the_end(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("META_ACCESS_AUDIT", str(tmp_path / "a file" / "audit.jsonl"))

    ordered(world)
    assert ended(world) == Condemned(ended=[1, 2], current=True)

    assert world.meta.living() == set()
    assert sum("the audit cannot be written" in line for line in world.said) == 1


def test_a_foreign_secret_and_one_that_goes_are_refused(world: World) -> None:
    with pytest.raises(ForeignSecretError, match=r"it belongs to meta-access/test, and this is meta-access/prod"):
        ordered(world, owner="meta-access/prod")
    scenarios.END.run(world, claim(world), None)
    with pytest.raises(SecretScheduledForDeletionError):
        ordered(world)


@pytest.mark.parametrize("crash_at", range(60))
def test_the_condemned_are_dead_after_any_crash(crash_at: int) -> None:
    world = World()
    held = scenarios.REVOKE.prepare(world)
    scenarios.run_until(world, scenarios.REVOKE, held, crash_at)
    current = world.at("AWSCURRENT")["access_token"]
    assert world.meta.alive(current), "a reader has a dead token"

    scenarios.REVOKE.run(world, held, None)

    assert not {FIRST, SECOND} & world.meta.living()
    # Between Meta's commit and ours a token can only be written down as a suspect.
    assert len(world.meta.living()) - 1 <= len(world.suspects())
