"""The owner of an asset and who else may use it. Assignments, groups and requests change along with it.

Pure changes of the world. Acts of people and Graph calls that do the same thing both come through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_emulator.world import Share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.rules import RuleSet
    from meta_emulator.world import Asset, AssetKind, AssetRequest, World


def with_implied(rules: RuleSet, kind: AssetKind, tasks: Iterable[str]) -> list[str]:
    """The tasks and those below them, in the order of the rule set; tasks it does not list come last."""
    found, allowed = rules.expand_tasks(kind, tasks), rules.task_enums[kind].allowed
    return [task for task in allowed if task in found] + [task for task in found if task not in allowed]


def share(world: World, asset: Asset, business_id: str, tasks: list[str]) -> None:
    """Let a business use an asset for these tasks at most. What it has assigned beyond them is cut down."""
    asset.shares = [row for row in asset.shares if row.business_id != business_id]
    asset.shares.append(Share(business_id, tasks))
    settle(world, asset)


def withdraw(world: World, asset: Asset, business_id: str) -> None:
    """End a share, and with it every assignment the partner made."""
    asset.shares = [row for row in asset.shares if row.business_id != business_id]
    settle(world, asset)


def hand_over(world: World, asset: Asset, business_id: str) -> None:
    """Make a business the owner. What the one before assigned ends; shares with others stay."""
    asset.business_id = business_id
    asset.shares = [row for row in asset.shares if row.business_id != business_id]
    settle(world, asset)


def release(world: World, asset: Asset) -> None:
    """Take an asset out of its business: it belongs to none, and only people who have it by themselves keep it."""
    asset.business_id, asset.shares = None, []
    settle(world, asset)


def carry_out(world: World, request: AssetRequest, asset: Asset) -> None:
    """Grant a request, and forget it."""
    if request.kind == "owned":
        hand_over(world, asset, request.business_id)
    else:
        share(world, asset, request.business_id, request.permitted_tasks)
    forget(world, request)


def forget(world: World, request: AssetRequest) -> None:
    world.asset_requests = [row for row in world.asset_requests if row is not request]


def pending(world: World, asset: Asset, business_id: str) -> AssetRequest | None:
    """What a business asked for and the owner has not decided."""
    rows = (row for row in world.asset_requests if (row.asset_id, row.business_id) == (asset.id, business_id))
    return next(rows, None)


def may_hold(world: World, asset: Asset, user_id: str) -> list[str] | None:
    """The tasks that a user can be given on an asset: None for none, an empty list for no limit.

    A person may have an asset that no business owns, by themselves.
    """
    if asset.business_id is None and world.person(user_id) is not None:
        return []
    found = [world.permitted_tasks(asset, business_id) for business_id in world.businesses_of(user_id)]
    limits = [tasks for tasks in found if tasks is not None]
    if not limits:
        return None
    return [] if [] in limits else list(dict.fromkeys(task for tasks in limits for task in tasks))


def settle(world: World, asset: Asset) -> None:
    """Drop assignments, groups and requests that need an access which has ended."""
    kept = []
    for row in world.assignments:
        limit = may_hold(world, asset, row.user_id) if row.asset_id == asset.id else []
        if limit:
            row.tasks = [task for task in row.tasks if task in limit]
        if limit is not None and row.tasks:
            kept.append(row)
    world.assignments = kept
    for group in world.asset_groups:
        if world.permitted_tasks(asset, group.business_id) is None:
            group.asset_ids = [asset_id for asset_id in group.asset_ids if asset_id != asset.id]
    world.pixel_accounts = [
        row
        for row in world.pixel_accounts
        if asset.id not in (row.pixel_id, row.account_id) or world.permitted_tasks(asset, row.business_id) is not None
    ]
    for business in world.businesses:
        if business.primary_page == asset.id and business.id != asset.business_id:
            business.primary_page = None
    world.asset_requests = [
        row
        for row in world.asset_requests
        if row.asset_id != asset.id or (row.business_id != asset.business_id and not _has(asset, row))
    ]


def _has(asset: Asset, request: AssetRequest) -> bool:
    """Whether a business was given what it asked for meanwhile."""
    return request.kind == "client" and any(
        row.business_id == request.business_id and set(request.permitted_tasks) <= set(row.permitted_tasks)
        for row in asset.shares
    )
