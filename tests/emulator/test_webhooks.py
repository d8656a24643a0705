"""Webhooks: subscriptions with the app's token, the handshake, and signed notifications to this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator import webhooks
from meta_emulator.clock import WorldClock
from meta_emulator.deliveries import Deliveries
from meta_emulator.embedded import MetaEmulator
from meta_emulator.journal import Journal
from meta_emulator.keyring import Keyring
from meta_emulator.webhooks import Notice
from meta_emulator.world import (
    App,
    Asset,
    Consent,
    Person,
    Share,
    WebhookSubscription,
    World,
)
from tests.callbacks import callback
from tests.emulators import graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.callbacks import Callback
    from tests.emulators import GraphAnswer

APP = "120480000000201"
INES = "100000000000402"
VERIFY = "verify-me"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NOON_S = 1796126400


@pytest.fixture(scope="module")
def running() -> Iterator[MetaEmulator]:
    with MetaEmulator() as meta:
        yield meta


@pytest.fixture
def meta(running: MetaEmulator) -> MetaEmulator:
    running.reset()
    return running


@pytest.fixture
def hook() -> Iterator[Callback]:
    with callback(VERIFY) as made:
        yield made


def ask(meta: MetaEmulator, method: str, params: dict[str, Any] | None = None, token: str | None = None) -> GraphAnswer:
    value = f"{meta.app_id}|{meta.app_secret}" if token is None else token
    return graph_call(meta.graph_url, method, f"{meta.app_id}/subscriptions", params, token=value)


def subscribe(meta: MetaEmulator, hook: Callback, object_: str = "permissions", **more: Any) -> GraphAnswer:
    given = {"object": object_, "callback_url": hook.url, "verify_token": VERIFY, "fields": "ads_read,connected"}
    return ask(meta, "POST", {**given, **more})


def journal(meta: MetaEmulator) -> list[tuple[str, str, int, int | str | None]]:
    return [(c.method, c.path, c.status, c.code) for c in meta.calls() if c.service == "webhook"]


def settled(meta: MetaEmulator, count: int) -> list[tuple[str, str, int, int | str | None]]:
    """The journal's webhook rows, once there are so many: a delivery is noted after its answer has arrived."""
    waiting = threading.Event()
    for _ in range(1000):
        if len(found := journal(meta)) >= count:
            return found
        waiting.wait(0.01)
    raise AssertionError(journal(meta))


# --- the edge ------------------------------------------------------------------------------------


def test_a_subscription_is_made_after_the_handshake_and_read_with_the_apps_token(
    meta: MetaEmulator, hook: Callback
) -> None:
    assert ask(meta, "GET").body == {"data": []}
    assert subscribe(meta, hook).body == {"success": True}

    [asked] = hook.asked
    assert (asked["hub.mode"], asked["hub.verify_token"]) == ("subscribe", VERIFY)
    assert asked["hub.challenge"].isdecimal()
    assert journal(meta) == [("GET", hook.url, 200, None)]
    fields = [{"name": "ads_read", "version": "v26.0"}, {"name": "connected", "version": "v26.0"}]
    row = {"object": "permissions", "callback_url": hook.url, "active": True, "fields": fields}
    assert ask(meta, "GET").body == {"data": [row]}
    assert ask(meta, "GET", {"fields": "object"}).body == {"data": [{"object": "permissions"}]}
    for method in ("GET", "POST", "DELETE"):
        assert ask(meta, method, {"object": "user"} if method == "POST" else None, meta.admin_token).code == (15, None)
    # What proves the app to its callback is kept nowhere.
    assert VERIFY not in json.dumps([repr(app) for app in meta.world.apps])


def test_a_second_post_amends_and_a_delete_takes_fields_or_all(meta: MetaEmulator, hook: Callback) -> None:
    subscribe(meta, hook)
    assert subscribe(meta, hook, fields=["email"], include_values=True).status == 200
    [row] = meta.world.apps[0].subscriptions
    assert (row.fields, row.include_values) == (["ads_read", "connected", "email"], True)

    subscribe(meta, hook, "application", fields="ad_account")
    assert ask(meta, "DELETE", {"object": "permissions", "fields": "email,connected"}).body == {"success": True}
    rows = [(row.object, row.fields) for row in meta.world.apps[0].subscriptions]
    assert rows == [("permissions", ["ads_read"]), ("application", ["ad_account"])]
    assert ask(meta, "DELETE", {"object": "permissions", "fields": "ads_read"}).status == 200
    assert [row.object for row in meta.world.apps[0].subscriptions] == ["application"]
    subscribe(meta, hook)
    assert ask(meta, "DELETE", {"object": "application"}).status == 200
    assert [row.object for row in meta.world.apps[0].subscriptions] == ["permissions"]
    assert ask(meta, "DELETE").status == 200
    assert meta.world.apps[0].subscriptions == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"object": None}, "The parameter object is required"),
        ({"object": "business"}, "Param object must be one of {ad_account, application, catalog, instagram, "),
        ({"callback_url": None}, "The parameter callback_url is required"),
        ({"callback_url": "http://hook.example/"}, "Param callback_url must be an https URL"),
        ({"callback_url": "ftp://127.0.0.1/"}, "Param callback_url must be an https URL"),
        ({"callback_url": "https://user@hook.example/"}, "Param callback_url must be an https URL"),
        ({"callback_url": "https://hook.example:99999/"}, "Param callback_url must be an https URL"),
        ({"callback_url": "https://hook.example/ü"}, "Param callback_url must be an https URL"),
        ({"object": "application", "fields": "permissions"}, "Param fields[0] must be one of {ad_account, ads_rules"),
    ],
)
def test_what_is_no_subscription_is_refused_before_anybody_is_called(
    meta: MetaEmulator, hook: Callback, given: dict[str, Any], message: str
) -> None:
    whole = {"object": "permissions", "callback_url": hook.url, "verify_token": VERIFY, "fields": "email", **given}
    refused = ask(meta, "POST", {name: value for name, value in whole.items() if value is not None})

    assert refused.code == (100, None)
    assert refused.body["error"]["message"].startswith(f"(#100) {message}")
    assert (hook.asked, journal(meta)) == ([], [])


def test_a_callback_that_does_not_expect_it_is_not_subscribed(meta: MetaEmulator, hook: Callback) -> None:
    hook.verify_token = "another"
    wrong = subscribe(meta, hook)
    assert (wrong.status, wrong.code) == (400, (2200, None))
    assert wrong.body["error"]["message"] == (
        "(#2200) Callback verification failed with the following errors: HTTP Status Code = 403; "
        "HTTP Message = Forbidden"
    )
    hook.verify_token, hook.echo = VERIFY, "<!DOCTYPE html>"
    odd = subscribe(meta, hook)
    assert odd.code == (2201, None)
    challenge = hook.asked[-1]["hub.challenge"]
    assert odd.body["error"]["message"] == (
        f'(#2201) response does not match challenge, expected value="{challenge}", received="<!DOCTYPE html>"'
    )
    nobody = subscribe(meta, hook, callback_url="http://127.0.0.1:1/")
    assert nobody.code == (2200, None)
    assert nobody.body["error"]["message"].endswith(
        "curl_errno = 7; curl_error = Failed to connect to host; HTTP Status Code = 0"
    )
    assert meta.world.apps[0].subscriptions == []
    assert journal(meta)[-1] == (
        "GET", "http://127.0.0.1:1/", 0, "curl_errno = 7; curl_error = Failed to connect to host",
    )  # fmt: skip


def test_a_callback_elsewhere_is_believed_and_never_called(meta: MetaEmulator) -> None:
    url = "https://hook.example/meta?key=hidden"
    made = ask(meta, "POST", {"object": "permissions", "callback_url": url, "fields": "connected"})
    assert made.body == {"success": True}
    meta.act("consent", person="ines", permissions="ads_read")
    # Its query may hold a secret, so the journal has none.
    assert settled(meta, 2) == [
        ("GET", "https://hook.example/meta", 0, "not this machine"),
        ("POST", "https://hook.example/meta", 0, "not this machine"),
    ]


def test_the_callback_may_call_graph_during_the_handshake(meta: MetaEmulator, hook: Callback) -> None:
    """It is the app that is asked, which may look itself up before it answers; and everybody else goes on as well."""
    seen = []

    class Asking(list[dict[str, str]]):
        def append(self, given: dict[str, str]) -> None:
            seen.append(ask(meta, "GET").status)
            super().append(given)

    hook.asked = Asking()
    assert subscribe(meta, hook).status == 200
    assert seen == [200]


def test_a_world_that_is_put_meanwhile_gets_no_subscription_of_the_old_one(meta: MetaEmulator, hook: Callback) -> None:
    class Resetting(list[dict[str, str]]):
        def append(self, given: dict[str, str]) -> None:
            meta.reset()
            super().append(given)

    hook.asked = Resetting()
    assert subscribe(meta, hook).code == (2, None)
    assert meta.world.apps[0].subscriptions == []


# --- notifications -------------------------------------------------------------------------------


def test_a_grant_and_its_end_are_told_and_signed_with_the_apps_secret(meta: MetaEmulator, hook: Callback) -> None:
    subscribe(meta, hook, include_values=True)
    meta.act("consent", person="ines", permissions="ads_read,email")

    headers, body = hook.next()
    told = json.loads(body)
    [entry] = told["entry"]
    assert (told["object"], entry["id"], entry["uid"]) == ("permissions", INES, INES)
    assert entry["changes"] == [
        {"field": "ads_read", "value": {"verb": "granted"}},
        {"field": "connected", "verb": "granted"},
    ]
    assert abs(entry["time"] - meta.clock.now().timestamp()) < 60
    assert headers["content-type"] == "application/json"
    for name, how in (("x-hub-signature-256", hashlib.sha256), ("x-hub-signature", hashlib.sha1)):
        signed = hmac.new(meta.app_secret.encode(), body, how).hexdigest()
        assert headers[name] == f"{how().name}={signed}"
    assert settled(meta, 2)[-1] == ("POST", hook.url, 200, None)
    # Neither values nor secrets stand in the journal.
    assert VERIFY not in str(meta.calls())


def test_without_values_a_notification_names_the_fields_alone(meta: MetaEmulator, hook: Callback) -> None:
    subscribe(meta, hook)
    meta.act("consent", person="ines", permissions="ads_read,email")
    [entry] = hook.body()["entry"]
    assert (entry["changed_fields"], "changes" in entry) == (["ads_read", "connected"], False)


def test_other_fields_other_worlds_and_ended_subscriptions_are_not_told(meta: MetaEmulator, hook: Callback) -> None:
    subscribe(meta, hook, fields="pages_show_list")
    meta.act("consent", person="ines", permissions="ads_read")
    with meta.edit() as world:  # a world that is put is another one, not a change
        world.consents[0].granted.append("pages_show_list")
    meta.act("consent", person="nadia", permissions="pages_show_list")
    [entry] = hook.body()["entry"]
    assert entry["id"] == "100000000000401"
    ask(meta, "DELETE")
    meta.act("consent", person="ines", permissions="pages_show_list,email")
    assert hook.received.empty()


def test_a_delivery_that_is_not_taken_is_repeated_twice_and_no_more(tmp_path: Path) -> None:
    held: list[float] = []
    log, keyring = Journal(WorldClock()), Keyring(tmp_path / "credentials.json")
    with callback(VERIFY) as hook:
        sent = Deliveries(log, keyring, roots=None, hold=held.append)
        notice = Notice(APP, hook.url, {"object": "permissions", "entry": []})
        hook.statuses = [500, 503]
        assert sent.deliver(notice) is True
        assert (held, [call.status for call in log.calls()]) == ([1.0, 5.0], [500, 503, 200])
        assert len({body for _, body in (hook.next(), hook.next(), hook.next())}) == 1
        held.clear()
        hook.statuses = [500, 302, 404]
        assert sent.deliver(notice) is False
        assert (held, [call.status for call in log.calls()][3:]) == ([1.0, 5.0], [500, 302, 404])
    held.clear()
    assert sent.deliver(Notice(APP, "http://127.0.0.1:1/", {})) is False
    assert (len(held), {call.status for call in log.calls()[6:]}) == (2, {0})
    sent.stop()
    held.clear()
    assert sent.deliver(Notice(APP, "http://127.0.0.1:1/", {})) is False
    assert held == []


def test_what_finds_no_room_is_noted(tmp_path: Path) -> None:
    log = Journal(WorldClock())
    sent = Deliveries(log, Keyring(tmp_path / "credentials.json"), roots=None)
    sent.send([Notice(APP, "http://127.0.0.1:1/", {})] * 1001)
    assert [(call.status, call.code) for call in log.calls()] == [(0, "more than 1000 wait")]
    # After a reset there is room again: what waited told of a world that is no more.
    sent.clear()
    sent.send([Notice(APP, "http://127.0.0.1:1/", {})] * 1000)
    assert len(log.calls()) == 1


# --- what is told, by itself ---------------------------------------------------------------------


def world(*, granted: list[str] | None, owner: str | None = "b1", shared: tuple[str, ...] = ()) -> World:
    row = WebhookSubscription("permissions", "http://127.0.0.1:1/", ["ads_read", "email", "connected"], True)
    account = WebhookSubscription("application", "http://127.0.0.1:2/", ["ad_account"], True)
    return World(
        apps=[App("a1", "App", "b1", subscriptions=[row, account])],
        people=[Person("p1", "Ines")],
        consents=[] if granted is None else [Consent("p1", "a1", list(granted))],
        ad_accounts=[Asset("act_7", "Shop", owner, [Share(business, []) for business in shared])],
    )


def test_leaving_an_app_revokes_each_permission_and_the_connection() -> None:
    [notice] = webhooks.notices(world(granted=["email", "public_profile"]), world(granted=None), NOON)
    assert notice == Notice(
        "a1",
        "http://127.0.0.1:1/",
        {
            "object": "permissions",
            "entry": [
                {
                    "id": "p1",
                    "uid": "p1",
                    "time": NOON_S,
                    "changes": [
                        {"field": "email", "value": {"verb": "revoked"}},
                        {"field": "connected", "verb": "revoked"},
                    ],
                }
            ],
        },
    )


def test_an_ad_account_that_changes_its_business_is_told_to_apps_of_businesses_that_use_it() -> None:
    [notice] = webhooks.notices(world(granted=None), world(granted=None, owner="b2"), NOON)
    assert notice.body == {
        "object": "application",
        "entry": [
            {
                "id": "a1",
                "time": NOON_S,
                "changes": [
                    {
                        "field": "ad_account",
                        "value": {"id": "7", "account_status": 1, "disable_reason": 0, "business": "b2"},
                    }
                ],
            }
        ],
    }
    assert webhooks.notices(world(granted=None, owner="b3"), world(granted=None, owner="b2"), NOON) == []
    using = world(granted=None, owner="b3", shared=("b1",)), world(granted=None, owner=None, shared=("b1",))
    assert webhooks.notices(*using, NOON)[0].body["entry"][0]["changes"][0]["value"]["business"] is None


def test_nothing_changed_and_an_inactive_subscription_are_not_told() -> None:
    assert webhooks.notices(world(granted=["email"]), world(granted=["email"]), NOON) == []
    after = world(granted=["email", "ads_read"], owner="b2")
    for row in after.apps[0].subscriptions:
        row.active = False
    assert webhooks.notices(world(granted=["email"]), after, NOON) == []
