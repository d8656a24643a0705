"""What a tier of the Marketing API allows: yes, no, or cannot tell, each with the reason in words. Pure.

Source: the table "Access level significance" of Meta's authorization guide, in the rule set's edition. A tier that
nobody has seen is unknown, and not the lower one: what every tier answers alike is still answered, the rest is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.rules.model import RuleSet, Tier


NO_PAGE_CREATION = "no tier of the Marketing API creates Pages through the API."
INSTEAD_OF_PAGE_CREATION = (
    "let a person create the Page at facebook.com/pages/create and add it to the business, then give it out as "
    "page:<id> under a client's assets."
)


class Topic(StrEnum):
    """What a stack may want of its tier."""

    OWN_AD_ACCOUNTS = "own ad accounts"
    CLIENT_AD_ACCOUNTS = "ad accounts of others"
    PRODUCTION = "calls at production's rate"
    BUSINESS_MANAGER = "Business Manager APIs"
    CATALOG = "Catalog APIs"
    PAGE_CREATION = "creating Pages"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One answer.

    Attributes:
        rule: The rule set and the day it was published: `rule set 2026-05 of 2026-05-04`.
        link: Meta's page that says so.
    """

    topic: Topic
    answer: Answer
    reason: str
    rule: str
    link: str

    def as_output(self) -> dict[str, str]:
        return {"answer": str(self.answer), "reason": self.reason, "rule": self.rule, "link": self.link}

    def __str__(self) -> str:
        return f"{self.topic}: {self.answer}. {self.reason} ({self.rule}, {self.link})"


def allowance(rules: RuleSet, topic: Topic, tier: str | None, *, unseen: str = "") -> Allowance:
    """Whether a tier allows something.

    Args:
        rules: The edition whose words and numbers count.
        topic: What is asked for.
        tier: The tier that was observed, a word of the rule set; None when nothing showed it.
        unseen: Why nothing showed it, as one sentence.
    """
    judge = _JUDGES[topic]
    if tier is not None:
        answer, reason = judge(tier, rules.tiers[tier])
        return _answer(rules, topic, answer, reason)
    answers = [judge(name, row) for name, row in rules.tiers.items()]
    if len({answer for answer, _ in answers}) == 1:
        return _answer(rules, topic, *answers[0])
    by_tier = " ".join(reason for _, reason in answers)
    return _answer(rules, topic, Answer.CANNOT_TELL, " ".join(filter(None, (unseen, by_tier))))


def _answer(rules: RuleSet, topic: Topic, answer: Answer, reason: str) -> Allowance:
    rule = f"rule set {rules.name} of {rules.published}"
    return Allowance(topic, answer, reason, rule, rules.sources[next(iter(rules.tiers.values())).source])


def _own_ad_accounts(name: str, tier: Tier) -> tuple[Answer, str]:
    del name, tier
    return Answer.YES, "Every tier may manage any number of its own ad accounts."


def _client_ad_accounts(name: str, tier: Tier) -> tuple[Answer, str]:
    if tier.client_ad_accounts == "granted":
        return Answer.YES, f"Tier {name} manages any ad account whose owner granted ads_read or ads_management."
    people = "people with a role on the app, or on the business that claimed it"
    return Answer.NO, f"Tier {name} acts only for {people}."


def _production(name: str, tier: Tier) -> tuple[Answer, str]:
    score = f"a score of {tier.score_limit} per ad account (a read is 1, a write 3)"
    if tier.production:
        return Answer.YES, f"Tier {name} is lightly limited: {score}."
    return Answer.NO, f"Tier {name} is heavily limited, for development only: {score}."


def _business_manager(name: str, tier: Tier) -> tuple[Answer, str]:
    if tier.business_manager == "all":
        return Answer.YES, f"Tier {name} has all Business Manager APIs."
    return Answer.NO, (
        f"Tier {name} has no Business Manager access to manage ad accounts, user permissions and Pages; where Meta "
        "refuses a call for it, the code is 270."
    )


def _catalog(name: str, tier: Tier) -> tuple[Answer, str]:
    if tier.business_manager == "all":
        return Answer.YES, f"Tier {name} has all Catalog APIs."
    return Answer.CANNOT_TELL, f"Tier {name} has limited access to Catalog APIs; Meta's page does not say which calls."


def _page_creation(name: str, tier: Tier) -> tuple[Answer, str]:
    if tier.page_creation:
        return Answer.YES, f"Tier {name} creates Pages."
    return Answer.NO, f"{NO_PAGE_CREATION[:1].upper()}{NO_PAGE_CREATION[1:]}"


_JUDGES: dict[Topic, Callable[[str, Tier], tuple[Answer, str]]] = {
    Topic.OWN_AD_ACCOUNTS: _own_ad_accounts,
    Topic.CLIENT_AD_ACCOUNTS: _client_ad_accounts,
    Topic.PRODUCTION: _production,
    Topic.BUSINESS_MANAGER: _business_manager,
    Topic.CATALOG: _catalog,
    Topic.PAGE_CREATION: _page_creation,
}
