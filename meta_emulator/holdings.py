"""Who may do what on an asset: what was assigned there, and what comes with a business asset group.

Tasks that come with a group reach no further than the asset's owner permits the business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_emulator import sharing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meta_access.rules import RuleSet
    from meta_emulator.world import Asset, AssetKind, Assignment, Person, SystemUser, World

# The parameter of a group's assignment that says what is given on each kind of asset in it. Assets of other kinds can
# be in a group, too, and nothing is given on them.
GROUP_TASKS: Mapping[AssetKind, str] = {"ad_account": "adaccount_tasks", "page": "page_tasks", "pixel": "pixel_tasks"}


def by_asset(world: World) -> Mapping[str, list[Assignment]]:
    """All assignments by asset: for a call that looks at many assets, each of which would go through them all."""
    found: dict[str, list[Assignment]] = {}
    for row in world.assignments:
        found.setdefault(row.asset_id, []).append(row)
    return found


def of_asset(
    world: World,
    rules: RuleSet,
    kind: AssetKind,
    asset: Asset,
    assigned: Mapping[str, Iterable[Assignment]] | None = None,
) -> dict[str, list[str]]:
    """Users of an asset with their tasks, by the id under which they were assigned."""
    rows = world.assignments if assigned is None else assigned.get(asset.id, ())
    held = {row.user_id: list(row.tasks) for row in rows if row.asset_id == asset.id}
    for group in world.asset_groups:
        for row in world.group_assignments:
            if asset.id in group.asset_ids and row.group_id == group.id:
                tasks = _through(world, kind, asset, row.user_id, row.tasks)
                if tasks:
                    held[row.user_id] = sharing.with_implied(rules, kind, {*held.get(row.user_id, ()), *tasks})
    return held


def by_groups(world: World, kind: AssetKind, asset: Asset, user_id: str) -> set[str]:
    """The tasks that a user has on an asset through groups, and would keep whatever is assigned there."""
    groups = {group.id for group in world.asset_groups if asset.id in group.asset_ids}
    rows = (row for row in world.group_assignments if row.user_id == user_id and row.group_id in groups)
    return {task for row in rows for task in _through(world, kind, asset, user_id, row.tasks)}


def of_user(world: World, rules: RuleSet, kind: AssetKind, asset: Asset, user: SystemUser | Person) -> list[str] | None:
    """The tasks that one user has on an asset, None for none."""
    ids = world.ids_of(user)
    held = [tasks for user_id, tasks in of_asset(world, rules, kind, asset).items() if user_id in ids]
    return sharing.with_implied(rules, kind, [task for tasks in held for task in tasks]) if held else None


def has_leads(world: World, rules: RuleSet, page: Asset, user: SystemUser | Person) -> bool:
    """Whether a user of a Page may download its leads: its admins, or those whom its business chose."""
    tasks = of_user(world, rules, "page", page, user)
    chosen = next((row for row in world.lead_access if row.page_id == page.id), None)
    if tasks is None:
        return False
    return "MANAGE" in tasks if chosen is None else bool(world.ids_of(user) & set(chosen.user_ids))


def _through(world: World, kind: AssetKind, asset: Asset, user_id: str, given: Mapping[str, list[str]]) -> list[str]:
    limit = sharing.may_hold(world, asset, user_id)
    tasks = given.get(GROUP_TASKS.get(kind, ""), [])
    return [] if limit is None else [task for task in tasks if not limit or task in limit]
