"""Permissions and features as a page: what each app holds, asked for, or was declined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meta_emulator.dashboard.scene import Scene
    from meta_emulator.world import App


@dataclass(frozen=True, slots=True)
class Entry:
    """One permission or feature of an app.

    Attributes:
        name: What an act takes.
        held: The level the app has now, empty for none beyond standard.
        phase: `approved`, `submitted`, `declined` or, for a tier never asked for, empty.
    """

    name: str
    title: str
    kind: str
    held: str
    asked: str
    phase: str
    reason: str
    about: str


def look(scene: Scene) -> dict[str, Any]:
    features = [(key, feature.name) for key, feature in scene.rules.features.items()]
    return {
        "apps": [(app, entries(scene, app)) for app in scene.world.apps],
        "choices": [*features, *((name, name) for name in sorted(scene.rules.permissions))],
    }


def entries(scene: Scene, app: App) -> list[Entry]:
    """The tier first, then features, then permissions; only those that the app holds or asked for."""
    ruleset = scene.rules
    tier = ruleset.tier_feature_key
    asked = {row.name: row for row in app.reviews}
    held = {tier: ruleset.tier_of_header(app.tier) or app.tier, **app.features}
    held |= {name: "advanced" if status == "live" else status for name, status in app.permissions.items()}
    lowest = next(iter(ruleset.tiers))
    found = []
    names = [tier, *sorted({*app.features, *asked} & ruleset.features.keys() - {tier})]
    names += sorted({*app.permissions, *asked} & ruleset.permissions.keys())
    for name in names:
        row, level = asked.get(name), held.get(name, "")
        phase: str
        if row is not None:
            phase = row.phase
        elif level == "unapproved":
            phase = "unapproved"
        else:
            phase = "approved" if level and (name, level) != (tier, lowest) else ""
        feature = ruleset.features.get(name)
        found.append(
            Entry(
                name,
                feature.name if feature else name,
                "tier" if name == tier else "feature" if feature else "permission",
                level,
                row.level if row else "",
                phase,
                row.reason if row else "",
                feature.about if feature else ruleset.permissions[name].about,
            )
        )
    return found
