"""How long the calls of a run take where Meta's quotas are all there is to wait for. Pure.

What counts on which quota is as the emulator has it (`meta_emulator/usage.py`): a call on an ad account on that
account's hourly quota and, a write three times, on its score; every other call on the app's hourly quota. The numbers
and Meta's pages are those of the rule set.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_emulator.throttles import MESSAGES
from tools.bench.calls import is_batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from meta_access.rules import RuleSet

HOUR_S = 3600
_ACCOUNT = re.compile(r"/?(?:v[0-9]+\.[0-9]+/)?(act_[0-9]+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota of one business, the one of its kind of which most is used.

    Attributes:
        what: Its name, and what an hour has.
    """

    what: str
    used: int
    hourly: int

    @property
    def hours(self) -> float:
        return self.used / self.hourly


def counted(calls: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The calls that count at Meta: the items of a batch one by one, and not the batch."""
    return [call for call in calls if call["service"] == "graph" and not is_batch(call)]


def throttled(calls: Iterable[Mapping[str, Any]]) -> int:
    """How many calls a quota refused."""
    return sum(call["service"] == "graph" and call["code"] in MESSAGES for call in calls)


def quotas(
    calls: Iterable[Mapping[str, Any]], rules: RuleSet, tier: str, *, businesses: int, users: int
) -> list[Quota]:
    """What is used of each kind of quota, of one business.

    Args:
        calls: The calls of all businesses, whose stacks are alike.
        rules: The rule set.
        tier: The tier of all apps.
        businesses: How many, each with an app of its own.
        users: Of each app, whose quota grows with them.
    """
    return list(_quotas(counted(calls), rules, tier, businesses, users))


def _quotas(calls: list[Mapping[str, Any]], rules: RuleSet, tier: str, businesses: int, users: int) -> Iterator[Quota]:
    rates, level = rules.rates, rules.tiers[tier]
    on_account, score = Counter[str](), Counter[str]()
    for call in calls:
        if found := _ACCOUNT.match(call["path"]):
            on_account[found[1]] += 1
            score[found[1]] += rates.read_score if call["method"] == "GET" else rates.write_score
    others = math.ceil((len(calls) - on_account.total()) / businesses)
    yield Quota("calls of the app", others, rates.app_calls_per_user_hour * users)
    yield Quota("calls on an ad account", max(on_account.values(), default=0), level.ads_management_per_hour)
    points = level.score_limit * HOUR_S // rates.score_decay_s
    yield Quota("score of an ad account", max(score.values(), default=0), points)
