"""The dashboard against other web pages, hostile names and curious eyes."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard import PATHS, Dashboard, furnish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Response

    from tests.emulators import RunningEmulator

CANARY = "\"'><img src=x onerror=canary=1><script>canary=2</script>{{ 7 * 7 }}&amp;"
TEXTS = ("name", "email", "reason")


@pytest.fixture
def elsewhere(meta: RunningEmulator) -> Iterator[str]:
    """A web page of somebody else, which posts to the emulator as soon as it is opened: by a form and by script."""
    target = f"{meta.graph_url}/dashboard/act"
    fields = {"action": "accept-role", "person": "ines", "back": "roles"}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    control = f"{meta.graph_url}/_control/act"
    text = (
        f'<title>Elsewhere</title><form method="post" action="{target}">{inputs}</form><script>'
        f"const tries = [fetch({json.dumps(target)}, {{method: 'POST', mode: 'no-cors', "
        f"body: new URLSearchParams({json.dumps(fields)})}}), fetch({json.dumps(control)}, {{method: 'POST', "
        f"mode: 'no-cors', body: JSON.stringify({json.dumps(fields)})}})];"
        "Promise.allSettled(tries).then(() => document.forms[0].submit());</script>"
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_of_somebody_else_cannot_post(
    browser: Browser, meta: RunningEmulator, elsewhere: str, host: str
) -> None:
    before = meta.world()["app_roles"]
    context = browser.new_context()
    page = context.new_page()
    posts: list[tuple[str, int]] = []

    def note(got: Response) -> None:
        if got.request.method == "POST":
            posts.append((got.url, got.status))

    page.on("response", note)
    page.goto(f"http://{host}:{elsewhere}/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Not done")
    expect(page.get_by_text("this emulator does not answer other web pages.")).to_be_visible()
    assert (f"{meta.graph_url}/dashboard/act", 403) in posts
    assert {status for _, status in posts} == {403}
    assert meta.world()["app_roles"] == before
    context.close()


def test_a_form_of_an_emulator_that_is_gone_is_refused(dashboard: Dashboard, meta: RunningEmulator) -> None:
    before = meta.world()["app_roles"]
    dashboard.open("roles")
    dashboard.page.evaluate("document.querySelectorAll('[name=form_token]').forEach((e) => { e.value = 'older'; })")
    dashboard.press("Accept the invitation as ines")

    expect(dashboard.page.get_by_text("open the page again, then send it")).to_be_visible()
    assert meta.world()["app_roles"] == before
    assert dashboard.troubles == [
        "console: Failed to load resource: the server responded with a status of 403 (Forbidden)"
    ]
    dashboard.troubles.clear()


def test_a_name_that_was_made_to_point_here_is_refused(browser: Browser, meta: RunningEmulator) -> None:
    context = browser.new_context()
    page = context.new_page()
    port = meta.graph_url.rpartition(":")[2]
    for path in ("/dashboard", "/dashboard/system-users", "/_control/credentials"):
        answer = page.goto(f"http://rebound.example:{port}{path}")
        assert answer is not None
        assert answer.status == 403
        assert "Lindenhof" not in page.content()
        assert meta.admin_token not in page.content()
    context.close()


def test_no_page_may_be_framed(dashboard: Dashboard, browser: Browser, elsewhere: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route(
        "**/frame",
        lambda route: route.fulfill(body=f"<iframe src={dashboard.url()}></iframe>", content_type="text/html"),
    )
    page.goto(f"http://127.0.0.1:{elsewhere}/frame")

    assert page.frames[1].url == "chrome-error://chromewebdata/"
    context.close()


def test_no_page_shows_the_value_of_a_token(dashboard: Dashboard, meta: RunningEmulator) -> None:
    minted = furnish(meta)
    secrets = {"admin": meta.admin_token, "app secret": meta.app_secret, "minted": minted}
    seen = {}
    for path in (*PATHS, "journal?path=access_token"):
        dashboard.open(path)
        text = dashboard.page.content()
        seen[path] = [name for name, value in secrets.items() if value in text or value[9:] in text]

    assert seen == {path: [] for path in (*PATHS, "journal?path=access_token")}
    dashboard.open("system-users")
    prints = [token["fingerprint"] for token in meta.world()["tokens"] if token["system_user_id"]]
    assert len(prints) == 2
    for print_ in prints:
        expect(dashboard.page.get_by_text(print_)).to_be_visible()


def test_hostile_names_stay_text(dashboard: Dashboard, meta: RunningEmulator) -> None:
    furnish(meta)
    meta.put_world(_spoilt(meta.world()))
    meta.graph("GET", quote(CANARY))
    for path in (*PATHS, f"journal?path={quote(CANARY)}", f"journal?service={quote(CANARY)}"):
        dashboard.open(path)
        told = dashboard.page.evaluate(
            "() => [window.canary, document.querySelectorAll('img, script:not([src]), [onerror]').length]"
        )
        assert told == [None, 0], path
        if path in ("", "roles", "people", "clients", "assignments", "system-users"):
            assert CANARY in dashboard.page.locator("main").inner_text() or path == "assignments", path

    dashboard.open("redirects")
    dashboard.page.get_by_label("Valid OAuth redirect URI").evaluate(
        "(field, text) => { field.type = 'text'; field.value = text; }", CANARY
    )
    dashboard.press("Add")
    dashboard.says(f"lists {CANARY}.")
    assert dashboard.page.evaluate("window.canary") is None


def _spoilt(value: Any, key: str = "") -> Any:
    """A world whose every name, address and reason is the canary."""
    if isinstance(value, dict):
        return {each: _spoilt(below, each) for each, below in value.items()}
    if isinstance(value, list):
        return [
            CANARY if key == "redirect_uris" else _spoilt(each, "review" if key == "reviews" else "") for each in value
        ]
    return CANARY if key in TEXTS and isinstance(value, str) and value else value


def test_what_looks_like_a_real_token_is_neither_kept_nor_shown_again(
    dashboard: Dashboard, meta: RunningEmulator
) -> None:
    real = "EAA" + "B" * 40
    for path, label, press in (
        ("redirects", "Valid OAuth redirect URI", "Add"),
        ("faults", "Message", "Add"),
    ):
        dashboard.open(path)
        dashboard.page.get_by_label(label).fill(f"https://a.example/?{real}")
        dashboard.press(press)

        dashboard.refuses("What was typed looks like a real token of Meta's.")
        assert real not in dashboard.page.content()
    assert real not in f"{meta.world()}{meta.faults()}{meta.calls()}"
