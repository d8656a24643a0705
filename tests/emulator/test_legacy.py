"""What Meta has ended of Graph's old protocol: for every app, and for those created since 4 November 2026.

Sources: Meta's changelog of v26.0 and its blog on v27.0, as `meta_emulator/legacy.py` names them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from tests.emulators import graph_call

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

BUSINESS, ROOT, SHOP = "178000000000101", "122090000000301", "act_104320000000501"
VERSIONS = ("v21.0", "v25.0", "v26.0", "v27.0", "")
NEW = "cannot be used by apps that were created since November 4, 2026."
FEATURES: list[tuple[str, str, dict[str, Any], str]] = [
    ("GET", "owned_pages", {"ids": BUSINESS}, "Multi-ID requests"),
    ("GET", "me", {"ids": BUSINESS}, "Multi-ID requests"),
    ("POST", "me", {"method": "get"}, "HTTP method override"),
    (
        "POST",
        f"{SHOP}/assigned_users",
        {"method": "DELETE", "user": ROOT, "business": BUSINESS},
        "HTTP method override",
    ),
    ("GET", "me", {"method": "delete"}, "HTTP method override"),
    ("GET", "me", {"fields": "name.as(title)"}, "Field aliases"),
    ("GET", BUSINESS, {"fields": '["owned_pages . as (pages){id}"]'}, "Field aliases"),
    ("GET", BUSINESS, {"fields": "owned_pages{name.as(title)}"}, "Field aliases"),
    ("GET", "me", {"callback": "jQuery1"}, "JSONP callbacks"),
    ("POST", "", {"batch": [{"relative_url": "me"}], "async": "1"}, "Asynchronous batch requests"),
    ("POST", "", {"asyncbatch": [{"relative_url": "me", "name": "a"}]}, "Asynchronous batch requests"),
    ("POST", f"{SHOP}/async_batch_requests", {"adbatch": [], "name": "x"}, "Asynchronous batch requests"),
]


@pytest.mark.parametrize(("method", "path", "params", "feature"), FEATURES)
def test_a_new_app_is_refused_the_six_features_in_every_version(
    meta: RunningEmulator, method: str, path: str, params: dict[str, Any], feature: str
) -> None:
    for version in VERSIONS:
        answer = meta.graph(method, path, params, version=version)

        assert (answer.status, answer.code) == (400, (100, None))
        assert answer.body["error"]["message"] == f"(#100) {feature} {NEW}"


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("me", {"date_format": "U"}, "(#100) The date_format query parameter is deprecated in v26.0+."),
        ("", {"ids": BUSINESS}, "The ids query parameter is deprecated in v26.0+."),
    ],
)
@pytest.mark.parametrize("state", ["on", "off"])
def test_no_app_formats_dates_or_reads_ids_at_the_root_in_any_version(
    meta: RunningEmulator, state: str, path: str, params: dict[str, Any], words: str
) -> None:
    meta.act("legacy", state=state)

    for version in VERSIONS:
        answer = meta.graph("GET", path, params, version=version)
        assert (answer.code, answer.body["error"]["message"]) == ((100, None), words)


@pytest.mark.parametrize("state", ["on", "off"])
def test_pretty_debug_and_known_etags_change_nothing_for_any_app(meta: RunningEmulator, state: str) -> None:
    meta.act("legacy", state=state)
    plain = meta.graph("GET", "me")

    asked = meta.graph("GET", "me", {"pretty": "1", "debug": "all", "metadata": "1"}, headers={"If-None-Match": '"x"'})

    assert (asked.status, asked.body) == (200, plain.body) == (200, {"id": ROOT, "name": "root"})
    assert "etag" not in asked.headers


def test_an_older_app_goes_on_with_them(meta: RunningEmulator) -> None:
    assert (
        meta.act("legacy", state="on")
        == "Lindenhof Ads was created before 4 November 2026: Graph's legacy features are on for it."
    )

    assert meta.graph("POST", "me", {"method": "get"}).body == {"id": ROOT, "name": "root"}
    assert meta.graph("GET", "me", {"fields": "name.as(title)"}).body == {"id": ROOT, "title": "root"}
    assert meta.graph("GET", "owned_pages", {"ids": BUSINESS}).status == 200
    assert meta.graph("GET", "me", {"callback": "jQuery1"}).status == 200  # answered as plain JSON
    # The emulator has no asynchronous batch requests to give.
    refused = meta.graph("POST", "", {"batch": [{"relative_url": "me"}], "async": "true"})
    assert refused.body["error"]["message"] == "(#100) This emulator serves no asynchronous batch requests."

    meta.act("legacy", state="off")
    assert meta.graph("POST", "me", {"method": "get"}).code == (100, None)


def test_an_item_of_a_batch_is_refused_them_too(meta: RunningEmulator) -> None:
    items = [{"relative_url": "me?fields=name.as(x)"}, {"relative_url": "me?method=delete"}, {"relative_url": "me"}]

    answers = meta.graph("POST", "", {"batch": items}).body

    assert [row["code"] for row in answers] == [400, 400, 200]
    assert json.loads(answers[1]["body"])["error"]["message"] == f"(#100) HTTP method override {NEW}"


def test_the_token_is_judged_before_the_feature(meta: RunningEmulator) -> None:
    assert meta.graph("POST", "me", {"method": "get"}, token="").code == (104, None)
    assert meta.graph("POST", "me", {"method": "get"}, token="EAA" + "EMU" + "none").code == (190, None)


def test_a_call_without_a_token_is_judged_by_the_app_that_it_names(meta: RunningEmulator) -> None:
    given = {"client_id": meta.app_id, "client_secret": meta.app_secret, "grant_type": "client_credentials"}
    asked = {**given, "callback": "x"}

    assert meta.graph("GET", "oauth/access_token", asked, token="").body["error"]["message"].endswith(NEW)
    assert meta.graph("GET", "oauth/access_token", {**asked, "client_id": "1"}, token="").code == (100, None)
    meta.act("legacy", state="on")
    assert meta.graph("GET", "oauth/access_token", asked, token="").status == 200


def test_each_app_is_judged_by_its_own_age_and_a_new_one_is_new() -> None:
    build = WorldBuilder()
    shop = build.business("Shop")
    new, old = build.app("New", shop), build.app("Old", shop, legacy=True)
    for app in (new, old):
        build.token(f"of-{app}", build.system_user(f"user of {app}", shop, app), app, ["ads_read"])

    with MetaEmulator(build) as emulator:
        found = {
            app: graph_call(
                emulator.graph_url, "POST", "me", {"method": "get"}, token=emulator.token(f"of-{app}")
            ).status
            for app in (new, old)
        }

    assert found == {new: 400, old: 200}


@pytest.mark.parametrize("name", ["lindenhof", "agency", "saas", "single-advertiser"])
def test_the_apps_of_the_worlds_that_come_along_are_new(name: str) -> None:
    with MetaEmulator(name) as emulator:
        assert [app.legacy for app in emulator.world.apps] == [False]


def test_a_wrong_state_is_refused(meta: RunningEmulator) -> None:
    with pytest.raises(Exception, match="state: 'perhaps' is not one of on, off"):
        meta.act("legacy", state="perhaps")
