"""What is measured of every page, in the browser: each a function of script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

HERE = Path(__file__).parent
NARROW: ViewportSize = {"width": 360, "height": 740}
READABLE = 4.5  # WCAG 2.2, 1.4.3

ORDER = (HERE / "order.js").read_text()
FAINT = (HERE / "faint.js").read_text()
REACHABLE = (HERE / "reachable.js").read_text()
FOCUSED = (HERE / "focused.js").read_text()
WIDTH = "document.documentElement.scrollWidth"
SHADE = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + Number(b), 0)"
