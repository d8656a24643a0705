"""Assignments as a matrix: assets by their owners, and a column for each user that has any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from meta_emulator import holdings
from meta_emulator.dashboard.wording import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_emulator.dashboard.scene import Scene
    from meta_emulator.world import World

Strength = Literal["manage", "advertise", "analyze", "other"]

STRENGTHS: tuple[Strength, ...] = ("manage", "advertise", "analyze")


@dataclass(frozen=True, slots=True)
class Node:
    """A user or an asset: `detail` says role or kind, `owner` whose an asset is."""

    id: str
    name: str
    detail: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An asset, and the tasks on it by user."""

    asset: Node
    tasks: Mapping[Node, Sequence[str]]

    @property
    def all_tasks(self) -> list[str]:
        return list(dict.fromkeys(task for tasks in self.tasks.values() for task in tasks))


def look(scene: Scene) -> dict[str, Any]:
    world = scene.world
    users, assets = who(world), what(world)
    rows = []
    for kind, asset in world.assets():
        held = holdings.of_asset(world, scene.rules, kind, asset)
        tasks = {users.get(user, Node(user, user, "unknown")): given for user, given in held.items()}
        rows += [Row(assets[asset.id], tasks)] if tasks else []
    owners = sorted({row.asset.owner for row in rows})
    busy = {user for row in rows for user in row.tasks}
    return {
        "by_owner": [(owner, [row for row in rows if row.asset.owner == owner]) for owner in owners],
        "users": [users[id_] for id_ in users if users[id_] in busy] + [one for one in busy if one.id not in users],
        "assignments": sum(len(row.tasks) for row in rows),
        "idle": [users[user.id] for user in world.system_users if users[user.id] not in busy],
        "strength": strength,
    }


def who(world: World) -> dict[str, Node]:
    """Everybody who can be assigned something, by id."""
    found = {user.id: Node(user.id, user.name, f"system user, {user.role}") for user in world.system_users}
    found |= {person.id: Node(person.id, person.name, "person") for person in world.people}
    # A person in a business has an id of that business, under which Graph lists and assigns them.
    for business in world.businesses:
        detail = f"person of {business.name}"
        found |= {row.id: Node(row.id, person.name, detail) for person, row in world.members(business.id)}
    return found


def what(world: World) -> dict[str, Node]:
    """Every asset, by id."""
    owners: dict[str | None, str] = {business.id: business.name for business in world.businesses}
    owners[None] = "no business"
    return {
        asset.id: Node(asset.id, asset.name, plain(kind), owners[asset.business_id]) for kind, asset in world.assets()
    }


def strength(task: str) -> Strength:
    """How a task is drawn."""
    return next((name for name in STRENGTHS if name.upper() == task), "other")
