"""Assignments as a picture: users on the left, assets on the right, a line for each set of tasks.

Pure layout in the units of the SVG. Every line ends at a row of its own inside the asset's box, which shows the tasks,
so that no text covers another however many lines cross.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from meta_emulator import holdings
from meta_emulator.dashboard.wording import clip, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_emulator.dashboard.scene import Scene
    from meta_emulator.world import World

Strength = Literal["manage", "advertise", "analyze", "other"]

WIDTH, LEFT, RIGHT = 760, 216, 316  # whole picture, a user's box, an asset's box
HEAD, ROW, PAD, GAP = 44, 22, 8, 14
TASK_LETTERS = 44  # what fits into a row
STRENGTHS: tuple[Strength, ...] = ("manage", "advertise", "analyze")


@dataclass(frozen=True, slots=True)
class Node:
    """A user or an asset: `detail` says role or kind."""

    id: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment, from a user to a row of an asset; `tasks` as the row shows them."""

    path: str
    strength: Strength
    x: int
    y: int
    tasks: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Box:
    node: Node
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    users: list[Box]
    assets: list[Box]
    lines: list[Line]


def look(scene: Scene) -> dict[str, Any]:
    world = scene.world
    users, assets = who(world), what(world)
    rows = [
        (users.get(user_id, Node(user_id, user_id, "unknown")), assets[asset.id], tasks)
        for kind, asset in world.assets()
        for user_id, tasks in holdings.of_asset(world, scene.rules, kind, asset).items()
    ]
    busy = {user for user, _, _ in rows}
    idle = [users[user.id] for user in world.system_users if users[user.id] not in busy]
    return {"rows": rows, "picture": draw(rows) if rows else None, "idle": idle, "strength": strength}


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
        asset.id: Node(asset.id, asset.name, f"{plain(kind)} of {owners[asset.business_id]}")
        for kind, asset in world.assets()
    }


def draw(rows: Sequence[tuple[Node, Node, Sequence[str]]]) -> Picture:
    """Lay assignments out, in the order in which their assets and users first appear."""
    users = list(dict.fromkeys(user for user, _, _ in rows))
    assets = list(dict.fromkeys(asset for _, asset, _ in rows))
    heights = {asset: HEAD + PAD + ROW * sum(row[1] == asset for row in rows) for asset in assets}
    right = sum(heights.values()) + GAP * (len(assets) - 1)
    left = HEAD * len(users) + GAP * (len(users) - 1)
    height = max(left, right)
    user_boxes, y = [], (height - left) // 2
    for user in users:
        user_boxes.append(Box(user, 0, y, LEFT, HEAD))
        y += HEAD + GAP
    asset_boxes, y = [], (height - right) // 2
    for asset in assets:
        asset_boxes.append(Box(asset, WIDTH - RIGHT, y, RIGHT, heights[asset]))
        y += heights[asset] + GAP
    return Picture(WIDTH, height, user_boxes, asset_boxes, _lines(rows, user_boxes, asset_boxes))


def _lines(rows: Sequence[tuple[Node, Node, Sequence[str]]], users: Sequence[Box], assets: Sequence[Box]) -> list[Line]:
    starts = {box.node: box for box in users}
    found = []
    for box in assets:
        held = sorted((row for row in rows if row[1] == box.node), key=lambda row: starts[row[0]].y)
        for index, (user, asset, tasks) in enumerate(held):
            start_x, start_y = LEFT, starts[user].y + HEAD // 2
            end_x, end_y = box.x, box.y + HEAD + ROW * index + ROW // 2
            middle = (start_x + end_x) // 2
            path = f"M{start_x} {start_y}C{middle} {start_y} {middle} {end_y} {end_x} {end_y}"
            text = ", ".join(tasks)
            sentence = f"{user.name} may {text or 'do nothing'} on {asset.name}"
            found.append(Line(path, strength(tasks), end_x, end_y, clip(text, TASK_LETTERS), sentence))
    return found


def strength(tasks: Sequence[str]) -> Strength:
    """The strongest of the tasks, which decides how the line is drawn."""
    return next((name for name in STRENGTHS if name.upper() in tasks), "other")
