"""What a tier allows, by the guide's table: written out, topic by topic and edition by edition."""

from __future__ import annotations

import pytest

from meta_access import rules
from meta_access.rules.allowance import Topic, allowance

GUIDE_2026 = "https://developers.facebook.com/documentation/ads-commerce/marketing-api/get-started/authorization"
GUIDE_2025 = "https://developers.facebook.com/docs/marketing-api/get-started/authorization"

ANSWERS = {
    Topic.OWN_AD_ACCOUNTS: ("yes", "yes", "yes"),
    Topic.CLIENT_AD_ACCOUNTS: ("no", "yes", "cannot tell"),
    Topic.PRODUCTION: ("no", "yes", "cannot tell"),
    Topic.BUSINESS_MANAGER: ("no", "yes", "cannot tell"),
    Topic.CATALOG: ("cannot tell", "yes", "cannot tell"),
    Topic.PAGE_CREATION: ("no", "no", "no"),
}


@pytest.mark.parametrize(
    ("edition", "lower", "higher"), [("2025-06", "standard", "advanced"), ("2026-05", "limited", "full")]
)
@pytest.mark.parametrize("topic", Topic)
def test_the_guides_table_at_the_lower_tier_the_higher_and_one_nobody_saw(
    edition: str, lower: str, higher: str, topic: Topic
) -> None:
    chosen = rules.load(edition)
    found = tuple(str(allowance(chosen, topic, tier).answer) for tier in (lower, higher, None))
    assert found == ANSWERS[topic]


def test_an_answer_says_why_and_which_rule_of_which_day_says_so() -> None:
    told = str(allowance(rules.load("2026-05"), Topic.BUSINESS_MANAGER, "limited"))
    assert told == (
        "Business Manager APIs: no. Tier limited has no Business Manager access to manage ad accounts, user "
        "permissions and Pages; where Meta refuses a call for it, the code is 270. (rule set 2026-05 of 2026-05-04, "
        f"{GUIDE_2026})"
    )


def test_an_unseen_tier_is_neither_of_the_two_and_says_why_it_was_not_seen() -> None:
    answer = allowance(rules.load("2025-06"), Topic.CLIENT_AD_ACCOUNTS, None, unseen="Meta sent no header.")
    assert answer.as_output() == {
        "answer": "cannot tell",
        "reason": (
            "Meta sent no header. Tier standard acts only for people with a role on the app, or on the business that "
            "claimed it. Tier advanced manages any ad account whose owner granted ads_read or ads_management."
        ),
        "rule": "rule set 2025-06 of 2025-06-01",
        "link": GUIDE_2025,
    }
