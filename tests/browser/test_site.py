"""The documentation as a site: built without a warning, and read in a browser."""

from __future__ import annotations

import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.measures import NARROW, WIDTH
from tools.workspace import site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_: object) -> None:
        pass


CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is served."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        site.argv("html", str(folder)), cwd=CHECKOUT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def reader(context: BrowserContext, built: str) -> Iterator[Page]:
    """A page that asks no other host, and whose scripts fail nowhere."""
    opened, troubles = context.new_page(), list[str]()
    opened.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    opened.on("request", lambda asked: None if asked.url.startswith(built) else troubles.append(asked.url))
    yield opened
    assert troubles == []


def test_a_reader_goes_from_the_first_page_to_a_command_and_finds_an_error_by_its_code(
    built: str, reader: Page
) -> None:
    reader.goto(f"{built}/docs/index.html")
    expect(reader.get_by_role("heading", level=1)).to_contain_text("meta-access")
    reader.locator(".sidebar-tree").get_by_role("link", name="Commands", exact=True).click()
    reader.get_by_role("main").get_by_role("link", name="meta-access rotate", exact=True).click()
    expect(reader.get_by_role("main")).to_contain_text("Bring the tokens that are due up to date")

    reader.get_by_label("Search").fill("1341012")
    reader.keyboard.press("Enter")
    expect(reader.locator("#search-results").get_by_role("link", name="10/1341012")).to_be_visible()


@pytest.mark.parametrize("name", ["docs/index", "docs/troubleshooting", "docs/resources/asset-assignment"])
def test_a_page_fits_a_phone(built: str, reader: Page, name: str) -> None:
    reader.set_viewport_size(NARROW)
    reader.goto(f"{built}/{name}.html")

    assert reader.evaluate(WIDTH) <= 360
