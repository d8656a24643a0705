"""What `make rehearsal` says: which calls count on which quota, how many hours they take, and the section."""

from __future__ import annotations

from typing import Any

from meta_access import rules
from tools.bench import businesses, hours, rehearsal
from tools.bench.hours import Quota
from tools.bench.measure import Cost
from tools.bench.rehearsal import Row, Step
from tools.bench.run import Machine

MACHINE = Machine(
    at="2026-12-03T06:15+00:00",
    processors=2,
    model="AMD EPYC",
    memory_gib=24,
    python="3.11.7",
    engine="3.276.0",
    sdk="3.272.0",
    load=0.2,
)


def graph(method: str, path: str, code: int | None = None) -> dict[str, Any]:
    return {"service": "graph", "method": method, "path": path, "code": code}


CALLS = [
    graph("POST", "/v26.0"),
    graph("GET", "/v26.0/178000000000001/system_users"),
    graph("GET", "/v26.0/debug_token"),
    graph("GET", "/v26.0/178000000000002/system_users", code=4),
    graph("GET", "/v26.0/act_104320000000501/assigned_users"),
    graph("POST", "/v26.0/act_104320000000501/assigned_users", code=80004),
    graph("GET", "/v26.0/act_104320000000502", code=100),
    {"service": "secretsmanager", "method": "POST", "path": "ListSecrets", "code": None},
]


def test_the_items_of_a_batch_count_and_the_batch_does_not() -> None:
    assert len(hours.counted(CALLS)) == 6


def test_a_throttle_is_a_call_that_a_quota_refused() -> None:
    assert hours.throttled(CALLS) == 2


def test_each_call_counts_on_its_accounts_or_its_apps_quota_of_the_tier() -> None:
    found = hours.quotas(CALLS, rules.load("2026-11"), "limited", businesses=2, users=2)

    assert found == [
        Quota("calls of the app", 2, 400),  # three of two businesses, rounded up
        Quota("calls on an ad account", 2, 300),
        Quota("score of an ad account", 4, 720),  # a read and a write; 60 points in five minutes
    ]
    assert found[0].hours == 0.005


def test_each_business_has_an_app_an_admin_and_assets_of_its_own() -> None:
    found, world = businesses.world(3)

    assert [one.name for one in found] == ["shop01", "shop02", "shop03"]
    assert len({(one.id, one.app, one.root, one.page, *one.accounts) for one in found}) == 3
    assert [row["name"] for row in world["tokens"]] == ["admin", "shop01", "shop02", "shop03"]
    assert [row["business_id"] for row in world["apps"]] == [one.id for one in found]
    assert found[1].variables == ("META_SHOP02_TOKEN", "META_SHOP02_SECRET")


def test_the_section_names_the_tightest_quota_of_each_step_and_stands_in_its_place() -> None:
    cost = Cost(wall_s=61.4, cpu_s=90.2, peak_mib=0, host_mib=0, other_share=0.03)
    quotas = [Quota("calls of the app", 40, 200), Quota("score of an ad account", 20, 720)]
    row = Row(Step.PREVIEW, cost, 660, 30, 1, quotas, "30 stacks: 30 changed in 3 distinct ways.")

    text = rehearsal.section(MACHINE, [row], 2)

    assert "Measured on 2026-12-03: 2 processors (AMD EPYC)" in text
    assert "| run-all preview of the first update | 61 | 90 | 660 | 22.0 | 30 | 1 |" in text
    assert "| run-all preview of the first update | calls of the app | 40 | 200 | 0.20 |" in text
    assert "30 stacks: 30 changed in 3 distinct ways." in text
    assert "rule set 2026-11, from Meta's pages on [the Marketing API](https://developers.facebook.com/" in text
    page = rehearsal.written("Before\n<!-- rehearsed -->\n\nold\n\n<!-- end -->\nAfter\n", text)
    assert page == f"Before\n<!-- rehearsed -->\n\n{text}\n\n<!-- end -->\nAfter\n"
