"""A secret whose resource is gone, left to another token of the same system user until its grace is over.

The user's access goes on in the other token's secret, so the readers of this one get the time to follow that a moved
secret gives them: its tokens are stamped, it gets the other's claim, and the other's tags name it. From then on it is a
secret that the other resource is leaving, and ends as such.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.clock import SYSTEM_CLOCK, iso, parse_iso
from meta_access.errors import ConflictError
from meta_access.vault import tags
from meta_access.vault.end import leave

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from meta_access.clock import Clock
    from meta_access.vault.end import Leaving
    from meta_access.vault.issuer import Issuer
    from meta_access.vault.store import SecretStore

_HEX = 12
_REGION = re.compile(r"[a-z]{2}(-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Left:
    """A secret that another one's tags name.

    Attributes:
        ends_at: When its grace is over.
    """

    arn: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Heir:
    """The secret of the token that goes on."""

    store: SecretStore
    arn: str
    claim: str


def hand_over(
    store: SecretStore,
    issuer: Issuer,
    arn: str,
    *,
    claim: str,
    heir: Heir,
    grace_s: int,
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> Leaving:
    """Begin the grace of a secret and leave it to the heir. May be repeated at any point.

    Raises:
        ConflictError: The heir's secret has been claimed by somebody else, or cannot name this one.
        TokenPendingError: As `leave`.
    """
    shown = heir.store.describe(heir.arn).tags
    if shown.get(tags.CLAIM) != heir.claim:
        raise ConflictError(
            f"Secret {arn} is kept, because secret {heir.arn}, to which its readers are to move, has been claimed by "
            "another resource since. Run `pulumi up` again."
        )
    left = leave(store, issuer, arn, claim=claim, grace_s=grace_s, clock=clock, notify=notify)
    if left.ends_at is None:
        return left
    entry = {_key(arn): f"{arn} {iso(left.ends_at)}"}
    if len(entry[_key(arn)]) > tags.LONGEST_VALUE:
        raise ConflictError(
            f"Secret {arn} is kept: its name is too long to be noted in the tags of {heir.arn}, which would end it "
            "after the grace. Take its token out of the stack before the one that takes its place comes in."
        )
    # The heir's first: a run that dies in between finds the old claim, and does it again.
    if changed := tags.missing(shown, entry):
        heir.store.tag(heir.arn, changed)
    store.tag(arn, tags.missing({}, {tags.CLAIM: heir.claim}))
    return left


def read(heir: str, shown: Mapping[str, str]) -> tuple[Left, ...]:
    """The secrets that were left to the one with this ARN and these tags, in the order in which they end.

    What somebody has written there by hand and is no secret of the same account is passed over: `orphans` tells of what
    it was about.
    """
    found = []
    for key, text in shown.items():
        arn, _, ends_at = text.partition(" ")
        if key.startswith(tags.LEAVES) and _beside(arn, heir):
            with contextlib.suppress(ValueError):
                found.append(Left(arn, parse_iso(ends_at)))
    return tuple(sorted(found, key=lambda left: left.ends_at))


def _beside(arn: str, heir: str) -> bool:
    """Whether an ARN is a secret's of the account of another one, in whatever region."""
    parts, others = arn.split(":"), heir.split(":")
    return (
        len(parts) == len(others)
        and [*parts[:3], *parts[4:6]] == [*others[:3], *others[4:6]]
        and _REGION.fullmatch(parts[3]) is not None
    )


def settle(store: SecretStore, heir: str, arn: str) -> None:
    """Note that a secret which was left to this one has ended."""
    if store.describe(heir).tags.get(_key(arn)):
        # An empty value: the right to take tags away is one more than the writer needs.
        store.tag(heir, tags.missing({}, {_key(arn): ""}))


def _key(arn: str) -> str:
    return tags.LEAVES + hashlib.sha256(arn.encode()).hexdigest()[:_HEX]
