"""Edges of the access scope that Meta's specification has: what somebody has, who is on it, partners, pictures."""

from __future__ import annotations

import http.client
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from meta_emulator.world import Asset, AssetGroup, Assignment, Consent
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPES = [
    "business_management", "ads_read", "pages_show_list", "pages_read_engagement", "pages_manage_metadata",
    "catalog_management", "email",
]  # fmt: skip


class House:
    """An agency with an admin, an employee and a system user; the employee is also admin of a shop of their own."""

    def __init__(self) -> None:
        build = WorldBuilder()
        self.agency, self.shop = build.business("Agency"), build.business("Shop")
        self.app, self.second = build.app("Agency Ads", self.agency), build.app("Agency Login", self.agency)
        self.other = build.app("Shop Ads", self.shop)
        self.root = build.system_user("root", self.agency, self.app, role="ADMIN")
        self.worker = build.system_user("worker", self.agency, self.app)
        self.ada = build.person("ada", {self.agency: "ADMIN"})
        self.ines = build.person("ines", {self.agency: "EMPLOYEE", self.shop: "ADMIN"})
        for person in (self.ada, self.ines):
            build.role(person, self.app, "developers")
        build.token("admin", self.root, self.app, SCOPES)
        build.token("worker", self.worker, self.app, SCOPES)
        build.token("ada", None, self.app, SCOPES, user_id=self.ada)
        build.token("ines", None, self.app, SCOPES, user_id=self.ines)
        build.token("bare", None, self.app, ["email"], user_id=self.ines)
        self.first, self.last = build.ad_account("First", self.agency), build.ad_account("Last", self.agency)
        self.page, self.catalog = build.page("Agency", self.agency), build.catalog("Shoes", self.agency)
        self.pixel = build.pixel("Pixel", self.agency)
        self.meta = MetaEmulator(build)

    def __call__(self, method: str, path: str, params: dict[str, Any] | None = None, by: str = "admin") -> GraphAnswer:
        token = f"{self.meta.app_id}|{self.meta.app_secret}" if by == "app" else self.meta.token(by)
        return graph_call(self.meta.graph_url, method, path, params, token=token)

    def rows(self, path: str, by: str = "admin", **params: Any) -> list[dict[str, Any]]:
        answer = self("GET", path, params, by=by)
        assert answer.status == 200, answer.body
        rows: list[dict[str, Any]] = answer.body["data"]
        return rows

    def assign(self, asset: str, user: str, *tasks: str) -> None:
        answer = self("POST", f"{asset}/assigned_users", {"user": user, "tasks": list(tasks)})
        assert answer.body == {"success": True}, answer.body


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    with made.meta:
        yield made


def test_me_lists_the_ad_accounts_one_has_tasks_on(house: House) -> None:
    house.assign(house.first, house.ines, "ANALYZE")
    house.assign(house.last, house.worker, "ADVERTISE", "ANALYZE")

    assert house.rows("me/adaccounts", by="ines") == [{"account_id": house.first[4:], "id": house.first}]
    assert house.rows("me/adaccounts", by="worker", fields="name,user_tasks") == [
        {"name": "Last", "user_tasks": ["ADVERTISE", "ANALYZE"], "id": house.last}
    ]


def test_an_admin_has_the_ad_accounts_of_the_business(house: House) -> None:
    first = house("GET", "me/adaccounts", {"limit": 1, "summary": "true"}, by="ada").body

    assert [row["id"] for row in first["data"]] == [house.first]
    assert first["summary"] == {"total_count": 2}
    after = first["paging"]["cursors"]["after"]
    assert [row["id"] for row in house.rows("me/adaccounts", by="ada", limit=1, after=after)] == [house.last]


def test_a_personal_ad_account_belongs_to_no_business(house: House) -> None:
    with house.meta.edit() as world:
        world.ad_accounts[1].business_id = None
        world.assignments.append(Assignment(house.last, house.ines, ["ANALYZE"]))

    assert [row["id"] for row in house.rows("me/personal_ad_accounts", by="ines")] == [house.last]
    assert [row["id"] for row in house.rows("me/adaccounts", by="ines")] == [house.last]
    assert house.rows("me/personal_ad_accounts", by="ada") == []


def test_me_lists_what_one_is_in_each_business(house: House) -> None:
    rows = house.rows("me/business_users", by="ines", fields="name,role,business")

    assert [(row["role"], row["business"]) for row in rows] == [
        ("EMPLOYEE", {"id": house.agency, "name": "Agency"}),
        ("ADMIN", {"id": house.shop, "name": "Shop"}),
    ]
    listed = house.rows(f"{house.agency}/business_users")
    assert rows[0]["id"] in [row["id"] for row in listed]


def test_a_person_sees_what_was_assigned_under_any_of_their_ids(house: House) -> None:
    [member] = [row["id"] for row in house.rows(f"{house.agency}/business_users") if row["name"] == "ines"]
    house.assign(house.first, member, "ANALYZE")
    house.assign(house.page, house.ines, "ANALYZE")
    house.assign(house.catalog, house.ines, "ADVERTISE")
    with house.meta.edit() as world:
        world.asset_groups.append(AssetGroup("178000000009900", "All", house.agency, [house.last]))
    given = {"user": house.ines, "adaccount_tasks": ["ANALYZE"]}
    assert house("POST", "178000000009900/assigned_users", given).status == 200

    edges = {
        edge: [row["id"] for row in house.rows(f"me/{edge}", by="ines")]
        for edge in (
            "assigned_ad_accounts",
            "assigned_pages",
            "assigned_product_catalogs",
            "assigned_whatsapp_business_accounts",
            "assigned_business_asset_groups",
        )
    }

    assert edges == {
        "assigned_ad_accounts": [house.first, house.last],
        "assigned_pages": [house.page],
        "assigned_product_catalogs": [house.catalog],
        "assigned_whatsapp_business_accounts": [],
        "assigned_business_asset_groups": ["178000000009900"],
    }
    assert house.rows("me/assigned_ad_accounts", by="ines", fields="tasks", limit=1) == [
        {"tasks": ["ANALYZE"], "id": house.first}
    ]
    assert house.rows("me/assigned_pages", by="ines", pages=["1"]) == []
    assert house("GET", f"{house.ines}/assigned_pages", by="ada").code == (100, 33)  # nobody else's


def test_ids_of_a_person_in_the_apps_of_one_business(house: House) -> None:
    with house.meta.edit() as world:
        world.consents.append(Consent(house.ines, house.second, ["email"]))
        world.consents.append(Consent(house.ines, house.other, ["email"]))

    for edge in ("ids_for_business", "ids_for_apps"):
        rows = house.rows(f"me/{edge}", by="ines")
        assert [row["app"]["id"] for row in rows] == [house.app, house.second], edge
        assert rows[0]["id"] == house.ines
        assert rows[1]["id"] != house.ines
        [only] = house.rows(f"me/{edge}", by="ines", app=house.second)
        assert only["id"] == rows[1]["id"]
        assert house("GET", f"me/{edge}", {"app": house.other}, by="ines").code == (100, None)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("me/adaccounts", "Requires ads_read permission"),
        ("me/personal_ad_accounts", "Requires ads_read permission"),
        ("me/business_users", "Requires business_management permission"),
    ],
)
def test_a_token_without_the_permission_is_refused(house: House, path: str, words: str) -> None:
    answer = house("GET", path, by="bare")

    assert (answer.status, answer.code) == (403, (200, None))
    assert words in answer.body["error"]["message"]


def test_an_ad_account_lists_its_users(house: House) -> None:
    house.assign(house.first, house.worker, "ANALYZE")
    house.assign(house.first, house.ines, "ADVERTISE", "ANALYZE")

    assert house.rows(f"{house.first}/users") == [
        {"id": house.worker, "name": "worker", "tasks": ["ANALYZE"]},
        {"id": house.ines, "name": "ines", "tasks": ["ADVERTISE", "ANALYZE"]},
    ]
    assert house("GET", f"{house.last}/users", by="worker").code == (200, None)
    assert house("GET", f"{house.first}/users", by="bare").code == (200, None)


def test_a_page_lists_its_people(house: House) -> None:
    house.assign(house.page, house.ines, "ANALYZE")
    house.assign(house.page, house.worker, "ANALYZE")

    assert house.rows(f"{house.page}/roles") == [{"id": house.ines, "name": "ines", "tasks": ["ANALYZE"]}]
    assert house.rows(f"{house.page}/roles", uid=house.ada) == []
    assert house("GET", f"{house.page}/roles", by="bare").status == 403


def test_pixels_and_ad_accounts_list_one_another(house: House) -> None:
    made = house("POST", f"{house.first}/adspixels", {"name": "Another"}).body["id"]
    given = {"account_id": house.first[4:], "business": house.agency}
    assert house("POST", f"{house.pixel}/shared_accounts", given).status == 200

    assert [row["id"] for row in house.rows(f"{house.first}/adspixels")] == [house.pixel, made]
    assert [row["id"] for row in house.rows(f"{house.first}/adspixels", sort_by="NAME")] == [made, house.pixel]
    assert house.rows(f"{house.last}/adspixels") == []
    assert [row["id"] for row in house.rows(f"{made}/adaccounts", business=house.agency)] == [house.first]
    assert house("GET", f"{made}/adaccounts").code == (100, None)
    assert house("POST", f"{house.first}/adspixels", by="worker").code == (200, None)


def test_an_app_lists_its_agencies_and_the_ad_accounts_they_bring(house: House) -> None:
    with house.meta.edit() as world:
        world.ad_accounts.append(Asset("act_999000000000001", "Shop", house.shop))
        world.consents.append(Consent(house.ines, house.app, ["email"], client_business_id=house.shop))
    assert house.rows(f"{house.app}/agencies", by="app") == []
    assert house("POST", f"{house.shop}/client_apps", {"app_id": house.app}, by="ines").status == 200
    house.meta.act("accept-request", of="Agency Ads", business="Shop")

    for by in ("app", "admin"):
        assert house.rows(f"{house.app}/agencies", by=by) == [{"id": house.shop, "name": "Shop"}]
        assert house.rows(f"{house.app}/connected_client_businesses", by=by) == [{"id": house.shop, "name": "Shop"}]
        listed = [row["id"] for row in house.rows(f"{house.app}/authorized_adaccounts", by=by)]
        assert listed == [house.first, house.last, "act_999000000000001"]
    only = house.rows(f"{house.app}/authorized_adaccounts", business=house.shop)
    assert [row["id"] for row in only] == ["act_999000000000001"]
    assert house("GET", f"{house.app}/agencies", by="bare").code == (200, None)
    assert house("GET", f"{house.second}/agencies", by="app").code == (15, None)


def test_a_page_shows_its_token_to_whoever_has_it(house: House) -> None:
    house.assign(house.page, house.worker, "ANALYZE")

    shown = house("GET", house.page, {"fields": "name,access_token"}, by="worker").body
    token = shown["access_token"]

    assert shown["name"] == "Agency"
    assert house.rows("me/accounts", by="worker")[0]["access_token"] == token
    assert [r["access_token"] for r in house.rows("me/assigned_pages", by="ines", fields="access_token")] == []
    me = graph_call(house.meta.graph_url, "GET", "me", {"fields": "id,access_token"}, token=token).body
    assert me == {"id": house.page, "access_token": token}


def test_a_page_makes_no_token_unless_it_is_asked_for(house: House) -> None:
    before = len(house.meta.world.tokens)

    assert "access_token" not in house("GET", house.page).body
    assert house.rows(f"{house.agency}/owned_pages") == [{"id": house.page, "name": "Agency"}]
    assert len(house.meta.world.tokens) == before


def test_a_page_shows_no_token_without_a_task(house: House) -> None:
    rows = house.rows(f"{house.agency}/owned_pages", by="worker", fields="id,access_token")

    assert rows == [{"id": house.page}]


def test_a_picture_leads_to_the_image_unless_it_is_asked_not_to(house: House) -> None:
    connection = http.client.HTTPConnection(urlsplit(house.meta.graph_url).netloc, timeout=10)
    connection.request(
        "GET", "/v26.0/me/picture?type=large", headers={"Authorization": f"Bearer {house.meta.token('ines')}"}
    )
    answer = connection.getresponse()
    answer.read()
    connection.close()

    assert answer.status == 302
    image = f"{house.meta.graph_url}/dashboard/static/mark.svg?asid={house.ines}"
    assert answer.headers["Location"] == f"{image}&width=200&height=200"
    with urllib.request.urlopen(answer.headers["Location"], timeout=10) as shown:
        assert (shown.status, shown.headers["Content-Type"].partition(";")[0]) == (200, "image/svg+xml")
    data = house("GET", "me/picture", {"redirect": "0"}, by="ines").body["data"]
    assert data == {
        "height": 50,
        "is_silhouette": True,
        "url": f"{image}&width=50&height=50",
        "width": 50,
    }
    for node in (house.page, house.agency):
        assert house("GET", f"{node}/picture", {"redirect": "false", "height": 120}).body["data"]["width"] == 120


def test_a_picture_among_the_fields_is_data(house: House) -> None:
    image = f"{house.meta.graph_url}/dashboard/static/mark.svg?asid={house.ines}"

    shown = house("GET", "me", {"fields": "name,picture.width(80).height(60){url,width}"}, by="ines").body

    assert shown == {
        "name": "ines",
        "picture": {"data": {"url": f"{image}&width=80&height=60", "width": 80}},
        "id": house.ines,
    }


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"type": "huge"}, "Param type must be one of {album, large, normal, small, square}"),
        ({"width": 0}, "Params width and height must be between 1 and 2048."),
        ({"width": "wide"}, "Param width must be an integer"),
    ],
)
def test_wrong_pictures_are_refused(house: House, params: dict[str, Any], words: str) -> None:
    answer = house("GET", "me/picture", {"redirect": "0", **params}, by="ines")

    assert answer.code == (100, None)
    assert words in answer.body["error"]["message"]


def test_a_person_opens_a_business_and_leaves_it(house: House) -> None:
    made = house("POST", "me/businesses", {"name": "New", "vertical": "RETAIL", "timezone_id": 1}, by="ines").body["id"]

    assert house.rows("me/businesses", by="ines", fields="name,permitted_roles")[-1] == {
        "name": "New",
        "permitted_roles": ["ADMIN"],
        "id": made,
    }
    assert house("GET", made, {"fields": "vertical,timezone_id"}, by="ines").body == {
        "vertical": "RETAIL",
        "timezone_id": 1,
        "id": made,
    }
    assert house("DELETE", "me/businesses", {"business": made}, by="ines").code == (3914, None)
    assert house("DELETE", "me/businesses", {"business": "999"}, by="ines").code == (100, None)
    assert house("POST", "me/businesses", {"name": "New"}, by="ines").code == (100, None)
    assert house("POST", "me/businesses", {"name": "New", "vertical": "RETAIL"}, by="bare").code == (200, None)
    assert house("DELETE", "me/businesses", {"business": house.agency}, by="ines").body == {"success": True}
    assert [person.businesses for person in house.meta.world.people if person.name == "ines"] == [
        {house.shop: "ADMIN", made: "ADMIN"}
    ]


def test_a_business_makes_lists_and_gives_up_children(house: House) -> None:
    edge = f"{house.agency}/owned_businesses"
    given = {"name": "Child", "vertical": "RETAIL", "child_business_external_id": "shop-7"}
    child = house("POST", edge, given).body["id"]

    assert house.rows(edge) == [{"id": child, "name": "Child"}]
    assert house.rows(edge, child_business_external_id="shop-8") == []
    assert house("DELETE", edge, {"client_id": child}).body == {"success": True}
    assert house("DELETE", edge, {"client_id": child}).code == (100, None)
    assert house.rows(edge) == []
    assert house("POST", edge, given, by="worker").code == (200, None)
    assert house("POST", edge, {**given, "vertical": "SPACE"}).code == (100, None)
    assert house("GET", edge, by="bare").code == (200, None)


def test_a_seller_gets_a_business_with_a_part_of_the_catalog(house: House) -> None:
    edge = f"{house.agency}/managed_partner_businesses"
    given = {
        "name": "Seller",
        "vertical": "RETAIL",
        "catalog_id": house.catalog,
        "seller_external_website_url": "https://seller.example",
        "seller_targeting_countries": ["DE"],
        "child_business_external_id": "seller-1",
    }

    made = house("POST", edge, given).body

    seller = made["seller_business_info"]["id"]
    assert made["seller_business_info"]["name"] == "Seller"
    assert (made["catalog_segment"]["name"], made["page"]["name"]) == ("Seller", "Seller")
    assert made["ad_account"]["id"].startswith("act_")
    assert [row["id"] for row in house.rows(f"{house.agency}/owned_businesses")] == [seller]
    bare = house("POST", edge, {**given, "no_ad_account": True, "skip_partner_page_creation": True}).body
    assert sorted(bare) == ["catalog_segment", "seller_business_info", "seller_business_status"]
    assert house("POST", edge, {**given, "catalog_id": house.page}).code == (100, None)
    assert house("POST", edge, given, by="worker").code == (200, None)
    assert house("DELETE", edge, {"child_business_id": seller}).body == {"success": True}
    assert house("DELETE", edge, {"child_business_external_id": "seller-1"}).body == {"success": True}
    assert house("DELETE", edge).code == (100, None)


def test_ad_accounts_of_a_business_are_searched(house: House) -> None:
    assert [row["id"] for row in house.rows(f"{house.agency}/owned_ad_accounts", search_query="las")] == [house.last]
    assert house.rows(f"{house.agency}/client_ad_accounts", search_query="las") == []
