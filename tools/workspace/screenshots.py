"""`make screenshots`: pages of the dashboard, the login dialog, reports and the documentation's site, to look at.

They lie in `.work/screenshots`, light, dark and narrow, with every form unfolded. Those that the documentation shows
are taken anew as well.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests import reports
from tests.browser.dashboard import PATHS, crowd, furnish
from tests.emulators import start_emulator
from tools.workspace import browser, site
from tools.workspace.environment import ROOT, WORK, say
from tools.workspace.failures import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import Page, ViewportSize

FOLDER = WORK / "screenshots"
IMAGES = ROOT / "docs" / "images"
SHOWN = {
    "overview-light": "dashboard.png",
    "assignments-many-light": "assignments.png",
    "report-3-light": "report.png",
    "site-light": "site.png",
}
CLIENTS = (3, 300)
"""Of the stacks whose reports are pictured."""
SITE_S = 600.0
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
            taken = take(executable, lambda page: pages(page, meta.graph_url, meta.app_id))
            crowd(meta, 18)
            taken += take(executable, lambda page: long_pages(page, meta.graph_url, Path(home)))
        finally:
            meta.stop()
        taken += take(executable, lambda page: site_pages(page, Path(home) / "site"))
    IMAGES.mkdir(exist_ok=True)
    for name, image in SHOWN.items():
        shutil.copyfile(FOLDER / f"{name}.png", IMAGES / image)
    say(f"screenshots: {taken} in {FOLDER.relative_to(ROOT)}, {len(SHOWN)} in {IMAGES.relative_to(ROOT)}")
    return 0


def take(executable: str, walk: Callable[[Page], Iterator[str]]) -> int:
    """Write `<page>-<mode>.png` for each page and mode; their number."""
    taken = 0
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=list(browser.FLAGS))
        for mode, (size, scheme) in MODES.items():
            context = chromium.new_context(viewport=size, color_scheme="dark" if scheme == "dark" else "light")
            page = context.new_page()
            for name in walk(page):
                page.screenshot(path=str(FOLDER / f"{name}-{mode}.png"), full_page=True)
                taken += 1
            context.close()
        chromium.close()
    return taken


def pages(page: Page, graph_url: str, app_id: str) -> Iterator[str]:
    """Go from page to page; the name of each."""
    for path in PATHS:
        page.goto(f"{graph_url}/dashboard/{path}" if path else f"{graph_url}/dashboard")
        page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
        yield path or "overview"
    dialog = f"{graph_url}/v26.0/dialog/oauth?client_id={app_id}&auth_type=rerequest&scope=email,ads_management"
    page.goto(f"{dialog}&redirect_uri=https://unlisted.example/")
    page.get_by_role("button", name="Log in").click()
    yield "login-blocked"
    page.goto(f"{dialog}&sdk=joey")
    yield "login-person"
    page.get_by_role("button", name="Log in").click()
    yield "login-consent"


def long_pages(page: Page, graph_url: str, folder: Path) -> Iterator[str]:
    """Those with much to show."""
    page.goto(f"{graph_url}/dashboard/assignments")
    yield "assignments-many"
    for count in CLIENTS:
        file = folder / f"report-{count}.html"
        file.write_text(reports.page(count), encoding="utf-8")
        page.goto(file.as_uri())
        yield f"report-{count}"


def site_pages(page: Page, folder: Path) -> Iterator[str]:
    """The first page of the documentation."""
    if not folder.exists():
        subprocess.run(site.argv("html", str(folder)), cwd=ROOT, capture_output=True, check=True, timeout=SITE_S)
    page.goto((folder / "docs" / "index.html").as_uri())
    yield "site"


if __name__ == "__main__":
    sys.exit(main())
