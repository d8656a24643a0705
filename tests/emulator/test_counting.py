"""Counting what is used of a quota, in written-out moments."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import rules
from meta_emulator import tokens, usage
from meta_emulator.call import GraphCall
from meta_emulator.errors import GraphFault
from meta_emulator.keyring import Keyring
from meta_emulator.limits import MOST, Limits, Quota, Reading, minutes, whole_percent
from meta_emulator.request import GraphRequest
from meta_emulator.seed import starting_world
from meta_emulator.world import Asset, Installation

if TYPE_CHECKING:
    from pathlib import Path

HOURLY = Quota(("app", "1"), 4, 3600)
SCORE = Quota(("score", "1"), 60, 300, 300)
SHORT_BLOCK = Quota(("score", "2"), 8, 300, 60)


def test_a_use_counts_for_its_span_and_then_leaves() -> None:
    limits = Limits()
    assert limits.use(HOURLY, 1000) == Reading(25.0, 0, 3600)
    assert limits.use(HOURLY, 2000) == Reading(50.0, 0, 3600)
    assert limits.read(HOURLY, 4599) == Reading(50.0, 0, 1001)
    assert limits.read(HOURLY, 4600) == Reading(25.0, 0, 1000)
    assert limits.read(HOURLY, 5600) == Reading(0.0, 0, 0)


def test_a_quota_that_is_used_up_waits_until_enough_has_left() -> None:
    limits = Limits()
    for moment in (0, 600, 1200, 1500):
        assert limits.use(HOURLY, moment).wait_s == 0
    assert limits.use(HOURLY, 1800) == Reading(125.0, 1800, 3600)
    assert limits.read(HOURLY, 3599).wait_s == 1
    assert limits.read(HOURLY, 3600).wait_s == 0


def test_refused_uses_count_so_that_whoever_goes_on_calling_waits_longer() -> None:
    limits = Limits()
    for moment in (0, 600, 1200, 1500, 1800, 2400):
        last = limits.use(HOURLY, moment)
    assert last.wait_s == 1800  # two too many: the second use leaves at 4200
    assert minutes(last) == 30


def test_a_score_is_used_up_by_sixty_reads_or_twenty_writes() -> None:
    reads, writes = Limits(), Limits()
    assert [reads.use(SCORE, 0).wait_s for _ in range(61)] == [0] * 60 + [300]
    assert [writes.use(SCORE, 0, 3).wait_s for _ in range(21)] == [0] * 20 + [300]


def test_a_blocked_quota_begins_anew_after_its_block_and_a_use_meanwhile_restarts_it() -> None:
    limits = Limits()
    limits.use(SHORT_BLOCK, 0, 8)
    assert limits.use(SHORT_BLOCK, 10, 4) == Reading(150.0, 60, 60)
    assert limits.read(SHORT_BLOCK, 69).wait_s == 1
    assert limits.use(SHORT_BLOCK, 69) == Reading(162.5, 60, 60)
    assert limits.read(SHORT_BLOCK, 128).wait_s == 1
    assert limits.use(SHORT_BLOCK, 129, 4) == Reading(50.0, 0, 300)


def test_a_use_leaves_at_most_a_sixtieth_of_the_span_early_and_never_late() -> None:
    limits = Limits()
    limits.use(HOURLY, 0)
    limits.use(HOURLY, 59)
    limits.use(HOURLY, 60)
    assert limits.read(HOURLY, 3600).percent == 25.0
    assert limits.read(HOURLY, 3660).percent == 0.0


def test_quotas_are_apart_by_their_key() -> None:
    limits = Limits()
    limits.use(HOURLY, 0)
    assert limits.read(Quota(("app", "2"), 3, 3600), 0).percent == 0.0


def test_clearing_forgets_everything() -> None:
    limits = Limits()
    limits.use(SCORE, 0, 61)
    limits.clear()
    assert limits.read(SCORE, 1) == Reading(0.0, 0, 0)


def test_only_so_many_quotas_are_remembered_and_the_latest_are() -> None:
    limits = Limits()
    for number in range(MOST + 1):
        limits.use(Quota((str(number),), 2, 3600), 0)
    assert limits.read(Quota(("2000",), 2, 3600), 0).percent == 50.0
    assert limits.read(Quota(("0",), 2, 3600), 0).percent == 0.0


def test_however_many_uses_there_are_they_are_kept_in_sixty_steps() -> None:
    limits, wide = Limits(), Quota(("wide",), 10, 3600)
    for moment in range(20_000):
        limits.use(wide, moment)
    [used] = limits._used.values()
    assert len(used.uses) <= 60


@pytest.mark.parametrize(
    ("percent", "shown"), [(0.0, 0), (0.2, 1), (99.5, 100), (100.0, 100), (100.3, 101), (250.0, 250)]
)
def test_the_whole_percentage_is_above_a_hundred_exactly_when_the_quota_is_exceeded(percent: float, shown: int) -> None:
    assert whole_percent(Reading(percent)) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(0, 0), (1, 1), (60, 1), (61, 2), (3600, 60)])
def test_the_wait_is_told_in_whole_minutes_rounded_up(seconds: int, shown: int) -> None:
    assert minutes(Reading(120.0, seconds)) == shown


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACCOUNT, PAGE, CATALOG = Asset("act_1", "A", "1"), Asset("2", "P", "1"), Asset("3", "C", "1")


class Meta:
    """The starting world, at noon, with limits on."""

    def __init__(self, folder: Path) -> None:
        self.keyring, self.limits = Keyring(folder / "keyring.json"), Limits()
        self.admin = tokens.new_value()
        self.world = starting_world(self.admin, NOON)
        self.world.limits = "on"
        self.app = self.world.apps[0]

    def call(self, kind: str, node: Any, *, method: str = "GET", edge: str = "", token: str = "") -> GraphCall:
        request = GraphRequest(method, "v26.0", (), {}, token or self.admin, "http://127.0.0.1")
        call = GraphCall(
            request, self.world, rules.load("2026-05"), self.keyring, NOON, lambda: ("1", "2"), self.limits, print
        )
        usage.count(call, kind, node, edge)
        return call

    def refused(self, kind: str, node: Any, **how: str) -> tuple[int, int | None, str]:
        with pytest.raises(GraphFault) as fault:
            self.call(kind, node, **how)
        return fault.value.code, fault.value.subcode, fault.value.message[:40]


@pytest.fixture
def meta_at_noon(tmp_path: Path) -> Meta:
    return Meta(tmp_path)


def test_more_than_a_hundred_writes_a_second_on_one_account_are_refused(meta_at_noon: Meta) -> None:
    meta_at_noon.app.tier = "standard_access"
    for _ in range(100):
        meta_at_noon.call("ad_account", ACCOUNT, method="POST")
    refused = meta_at_noon.refused("ad_account", ACCOUNT, method="POST")
    assert refused == (613, 5044001, "(#613) Calls to this api have exceeded t")
    meta_at_noon.call("ad_account", ACCOUNT)


def test_the_insights_of_an_account_have_a_quota_and_a_header_of_their_own(meta_at_noon: Meta) -> None:
    call = meta_at_noon.call("ad_account", ACCOUNT, edge="insights")
    assert call.headers["x-fb-ads-insights-throttle"] == (
        '{"app_id_util_pct": 0.0, "acc_id_util_pct": 0.17, "ads_api_access_tier": "development_access"}'
    )
    assert '"type": "ads_insights", "call_count": 1,' in call.headers["x-business-use-case-usage"]


@pytest.mark.parametrize(
    ("node", "of", "code"),
    [(PAGE, ("page", "pages", 4800, 86400), 80001), (CATALOG, ("catalog", "catalog", 20000, 3600), 80009)],
)
def test_pages_and_catalogs_are_use_cases_of_a_system_user(
    meta_at_noon: Meta, node: Asset, of: tuple[str, str, int, int], code: int
) -> None:
    kind, use_case, limit, span_s = of
    quota = Quota((use_case, meta_at_noon.app.id, node.id), limit, span_s)
    meta_at_noon.limits.use(quota, int(NOON.timestamp()), limit - 1)
    meta_at_noon.call(kind, node)
    assert meta_at_noon.refused(kind, node) == (code, None, f"(#{code}) There have been too many calls ")


def test_a_page_is_refused_to_an_app_whose_own_calls_are_used_up(meta_at_noon: Meta) -> None:
    app = meta_at_noon.app
    meta_at_noon.world.app_roles, meta_at_noon.world.installations = [], []
    token = f"{app.id}|{meta_at_noon.keyring.app_secret(app.id)}"
    for _ in range(200):
        meta_at_noon.call("app", app, token=token)
    assert meta_at_noon.refused("page", PAGE, token=token) == (32, None, "(#32) Page request limit reached")
    assert meta_at_noon.refused("app", app, token=token) == (4, None, "(#4) Application request limit reached")


@pytest.mark.parametrize(("installed_on", "percent"), [(1, 2), (2, 1)])
def test_each_user_of_an_app_adds_to_its_calls(meta_at_noon: Meta, installed_on: int, percent: int) -> None:
    meta_at_noon.world.app_roles = []
    meta_at_noon.world.installations = [Installation(str(n), meta_at_noon.app.id) for n in range(installed_on)]
    for _ in range(4):
        call = meta_at_noon.call("app", meta_at_noon.app)
    assert json.loads(call.headers["x-app-usage"])["call_count"] == percent  # 4 of 200, or of 400
