"""Anything in any order on one secret: two actors, crashes, late actors, stale reads, outages, hands, clocks.

META_ACCESS_EXAMPLES=5000 plays so many random stories; otherwise sixty, the same ones in every run.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from meta_access.errors import GraphError, SecretStoreError, TokenPendingError
from tests.unit.tokens import scenarios
from tests.unit.tokens.scenarios import DAY, Scenario
from tests.unit.tokens.world import NAME, SPEC, Crash, World, nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.tokens.spec import TokenSpec

EXAMPLES = int(os.environ.get("META_ACCESS_EXAMPLES", "0"))
WISHES = [SPEC, *(replace(SPEC, keepers={"round": str(number)}) for number in (2, 3))]
LEASE_OVER_S = 150
# Beyond the points of the longest run: it then goes through.
POINTS = st.integers(0, 60)
STOPS = (TokenPendingError, SecretStoreError, GraphError, Crash)


class Story(RuleBasedStateMachine):
    """One secret's life. Two actors with wishes of their own; what they do to it is the product's."""

    @initialize(stale=st.booleans())
    def begin(self, stale: bool) -> None:
        self.world = World()
        self.claim = self.world.ensure().claim
        self.world.aws.stale = stale
        self.wish = 0
        self.ended_by_hand: set[str] = set()
        self.moved_by_hand = False
        self.unlabelled_by_hand: set[str] = set()

    # --- actors ---

    @rule(wish=st.sampled_from([0, 1, 2]), crash_at=POINTS)
    def run(self, wish: int, crash_at: int) -> None:
        """One actor runs and dies before or after an effect, or comes through."""
        self.wish = wish
        self.attempt(WISHES[wish], self.at(crash_at, self.die))

    @rule(late=st.sampled_from([0, 1, 2]), other=st.sampled_from([0, 1, 2]), at=POINTS, after=st.booleans(),
          asleep_s=st.sampled_from([0, 30, LEASE_OVER_S, 700]), suspended=st.booleans())  # fmt: skip
    def two(self, *, late: int, other: int, at: int, after: bool, asleep_s: int, suspended: bool) -> None:
        """One actor is held up at some point; the other does all its work meanwhile, then the first goes on."""

        def meanwhile() -> None:
            self.world.time.advance(asleep_s, runner=not suspended)
            self.attempt(WISHES[other], nothing)
            if after:
                self.world.time.advance(LEASE_OVER_S, runner=not suspended)

        self.wish = other
        self.attempt(WISHES[late], self.at(at, meanwhile))

    # --- the world ---

    @rule(seconds=st.sampled_from([5, LEASE_OVER_S, 3600, DAY + 60, 3 * DAY]))
    def time_passes(self, seconds: int) -> None:
        self.world.time.advance(seconds)

    @rule(ahead_s=st.sampled_from([-DAY, -LEASE_OVER_S, 0, 3600, DAY]))
    def the_clock_of_aws_jumps(self, ahead_s: float) -> None:
        self.world.aws.ahead_s = ahead_s

    @rule(stale=st.booleans())
    def reads_are_behind(self, stale: bool) -> None:
        self.world.aws.stale = stale

    @rule(down=st.booleans())
    def meta_is_down(self, down: bool) -> None:
        self.world.meta.outage = down

    @precondition(lambda self: not self.world.meta.spoil)
    @rule()
    def the_next_token_lacks_a_scope(self) -> None:
        self.world.meta.spoil = 1

    # --- hands ---

    @rule()
    def somebody_revokes_the_current_token(self) -> None:
        value = self.current()
        self.world.meta.tokens[value].revoked = True
        self.ended_by_hand.add(value)

    @rule()
    def somebody_moves_current_back(self) -> None:
        where = {label: key for key, labels in self.shown().items() for label in labels}
        back = where.get("AWSPREVIOUS")
        if back and "access_token" in self.world.payload(back):
            self.world.aws.update_secret_version_stage(
                SecretId=NAME, VersionStage="AWSCURRENT", RemoveFromVersionId=where["AWSCURRENT"], MoveToVersionId=back
            )
            self.moved_by_hand = True
            value = self.current()
            if not self.world.meta.alive(value):
                self.ended_by_hand.add(value)

    @rule(which=st.integers(0, 11))
    def somebody_takes_a_label_off(self, which: int) -> None:
        """Of a token, a superseded one, or the ledger."""
        ours = sorted((label, key) for key, labels in self.shown().items() for label in labels if "META_" in label)
        if not ours:
            return
        label, version_id = ours[which % len(ours)]
        payload = self.world.payload(version_id)
        value = payload.get("access_token")
        if value and not self.is_known(payload["generation"], version_id):
            # A token that no run has noted yet is known by its label alone.
            return
        self.world.aws.update_secret_version_stage(SecretId=NAME, VersionStage=label, RemoveFromVersionId=version_id)
        if value:
            self.unlabelled_by_hand.add(value)

    def is_known(self, generation: int, version_id: str) -> bool:
        with self.clear():
            labels, tags = self.world.stages(), self.world.tags()
            ledger = self.world.at("META_INTENT") if "META_INTENT" in self.world.labels() else None
        noted = str(generation) in tags.get("meta-tokens:held", "").split()
        is_ledger = bool(ledger and ledger["state"] == "minting" and ledger["generation"] == generation)
        return noted or is_ledger or "AWSCURRENT" in labels[version_id]

    # --- what always holds ---

    @invariant()
    def no_live_token_is_unseen(self) -> None:
        with self.clear():
            # Without the ledger's label nothing tells what it excuses; the next run puts it back.
            if "META_INTENT" in self.world.labels():
                unseen = scenarios.unaccounted(self.world) - self.unlabelled_by_hand
                assert len(unseen) <= scenarios.excused(self.world)

    @invariant()
    def nothing_ends_the_current_token_but_hands_and_time(self) -> None:
        value = self.current()
        token = self.world.meta.tokens[value]
        assert not token.revoked or value in self.ended_by_hand

    @invariant()
    def current_moves_back_by_hand_only(self) -> None:
        if self.moved_by_hand:
            return
        generations = [
            self.world.payload(version_id)["generation"]
            for version_id in self.world.aws.current
            if version_id in self.world.aws.find(NAME).versions
        ]
        assert generations == sorted(generations)

    def teardown(self) -> None:
        """Whatever happened, two more runs bring it to rest, and a third changes nothing."""
        if not hasattr(self, "world"):
            return
        self.world.aws.stale = self.world.meta.outage = False
        self.world.meta.spoil = 0
        self.world.aws.ahead_s = 0
        self.world.time.advance(2 * DAY)
        for _ in range(2):
            with contextlib.suppress(TokenPendingError):
                self.world.ensure(WISHES[self.wish], claim=self.claim)
        scenario = Scenario(
            "story", lambda _: None, lambda world, claim, _: world.ensure(WISHES[self.wish], claim=claim)
        )
        scenarios.check_healed(self.world, scenario, self.claim)

    # --- helpers ---

    def attempt(self, spec: TokenSpec, hook: Callable[[str, str], None]) -> None:
        self.world.hook(hook)
        try:
            self.world.ensure(spec, claim=self.claim)
        except STOPS:
            pass
        finally:
            self.world.hook(nothing)

    def at(self, point: int, happens: Callable[[], None]) -> Callable[[str, str], None]:
        passed = 0

        def hook(_when: str, _what: str) -> None:
            nonlocal passed
            passed += 1
            if passed - 1 == point:
                self.world.hook(nothing)
                happens()

        return hook

    @staticmethod
    def die() -> None:
        raise Crash

    @contextlib.contextmanager
    def clear(self):  # type: ignore[no-untyped-def]
        """Look without what blurs the sight of actors."""
        stale, self.world.aws.stale = self.world.aws.stale, False
        try:
            yield
        finally:
            self.world.aws.stale = stale

    def shown(self) -> dict[str, list[str]]:
        with self.clear():
            return self.world.stages()

    def current(self) -> str:
        [version_id] = [key for key, labels in self.shown().items() if "AWSCURRENT" in labels]
        return str(self.world.payload(version_id)["access_token"])


TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=EXAMPLES or 60,
    stateful_step_count=15,
    deadline=None,
    derandomize=not EXAMPLES,
    suppress_health_check=list(HealthCheck),
    database=None,
)
