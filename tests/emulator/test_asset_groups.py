"""Business asset groups: what is in them, whom they give tasks, and what cannot be lowered while they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPES = ["business_management", "ads_read", "pages_show_list", "pages_manage_metadata"]
ALL = ["MANAGE", "ADVERTISE", "ANALYZE"]


class Group:
    """A business with a group of an ad account and a Page, and a client's ad account that it may analyze."""

    def __init__(self) -> None:
        build = WorldBuilder()
        self.business, self.client = build.business("Shop"), build.business("Client")
        self.app = build.app("Shop Ads", self.business)
        self.root = build.system_user("root", self.business, self.app, role="ADMIN")
        self.worker = build.system_user("worker", self.business, self.app)
        build.token("admin", self.root, self.app, SCOPES)
        build.token("worker", self.worker, self.app, SCOPES)
        self.account, self.page = build.ad_account("Shop", self.business), build.page("Shop", self.business)
        self.catalog, self.shared = build.catalog("Shop", self.business), build.ad_account("Client", self.client)
        self.foreign = build.ad_account("Hidden", self.client)
        build.share(self.shared, self.business, ["ANALYZE"])
        self.id = build.asset_group("Spring", self.business, [self.account, self.page])
        self.meta = MetaEmulator(build)

    def __call__(self, method: str, path: str, params: dict[str, Any] | None = None, by: str = "admin") -> GraphAnswer:
        return graph_call(self.meta.graph_url, method, path, params, token=self.meta.token(by))

    def give(self, **tasks: Any) -> GraphAnswer:
        return self("POST", f"{self.id}/assigned_users", {"user": self.worker, **tasks})

    def tasks_on(self, asset: str) -> list[Any]:
        rows = self("GET", f"{asset}/assigned_users", {"business": self.business}).body["data"]
        return [(row["name"], row["tasks"]) for row in rows]


@pytest.fixture
def group() -> Iterator[Group]:
    made = Group()
    with made.meta:
        yield made


def test_a_group_is_listed_read_renamed_and_removed(group: Group) -> None:
    listed = group("GET", f"{group.business}/business_asset_groups", {"fields": "name,owner_business"}).body["data"]
    assert listed == [{"name": "Spring", "owner_business": {"id": group.business, "name": "Shop"}, "id": group.id}]

    assert group("POST", group.id, {"name": "Summer"}).body == {"success": True}
    assert group("GET", group.id).body == {"id": group.id, "name": "Summer"}
    assert group("POST", group.id, {"name": " "}).code == (100, None)
    assert group("POST", group.id, {"name": "x"}, by="worker").code == (200, None)
    assert group("DELETE", group.id).body == {"success": True}
    assert group("GET", group.id).code == (100, 33)
    assert group("POST", f"{group.business}/business_asset_groups", {"name": "New"}).code == (100, 33)


def test_assets_of_each_kind_go_in_and_out(group: Group) -> None:
    assert group("POST", f"{group.id}/contained_product_catalogs", {"asset_id": group.catalog}).status == 200
    assert group("POST", f"{group.id}/contained_applications", {"asset_id": group.app}).status == 200
    edges = ("contained_adaccounts", "contained_pages", "contained_product_catalogs", "contained_applications")

    shown = [[row["id"] for row in group("GET", f"{group.id}/{edge}").body["data"]] for edge in edges]

    assert shown == [[group.account], [group.page], [group.catalog], [group.app]]
    assert group("DELETE", f"{group.id}/contained_applications", {"asset_id": group.app}).body == {"success": True}
    assert group("DELETE", f"{group.id}/contained_applications", {"asset_id": group.app}).code == (100, None)
    assert group("GET", f"{group.id}/contained_pixels").body == {"data": []}


def test_no_group_contains_custom_conversions(group: Group) -> None:
    path = f"{group.id}/contained_custom_conversions"

    assert group("GET", path).body == {"data": []}
    assert group("GET", path, {"fields": "id,rule"}).body == {"data": []}
    assert group("POST", path, {"asset_id": group.account}).code == (100, None)
    assert group("DELETE", path, {"asset_id": group.account}).code == (100, None)
    assert group("GET", path, by="worker").status == 200


def test_only_what_the_business_has_goes_into_a_group(group: Group) -> None:
    path = f"{group.id}/contained_adaccounts"

    assert group("POST", path, {"asset_id": group.foreign}).code == (100, None)
    assert group("POST", path, {"asset_id": group.page}).code == (100, None)
    assert group("POST", path, {"asset_id": group.shared}).body == {"success": True}

    group.meta.act("unshare", asset=group.shared, business="Shop")

    assert [row["id"] for row in group("GET", path).body["data"]] == [group.account]


def test_a_group_gives_tasks_on_all_that_is_in_it(group: Group) -> None:
    assert group.give(adaccount_tasks=["ADVERTISE", "ANALYZE"], page_tasks=["ADVERTISE"]).body == {"success": True}

    assert group.tasks_on(group.account) == [("worker", ["ADVERTISE", "ANALYZE"])]
    assert group.tasks_on(group.page) == [("worker", ["ADVERTISE", "ANALYZE"])]
    assert group("GET", group.account, by="worker").status == 200
    [row] = group("GET", f"{group.id}/assigned_users", {"business": group.business}).body["data"]
    assert (row["id"], row["adaccount_tasks"], row["page_tasks"]) == (
        group.worker,
        ["ADVERTISE", "ANALYZE"],
        ["ADVERTISE", "ANALYZE"],
    )
    [seen] = group("GET", f"{group.worker}/assigned_business_asset_groups").body["data"]
    assert (seen["id"], seen["adaccount_tasks"]) == (group.id, ["ADVERTISE", "ANALYZE"])
    wanted = {"contained_asset_id": group.catalog}
    assert group("GET", f"{group.worker}/assigned_business_asset_groups", wanted).body == {"data": []}


def test_a_group_reaches_no_further_than_an_owner_permits(group: Group) -> None:
    group("POST", f"{group.id}/contained_adaccounts", {"asset_id": group.shared})

    group.give(adaccount_tasks=ALL)

    assert group.tasks_on(group.account) == [("worker", ALL)]
    assert group.tasks_on(group.shared) == [("worker", ["ANALYZE"])]


def test_what_comes_with_a_group_is_raised_on_an_asset_but_not_lowered(group: Group) -> None:
    group.give(adaccount_tasks=["ADVERTISE", "ANALYZE"])
    path, user = f"{group.account}/assigned_users", {"user": group.worker}

    lowered = group("POST", path, {**user, "tasks": ["ANALYZE"]})
    assert lowered.code == (100, None)
    assert "remove the user from the group first" in lowered.body["error"]["message"]
    assert group("DELETE", path, user).code == (100, None)
    assert group("POST", path, {**user, "tasks": ALL}).body == {"success": True}
    assert group.tasks_on(group.account) == [("worker", ALL)]

    assert group("DELETE", f"{group.id}/assigned_users", user).body == {"success": True}
    assert group.tasks_on(group.account) == [("worker", ALL)]
    assert group("DELETE", path, user).body == {"success": True}
    assert group.tasks_on(group.account) == []


@pytest.mark.parametrize(
    ("tasks", "code"),
    [
        ({}, (100, None)),
        ({"adaccount_tasks": ["MANAGE"]}, (100, 1752129)),
        ({"page_tasks": ["FLY"]}, (100, None)),
        ({"offline_conversion_data_set_tasks": ["FLY"]}, (100, None)),
        ({"pixel_tasks": ["EDIT"], "offline_conversion_data_set_tasks": ["VIEW"]}, None),
    ],
)
def test_tasks_of_a_group_are_checked(group: Group, tasks: dict[str, Any], code: tuple[int, int | None] | None) -> None:
    answer = group.give(**tasks)

    assert (None if answer.status == 200 else answer.code) == code
    assert len(group.meta.world.group_assignments) == (code is None)


def test_only_admins_hand_out_groups_and_the_listing_is_for_their_business(group: Group) -> None:
    given = {"user": group.worker, "adaccount_tasks": ["ANALYZE"]}

    assert group("POST", f"{group.id}/assigned_users", given, by="worker").code == (200, None)
    group.give(adaccount_tasks=["ANALYZE"])
    assert group("GET", f"{group.id}/assigned_users", {"business": group.client}).body == {"data": []}
    assert group("GET", f"{group.id}/assigned_users").code == (100, None)
