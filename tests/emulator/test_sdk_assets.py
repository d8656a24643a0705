"""Meta's own SDK between businesses and on their assets, unchanged but for the host it talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adspixel import AdsPixel
from facebook_business.adobjects.business import Business
from facebook_business.adobjects.businessassetgroup import BusinessAssetGroup
from facebook_business.adobjects.instagrambusinessasset import InstagramBusinessAsset
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.systemuser import SystemUser
from facebook_business.adobjects.whatsappbusinessaccount import WhatsAppBusinessAccount
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from meta_emulator.embedded import MetaEmulator
from tests.emulator import aimed

if TYPE_CHECKING:
    from collections.abc import Iterator


class Two:
    """The corner of an agency and its client, with the SDK in the hands of an admin of either."""

    def __init__(self, meta: MetaEmulator) -> None:
        self.meta, self._corner = meta, aimed.Corner()
        with meta.edit() as world:
            self._corner.furnish(world, meta.clock.now())
        self.agency, self.client = self._api("root", aimed.APP), self._api("boss", aimed.CLIENT_APP)

    def _api(self, name: str, app: str) -> FacebookAdsApi:
        session = FacebookSession(app, self.meta.secret_of(app), self._corner.tokens[name], timeout=30)
        session.GRAPH = self.meta.graph_url
        session.requests.trust_env = False  # a proxy of the machine is not for loopback
        return FacebookAdsApi(session)


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    with MetaEmulator() as meta:
        yield Two(meta)


def test_sdk_shares_asks_and_takes_back(two: Two) -> None:
    account, page = aimed.foreign("ad_account"), aimed.foreign("page")
    business = Business(aimed.AGENCY, api=two.agency)

    given = {"business": aimed.AGENCY, "permitted_tasks": ["ADVERTISE", "ANALYZE"]}
    AdAccount(account, api=two.client).create_agency(params=given)
    seen = {row["id"]: row["permitted_tasks"] for row in business.get_client_ad_accounts(fields=["permitted_tasks"])}
    asked = business.create_client_page(params={"page_id": int(page), "permitted_tasks": ["ANALYZE"]})
    waiting = [row["page"]["id"] for row in business.get_pending_client_pages(fields=["page"])]
    agencies = [row["id"] for row in Page(page, api=two.client).get_agencies()]
    AdAccount(account, api=two.client).delete_agencies(params={"business": aimed.AGENCY})

    assert seen[account] == ["ADVERTISE", "ANALYZE"]
    assert (asked["access_status"], waiting, agencies) == ("PENDING", [page], [aimed.AGENCY])
    assert account not in [row["id"] for row in business.get_client_ad_accounts()]


def test_sdk_meets_metas_refusals(two: Two) -> None:
    business = Business(aimed.AGENCY, api=two.agency)

    with pytest.raises(FacebookRequestError) as had:
        business.create_owned_ad_account(params={"adaccount_id": aimed.own("ad_account")})
    with pytest.raises(FacebookRequestError) as unknown:
        AdAccount(aimed.own("ad_account"), api=two.agency).get_insights(fields=["colour"])

    assert (had.value.http_status(), had.value.api_error_code()) == (400, 3944)
    assert had.value.api_error_message() == "(#3944) Your Business Manager already has access to this object."
    assert unknown.value.api_error_code() == 100


def test_sdk_assigns_assets_of_every_kind(two: Two) -> None:
    user, listing = SystemUser(aimed.WORKER, api=two.agency), {"business": aimed.AGENCY}
    pixel = AdsPixel(aimed.own("pixel"), api=two.agency)
    account = WhatsAppBusinessAccount(aimed.own("waba"), api=two.agency)
    instagram = InstagramBusinessAsset(aimed.own("instagram"), api=two.agency)

    pixel.create_assigned_user(params={"user": aimed.WORKER, "tasks": ["ANALYZE"]})
    account.create_assigned_user(params={"user": aimed.WORKER, "tasks": ["MESSAGING"]})
    instagram.create_assigned_user(params={"user": aimed.WORKER, "tasks": ["CONTENT"]})
    tasks = [one.get_assigned_users(params=listing)[0]["tasks"] for one in (pixel, account, instagram)]
    seen = [row["id"] for row in user.get_assigned_whats_app_business_accounts()]
    account.delete_assigned_users(params={"user": aimed.WORKER})

    assert tasks == [["ANALYZE"], ["MESSAGING"], ["CONTENT"]]
    assert seen == [account["id"]]
    assert list(account.get_assigned_users(params=listing)) == []
    assert instagram.api_get()["ig_username"] == "own"


def test_sdk_works_with_groups_pixels_and_insights(two: Two) -> None:
    business = Business(aimed.AGENCY, api=two.agency)
    [found] = business.get_business_asset_groups(fields=["name"])
    group = BusinessAssetGroup(found["id"], api=two.agency)

    group.create_assigned_user(params={"user": aimed.WORKER, "adaccount_tasks": ["ANALYZE"]})
    held = [row["id"] for row in SystemUser(aimed.WORKER, api=two.agency).get_assigned_ad_accounts()]
    group.delete_contained_ad_accounts(params={"asset_id": aimed.own("ad_account")})
    made = business.create_ads_pixel(params={"name": "New"})
    linked = AdsPixel(aimed.own("pixel"), api=two.agency).get_shared_accounts(params={"business": aimed.AGENCY})

    assert found["name"] == "aimed"
    assert held == [aimed.own("ad_account")]
    assert list(group.get_contained_ad_accounts()) == []
    assert made["id"] in [row["id"] for row in business.get_ads_pixels()]
    assert [row["id"] for row in linked] == [aimed.own("ad_account")]
    insights = AdAccount(aimed.own("ad_account"), api=two.agency).get_insights(fields=["spend"])
    assert (list(insights), "x-fb-ads-insights-throttle" in {name.lower() for name in insights.headers()}) == ([], True)
