"""What the tier of each connection's app means for what its stack wants: answers, and the budget of an update. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.rules.allowance import Allowance, Answer, Topic, allowance
from meta_access.spec.budget import Budget, budget
from meta_access.spec.uses import uses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.rules import RuleSet
    from meta_access.spec.stack import StackSpec

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
            f"{self._at} {answer} Wanted by {', '.join(places)}."
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
