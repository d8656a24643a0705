"""Between businesses: shares by the owner, requests by the agency, claims, and what ends with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from meta_emulator.world import Assignment
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPES = ["business_management", "ads_management", "ads_read", "pages_show_list", "pages_manage_metadata"]


class Two:
    """An agency and a client, each with an app, an admin system user, a person and assets; nothing is shared."""

    def __init__(self) -> None:
        build = WorldBuilder()
        self.agency, self.client = build.business("Agency"), build.business("Client")
        self.app = build.app("Agency Ads", self.agency)
        self.client_app = build.app("Client Ads", self.client)
        self.root = build.system_user("root", self.agency, self.app, role="ADMIN")
        self.boss = build.system_user("boss", self.client, self.client_app, role="ADMIN")
        self.clerk = build.system_user("clerk", self.client, self.client_app)
        self.worker = build.system_user("worker", self.agency, self.app)
        self.both = build.person("both", {self.agency: "ADMIN", self.client: "ADMIN"})
        build.role(self.both, self.app, "administrators")
        self.loner = build.person("loner", {self.agency: "ADMIN"})
        build.token("admin", self.root, self.app, SCOPES)
        build.token("boss", self.boss, self.client_app, SCOPES)
        build.token("clerk", self.clerk, self.client_app, SCOPES)
        for name, person in (("both", self.both), ("loner", self.loner)):
            build.token(name, None, self.app, SCOPES, user_id=person)
        self.account, self.page = build.ad_account("Shop", self.client), build.page("Shop", self.client)
        self.catalog = build.catalog("Shop", self.client)
        self.own = build.ad_account("Own", self.agency)
        self.meta = MetaEmulator(build)

    def __call__(self, method: str, path: str, params: dict[str, Any] | None = None, by: str = "admin") -> GraphAnswer:
        return graph_call(self.meta.graph_url, method, path, params, token=self.meta.token(by))

    def ids(self, edge: str, business: str | None = None, by: str = "admin") -> list[str]:
        return [row["id"] for row in self("GET", f"{business or self.agency}/{edge}", by=by).body["data"]]

    def share(self, asset: str, *tasks: str) -> GraphAnswer:
        given = {"business": self.agency, "permitted_tasks": list(tasks)}
        return self("POST", f"{asset}/agencies", given, by="boss")


@pytest.fixture
def two() -> Iterator[Two]:
    made = Two()
    with made.meta:
        yield made


def test_an_owner_shares_and_the_agency_sees_it_with_its_tasks(two: Two) -> None:
    assert two("GET", two.account).code == (100, 33)

    assert two.share(two.account, "ADVERTISE").body == {"success": True}

    listed = two("GET", f"{two.agency}/client_ad_accounts", {"fields": "id,name,permitted_tasks"}).body["data"]
    assert listed == [{"id": two.account, "name": "Shop", "permitted_tasks": ["ADVERTISE", "ANALYZE"]}]
    assert two("GET", f"{two.account}/agencies", by="boss").body["data"] == [
        {"id": two.agency, "name": "Agency", "access_status": "CONFIRMED", "permitted_tasks": ["ADVERTISE", "ANALYZE"]}
    ]
    assert two.ids("owned_ad_accounts") == [two.own]


def test_a_narrower_share_cuts_down_what_the_agency_assigned(two: Two) -> None:
    two.share(two.account, "MANAGE")
    two("POST", f"{two.account}/assigned_users", {"user": two.worker, "tasks": ["MANAGE", "ADVERTISE", "ANALYZE"]})

    two.share(two.account, "ANALYZE")

    rows = two("GET", f"{two.worker}/assigned_ad_accounts").body["data"]
    assert [(row["id"], row["tasks"]) for row in rows] == [(two.account, ["ANALYZE"])]


@pytest.mark.parametrize("by", ["boss", "admin"])
def test_owner_or_agency_ends_a_share_and_the_assignments(two: Two, by: str) -> None:
    two.share(two.page, "ADVERTISE")
    two("POST", f"{two.page}/assigned_users", {"user": two.worker, "tasks": ["ANALYZE"]})

    assert two("DELETE", f"{two.page}/agencies", {"business": two.agency}, by=by).body == {"success": True}

    assert two.meta.world.assignments == []
    assert two.ids("client_pages") == []
    assert two("DELETE", f"{two.page}/agencies", {"business": two.agency}, by="boss").code == (100, None)


@pytest.mark.parametrize(
    ("by", "params", "code"),
    [
        ("boss", {"permitted_tasks": ["ANALYZE"]}, (100, None)),
        ("boss", {"business": "agency"}, (100, None)),
        ("boss", {"business": "agency", "permitted_tasks": ["FLY"]}, (100, None)),
        ("boss", {"business": "999", "permitted_tasks": ["ANALYZE"]}, (100, None)),
        ("boss", {"business": "client", "permitted_tasks": ["ANALYZE"]}, (100, None)),
        ("admin", {"business": "agency", "permitted_tasks": ["ANALYZE"]}, (100, 33)),
        ("clerk", {"business": "agency", "permitted_tasks": ["ANALYZE"]}, (200, None)),
    ],
)
def test_refused_shares(two: Two, by: str, params: dict[str, Any], code: tuple[int, int | None]) -> None:
    named = {"agency": two.agency, "client": two.client}
    given = {name: named.get(value, value) if isinstance(value, str) else value for name, value in params.items()}

    assert two("POST", f"{two.account}/agencies", given, by=by).code == code
    assert [asset.shares for _, asset in two.meta.world.assets()] == [[], [], [], []]


def test_an_agency_neither_shares_further_nor_sees_the_others(two: Two) -> None:
    two.share(two.account, "MANAGE")

    given = {"business": two.client, "permitted_tasks": ["ANALYZE"]}
    assert two("POST", f"{two.account}/agencies", given).code == (200, None)
    assert two("GET", f"{two.account}/agencies").code == (200, None)


def test_whoever_manages_an_asset_without_being_an_admin_shares_it_for_an_admin_to_approve(two: Two) -> None:
    with two.meta.edit() as world:
        world.assignments.append(_manage(two.account, two.clerk))
    given = {"business": two.agency, "permitted_tasks": ["ANALYZE"]}

    answer = two("POST", f"{two.account}/agencies", given, by="clerk")

    assert answer.body == {"success": True, "requires_admin_approval": True}
    assert two.ids("client_ad_accounts") == []
    [row] = two("GET", f"{two.account}/agencies", by="boss").body["data"]
    assert (row["access_status"], row["permitted_tasks"]) == ("PENDING", ["ANALYZE"])
    assert two.meta.act("accept-request", of=two.account, business="Agency") == "Agency may use Shop."
    assert two.ids("client_ad_accounts") == [two.account]


def test_an_agency_asks_and_the_owner_grants_or_declines(two: Two) -> None:
    asked = {"adaccount_id": two.account, "permitted_tasks": ["ADVERTISE", "ANALYZE"]}

    assert two("POST", f"{two.agency}/client_ad_accounts", asked).body == {"access_status": "PENDING"}

    [row] = two("GET", f"{two.agency}/pending_client_ad_accounts", {"fields": "ad_account,permitted_tasks"}).body[
        "data"
    ]
    assert row["ad_account"] == {"account_id": two.account.removeprefix("act_"), "id": two.account}
    assert row["permitted_tasks"] == ["ADVERTISE", "ANALYZE"]
    again = two("POST", f"{two.agency}/client_ad_accounts", asked)
    assert again.code == (3936, None)
    assert again.body["error"]["message"] == (
        "(#3936) You've already tried to claim this ad account. You'll see a notification if your request is accepted."
    )
    two.meta.act("decline-request", of=two.account, business="Agency")
    assert two.ids("pending_client_ad_accounts") == []
    two("POST", f"{two.agency}/client_ad_accounts", asked)
    two.meta.act("accept-request", of=two.account, business="Agency")
    assert two.ids("client_ad_accounts") == [two.account]
    assert two.ids("pending_client_ad_accounts") == []
    assert two("POST", f"{two.agency}/client_ad_accounts", asked).code == (3944, None)


def test_a_page_is_asked_for_alike(two: Two) -> None:
    asked = {"page_id": two.page, "permitted_tasks": ["ADVERTISE"]}
    assert two("POST", f"{two.agency}/client_pages", {"page_id": two.page}).code == (100, None)

    assert two("POST", f"{two.agency}/client_pages", asked).body == {"access_status": "PENDING"}

    [row] = two("GET", f"{two.agency}/pending_client_pages").body["data"]
    assert row["page"] == {"id": two.page, "name": "Shop"}
    assert two("DELETE", f"{two.agency}/pages", {"page_id": two.page}).body == {"success": True}
    assert two.ids("pending_client_pages") == []


def test_who_administers_both_businesses_needs_no_approval(two: Two) -> None:
    asked = {"adaccount_id": two.account, "permitted_tasks": ["ANALYZE"]}

    assert two("POST", f"{two.agency}/client_ad_accounts", asked, by="both").body == {"access_status": "CONFIRMED"}
    assert two.ids("client_ad_accounts") == [two.account]

    claimed = two("POST", f"{two.agency}/owned_ad_accounts", {"adaccount_id": two.account}, by="both")

    assert claimed.body == {"access_status": "CONFIRMED"}
    assert two.ids("owned_ad_accounts") == [two.account, two.own]
    assert two.ids("client_ad_accounts") == []
    assert two("POST", f"{two.agency}/owned_ad_accounts", {"adaccount_id": two.account}).code == (3944, None)


def test_a_claim_of_an_ad_account_waits_and_one_of_a_page_fails(two: Two) -> None:
    assert two("POST", f"{two.agency}/owned_ad_accounts", {"adaccount_id": two.account}).body == {
        "access_status": "PENDING"
    }
    assert two("POST", f"{two.agency}/owned_pages", {"page_id": two.page}).code == (200, None)
    assert len(two.ids("pending_owned_ad_accounts")) == 1
    assert two.ids("pending_owned_pages") == []

    assert two.meta.act("accept-request", of=two.account, business="Agency") == "Agency owns Shop."

    assert two.ids("owned_ad_accounts") == [two.account, two.own]
    assert two.ids("owned_ad_accounts", two.client, by="boss") == []


def test_what_a_business_gives_up_belongs_to_none_until_claimed_by_who_has_it(two: Two) -> None:
    with two.meta.edit() as world:
        world.assignments.append(_manage(two.own, two.loner))

    assert two("DELETE", f"{two.agency}/ad_accounts", {"adaccount_id": two.own}).body == {"success": True}

    assert two.ids("owned_ad_accounts") == []
    assert two("GET", two.own).code == (100, 33)
    assert two("GET", two.own, by="loner").body["id"] == two.own
    claimed = two("POST", f"{two.agency}/owned_ad_accounts", {"adaccount_id": two.own}, by="loner")
    assert claimed.body == {"access_status": "CONFIRMED"}
    assert two.ids("owned_ad_accounts") == [two.own]


def test_giving_up_what_is_not_there(two: Two) -> None:
    page = two("DELETE", f"{two.agency}/pages", {"page_id": two.page})

    assert page.code == (3996, None)
    assert page.body["error"]["message"] == "(#3996) The page does not belong to this Business Manager."
    assert two("DELETE", f"{two.agency}/ad_accounts", {"adaccount_id": two.account}).code == (100, None)
    assert two("DELETE", f"{two.agency}/ad_accounts", {"adaccount_id": "act_999"}).code == (100, None)


def test_partners_are_listed_from_both_sides_and_removed(two: Two) -> None:
    two.share(two.account, "ANALYZE")
    two.share(two.catalog, "ADVERTISE")
    two("POST", f"{two.agency}/client_pages", {"page_id": two.page, "permitted_tasks": ["ANALYZE"]})
    account = {"id": two.account, "access_status": "CONFIRMED", "permitted_tasks": ["ANALYZE"]}
    catalog = {"id": two.catalog, "access_status": "CONFIRMED", "permitted_tasks": ["ADVERTISE"]}
    page = {"id": two.page, "access_status": "PENDING", "permitted_tasks": ["ANALYZE"]}
    shared = {
        "adaccount_permissions": [account],
        "page_permissions": [page],
        "productcatalog_permissions": [catalog],
    }

    assert two("GET", f"{two.client}/agencies", by="boss").body["data"] == [
        {"id": two.agency, "name": "Agency", **shared}
    ]
    assert two("GET", f"{two.agency}/clients").body["data"] == [{"id": two.client, "name": "Client", **shared}]

    assert two("DELETE", f"{two.agency}/clients", {"business": two.client}).body == {"success": True}
    assert two.ids("client_ad_accounts") + two.ids("client_product_catalogs") == []
    assert two("DELETE", f"{two.client}/agencies", {"business": two.agency}, by="boss").code == (100, None)


def test_apps_are_claimed_by_their_admins_and_asked_for_by_clients(two: Two) -> None:
    asked = {"app_id": two.client_app}

    assert two("POST", f"{two.agency}/client_apps", asked).body == {"access_status": "PENDING"}
    assert two("POST", f"{two.agency}/client_apps", asked).code == (100, None)
    [waiting] = two("GET", f"{two.agency}/pending_client_apps").body["data"]
    assert waiting["application"]["id"] == two.client_app
    assert two("GET", two.client_app).code == (100, 33)
    two.meta.act("accept-request", of=two.client_app, business="Agency")
    assert two.ids("client_apps") == [two.client_app]
    assert two("GET", two.client_app).body["name"] == "Client Ads"
    assert two("POST", f"{two.agency}/owned_apps", asked).code == (200, None)
    assert two("POST", f"{two.agency}/owned_apps", {"app_id": two.app}).code == (3944, None)

    two.meta.act("unclaim-app", app="Agency Ads")

    assert two("POST", f"{two.agency}/owned_apps", {"app_id": two.app}).code == (200, None)
    claimed = two("POST", f"{two.agency}/owned_apps", {"app_id": two.app}, by="both")
    assert claimed.body == {"access_status": "CONFIRMED"}
    assert two.ids("owned_apps") == [two.app]


def test_strict_limited_tier_has_no_part_in_it_and_a_page_wants_its_own_token(two: Two) -> None:
    with two.meta.edit() as world:
        world.strictness = "strict"
    asked = {"adaccount_id": two.account, "permitted_tasks": ["ANALYZE"]}
    lists = ("agencies", "clients", "client_apps", "pending_client_apps", "pending_client_pages")

    assert {two("GET", f"{two.agency}/{edge}").code for edge in lists} == {(270, None)}
    assert two("POST", f"{two.agency}/client_ad_accounts", asked).code == (270, None)
    two.meta.act("approve", name="tier", app="Client Ads")
    assert two.share(two.account, "ANALYZE").body == {"success": True}
    assert two.share(two.page, "ANALYZE").code == (210, None)
    [row] = two("GET", "me/accounts", by="boss").body["data"]
    given = {"business": two.agency, "permitted_tasks": ["ANALYZE"]}
    shared = graph_call(two.meta.graph_url, "POST", f"{two.page}/agencies", given, token=row["access_token"])
    assert shared.body == {"success": True}


def _manage(asset: str, user: str) -> Assignment:
    return Assignment(asset, user, ["MANAGE", "ADVERTISE", "ANALYZE"])
