"""Assignments: replaced as a set, checked against enums, sets and the owner's permission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import GraphAnswer, RunningEmulator

SHOP = "act_104320000000501"
ACME = "act_205550000000601"
PAGE = "102930000000801"
BUSINESS = "178000000000101"
CLIENT = "998870000000701"


@pytest.fixture
def user(meta: RunningEmulator) -> str:
    return meta.create_system_user("reporting")


def _assign(meta: RunningEmulator, asset: str, user: str, tasks: Any) -> GraphAnswer:
    return meta.graph("POST", f"{asset}/assigned_users", {"user": user, "tasks": tasks})


def _tasks(meta: RunningEmulator, user: str, edge: str = "assigned_ad_accounts") -> dict[str, list[str]]:
    rows = meta.graph("GET", f"{user}/{edge}", {"fields": "id,tasks"}).body["data"]
    return {row["id"]: row["tasks"] for row in rows}


def test_a_post_replaces_the_tasks(meta: RunningEmulator, user: str) -> None:
    assert _assign(meta, SHOP, user, ["MANAGE", "ADVERTISE", "ANALYZE"]).body == {"success": True}
    assert _tasks(meta, user) == {SHOP: ["MANAGE", "ADVERTISE", "ANALYZE"]}

    assert _assign(meta, SHOP, user, ["ANALYZE"]).body == {"success": True}

    assert _tasks(meta, user) == {SHOP: ["ANALYZE"]}


@pytest.mark.parametrize("tasks", ["ADVERTISE,ANALYZE", '["ADVERTISE","ANALYZE"]'])
def test_tasks_come_as_json_or_with_commas(meta: RunningEmulator, user: str, tasks: str) -> None:
    assert _assign(meta, SHOP, user, tasks).status == 200

    assert _tasks(meta, user) == {SHOP: ["ADVERTISE", "ANALYZE"]}


def test_tasks_come_as_indexed_parameters(meta: RunningEmulator, user: str) -> None:
    params = {"user": user, "tasks[0]": "ADVERTISE", "tasks[1]": "ANALYZE"}

    assert meta.graph("POST", f"{SHOP}/assigned_users", params).status == 200
    assert _tasks(meta, user) == {SHOP: ["ADVERTISE", "ANALYZE"]}


@pytest.mark.parametrize(
    ("asset", "tasks", "code"),
    [
        (SHOP, ["MANAGE", "ANALYZE"], (100, 1752129)),
        (SHOP, ["ADVERTISE"], (100, 1752129)),
        (SHOP, [], (100, 1752129)),
        (SHOP, ["FLY"], (100, None)),
        (PAGE, ["FLY"], (100, None)),
        (ACME, ["MANAGE", "ADVERTISE", "ANALYZE"], (200, None)),
        ("act_999", ["ANALYZE"], (100, 33)),
    ],
)
def test_refused_tasks(
    meta: RunningEmulator, user: str, asset: str, tasks: list[str], code: tuple[int, int | None]
) -> None:
    assert _assign(meta, asset, user, tasks).code == code
    assert meta.world()["assignments"] == []


def test_page_tasks_bring_those_below_them(meta: RunningEmulator, user: str) -> None:
    _assign(meta, PAGE, user, ["ADVERTISE"])

    assert _tasks(meta, user, "assigned_pages") == {PAGE: ["ADVERTISE", "ANALYZE"]}


def test_catalog_has_its_own_tasks(meta: RunningEmulator, user: str) -> None:
    world = meta.world()
    world["product_catalogs"].append({"id": "304440000000901", "name": "Shop", "business_id": BUSINESS})
    meta.put_world(world)

    assert _assign(meta, "304440000000901", user, ["ANALYZE"]).code == (100, None)
    assert _assign(meta, "304440000000901", user, ["MANAGE", "ADVERTISE"]).status == 200
    assert _tasks(meta, user, "assigned_product_catalogs") == {"304440000000901": ["MANAGE", "ADVERTISE"]}


def test_the_asset_lists_its_users_for_a_business(meta: RunningEmulator, user: str) -> None:
    _assign(meta, ACME, user, ["ANALYZE"])

    answer = meta.graph("GET", f"{ACME}/assigned_users", {"business": BUSINESS, "summary": "true"})

    assert answer.body["data"] == [{"id": user, "name": "reporting", "tasks": ["ANALYZE"]}]
    assert answer.body["summary"] == {"total_count": 1}
    fields = {"business": BUSINESS, "fields": "id,permitted_tasks"}
    [row] = meta.graph("GET", f"{ACME}/assigned_users", fields).body["data"]
    assert row == {"id": user, "permitted_tasks": ["ADVERTISE", "ANALYZE"]}


def test_listing_needs_the_business(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", f"{SHOP}/assigned_users")

    assert answer.code == (100, None)
    assert answer.body["error"]["message"] == "(#100) The parameter business is required"


def test_removing_succeeds_and_so_does_removing_again(meta: RunningEmulator, user: str) -> None:
    _assign(meta, SHOP, user, ["ANALYZE"])

    for _ in range(2):
        assert meta.graph("DELETE", f"{SHOP}/assigned_users", {"user": user}).body == {"success": True}
    assert _tasks(meta, user) == {}


def test_user_of_nobody_is_refused(meta: RunningEmulator) -> None:
    assert _assign(meta, SHOP, "5", ["ANALYZE"]).code == (100, None)


def test_a_withdrawn_share_takes_asset_and_assignment_away(meta: RunningEmulator, user: str) -> None:
    _assign(meta, ACME, user, ["ANALYZE"])
    assert [row["id"] for row in meta.graph("GET", f"{BUSINESS}/client_ad_accounts").body["data"]] == [ACME]

    meta.act("unshare", asset=ACME)

    assert _tasks(meta, user) == {}
    assert _assign(meta, ACME, user, ["ANALYZE"]).code == (100, 33)
    assert meta.graph("GET", ACME).code == (100, 33)
    assert meta.graph("GET", f"{BUSINESS}/client_ad_accounts").body == {"data": []}


def test_owned_assets_are_listed(meta: RunningEmulator) -> None:
    accounts = meta.graph("GET", f"{BUSINESS}/owned_ad_accounts", {"fields": "id,name"}).body["data"]
    pages = meta.graph("GET", f"{BUSINESS}/owned_pages").body["data"]

    assert accounts == [
        {"id": SHOP, "name": "Lindenhof Shop"},
        {"id": "act_104320000000502", "name": "Lindenhof Brand"},
    ]
    assert pages == [{"id": PAGE, "name": "Lindenhof"}]


def test_employee_reads_only_what_it_is_assigned(meta: RunningEmulator, user: str, mint: Callable[..., str]) -> None:
    token = mint(user)
    before = meta.graph("GET", SHOP, token=token)
    _assign(meta, SHOP, user, ["ANALYZE"])

    assert (before.status, before.code) == (403, (200, None))
    assert meta.graph("GET", SHOP, {"fields": "name"}, token=token).body["name"] == "Lindenhof Shop"
    assert meta.graph("GET", PAGE, token=token).code == (10, 1341012)
    assert _assign_as(meta, token, user).code == (200, None)


def _assign_as(meta: RunningEmulator, token: str, user: str) -> GraphAnswer:
    params = {"user": user, "tasks": ["MANAGE", "ADVERTISE", "ANALYZE"]}
    return meta.graph("POST", f"{SHOP}/assigned_users", params, token=token)


def test_strict_limited_tier_has_no_business_manager_access(meta: RunningEmulator, user: str) -> None:
    meta.put_world({**meta.world(), "strictness": "strict"})

    assert _assign(meta, SHOP, user, ["ANALYZE"]).code == (270, None)
    assert meta.graph("GET", f"{SHOP}/assigned_users", {"business": BUSINESS}).code == (270, None)
    for edge in ("owned_apps", "owned_ad_accounts", "client_ad_accounts", "owned_pages"):
        assert meta.graph("GET", f"{BUSINESS}/{edge}").code == (270, None), edge
    meta.act("approve", name="tier")
    assert _assign(meta, SHOP, user, ["ANALYZE"]).status == 200


def test_a_page_and_a_catalog_want_scopes_of_their_own(
    meta: RunningEmulator, user: str, mint: Callable[..., str]
) -> None:
    world = meta.world()
    world["product_catalogs"].append({"id": "304440000000901", "name": "Shop", "business_id": BUSINESS})
    meta.put_world(world)
    _assign(meta, PAGE, user, ["ANALYZE"])
    _assign(meta, "304440000000901", user, ["ADVERTISE"])
    ads, pages, catalogs = mint(user), mint(user, "pages_read_engagement"), mint(user, "catalog_management")

    assert meta.graph("GET", PAGE, token=ads).code == (10, None)
    assert meta.graph("GET", PAGE, token=pages).status == 200
    assert meta.graph("GET", "304440000000901", token=ads).code == (200, None)
    assert meta.graph("GET", "304440000000901", token=catalogs).status == 200
