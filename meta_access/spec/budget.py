"""The calls that an update of a stack makes at most, beside what Meta allows per hour and per ad account. Pure.

At most: as if nothing existed yet. What exists already is read, not made, and costs less. Source of the limits:
https://developers.facebook.com/docs/marketing-api/overview/rate-limiting, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.spec.plan import identities_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.rules import RuleSet
    from meta_access.spec.stack import StackSpec

READ, WRITE = 1, 3
"""What a call counts in an ad account's score."""

_OF_A_USER = 3  # the user, its installation, its token
_LISTS = 5  # system users, roles, permissions, the business, the credential


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls of one connection's update.

    Attributes:
        calls: To the business, per hour counted against `calls_limit`.
        calls_limit: The hourly base without active ads; None when no tier tells it.
        scores: Ad account to its score.
        score_limit: What Meta allows before it blocks an account for minutes; None when no tier tells it.
    """

    connection: str
    calls: int
    calls_limit: int | None
    scores: Mapping[str, int]
    score_limit: int | None

    @property
    def over(self) -> list[str]:
        """What does not fit, one sentence each; empty too when no limit is known."""
        found = []
        if self.calls_limit is not None and self.calls > self.calls_limit:
            found.append(f"up to {self.calls} calls, more than the {self.calls_limit} of an hour")
        for account, score in self.scores.items():
            if self.score_limit is not None and score > self.score_limit:
                found.append(f"a score of up to {score} on {account}, more than {self.score_limit}")
        return found

    def as_output(self) -> dict[str, Any]:
        return {
            "calls_at_most": self.calls,
            "calls_per_hour": self.calls_limit,
            "highest_score": max(self.scores.values(), default=0),
            "score_limit": self.score_limit,
        }


def budget(spec: StackSpec, rules: RuleSet, connection: str, tier: str | None) -> Budget:
    """The budget of a connection whose app has that tier; None is a tier that nothing showed."""
    mine = identities_of(spec, connection)
    scores: dict[str, int] = {}
    assignments, lists = 0, set()
    for client in spec.clients.values():
        for asset, choices in client.assets.items():
            work = len(mine & choices.keys())
            assignments += work
            lists |= {(identity, kind_of(asset)) for identity in mine & choices.keys()}
            if work and kind_of(asset) == "ad_account":
                scores[asset] = scores.get(asset, 0) + work * WRITE
    probe = spec.connections[connection].tier_probe
    if probe is not None:
        scores[probe] = scores.get(probe, 0) + READ
    calls = _LISTS + len(mine) * _OF_A_USER + len(lists) + assignments + (probe is not None)
    row = rules.tiers.get(tier) if tier is not None else None
    return Budget(
        connection,
        calls,
        None if row is None else row.ads_management_per_hour,
        scores,
        None if row is None else row.score_limit,
    )
