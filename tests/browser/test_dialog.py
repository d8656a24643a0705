"""The login dialog as a person and an app meet it: a browser goes from the app to the dialog and back."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.dashboard import Dashboard
    from tests.emulators import GraphAnswer, RunningEmulator

BLOCKED = "This redirect failed because the redirect URI is not whitelisted in the app's Client OAuth Settings."


@dataclass
class Website:
    """The app's website, at its callback."""

    port: int
    asked: list[str] = field(default_factory=list)

    @property
    def callback(self) -> str:
        return f"http://localhost:{self.port}/callback?tenant=7"

    def given(self) -> dict[str, str]:
        """What the one browser that came back brought along."""
        [path] = self.asked
        return dict(parse_qsl(urlsplit(path).query))


@pytest.fixture
def website() -> Iterator[Website]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>App</title><link rel=icon href=data:,><h1>Welcome back</h1>")

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Website(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def _dialog(meta: RunningEmulator, redirect_uri: str, **query: str) -> str:
    asked = {"client_id": meta.app_id, "redirect_uri": redirect_uri, "state": "s 1", "scope": "email,ads_read", **query}
    return f"{meta.graph_url}/v26.0/dialog/oauth?{urlencode(asked)}"


def _exchange(meta: RunningEmulator, code: str, **more: str) -> GraphAnswer:
    params = {"client_id": meta.app_id, "client_secret": meta.app_secret, "code": code, **more}
    return meta.graph("GET", "oauth/access_token", params, token="")


def _came_back(page: Page, troubles: list[str]) -> None:
    """The browser stands on the website, which is the only other host it was sent to."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    assert troubles == [f"asked {page.url}"]
    troubles.clear()


def test_a_person_consents_to_a_part_by_keyboard_and_the_code_becomes_their_token(
    page: Page, meta: RunningEmulator, website: Website, troubles: list[str]
) -> None:
    page.goto(_dialog(meta, website.callback))
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in to continue to Lindenhof Ads")
    page.get_by_role("radio", name="nadia").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="ines")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are ines.")).to_be_visible()
    page.get_by_role("checkbox", name="ads_read").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Continue as ines")).to_be_focused()
    page.keyboard.press("Enter")

    _came_back(page, troubles)
    given = website.given()
    assert set(given) == {"tenant", "code", "state"}
    assert (given["tenant"], given["state"]) == ("7", "s 1")
    elsewhere = _exchange(meta, given["code"], redirect_uri=f"{website.callback}&more=1")
    assert elsewhere.code == (100, 36008)
    got = _exchange(meta, given["code"], redirect_uri=website.callback)
    assert got.status == 200, got.body
    assert _exchange(meta, given["code"], redirect_uri=website.callback).code == (100, 36009)
    me = meta.graph("GET", "me", {"fields": "name,email"}, token=got.body["access_token"])
    assert me.body == {"name": "ines", "email": "ines@lindenhof.example", "id": "100000000000402"}
    assert meta.graph("GET", "me/permissions", token=got.body["access_token"]).body["data"] == [
        {"permission": "public_profile", "status": "granted"},
        {"permission": "email", "status": "granted"},
        {"permission": "ads_read", "status": "declined"},
    ]


def test_the_dashboard_shows_a_persons_token_and_never_its_value(
    dashboard: Dashboard, meta: RunningEmulator, website: Website, troubles: list[str]
) -> None:
    page = dashboard.page
    dashboard.open("people-tokens")
    expect(page.get_by_text("Nobody has a token.")).to_be_visible()
    page.goto(_dialog(meta, website.callback))
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Continue as nadia").click()
    _came_back(page, troubles)
    code = website.given()["code"]
    value = _exchange(meta, code, redirect_uri=website.callback).body["access_token"]

    dashboard.open("people-tokens")
    row = page.get_by_role("region", name="nadia").get_by_role("row", name=meta.world()["tokens"][-1]["fingerprint"])
    expect(row).to_contain_text("valid")
    expect(row).to_contain_text("ads_read")
    expect(page.get_by_text("Without a token: ines.")).to_be_visible()
    for path in ("people-tokens", "logins", "journal"):
        dashboard.open(path)
        assert value not in page.content()
        assert code not in page.content()

    for seconds, state in ((5400, "expiring"), (1800, "expired")):
        meta.clock(advance_s=seconds)
        dashboard.open("people-tokens")
        expect(row).to_contain_text(state)


def test_a_person_who_cancels_is_sent_back_with_metas_words(
    page: Page, meta: RunningEmulator, website: Website, troubles: list[str]
) -> None:
    page.goto(_dialog(meta, website.callback))
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Cancel").click()

    _came_back(page, troubles)
    assert website.given() == {
        "tenant": "7",
        "error_reason": "user_denied",
        "error": "access_denied",
        "error_description": "Permissions error",
        "state": "s 1",
    }
    assert (meta.world()["consents"], meta.world()["codes"]) == ([], [])


@pytest.mark.parametrize("mode", ["development", "live"])
def test_an_unlisted_address_ends_at_url_blocked(
    page: Page, meta: RunningEmulator, website: Website, troubles: list[str], mode: str
) -> None:
    meta.act("app-mode", mode=mode)
    local = website.callback if mode == "live" else website.callback.replace("localhost", "127.0.0.1")
    for uri in (local, "https://connect.example/"):
        page.goto(_dialog(meta, uri))
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("URL Blocked")
        expect(page.get_by_text(BLOCKED)).to_be_visible()

    assert website.asked == []
    assert meta.world()["codes"] == []
    refused = "console: Failed to load resource: the server responded with a status of 400 (Bad Request)"
    assert troubles == [refused, refused]
    troubles.clear()


def test_a_business_is_connected_from_the_dashboard(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    meta.act("create-login-configuration", name="Connect", permissions="ads_read", token="system_user")
    dashboard.open("logins")
    page.get_by_role("link", name="Log in with Connect").click()
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("radio", name="Lindenhof Media").check()
    page.get_by_role("button", name="Continue as nadia").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Back to Lindenhof Ads")
    code = page.locator("#code").inner_text()
    assert _exchange(meta, code, redirect_uri="https://connect.example/").code == (100, 36008)
    got = _exchange(meta, code)
    assert got.status == 200, got.body
    me = meta.graph("GET", "me", {"fields": "client_business_id"}, token=got.body["access_token"])
    assert me.body["client_business_id"] == meta.business_id
    dashboard.open("logins")
    expect(page.get_by_role("row", name="nadia")).to_contain_text("for Lindenhof Media")


def test_a_website_cannot_answer_for_a_person(
    page: Page, meta: RunningEmulator, website: Website, troubles: list[str]
) -> None:
    page.goto(website.callback)
    answer = f"<form method=post action='{_dialog(meta, website.callback)}'>"
    answer += "<input name=person value=100000000000401><input name=decision value=continue></form>"
    page.evaluate("(text) => { document.body.innerHTML = text; document.forms[0].submit(); }", answer)

    expect(page.get_by_role("heading", level=1)).to_have_text("Not from here")
    assert (meta.world()["consents"], meta.world()["codes"]) == ([], [])
    assert len(website.asked) == 1
    troubles.clear()
