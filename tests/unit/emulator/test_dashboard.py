"""The dashboard's pure parts: words, states, forms read as faults, assignments, quota in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from meta_access import rules
from meta_emulator.acts import ACTS
from meta_emulator.dashboard import assignments, knobs, overview, quotas, tokens, wording
from meta_emulator.dashboard.scene import Scene
from meta_emulator.fault import FaultError
from meta_emulator.limits import Limits, Quota
from meta_emulator.world import (
    App,
    Asset,
    AssetGroup,
    Assignment,
    Business,
    GroupAssignment,
    Person,
    SystemUser,
    Token,
    World,
)

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=1), "in 1 second"),
        (timedelta(minutes=59, seconds=59), "in 59 minutes"),
        (timedelta(days=59, hours=23), "in 59 days"),
        (timedelta(0), "in 0 seconds"),
        (timedelta(hours=-3), "3 hours ago"),
    ],
)
def test_spans_are_rounded_down_to_their_largest_unit(ahead: timedelta, words: str) -> None:
    assert wording.ahead(NOW + ahead, NOW) == words


def test_words() -> None:
    assert wording.moment(NOW) == "2026-11-24 08:00:00"
    assert wording.moment(None) == ""
    assert wording.plain("pending_need_more_info") == "pending need more info"
    assert [wording.count(number, "call") for number in (0, 1, 1200)] == ["0 calls", "1 call", "1,200 calls"]
    assert [wording.tone(state) for state in ("verified", "submitted", "declined", "unheard of")] == [
        "good", "wait", "bad", "idle",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lives_days", "expires_days", "revoked", "state"),
    [
        (60, None, False, "valid"),
        (60, 15, False, "valid"),
        (60, 13, False, "expiring"),
        (60, 0, False, "expired"),
        (60, 15, True, "revoked"),
        (4, 2, False, "valid"),
        (4, 1, False, "expiring"),
    ],
)
def test_a_token_is_valid_expiring_expired_or_revoked(
    lives_days: int, expires_days: int | None, revoked: bool, state: str
) -> None:
    expires = None if expires_days is None else NOW + timedelta(days=expires_days)
    issued = NOW + timedelta(days=(expires_days or 0) - lives_days)
    token = Token("f", "1", "2", [], issued_at=issued, expires_at=expires, revoked_at=NOW if revoked else None)

    assert tokens.state(token, NOW) == state


def test_a_form_is_read_as_a_fault() -> None:
    given = {"kind": "graph", "code": "17", "ms": "1.5", "headers": '{"x": "1"}', "applied": "true", "path": "me$"}

    assert knobs.fault_of(given) == {
        "kind": "graph", "code": 17, "ms": 1.5, "headers": {"x": "1"}, "applied": True, "path": "me$",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nth": "1.5"}, "nth: '1.5' is not a whole number."),
        ({"seconds": "soon"}, "seconds: 'soon' is not a number."),
        ({"headers": "{"}, "headers: '{' is not JSON."),
    ],
)
def test_a_field_that_is_no_number_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(FaultError) as refused:
        knobs.fault_of(given)

    assert str(refused.value) == words


def seen_in(world: World) -> dict[str, Any]:
    return assignments.look(Scene(world, rules.load("2026-05"), NOW, [], [], [], {}))


def test_every_assignment_has_a_place_by_the_asset_s_owner_and_the_user() -> None:
    world = World(
        businesses=[Business("17", "Lindenhof Media"), Business("99", "Acme")],
        system_users=[
            SystemUser(id_, name, "EMPLOYEE", "17") for id_, name in (("1", "ci"), ("2", "root"), ("3", "idle"))
        ],
        ad_accounts=[Asset("act_5", "Shop", "17"), Asset("act_6", "Acme Main", "99"), Asset("act_7", "Unused", "17")],
        assignments=[
            Assignment("act_6", "2", ["DRAFT"]),
            Assignment("act_5", "2", ["MANAGE", "ADVERTISE"]),
            Assignment("act_5", "1", ["ANALYZE"]),
        ],
    )

    seen = seen_in(world)

    places = [
        (owner, row.asset.name, {user.name: list(tasks) for user, tasks in row.tasks.items()})
        for owner, rows in seen["by_owner"]
        for row in rows
    ]
    assert places == [
        ("Acme", "Acme Main", {"root": ["DRAFT"]}),
        ("Lindenhof Media", "Shop", {"root": ["MANAGE", "ADVERTISE"], "ci": ["ANALYZE"]}),
    ]
    assert [user.name for user in seen["users"]] == ["ci", "root"]
    assert [user.name for user in seen["idle"]] == ["idle"]
    assert seen["assignments"] == 3
    assert seen["by_owner"][1][1][0].all_tasks == ["MANAGE", "ADVERTISE", "ANALYZE"]
    drawn = [assignments.strength(task) for task in ("MANAGE", "ADVERTISE", "ANALYZE", "DRAFT")]
    assert drawn == ["manage", "advertise", "analyze", "other"]


def test_every_act_has_a_form() -> None:
    folder = Path(overview.__file__).parent
    texts = [file.read_text(encoding="utf-8") for file in (*folder.glob("templates/*.html"), *folder.glob("*.py"))]
    posted = {name for text in texts for name in re.findall(r'"action": "([a-z-]+)"', text)}

    assert set(ACTS) - posted == set()
    assert posted - set(ACTS) == set()


def test_whoever_may_be_assigned_something_has_a_name() -> None:
    business = Business("17", "Lindenhof Media")
    world = World(businesses=[business], people=[Person("10", "ines", businesses={"17": "EMPLOYEE"})])
    [(_, row)] = world.members("17")

    found = assignments.who(world)

    assert found["10"] == assignments.Node("10", "ines", "person")
    assert found[row.id] == assignments.Node(row.id, "ines", "person of Lindenhof Media")


def test_what_comes_with_a_group_is_an_assignment_too() -> None:
    users = [SystemUser(number, name, "EMPLOYEE", "17") for number, name in (("1", "ci"), ("2", "idle"))]
    world = World(
        businesses=[Business("17", "Lindenhof Media")],
        system_users=users,
        ad_accounts=[Asset("act_5", "Shop", "17"), Asset("act_6", "Brand", None)],
        asset_groups=[AssetGroup("77", "All", "17", ["act_5"])],
        group_assignments=[GroupAssignment("77", "1", {"adaccount_tasks": ["ANALYZE"]})],
    )

    seen = seen_in(world)

    ci, idle = (
        assignments.Node(number, name, "system user, EMPLOYEE") for number, name in (("1", "ci"), ("2", "idle"))
    )
    shop = assignments.Node("act_5", "Shop", "ad account", "Lindenhof Media")
    assert seen["by_owner"] == [("Lindenhof Media", [assignments.Row(shop, {ci: ["ANALYZE"]})])]
    assert seen["idle"] == [idle]
    assert assignments.what(world)["act_6"] == assignments.Node("act_6", "Brand", "ad account", "no business")


def test_a_quota_is_told_with_what_it_is_of() -> None:
    world = World(apps=[App("12", "Ads")], ad_accounts=[Asset("act_5", "Shop", "17")])
    limits = Limits()
    limits.use(Quota(("score", "12", "5"), 60, 300, 300), 0, 61)
    limits.use(Quota(("app", "12"), 200, 3600), 0)
    limits.use(Quota(("pages", "99", "7"), 10, 86400), 0)
    limits.read(Quota(("catalog", "12", "8"), 10, 60), 0)

    shown = [quotas.row(count, world) for count in limits.all(30)]

    assert shown == [
        quotas.Row("Score on an ad account", "5 minutes", "Shop, Ads", 61, 60, "4 minutes"),
        quotas.Row("Calls of the app", "1 hour", "Ads", 1, 200, ""),
        quotas.Row("Calls on a Page", "1 day", "7, 99", 1, 10, ""),
    ]
    assert [count.quota.key for count in limits.all(400)] == [("app", "12"), ("pages", "99", "7")]
