"""Standard access and the lower tier reach what is the app's own, in a strict world; lenient goes by shares alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPES = [
    "business_management", "ads_management", "ads_read", "pages_show_list", "pages_manage_metadata",
    "catalog_management", "whatsapp_business_management", "instagram_basic",
]  # fmt: skip


class Agency:
    """An agency with an asset of its own of each kind, and one of each that a client shares with it."""

    def __init__(self, strictness: str) -> None:
        build = WorldBuilder()
        self.business, self.client = build.business("Agency"), build.business("Client")
        self.app = build.app("Agency Ads", self.business)
        root = build.system_user("root", self.business, self.app, role="ADMIN")
        build.token("admin", root, self.app, SCOPES)
        self.tester = build.person("tester", {self.client: "EMPLOYEE"})
        makers = {
            "ad_account": build.ad_account,
            "page": build.page,
            "catalog": build.catalog,
            "pixel": build.pixel,
            "waba": build.whatsapp_business_account,
            "instagram": build.instagram_asset,
        }
        tasks = {"waba": "MESSAGING", "catalog": "ADVERTISE"}
        self.own = {kind: make("Own", self.business) for kind, make in makers.items()}
        self.shared = {kind: make("Shared", self.client) for kind, make in makers.items()}
        for kind, asset in self.shared.items():
            build.share(asset, self.business, [tasks.get(kind, "ANALYZE")])
        self.root, self.meta = root, MetaEmulator(build)
        self._strictness = strictness

    def start(self) -> None:
        with self.meta.edit() as world:
            world.strictness = "strict" if self._strictness == "strict" else "lenient"

    def get(self, path: str, **params: str) -> GraphAnswer:
        return graph_call(self.meta.graph_url, "GET", path, params, token=self.meta.admin_token)

    def refused(self, assets: dict[str, str]) -> dict[str, tuple[int, int | None]]:
        answers = {kind: self.get(asset) for kind, asset in assets.items()}
        return {kind: answer.code for kind, answer in answers.items() if answer.status != 200}


@pytest.fixture
def agency(request: pytest.FixtureRequest) -> Iterator[Agency]:
    made = Agency(getattr(request, "param", "strict"))
    with made.meta:
        made.start()
        yield made


@pytest.mark.parametrize("agency", ["lenient"], indirect=True)
def test_lenient_goes_by_what_an_owner_shared_except_on_whatsapp(agency: Agency) -> None:
    assert agency.refused(agency.own) == {}
    assert agency.refused(agency.shared) == {"waba": (200, None)}
    agency.meta.act("approve", name="whatsapp_business_management")
    assert agency.refused(agency.shared) == {}
    assert agency.get(f"{agency.shared['ad_account']}/insights").status == 200


def test_strict_standard_access_reaches_the_apps_own_only(agency: Agency) -> None:
    assert agency.refused(agency.own) == {}
    assert agency.refused(agency.shared) == {
        "ad_account": (270, None),
        "page": (10, None),
        "catalog": (200, None),
        "pixel": (270, None),
        "waba": (200, None),
        "instagram": (200, None),
    }
    error = agency.get(f"{agency.shared['ad_account']}/insights").body["error"]
    assert error["message"].startswith(
        "(#270) This Ads API request is not allowed for apps with development access level"
    )


def test_strict_tier_and_permission_are_both_needed_for_a_clients_ad_account(agency: Agency) -> None:
    agency.meta.act("approve", name="tier")
    refused = agency.get(agency.shared["ad_account"])

    assert refused.code == (200, None)
    assert "Ad account owner has NOT grant ads_management or ads_read permission" in refused.body["error"]["message"]
    agency.meta.act("approve", name="ads_read")
    assert agency.get(agency.shared["ad_account"]).status == 200
    assert agency.get(f"{agency.shared['ad_account']}/insights").body == {"data": []}


def test_strict_advanced_access_reaches_what_is_shared(agency: Agency) -> None:
    for name in ("tier", *SCOPES):
        agency.meta.act("approve", name=name)

    assert agency.refused(agency.shared) == {}


def test_strict_standard_access_reaches_what_belongs_to_somebody_with_a_role(agency: Agency) -> None:
    agency.meta.act("unclaim-app")
    agency.meta.act("accept-role", person="tester", role="tester")

    assert agency.refused(agency.shared) == {}


def test_strict_assigning_to_a_clients_asset_wants_advanced_business_management(agency: Agency) -> None:
    agency.meta.act("approve", name="tier")
    account = agency.shared["ad_account"]
    params = {"user": agency.root, "tasks": ["ANALYZE"]}
    token = agency.meta.admin_token

    before = graph_call(agency.meta.graph_url, "POST", f"{account}/assigned_users", params, token=token)
    agency.meta.act("approve", name="business_management")
    after = graph_call(agency.meta.graph_url, "POST", f"{account}/assigned_users", params, token=token)

    assert before.code == (200, None)
    assert after.body == {"success": True}


def test_strict_reading_who_has_a_page_wants_its_own_permission(agency: Agency) -> None:
    agency.meta.act("approve", name="tier")
    page, listing = agency.own["page"], {"business": agency.business}
    assert agency.get(f"{page}/assigned_users", **listing).body == {"data": []}

    with agency.meta.edit() as world:
        world.tokens[0].scopes.remove("pages_manage_metadata")

    assert agency.get(f"{page}/assigned_users", **listing).code == (200, None)
