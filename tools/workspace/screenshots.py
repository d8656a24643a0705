"""`make screenshots`: the dashboard's pages and the login dialog's, light, dark and narrow, to be looked at.

They lie in `.work/screenshots`, with every form unfolded. The one that the README shows is taken anew as well.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.browser.dashboard import PATHS, furnish
from tests.emulators import start_emulator
from tools.workspace import browser
from tools.workspace.environment import ROOT, WORK, say
from tools.workspace.failures import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Page, ViewportSize

FOLDER = WORK / "screenshots"
SHOWN = ROOT / "docs" / "images" / "dashboard.png"
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 360, "height": 740}
MODES: Mapping[str, tuple[ViewportSize, str]] = {
    "light": (WIDE, "light"),
    "dark": (WIDE, "dark"),
    "narrow": (NARROW, "light"),
}


@explained("Take them again at any time.")
def main() -> int:
    executable = browser.obtain()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        meta = start_emulator(Path(home))
        try:
            furnish(meta)
            taken = take(executable, meta.graph_url, meta.app_id)
        finally:
            meta.stop()
    SHOWN.parent.mkdir(exist_ok=True)
    shutil.copyfile(FOLDER / "overview-light.png", SHOWN)
    say(f"screenshots: {taken} in {FOLDER.relative_to(ROOT)}, one in {SHOWN.relative_to(ROOT)}")
    return 0


def take(executable: str, graph_url: str, app_id: str) -> int:
    """Write `<page>-<mode>.png` for each page and mode; their number."""
    taken = 0
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=list(browser.FLAGS))
        for mode, (size, scheme) in MODES.items():
            context = chromium.new_context(viewport=size, color_scheme="dark" if scheme == "dark" else "light")
            page = context.new_page()
            for name in pages(page, graph_url, app_id):
                page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
                page.screenshot(path=str(FOLDER / f"{name}-{mode}.png"), full_page=True)
                taken += 1
            context.close()
        chromium.close()
    return taken


def pages(page: Page, graph_url: str, app_id: str) -> Iterator[str]:
    """Go from page to page; the name of each."""
    for path in PATHS:
        page.goto(f"{graph_url}/dashboard/{path}" if path else f"{graph_url}/dashboard")
        yield path or "overview"
    dialog = f"{graph_url}/v26.0/dialog/oauth?client_id={app_id}&auth_type=rerequest&scope=email,ads_management"
    page.goto(f"{dialog}&redirect_uri=https://unlisted.example/")
    page.get_by_role("button", name="Log in").click()
    yield "login-blocked"
    page.goto(f"{dialog}&sdk=joey")
    yield "login-person"
    page.get_by_role("button", name="Log in").click()
    yield "login-consent"


if __name__ == "__main__":
    sys.exit(main())
