"""Operations to break: each prepares a world, names the run that is broken and what must hold once healed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError, TokenPendingError
from meta_access.tokens.revocation import order
from meta_access.tokens.run import end
from tests.unit.tokens.world import NAME, SPEC, Crash, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.tokens.observe import Outcome
    from meta_access.tokens.store import SecretStore

ROTATED = replace(SPEC, keepers={"round": "2"})
DAY = 86400


@dataclass(frozen=True)
class Scenario:
    """One operation.

    Attributes:
        prepare: Makes the world as it was before, and answers the claim.
        run: The operation; run again to heal.
        ends: Whether it ends the secret instead of filling it.
    """

    name: str
    prepare: Callable[[World], str | None]
    run: Callable[[World, str | None, SecretStore | None], Outcome | str]
    ends: bool = False


def _nothing(_: World) -> None:
    return None


def _filled(world: World) -> str:
    return world.ensure().claim


def _rotated(world: World) -> str:
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    world.time.advance(DAY + 1)
    return claim


def _rotated_fresh(world: World) -> str:
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    return claim


def _bad_first(world: World) -> str:
    claim = world.ensure().claim
    world.meta.spoil = 1
    return claim


def _dead(world: World) -> str:
    claim = world.ensure().claim
    for token in world.meta.tokens.values():
        token.revoked = True
    return claim


def _due(world: World) -> str:
    claim = world.ensure().claim
    world.time.advance(45 * DAY)
    return claim


def _going(world: World) -> str | None:
    claim = world.ensure().claim
    end(world.store, world.meta, world.aws.find(NAME).arn, claim=claim, clock=world.time, notify=world.said.append)
    return None


def _ensure(world: World, claim: str | None, store: SecretStore | None = None) -> Outcome:
    return world.ensure(SPEC, claim=claim, store=store)


def _rotate(world: World, claim: str | None, store: SecretStore | None = None) -> Outcome:
    return world.ensure(ROTATED, claim=claim, store=store)


def _revoke(world: World, claim: str | None, store: SecretStore | None = None) -> Outcome:
    # As `meta-access revoke` does: the order is a process of its own, and the run that follows finds it.
    arn = world.aws.describe_secret(SecretId=NAME)["ARN"]
    said = world.said.append
    order(world.new_store(), world.meta, arn, owner=SPEC.owner, order_id="o1", clock=world.time, notify=said)
    return world.ensure(SPEC, claim=claim, store=store)


def _end(world: World, claim: str | None, store: SecretStore | None = None) -> str:
    assert claim
    arn = world.aws.describe_secret(SecretId=NAME)["ARN"]
    store = store or world.new_store()
    return end(store, world.meta, arn, claim=claim, clock=world.time, notify=world.said.append).sentence


CREATE = Scenario("create", _nothing, _ensure)
ROTATE = Scenario("rotate", _filled, _rotate)
BAD_FIRST_MINT = Scenario("bad first mint", _bad_first, _rotate)
RETIRE = Scenario("retire", _rotated, _rotate)
REPLACE_DEAD = Scenario("replace a dead token", _dead, _ensure)
ROTATE_DUE = Scenario("rotate by time", _due, _ensure)
REVOKE = Scenario("revoke", _rotated_fresh, _revoke)
RESTORE = Scenario("restore", _going, _ensure)
END = Scenario("end", _rotated, _end, ends=True)
ALL = (CREATE, ROTATE, BAD_FIRST_MINT, RETIRE, REPLACE_DEAD, ROTATE_DUE, REVOKE, RESTORE, END)


def run_until(world: World, scenario: Scenario, claim: str | None, crash_at: int | None) -> int:
    """Run with a crash at the n-th point (before or after an effect); answers how many points were passed."""
    points = 0

    def hook(_when: str, _what: str) -> None:
        nonlocal points
        if points == crash_at:
            raise Crash
        points += 1

    world.hook(hook)
    try:
        scenario.run(world, claim, None)
    except (Crash, TokenPendingError):
        pass
    finally:
        world.hook(lambda _when, _what: None)
    return points


def exists(world: World) -> bool:
    try:
        world.store.describe(NAME)
    except MetaAccessError:
        return False
    return True


def unaccounted(world: World) -> set[str]:
    """Live tokens that no labelled version holds."""
    if not exists(world):
        return world.meta.living()
    if world.store.describe(NAME).deletes_at:
        return world.meta.living()
    return world.meta.living() - world.held()


def excused(world: World) -> int:
    """How many live tokens may exist unseen: suspects, and a claim that is still open."""
    if not exists(world) or world.store.describe(NAME).deletes_at or "META_INTENT" not in world.labels():
        return 0
    ledger = world.at("META_INTENT")
    return len(world.suspects()) + int(ledger["state"] == "minting")


def check_healed(world: World, scenario: Scenario, claim: str | None) -> None:
    """What must hold after at most two further runs; the third changes nothing."""
    calls = world.aws.calls if hasattr(world.aws, "calls") else []
    if scenario.ends:
        assert world.store.describe(NAME).deletes_at
        assert world.meta.living() == set()
        return
    assert len(unaccounted(world)) <= len(world.suspects())
    current = world.at("AWSCURRENT")
    assert current["state"] == "active"
    assert world.meta.alive(current["access_token"])
    before, minted = world.stages(), len(world.meta.tokens)
    del calls[:]
    scenario.run(world, claim, None)
    assert world.stages() == before
    assert len(world.meta.tokens) == minted
    assert len(world.labels()) <= 12
