"""`make screenshots`: every page of the dashboard, light, dark and narrow, in `.work/screenshots`, to be looked at.

The one that the README shows is taken anew as well.
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
from tools.workspace.failures import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import ViewportSize

FOLDER = WORK / "screenshots"
SHOWN = ROOT / "docs" / "images" / "dashboard.png"
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 360, "height": 740}
MODES: Mapping[str, tuple[ViewportSize, str]] = {
    "light": (WIDE, "light"),
    "dark": (WIDE, "dark"),
    "narrow": (NARROW, "light"),
}


@told("Take them again at any time.")
def main() -> int:
    executable = browser.obtain()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        meta = start_emulator(Path(home))
        try:
            furnish(meta)
            take(executable, f"{meta.graph_url}/dashboard")
        finally:
            meta.stop()
    SHOWN.parent.mkdir(exist_ok=True)
    shutil.copyfile(FOLDER / "overview-light.png", SHOWN)
    say(f"screenshots: {len(PATHS) * len(MODES)} in {FOLDER.relative_to(ROOT)}, one in {SHOWN.relative_to(ROOT)}")
    return 0


def take(executable: str, url: str) -> None:
    """Write `<page>-<mode>.png` for each page and mode."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=list(browser.FLAGS))
        for mode, (size, scheme) in MODES.items():
            context = chromium.new_context(viewport=size, color_scheme="dark" if scheme == "dark" else "light")
            page = context.new_page()
            for path in PATHS:
                page.goto(f"{url}/{path}" if path else url)
                page.screenshot(path=str(FOLDER / f"{path or 'overview'}-{mode}.png"), full_page=True)
            context.close()
        chromium.close()


if __name__ == "__main__":
    sys.exit(main())
