"""What a run works with, and the two ways it deals with another run's claim: waiting, and writing it off."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access import audit
from meta_access.clock import iso
from meta_access.errors import TokenPendingError
from meta_access.tokens import tags
from meta_access.tokens.payload import Closed, Intent, Suspect, intent_id
from meta_access.tokens.plan import LEASE_S, Do, settle
from meta_access.tokens.secret import ledger_of, suspects_of, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.clock import Clock
    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.plan import View
    from meta_access.tokens.secret import Secret

LIFETIME = timedelta(days=60)

# A claim's whole lease, and some for AWS's clock being read in whole seconds and for a run that claims after it.
LONGEST_WAIT_S = LEASE_S + 60
PARK_FOR_S = 600.0
_LOOK_EVERY_S = 5
_LOST_TOKEN_SETTLES = (1.0, 3.0, 6.0)
_MOST_CONFLICTS = 5


@dataclass(kw_only=True)
class Work:
    """One run on one secret.

    Attributes:
        owner: `project/stack` of the run; "" for the one that the tags name.
        park_for_s: How long storing a minted token is tried, before it is revoked instead.
        conflicts: How often somebody else moved a label that this run was about to move.
    """

    secret: Secret
    issuer: Issuer
    clock: Clock
    notify: Callable[[str], None]
    owner: str = ""
    park_for_s: float = PARK_FOR_S
    conflicts: int = 0
    _waiting_since: float | None = None
    _told: set[int] = field(default_factory=set)

    def say(self, text: str) -> None:
        """Tell the operator, naming the secret."""
        self.notify(f"Secret {self.secret.name}: {text}")

    def pending(self, problem: str, next_step: str = "Run again.") -> TokenPendingError:
        """What stops a run that may not decide."""
        return TokenPendingError(f"Secret {self.secret.name}: {problem}", next_step=next_step)

    def record(self, step: str, generation: int | None = None, *, note: str | None = None, **facts: str | None) -> None:
        """Write a step that has been taken into the audit; `facts` replace what is known of the token."""
        found = {"trace_id": audit.last_trace(), **facts}
        if generation is not None:
            found.setdefault("fingerprint", self.secret.fingerprint(generation))
        audit.write(
            step,
            at=self.secret.store.now(),
            stack=self.owner or tags.owner(self.secret.tags),
            secret=self.secret.name,
            arn=self.secret.arn,
            notify=self.notify,
            generation=generation,
            note=note,
            **found,
        )

    def yielded(self, moved: bool) -> None:
        """Note whether a label could be moved; somebody else moving labels at the same time is borne a few times."""
        if moved:
            return
        self.conflicts += 1
        if self.conflicts > _MOST_CONFLICTS:
            raise self.pending("another run keeps changing its labels.", "Run again when that one has ended.")
        self.clock.sleep(1)

    def settled(self) -> View:
        """The view in which no other run's claim is open: as last looked at, or waited for."""
        while True:
            view = view_of(self.secret)
            step = settle(view)
            if step is None:
                return view
            if step.do is Do.WAIT:
                self.wait(view)
            else:
                self.mark(step.generation)
            self.secret.look()

    def wait(self, view: View) -> None:
        """Wait a little for another run's lease to end.

        Raises:
            TokenPendingError: It has been long enough.
        """
        ledger, intent = view.ledger, ledger_of(self.secret)
        if ledger is None or not isinstance(intent, Intent):
            return
        if self._waiting_since is None:
            self._waiting_since = self.clock.monotonic()
        left = max(0, LEASE_S - ledger.age_s)
        if ledger.generation not in self._told:
            self._told.add(ledger.generation)
            self.say(f"{intent.whose} is minting generation {ledger.generation}. Waiting for it, {left:.0f} s at most.")
        if self.clock.monotonic() - self._waiting_since > LONGEST_WAIT_S:
            raise self.pending(
                f"{intent.whose} has claimed generation {ledger.generation}, and its lease has not ended in "
                f"{LONGEST_WAIT_S} s. Nothing was changed.",
                "Run again when that run has ended.",
            )
        self.clock.sleep(min(_LOOK_EVERY_S, left + 1))

    def mark(self, generation: int) -> None:
        """Write off a claim whose lease is over: its token, if there is one, is a suspect."""
        # Describe may have been behind; a token that is there is no suspect.
        for pause in _LOST_TOKEN_SETTLES:
            if self.secret.token(generation):
                return
            self.clock.sleep(pause)
        intent = self.secret.record(intent_id(self.secret.arn, generation))
        expires = isinstance(intent, Intent) and intent.expires
        until = self.secret.now + LIFETIME + timedelta(days=1) if expires else None
        suspects = (*suspects_of(self.secret), Suspect(generation=generation, until=until))
        self.yielded(self.secret.close(Closed(generation=generation, reason="no answer", suspects=suspects)))
        self.record("suspect", generation)
        ends = f"until {iso(until)}, when it would have expired" if until else "until it is revoked by hand"
        self.say(
            f"the run that claimed generation {generation} ended without storing a token. Meta may have minted one "
            f"that nobody holds: it is listed as a suspect {ends}."
        )
