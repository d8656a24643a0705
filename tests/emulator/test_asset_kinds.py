"""Pixels, WhatsApp Business accounts and Instagram assets: nodes, lists, tasks and refusals of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("pixel", "waba", "instagram")
LISTS = {"pixel": "pixels", "waba": "whatsapp_business_accounts", "instagram": "instagram_assets"}
EDGES = {
    "pixel": "assigned_ads_pixels",
    "waba": "assigned_whatsapp_business_accounts",
    "instagram": "assigned_instagram_accounts",
}
SCOPES = ["business_management", "whatsapp_business_management", "catalog_management", "instagram_basic"]


class Shop:
    """A shop with an asset of each kind, and a client that owns one of each, too."""

    def __init__(self) -> None:
        build = WorldBuilder()
        self.business, self.client = build.business("Shop", verification_status="verified"), build.business("Client")
        self.app, other = build.app("Shop Ads", self.business), build.app("Client Ads", self.client)
        self.root = build.system_user("root", self.business, self.app, role="ADMIN")
        self.worker = build.system_user("worker", self.business, self.app)
        self.ines = build.person("ines", {self.business: "EMPLOYEE"})
        boss = build.system_user("boss", self.client, other, role="ADMIN")
        build.token("admin", self.root, self.app, SCOPES)
        build.token("boss", boss, other, SCOPES)
        build.token("ads", self.worker, self.app, ["ads_read"])
        build.token("worker", self.worker, self.app, SCOPES)
        makers = {
            "pixel": build.pixel,
            "waba": build.whatsapp_business_account,
            "instagram": build.instagram_asset,
        }
        self.own = {kind: make("Blue Shop", self.business) for kind, make in makers.items()}
        self.theirs = {kind: make("Client", self.client) for kind, make in makers.items()}
        self.account, self.foreign = build.ad_account("Shop", self.business), build.ad_account("Client", self.client)
        self.meta = MetaEmulator(build)

    def __call__(self, method: str, path: str, params: dict[str, Any] | None = None, by: str = "admin") -> GraphAnswer:
        return graph_call(self.meta.graph_url, method, path, params, token=self.meta.token(by))

    def assign(self, asset: str, *tasks: str) -> GraphAnswer:
        return self("POST", f"{asset}/assigned_users", {"user": self.worker, "tasks": list(tasks)})


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    with made.meta:
        yield made


def test_a_pixel_shows_what_tells_it_apart(shop: Shop) -> None:
    fields = "id,name,owner_business,is_created_by_business"

    assert shop("GET", shop.own["pixel"], {"fields": fields}).body == {
        "id": shop.own["pixel"],
        "name": "Blue Shop",
        "owner_business": {"id": shop.business, "name": "Shop"},
        "is_created_by_business": True,
    }
    assert shop("GET", shop.own["pixel"]).body == {"id": shop.own["pixel"]}
    wrong = shop("GET", shop.own["pixel"], {"fields": "currency"})
    assert (
        wrong.body["error"]["message"] == "(#100) Tried accessing nonexisting field (currency) on node type (AdsPixel)"
    )


def test_a_whatsapp_account_tells_how_its_owner_is_verified(shop: Shop) -> None:
    fields = "name,currency,business_verification_status,owner_business_info"

    assert shop("GET", shop.own["waba"], {"fields": fields}).body == {
        "name": "Blue Shop",
        "currency": "EUR",
        "business_verification_status": "verified",
        "owner_business_info": {"id": shop.business, "name": "Shop"},
        "id": shop.own["waba"],
    }


def test_an_instagram_asset_names_its_account(shop: Shop) -> None:
    shown = shop("GET", shop.own["instagram"]).body

    assert (shown["id"], shown["ig_username"]) == (shop.own["instagram"], "blue.shop")
    assert shown["ig_user_id"].startswith("17841400")
    assert len(shown["ig_user_id"]) == 17


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("pixel", "Requires ads_management permission"),
        ("waba", "Requires whatsapp_business_management permission"),
        ("instagram", "Requires instagram_basic permission"),
    ],
)
def test_each_kind_wants_a_task_and_a_permission_of_its_own(shop: Shop, kind: str, words: str) -> None:
    asset = shop.own[kind]
    unassigned = shop("GET", asset, by="worker")
    shop.assign(asset, {"pixel": "ANALYZE", "waba": "MANAGE", "instagram": "CONTENT"}[kind])
    tokens = {"pixel": 200, "waba": 403, "instagram": 403}

    assert (unassigned.status, unassigned.code) == (403, (200, None))
    assert words in unassigned.body["error"]["message"]
    assert shop("GET", asset, by="worker").status == 200
    assert shop("GET", asset, by="ads").status == tokens[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_lists_tell_owned_from_shared(shop: Shop, kind: str) -> None:
    shop.meta.act("share", asset=shop.theirs[kind], business="Shop", tasks=_one_task(kind))

    owned = shop("GET", f"{shop.business}/owned_{LISTS[kind]}", {"fields": "id"}).body["data"]
    client = shop("GET", f"{shop.business}/client_{LISTS[kind]}", {"fields": "id,permitted_tasks"}).body["data"]

    assert owned == [{"id": shop.own[kind]}]
    assert client == [{"id": shop.theirs[kind], "permitted_tasks": [_one_task(kind)]}]


@pytest.mark.parametrize(
    ("kind", "given", "has"),
    [
        ("pixel", ["ADVERTISE", "ANALYZE"], ["ANALYZE", "ADVERTISE"]),
        ("waba", ["MESSAGING"], ["MESSAGING"]),
        ("waba", ["MANAGE", "DEVELOP", "VIEW_COST"], ["MANAGE", "DEVELOP", "VIEW_COST"]),
        ("instagram", ["CONTENT", "MESSAGES", "ANALYZE"], ["CONTENT", "MESSAGES", "ANALYZE"]),
    ],
)
def test_tasks_are_given_and_seen_from_both_sides(shop: Shop, kind: str, given: list[str], has: list[str]) -> None:
    asset = shop.own[kind]

    assert shop.assign(asset, *given).body == {"success": True}

    rows = shop("GET", f"{asset}/assigned_users", {"business": shop.business}).body["data"]
    seen = shop("GET", f"{shop.worker}/{EDGES[kind]}", {"fields": "id,tasks"}).body["data"]
    assert rows == [{"id": shop.worker, "name": "worker", "tasks": has}]
    assert seen == [{"id": asset, "tasks": has}]


@pytest.mark.parametrize(
    ("kind", "tasks", "code"),
    [
        ("pixel", ["MANAGE"], (100, None)),
        ("waba", ["ANALYZE"], (100, None)),
        ("instagram", ["MANAGE"], (100, None)),
        ("pixel", [], (100, 1752129)),
        ("waba", [], (100, 1752129)),
    ],
)
def test_tasks_of_another_kind_are_refused(
    shop: Shop, kind: str, tasks: list[str], code: tuple[int, int | None]
) -> None:
    assert shop.assign(shop.own[kind], *tasks).code == code


def test_tasks_end_but_not_on_a_pixel(shop: Shop) -> None:
    for kind in KINDS:
        shop.assign(shop.own[kind], _one_task(kind))
    params = {"user": shop.worker}

    answers = {kind: shop("DELETE", f"{shop.own[kind]}/assigned_users", params) for kind in KINDS}

    assert answers["waba"].body == answers["instagram"].body == {"success": True}
    assert answers["pixel"].code == (100, 33)
    assert [row.asset_id for row in shop.meta.world.assignments] == [shop.own["pixel"]]


def test_pixels_and_instagram_assets_have_agencies_and_a_whatsapp_account_has_none(shop: Shop) -> None:
    given = {kind: {"business": shop.business, "permitted_tasks": [_one_task(kind)]} for kind in KINDS}

    for kind in ("pixel", "instagram"):
        assert shop("POST", f"{shop.theirs[kind]}/agencies", given[kind], by="boss").body == {"success": True}
        assert shop("GET", shop.theirs[kind]).status == 200
    assert shop("POST", f"{shop.theirs['waba']}/agencies", given["waba"], by="boss").code == (100, 33)
    [row] = shop("GET", f"{shop.theirs['pixel']}/shared_agencies", by="boss").body["data"]
    assert (row["id"], row["permitted_tasks"]) == (shop.business, ["ANALYZE"])


def test_a_pixel_is_shared_with_ad_accounts_that_the_business_has(shop: Shop) -> None:
    pixel = shop.own["pixel"]
    good = {"account_id": shop.account.removeprefix("act_"), "business": shop.business}

    assert shop("POST", f"{pixel}/shared_accounts", good).body == {"success": True}
    assert shop("POST", f"{pixel}/shared_accounts", {**good, "account_id": shop.foreign}).code == (200, None)
    listed = shop("GET", f"{pixel}/shared_accounts", {"business": shop.business}).body["data"]
    assert [row["id"] for row in listed] == [shop.account]

    assert shop("DELETE", f"{pixel}/shared_accounts", good).body == {"success": True}
    assert shop("DELETE", f"{pixel}/shared_accounts", good).code == (100, None)


def test_a_share_that_ends_takes_the_pixels_ad_accounts_along(shop: Shop) -> None:
    pixel = shop.theirs["pixel"]
    shop.meta.act("share", asset=pixel, business="Shop", tasks="ANALYZE")
    shop("POST", f"{pixel}/shared_accounts", {"account_id": shop.account, "business": shop.business})
    assert len(shop.meta.world.pixel_accounts) == 1

    shop.meta.act("unshare", asset=pixel, business="Shop")

    assert shop.meta.world.pixel_accounts == []


def test_a_business_makes_pixels_and_catalogs(shop: Shop) -> None:
    pixel = shop("POST", f"{shop.business}/adspixels", {"name": "New", "fields": "name"}).body
    catalog = shop("POST", f"{shop.business}/owned_product_catalogs", {"name": "Shoes", "vertical": "commerce"}).body

    assert pixel["name"] == "New"
    assert shop("GET", catalog["id"]).body == {"id": catalog["id"], "name": "Shoes"}
    names = shop("GET", f"{shop.business}/adspixels", {"fields": "name", "sort_by": "NAME"}).body["data"]
    assert [row["name"] for row in names] == ["Blue Shop", "New"]
    only = shop("GET", f"{shop.business}/adspixels", {"name_filter": "ne"}).body["data"]
    assert [row["id"] for row in only] == [pixel["id"]]
    assert shop("POST", f"{shop.business}/owned_product_catalogs", {"name": "x", "vertical": "y"}).code == (100, None)
    assert shop("POST", f"{shop.business}/adspixels", {"name": "New"}, by="worker").code == (200, None)
    assert shop("POST", f"{shop.business}/adspixels").code == (100, None)


def test_a_business_user_sees_what_they_were_assigned(shop: Shop) -> None:
    [member] = shop("GET", f"{shop.business}/business_users").body["data"]
    shop("POST", f"{shop.own['waba']}/assigned_users", {"user": member["id"], "tasks": ["MESSAGING"]})
    shop("POST", f"{shop.account}/assigned_users", {"user": member["id"], "tasks": ["ANALYZE"]})

    for edge, asset in (
        ("assigned_whatsapp_business_accounts", shop.own["waba"]),
        ("assigned_ad_accounts", shop.account),
    ):
        rows = shop("GET", f"{member['id']}/{edge}").body["data"]
        assert [row["id"] for row in rows] == [asset], edge
    assert shop("GET", f"{member['id']}/assigned_pages").body == {"data": []}
    assert shop("GET", f"{member['id']}/assigned_instagram_accounts").code == (100, None)


def _one_task(kind: str) -> str:
    return {"pixel": "ANALYZE", "waba": "MESSAGING", "instagram": "ADVERTISE"}[kind]
