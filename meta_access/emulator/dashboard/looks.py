"""What the simple pages look up: the choices of their forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.emulator import acts, fault
from meta_access.emulator.dashboard.knobs import UNITS
from meta_access.emulator.dashboard.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.emulator.dashboard.scene import Scene

ROLES = ("admin", "developer", "tester", "analytics")  # as the commands take them; Graph's names are the same four

Choice = tuple[str, str]  # the value of an option, and its text


def nothing(_scene: Scene) -> dict[str, Any]:
    return {}


def roles(scene: Scene) -> dict[str, Any]:
    return {"roles": same(ROLES), "people": rows(scene.world.people)}


def verification(_scene: Scene) -> dict[str, Any]:
    return {"statuses": [(status, plain(status)) for status in acts.VERIFICATION]}


def shares(scene: Scene) -> dict[str, Any]:
    """Assets by owner; and by kind, with the tasks there are to share."""
    world = scene.world
    owned = [
        (owner, [(kind, asset) for kind, asset in world.assets() if asset.business_id == owner.id])
        for owner in world.businesses
    ]
    kinds = list(dict.fromkeys(kind for kind, _ in world.assets()))
    return {
        "owned": owned,
        "tasks": {kind: scene.rules.task_enums[kind].allowed for kind in kinds},
        "assets_of": {kind: rows(asset for found, asset in world.assets() if found == kind) for kind in kinds},
        "businesses": rows(world.businesses),
    }


def faults(scene: Scene) -> dict[str, Any]:
    services = [("", "any that fits"), ("graph", "Graph"), ("secretsmanager", "Secrets Manager")]
    return {"faults": scene.faults, "kinds": same(fault.REQUIRED), "services": services}


def clock(_scene: Scene) -> dict[str, Any]:
    return {"units": same(UNITS)}


def same(values: Iterable[str]) -> list[Choice]:
    """Options whose text is their value."""
    return [(value, value) for value in values]


def rows(found: Iterable[Any]) -> list[Choice]:
    """Options for rows that have an id and a name."""
    return [(row.id, f"{row.name} ({row.id})") for row in found]
