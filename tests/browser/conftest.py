"""One Chromium and one emulator for a session, and a page that tells on itself.

Every page is watched: what it writes to the console, what script throws, and what it asks of any other host. Each of
these fails the test that did not expect it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.dashboard import PATHS, Dashboard
from tools.workspace import browser as chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request

    from tests.emulators import RunningEmulator

WAIT_MS = 30_000  # a machine at work on other things is slow, not wrong


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium.find()
    if found is None:
        pytest.fail(f"no {' or '.join(chromium.NAMES)} on PATH: `make test` installs one on Debian")
    with sync_playwright() as driver:
        # The name below stands for a page of somebody else whose address was made to point at the emulator.
        expect.set_options(timeout=WAIT_MS)
        flags = [*chromium.FLAGS, "--host-resolver-rules=MAP rebound.example 127.0.0.1"]
        started = driver.chromium.launch(executable_path=found, args=flags)
        yield started
        started.close()


@pytest.fixture
def meta(running_emulator: RunningEmulator) -> RunningEmulator:
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    made.set_default_timeout(WAIT_MS)
    yield made
    made.close()


@pytest.fixture
def troubles() -> list[str]:
    """What the page of this test did that no page should; a test that provokes something takes it out."""
    return []


@pytest.fixture
def page(context: BrowserContext, meta: RunningEmulator, troubles: list[str]) -> Iterator[Page]:
    opened = context.new_page()
    own = urlsplit(meta.graph_url).netloc

    def closed(dialog: Dialog) -> None:
        troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def foreign(asked: Request) -> None:
        if urlsplit(asked.url).netloc != own:
            troubles.append(f"asked {asked.url}")

    opened.on("console", lambda message: troubles.append(f"console: {message.text}"))
    opened.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    opened.on("dialog", closed)
    opened.on("request", foreign)
    yield opened
    assert troubles == []


@pytest.fixture
def dashboard(page: Page, meta: RunningEmulator, troubles: list[str]) -> Dashboard:
    return Dashboard(page, meta, troubles)


@pytest.fixture(params=PATHS, ids=[path or "overview" for path in PATHS])
def path(request: pytest.FixtureRequest) -> str:
    """Each page of the dashboard."""
    return str(request.param)
