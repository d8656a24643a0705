"""Meta's own SDK as a client: unchanged but for the host it talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.business import Business
from facebook_business.adobjects.systemuser import SystemUser
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

ROOT = "122090000000301"
BUSINESS = "178000000000101"
SHOP = "act_104320000000501"


def api_for(meta: RunningEmulator, token: str | None = None) -> FacebookAdsApi:
    session = FacebookSession(meta.app_id, meta.app_secret, token or meta.admin_token, timeout=10)
    session.GRAPH = meta.graph_url
    session.requests.trust_env = False  # a proxy of the machine is not for loopback
    return FacebookAdsApi(session)


@pytest.fixture
def api(meta: RunningEmulator) -> FacebookAdsApi:
    return api_for(meta)


def test_sdk_reads_a_node(api: FacebookAdsApi) -> None:
    business = Business(BUSINESS, api=api).api_get(fields=["name", "verification_status"])

    assert business["name"] == "Lindenhof Media"
    assert business["verification_status"] == "not_verified"


def test_sdk_reads_me_with_its_proof_in_the_query(meta: RunningEmulator, api: FacebookAdsApi) -> None:
    world = meta.world()
    world["apps"][0]["require_app_secret"] = True
    meta.put_world(world)

    answer = api.call("GET", ("me",))

    assert answer.json() == {"id": ROOT, "name": "root"}
    assert answer.headers()["facebook-api-version"] == "v26.0"


def test_sdk_creates_a_system_user_and_reads_it_back(api: FacebookAdsApi) -> None:
    made = Business(BUSINESS, api=api).create_system_user(fields=["name"], params={"name": "ci", "role": "EMPLOYEE"})

    assert made["name"] == "ci"
    assert SystemUser(made["id"], api=api).api_get(fields=["name"])["name"] == "ci"


def test_sdk_cursor_walks_all_pages(meta: RunningEmulator, api: FacebookAdsApi) -> None:
    meta.act("approve", name="tier")
    for number in range(4):
        meta.create_system_user(f"user {number}")
    meta.forget_calls()

    cursor = Business(BUSINESS, api=api).get_system_users(fields=["name", "role"], params={"limit": 2})
    found = [(user["name"], user["role"]) for user in cursor]

    assert found == [
        ("root", "ADMIN"),
        ("user 0", "EMPLOYEE"),
        ("user 1", "EMPLOYEE"),
        ("user 2", "EMPLOYEE"),
        ("user 3", "EMPLOYEE"),
    ]
    assert cursor.total() == 5
    assert len(meta.calls("graph")) == 3


def test_sdk_assigns_and_takes_back(meta: RunningEmulator, api: FacebookAdsApi) -> None:
    user, account = meta.create_system_user("reporting"), AdAccount(SHOP, api=api)

    account.create_assigned_user(params={"user": user, "tasks": ["ANALYZE"]})
    rows = account.get_assigned_users(params={"business": BUSINESS})
    seen = SystemUser(user, api=api).get_assigned_ad_accounts(fields=["name"])
    account.delete_assigned_users(params={"user": user})

    assert [(row["name"], row["tasks"]) for row in rows] == [("reporting", ["ANALYZE"])]
    assert [row["name"] for row in seen] == ["Lindenhof Shop"]
    assert meta.world()["assignments"] == []


def test_sdk_exception_carries_metas_error(meta: RunningEmulator, api: FacebookAdsApi) -> None:
    meta.create_system_user("first")

    with pytest.raises(FacebookRequestError) as full:
        Business(BUSINESS, api=api).create_system_user(params={"name": "second", "role": "EMPLOYEE"})
    with pytest.raises(FacebookRequestError) as gone:
        SystemUser("999", api=api).api_get()

    assert (full.value.http_status(), full.value.api_error_code()) == (400, 3949)
    assert full.value.api_error_type() == "OAuthException"
    assert full.value.api_error_message() == ("This Business Manager has reached maximum number of system user limit.")
    assert (gone.value.api_error_code(), gone.value.api_error_subcode()) == (100, 33)


def test_sdk_takes_a_transient_error_for_one(meta: RunningEmulator, api: FacebookAdsApi) -> None:
    meta.fault("graph", method="GET", path="/me$", code=2)

    with pytest.raises(FacebookRequestError) as passing:
        api.call("GET", ("me",))

    assert (passing.value.http_status(), passing.value.api_error_code()) == (503, 2)
    assert passing.value.api_transient_error() is True


def test_sdk_with_a_dead_token_is_refused(meta: RunningEmulator) -> None:
    unknown: Any = "EAA" + "EMU" + "x" * 40

    with pytest.raises(FacebookRequestError) as refused:
        api_for(meta, unknown).call("GET", ("me",))

    assert (refused.value.http_status(), refused.value.api_error_code()) == (401, 190)
