"""What the access tier of each connection's app allows, and what its stack wants of it. Pure.

System users by quota, topics by tier, and the calls that an update makes at most against the hourly budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.ids import GROUP
from meta_access.rules.allowance import Allowance, Answer, Topic, allowance
from meta_access.stack.fields import few
from meta_access.stack.models import PROD
from meta_access.stack.plan import connection_of, identities_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.rules import RuleSet
    from meta_access.stack.models import AppSpec, StackSpec


def uses(spec: StackSpec, connection: str) -> dict[Topic, list[str]]:
    """Topic to the places that want it, in the order of the file."""
    found: dict[Topic, list[str]] = {}
    for topic, place in _wanted(spec, connection):
        places = found.setdefault(topic, [])
        if place not in places:
            places.append(place)
    return found


def _wanted(spec: StackSpec, connection: str) -> Iterator[tuple[Topic, str]]:
    if spec.environment == PROD:
        yield Topic.PRODUCTION, "meta:environment"
    mine = identities_of(spec, connection)
    for name, client in spec.clients.items():
        kinds = {kind_of(asset) for asset, choices in client.assets.items() if mine & choices.keys()}
        place = f"meta:clients.{name}"
        if "ad_account" in kinds:
            yield Topic.OWN_AD_ACCOUNTS if client.access == "own" else Topic.CLIENT_AD_ACCOUNTS, place
        if kinds & {"ad_account", "page", GROUP}:
            yield Topic.BUSINESS_MANAGER, place
        if "catalog" in kinds:
            yield Topic.CATALOG, place


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


def planned(spec: StackSpec) -> dict[tuple[str, str], list[str]]:
    """(business, role) to the identities in it."""
    found: dict[tuple[str, str], list[str]] = {}
    for key, identity in spec.identities.items():
        connection = spec.connections.get(connection_of(spec, identity) or "")
        if connection is not None and connection.business in spec.businesses:
            found.setdefault((connection.business, identity.role), []).append(key)
    return found


def declared_tiers(spec: StackSpec, business: str) -> set[str | None]:
    """The tiers of the apps that act on a business; the quota is that of the calling app."""
    return {app.tier for app in _apps_of(spec, business)}


def limit_of(spec: StackSpec, rules: RuleSet, business: str, role: str) -> int | None:
    """The limit, None when no tier is declared and no override stated."""
    for name, row in spec.quota_overrides.get(business, {}).items():
        if name == role:
            return row.limit
    limits = [rules.quota(tier, role) for tier in declared_tiers(spec, business)]
    known = [limit for limit in limits if limit is not None]
    return max(known) if known and len(known) == len(limits) else None


def quota_export(spec: StackSpec, rules: RuleSet) -> dict[str, dict[str, Any]]:
    """Business to role to limit and planned names, with the rule that says so."""
    exported: dict[str, dict[str, Any]] = {}
    for (business, role), names in planned(spec).items():
        tiers = sorted(tier for tier in declared_tiers(spec, business) if tier is not None)
        exported.setdefault(business, {})[role] = {
            "limit": limit_of(spec, rules, business, role),
            "planned": names,
            "tier": ", ".join(tiers) or "not declared",
            "rules": rules.name,
            "rules_published": rules.published.isoformat(),
            "source": rules.sources[next(iter(rules.tiers.values())).source],
        }
    return exported


def _apps_of(spec: StackSpec, business: str) -> Iterator[AppSpec]:
    for connection in spec.connections.values():
        if connection.business == business and connection.app in spec.apps:
            yield spec.apps[connection.app]


OFFLINE = "Nothing was asked of Meta."


@dataclass(frozen=True, slots=True)
class TierSeen:
    """What a look at Meta showed: a word of the rule set, or None and why."""

    tier: str | None
    why: str = ""


def seen_in(rules: RuleSet, header: str | None) -> TierSeen:
    """What the header of an answer showed; None is an answer without it."""
    if header is None:
        return TierSeen(None, "Meta sent no ads_api_access_tier header, which says nothing of the tier.")
    tier = rules.tier_of_header(header)
    return TierSeen(tier, "" if tier else f"Meta calls the tier {header}, a word that rules {rules.name} do not have.")


@dataclass(frozen=True, slots=True)
class TierReport:
    """One connection: what was seen, what its stack wants of it and where, and the calls of an update."""

    connection: str
    seen: TierSeen
    allowed: Mapping[Topic, tuple[Allowance, list[str]]]
    budget: Budget

    def as_output(self) -> dict[str, Any]:
        return {
            "observed": self.seen.tier or "unknown",
            "why": self.seen.why,
            "allowed": {str(topic): answer.as_output() for topic, (answer, _) in self.allowed.items()},
            "budget": self.budget.as_output(),
        }

    @property
    def refused(self) -> list[str]:
        """What the stack wants and the tier does not allow, and what does not fit the budget."""
        late = "Meta throttles it, and the update waits. Add clients in several updates."
        return [
            *self._told(Answer.NO),
            *(f"{self._at} an update that makes everything takes {text}; {late}" for text in self.budget.over),
        ]

    @property
    def uncertain(self) -> list[str]:
        """What the stack wants, where nobody can tell whether the tier allows it."""
        return self._told(Answer.CANNOT_TELL)

    @property
    def _at(self) -> str:
        tier = f"tier {self.seen.tier}" if self.seen.tier else "tier unknown"
        return f"meta:connections.{self.connection} ({tier}):"

    def _told(self, wanted: Answer) -> list[str]:
        return [
            f"{self._at} {answer} Wanted by {few(places)}."
            for answer, places in self.allowed.values()
            if answer.answer is wanted
        ]


def reports(spec: StackSpec, rules: RuleSet, seen: Mapping[str, TierSeen]) -> list[TierReport]:
    """One report per connection; one that nobody looked at is unknown."""
    found = []
    for name in spec.connections:
        one = seen.get(name, TierSeen(None, OFFLINE))
        wanted = uses(spec, name)
        allowed = {
            topic: (allowance(rules, topic, one.tier, unseen=one.why), places) for topic, places in wanted.items()
        }
        found.append(TierReport(name, one, allowed, budget(spec, rules, name, one.tier)))
    return found
