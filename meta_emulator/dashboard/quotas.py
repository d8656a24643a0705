"""The quotas of calls as a page: what is used of each, the fullest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_emulator.dashboard.wording import plain, span

if TYPE_CHECKING:
    from meta_emulator.dashboard.scene import Scene
    from meta_emulator.limits import Count
    from meta_emulator.world import World

SHOWN = 100
TITLES = {
    "app": "Calls of the app",
    "score": "Score on an ad account",
    "mutations": "Writes on an ad account",
    "ads_management": "Calls on an ad account",
    "ads_insights": "Insights of an ad account",
    "pages": "Calls on a Page",
    "catalog": "Calls on a catalog",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One quota; `wait` is empty while a call would be taken."""

    title: str
    within: str
    of: str
    used: int
    limit: int
    wait: str


def look(scene: Scene) -> dict[str, Any]:
    fullest = sorted(scene.counts, key=lambda count: -count.reading.percent)
    return {"used": [row(count, scene.world) for count in fullest[:SHOWN]], "total": len(fullest)}


def row(count: Count, world: World) -> Row:
    """A quota in words. Its key is what is counted, then the app, then the object if there is one."""
    kind, app_id, *objects = count.quota.key
    app = world.app(app_id)
    names = [app_id if app is None else app.name]
    for number in objects:
        found = world.asset(f"act_{number}") or world.asset(number)
        names.insert(0, number if found is None else found[1].name)
    wait = span(count.reading.wait_s) if count.reading.wait_s else ""
    within = span(count.quota.span_s)
    return Row(TITLES.get(kind, plain(kind)), within, ", ".join(names), count.used, count.quota.limit, wait)
