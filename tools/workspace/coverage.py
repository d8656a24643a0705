"""`python -m tools.workspace.coverage`: write the table of what the emulated Graph serves into its page.

The table comes from the routes' own declarations, so that page and emulator cannot say different things; a test
compares them. What stands around the table is written by hand.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from meta_emulator import router, surface
from tools.workspace.environment import ROOT, say

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = ROOT / "docs" / "emulator" / "coverage.md"
BEGIN, END = "<!-- served: begin -->", "<!-- served: end -->"
BLOCK = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def table() -> str:
    """What is served, as Markdown: one row per path, one table per kind of node."""
    routes = surface.describe(router.routes().values())["routes"]
    by_node: dict[str, list[Mapping[str, Any]]] = {}
    for route in routes:
        by_node.setdefault(route["node"], []).append(route)
    tags = [route["tag"] for route in routes]
    counts = ", ".join(f"{tags.count(tag)} {tag}" for tag in sorted(set(tags)))
    parts = [f"{len(routes)} calls on {len(by_node)} kinds of nodes: {counts}."]
    for node, found in sorted(by_node.items()):
        rows = [
            f"| `{route['method']}` | `{_path(route)}` | {route['returns'] or ''}{', a list' if route['many'] else ''} "
            f"| {route['tag']} | [{_short(route['source'])}]({route['source']}) |"
            for route in found
        ]
        title = node.replace("_", " ") or "without a node"
        parts += [f"### {title}\n\n| Method | Path | Answers | Tag | Page |\n|---|---|---|---|---|\n" + "\n".join(rows)]
    return "\n\n".join(parts)


def filled(page: str) -> str:
    """A page with its table as it has to be."""
    return BLOCK.sub(lambda _: f"{BEGIN}\n{table()}\n{END}", page)


def _path(route: Mapping[str, Any]) -> str:
    node = "{" + str(route["node"]).replace("_", "-") + "}" if route["node"] else ""
    return "/" + "/".join(part for part in (node, str(route["edge"])) if part)


def _short(source: str) -> str:
    return source.removeprefix(surface.DOCS).removeprefix("https://")


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(page), encoding="utf-8")
    say(f"coverage: {PAGE.relative_to(ROOT)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
