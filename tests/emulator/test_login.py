"""The login dialog and what its code is good for."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.emulators import GraphAnswer, RunningEmulator

NADIA = "100000000000401"
URI = "https://connect.example/meta/callback/?tenant=7"
CLIENT = "998870000000701"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


class Page:
    """One answer of the dialog."""

    def __init__(self, status: int, text: str, headers: Any) -> None:
        self.status, self.text, self.location = status, text, headers.get("Location")

    def given(self) -> dict[str, str]:
        """What the browser takes back to the app."""
        parts = urllib.parse.urlsplit(self.location or "")
        return dict(urllib.parse.parse_qsl(parts.fragment or parts.query))


def ask(url: str, form: list[tuple[str, str]] | None = None, headers: dict[str, str] | None = None) -> Page:
    data = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        with _opener.open(request, timeout=10) as answer:
            return Page(answer.status, answer.read().decode(), answer.headers)
    except urllib.error.HTTPError as answer:
        return Page(answer.code, answer.read().decode(), answer.headers)


def dialog(meta: RunningEmulator, **query: str) -> str:
    asked = {"client_id": meta.app_id, "redirect_uri": URI, "state": "s 1", "scope": "email,ads_read", **query}
    return f"{meta.graph_url}/v26.0/dialog/oauth?{urllib.parse.urlencode({k: v for k, v in asked.items() if v})}"


def answer(url: str, person: str = NADIA, decision: str = "", scopes: tuple[str, ...] = (), **more: str) -> Page:
    """Answer the dialog as a browser would, with the form token of its page."""
    first = ask(url)
    token = re.search(r'name="form_token" value="([^"]+)"', first.text)
    form = [("form_token", token.group(1) if token else ""), ("person", person)]
    form += [("decision", decision), *more.items(), *(("scope", scope) for scope in scopes)]
    return ask(url, form)


def log_in(url: str, **given: Any) -> dict[str, str]:
    done = answer(url, decision="continue", **given)
    assert done.status == 302, done.text
    return done.given()


def exchange(meta: RunningEmulator, code: str, **changes: str) -> GraphAnswer:
    params = {"client_id": meta.app_id, "client_secret": meta.app_secret, "redirect_uri": URI, "code": code, **changes}
    return meta.graph("GET", "oauth/access_token", {k: v for k, v in params.items() if v}, token="")


@pytest.fixture
def app(meta: RunningEmulator) -> RunningEmulator:
    meta.act("add-redirect", uri=URI)
    return meta


def test_a_login_ends_in_a_code_and_the_code_in_a_token_of_the_person(app: RunningEmulator) -> None:
    asked = answer(dialog(app))
    assert asked.status == 200
    assert re.findall(r'name="scope" value="(\w+)"', asked.text) == ["email", "ads_read"]

    done = answer(dialog(app), decision="continue", scopes=("email",))

    assert done.location is not None
    assert done.location.startswith(URI + "&code=EAA" + "EMU")
    assert done.given()["state"] == "s 1"
    got = exchange(app, done.given()["code"]).body
    assert (got["token_type"], got["expires_in"]) == ("bearer", 7200)
    me = app.graph("GET", "me", {"fields": "id,name,email"}, token=got["access_token"]).body
    assert me == {"id": NADIA, "name": "nadia", "email": "nadia@lindenhof.example"}
    assert app.graph("GET", "me/permissions", token=got["access_token"]).body["data"] == [
        {"permission": "public_profile", "status": "granted"},
        {"permission": "email", "status": "granted"},
        {"permission": "ads_read", "status": "declined"},
    ]
    row = app.world()["tokens"][-1]
    assert (row["system_user_id"], row["user_id"]) == (None, NADIA)
    assert row["scopes"] == ["public_profile", "email"]


def test_what_was_granted_is_not_asked_again_and_what_was_declined_only_on_a_rerequest(app: RunningEmulator) -> None:
    log_in(dialog(app), scopes=("email",))

    assert answer(dialog(app)).status == 302
    again = answer(dialog(app, auth_type="rerequest"))
    assert re.findall(r'name="scope" value="(\w+)"', again.text) == ["ads_read"]
    log_in(dialog(app, auth_type="rerequest"), scopes=("ads_read",))
    assert app.world()["consents"] == [
        {
            "user_id": NADIA,
            "app_id": app.app_id,
            "granted": ["public_profile", "email", "ads_read"],
            "declined": [],
            "client_business_id": None,
        }
    ]


def test_cancelling_returns_metas_error(app: RunningEmulator) -> None:
    done = answer(dialog(app), decision="cancel")

    assert done.location == (
        URI + "&error_reason=user_denied&error=access_denied&error_description=Permissions+error&state=s+1"
    )
    assert app.world()["consents"] == []


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        (URI, True),
        (URI + "&state=9", True),
        ("https://connect.example/meta/callback?tenant=7", False),
        ("https://connect.example/meta/callback/", False),
        (URI + "&more=1", False),
        ("https://www.connect.example/meta/callback/?tenant=7", False),
        (URI.replace("https", "http"), False),
        ("http://localhost:3000/callback", True),
        ("http://127.0.0.1:3000/callback", False),
    ],
)
def test_a_redirect_uri_is_matched_to_the_letter(app: RunningEmulator, uri: str, allowed: bool) -> None:
    page = answer(dialog(app, redirect_uri=uri))

    assert (page.status == 200) is allowed
    assert page.location is None
    if not allowed:
        assert "URL Blocked" in page.text
        assert "This redirect failed because the redirect URI is not whitelisted" in page.text


def test_localhost_is_for_development_only(app: RunningEmulator) -> None:
    world = app.world()
    world["apps"][0]["mode"] = "live"
    app.put_world(world)

    assert "URL Blocked" in answer(dialog(app, redirect_uri="http://localhost/")).text


def test_an_unlisted_uri_shows_before_the_login_only_where_strict(app: RunningEmulator) -> None:
    other = dialog(app, redirect_uri="https://other.example/")
    assert ask(other).status == 200
    app.put_world({**app.world(), "strictness": "strict"})
    assert "URL Blocked" in ask(other).text


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ({"client_id": "1"}, "Invalid App ID"),
        ({"redirect_uri": ""}, "Missing redirect_uri parameter"),
        ({"response_type": "fish"}, "Invalid response_type"),
        ({"config_id": "77"}, "Invalid config_id"),
    ],
)
def test_a_dialog_that_nobody_could_answer_is_refused(app: RunningEmulator, query: dict[str, str], title: str) -> None:
    page = ask(dialog(app, **query))

    assert page.status == 400
    assert title in page.text


def test_a_developer_sees_invalid_scopes_and_others_do_not(app: RunningEmulator) -> None:
    assert "Invalid Scopes: fly" in answer(dialog(app, scope="fly,ads_read")).text


def test_people_without_a_role_meet_the_apps_mode_and_its_access_levels(app: RunningEmulator) -> None:
    world = app.world()
    world["people"].append({"id": "100000000000499", "name": "otto", "businesses": {CLIENT: "ADMIN"}})
    app.put_world(world)
    otto = "100000000000499"

    assert "App not active" in answer(dialog(app), person=otto).text
    world = app.world()
    world["apps"][0]["mode"] = "live"
    app.put_world(world)
    assert "Feature unavailable" in answer(dialog(app), person=otto).text
    app.act("approve", name="public_profile")
    app.act("approve", name="ads_read")
    page = answer(dialog(app, scope="ads_read,ads_management,fly"), person=otto)
    assert re.findall(r'name="scope" value="(\w+)"', page.text) == ["ads_read"]

    code = log_in(dialog(app), scopes=("ads_read",), person=otto)["code"]
    token = exchange(app, code).body["access_token"]
    account = "act_205550000000601"
    assert app.graph("GET", account, token=token).status == 200
    app.act("withdraw", name="ads_read")
    assert app.graph("GET", account, token=token).code == (200, None)


def test_a_code_is_good_once_for_ten_minutes_and_the_same_address(app: RunningEmulator) -> None:
    code = log_in(dialog(app), scopes=())["code"]

    assert exchange(app, code, redirect_uri=URI + "/").code == (100, 36008)
    assert exchange(app, code, redirect_uri="").code == (100, 36008)
    assert exchange(app, code, client_id="1").code == (101, None)
    assert exchange(app, code, client_secret="EAA" + "EMU" + "wrong").code == (1, None)
    assert exchange(app, code).status == 200
    used = exchange(app, code)
    assert used.code == (100, 36009)
    assert used.body["error"]["message"] == "This authorization code has been used."
    late = log_in(dialog(app))["code"]
    app.clock(advance_s=600)
    expired = exchange(app, late)
    assert (expired.code, expired.body["error"]["message"]) == ((100, 36007), "This authorization code has expired.")
    for wrong in ("EAA" + "EMU" + "nothing", "AQDreal"):
        assert exchange(app, wrong).code == (100, 36009)


def test_a_code_of_the_javascript_sdk_has_no_address(app: RunningEmulator) -> None:
    page = answer(dialog(app, redirect_uri="", sdk="joey"), decision="continue")
    code = re.search(r'id="code">([^<]+)<', page.text)

    assert code is not None
    assert exchange(app, code.group(1)).code == (100, 36008)
    assert exchange(app, code.group(1), redirect_uri="").status == 200


def test_a_token_comes_in_the_fragment(app: RunningEmulator) -> None:
    done = answer(dialog(app, response_type="token granted_scopes"), decision="continue", scopes=("email",))

    assert done.location is not None
    assert done.location.startswith(URI + "#access_token=EAA" + "EMU")
    given = done.given()
    assert (given["expires_in"], given["granted_scopes"], given["denied_scopes"], given["state"]) == (
        "7200", "public_profile,email", "ads_read", "s 1",
    )  # fmt: skip


def _configure(meta: RunningEmulator, **changes: Any) -> None:
    meta.act("create-login-configuration", name="Connect", permissions="ads_read,ads_management", **changes)


def test_a_configuration_gives_a_system_users_token_of_the_chosen_business(app: RunningEmulator) -> None:
    world = app.world()
    world["people"][0]["businesses"][CLIENT] = "ADMIN"
    app.put_world(world)
    _configure(app, token="system_user")
    config = app.world()["apps"][0]["login_configurations"][0]
    url = dialog(app, scope="", config_id=config["id"])

    done = answer(url, decision="continue", scopes=("ads_read", "ads_management"), business=CLIENT)
    got = exchange(app, done.given()["code"]).body

    assert set(got) == {"access_token", "token_type"}
    me = app.graph("GET", "me", {"fields": "name,client_business_id"}, token=got["access_token"]).body
    assert (me["name"], me["client_business_id"]) == ("Lindenhof Ads SYSTEM USER", CLIENT)
    found = app.graph("GET", "debug_token", {"input_token": got["access_token"]}, token=app.app_token).body["data"]
    assert (found["type"], found["expires_at"], found["scopes"]) == ("SYSTEM_USER", 0, ["ads_read", "ads_management"])
    assert ask(dialog(app, config_id=config["id"], response_type="token")).status == 400


def test_a_persons_token_lives_two_hours_and_its_exchange_sixty_days(app: RunningEmulator) -> None:
    short = exchange(app, log_in(dialog(app), scopes=("ads_read",))["code"]).body["access_token"]
    params = {"grant_type": "fb_exchange_token", "client_id": app.app_id, "client_secret": app.app_secret}

    got = app.graph("GET", "oauth/access_token", {**params, "fb_exchange_token": short}, token="").body

    assert got["expires_in"] == 5184000
    found = app.graph("GET", "debug_token", {"input_token": got["access_token"]}, token=app.app_token).body["data"]
    assert (found["type"], found["user_id"], found["is_valid"]) == ("USER", NADIA, True)
    assert found["data_access_expires_at"] - found["issued_at"] == 90 * 86400
    app.clock(advance_s=7200)
    assert app.graph("GET", "me", token=short).code == (190, 463)
    assert app.graph("GET", "me", token=got["access_token"]).status == 200


def test_a_person_acts_by_their_role_in_the_business(app: RunningEmulator) -> None:
    scopes = ("business_management", "pages_show_list")
    url = dialog(app, scope=",".join(scopes))
    admin = exchange(app, log_in(url, scopes=scopes)["code"]).body["access_token"]
    app.act("accept-role", person="ines")
    employee = exchange(app, log_in(url, person="100000000000402", scopes=scopes)["code"]).body["access_token"]
    users = f"{app.business_id}/system_users"

    assert app.graph("POST", users, {"name": "by a person", "role": "EMPLOYEE"}, token=employee).code == (200, None)
    made = app.graph("POST", users, {"name": "by a person", "role": "EMPLOYEE"}, token=admin)
    assert app.graph("GET", made.body["id"], {"fields": "created_by"}, token=admin).body["created_by"] == {
        "id": NADIA, "name": "nadia",
    }  # fmt: skip
    assert app.graph("GET", "me/businesses", token=admin).body["data"] == [
        {"id": app.business_id, "name": "Lindenhof Media"}
    ]
    world = app.world()
    world["businesses"][0]["two_factor_type"] = "admin_required"
    app.put_world(world)
    assert app.graph("POST", users, {"name": "another", "role": "EMPLOYEE"}, token=admin).code == (415, None)
    assert app.graph("GET", users, token=admin).status == 200


def test_pages_come_with_tokens_of_their_own_that_end_with_the_persons(app: RunningEmulator) -> None:
    scopes = ("pages_show_list", "pages_read_engagement")
    token = exchange(app, log_in(dialog(app, scope=",".join(scopes)), scopes=scopes)["code"]).body["access_token"]

    [page] = app.graph("GET", "me/accounts", token=token).body["data"]

    assert page["id"] == "102930000000801"
    assert app.graph("GET", "me/accounts", token=token).body["data"][0]["access_token"] == page["access_token"]
    assert app.graph("GET", "me", token=page["access_token"]).body == {"id": "102930000000801", "name": "Lindenhof"}
    found = app.graph("GET", "debug_token", {"input_token": page["access_token"]}, token=app.app_token).body["data"]
    assert (found["type"], found["profile_id"], found["user_id"]) == ("PAGE", "102930000000801", NADIA)
    assert app.graph("DELETE", "me/permissions", token=token).body == {"success": True}
    for ended in (token, page["access_token"]):
        assert app.graph("GET", "me", token=ended).code == (190, 458)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}])
def test_no_other_page_can_answer_the_dialog(app: RunningEmulator, headers: dict[str, str]) -> None:
    url, first = dialog(app), ask(dialog(app))
    found = re.search(r'name="form_token" value="([^"]+)"', first.text)
    assert found is not None
    token = found.group(1) if headers else "guessed"

    page = ask(url, [("form_token", token), ("person", NADIA), ("decision", "continue")], headers)

    assert page.status == 403
    assert (page.location, app.world()["codes"], app.world()["consents"]) == (None, [], [])


def test_a_rebound_name_meets_no_dialog(app: RunningEmulator) -> None:
    assert ask(dialog(app), headers={"Host": "evil.example"}).status == 403


def test_no_code_is_kept_or_logged(app: RunningEmulator) -> None:
    code = log_in(dialog(app))["code"]
    exchange(app, code)

    assert code not in f"{app.world()}{app.calls()}{(app.home / 'world.json').read_text()}{app.output()}"
    assert app.calls("graph")[0]["path"] == "/v26.0/dialog/oauth"


def test_an_address_with_a_real_looking_token_is_not_taken(app: RunningEmulator) -> None:
    real = "EAA" + "B" * 40

    page = ask(dialog(app, redirect_uri=f"http://localhost/?{real}"))

    assert page.status == 400
    assert "what looks like a real token" in page.text
    assert real not in f"{page.text}{app.world()}{app.calls()}{(app.home / 'world.json').read_text()}{app.output()}"


@pytest.mark.parametrize(
    "uri",
    [
        "https://connect.example\\@evil.example/",
        "https://[::1",
        "https://a@connect.example/",
        "https://a.b:/",
        URI + "#top",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_read_in_two_ways_is_refused_even_where_it_is_listed(app: RunningEmulator, uri: str) -> None:
    app.act("add-redirect", uri=uri)

    page = ask(dialog(app, redirect_uri=uri))

    assert (page.status, page.location) == (400, None)
    assert "This redirect failed because the redirect URI is not whitelisted" in page.text
