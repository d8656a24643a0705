"""What is true of every world that the emulator can reach, whatever was asked of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from meta_access import rules
from meta_emulator import holdings, sharing, world_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meta_emulator.world import World

TOKEN = re.compile(rb"EAA[A-Za-z0-9]{20,}")


def violations(world: World) -> list[str]:
    """All that is wrong with a world; empty when it is consistent.

    1. It is a world that can be loaded: references lead somewhere, no id stands for two things, types are right.
    2. No token value is in it, neither one of ours nor one that looks real.
    3. Each fact is there once: a role per person and app, an assignment per user and asset, an installation, a share.
    4. An assignment has tasks, and tasks of its kind of asset only.
    5. Tokens end after they begin.
    6. An asset is shared with others than its owner, for tasks of its kind; names of a business's system users differ.
    7. Nobody is assigned more on an asset than its owner lets their business hand out.
    8. A group holds what its business has, and gives tasks of the kinds of assets that groups give tasks on.
    9. Nobody asks for what is their own; a business asks for an asset, or an app, once.
    10. A pixel is used by ad accounts of a business that has both; a primary Page is the business's own.
    """
    return [
        *world_json.problems(world),
        *_values(world),
        *_twice(world),
        *_tasks(world),
        *_times(world),
        *_owners(world),
        *_reach(world),
        *_groups(world),
        *_requests(world),
        *_links(world),
    ]


def _values(world: World) -> Iterator[str]:
    if TOKEN.search(world_json.dump(world)):
        yield "a token value is in the world"


def _twice(world: World) -> Iterator[str]:
    facts: dict[str, Iterable[tuple[str | None, ...]]] = {
        "app_roles": ((row.app_id, row.user_id) for row in world.app_roles),
        "assignments": ((row.asset_id, row.user_id) for row in world.assignments),
        "installations": ((row.system_user_id, row.app_id) for row in world.installations),
        "app_access": ((row.system_user_id, row.app_id) for row in world.app_access),
        "consents": ((row.user_id, row.app_id) for row in world.consents),
        "managed_businesses": ((row.partner_id, row.client_id) for row in world.managed_businesses),
        "shares": ((asset.id, share.business_id) for _, asset in world.assets() for share in asset.shares),
        "asset_requests": ((row.asset_id, row.business_id) for row in world.asset_requests),
        "app_clients": ((row.app_id, row.business_id) for row in world.app_clients),
        "group_assignments": ((row.group_id, row.user_id) for row in world.group_assignments),
        "lead_access": ((row.page_id,) for row in world.lead_access),
        "pixel_accounts": ((row.pixel_id, row.account_id, row.business_id) for row in world.pixel_accounts),
        "names of system users": ((row.business_id, row.name) for row in world.system_users),
    }
    for name, found in facts.items():
        yield from (f"{name}: {fact} is there {count} times" for fact, count in Counter(found).items() if count > 1)


def _tasks(world: World) -> Iterator[str]:
    enums = rules.load(world.rules).task_enums
    for row in world.assignments:
        found = world.asset(row.asset_id)
        if found is None:
            continue
        allowed = enums[found[0]].allowed if found[0] in enums else row.tasks
        if not row.tasks or not set(row.tasks) <= set(allowed) or len(set(row.tasks)) != len(row.tasks):
            yield f"assignments: {row.user_id} has {row.tasks} on {row.asset_id}"


def _times(world: World) -> Iterator[str]:
    for token in world.tokens:
        if token.expires_at is not None and token.expires_at <= token.issued_at:
            yield f"tokens: {token.fingerprint} expires before it is issued"
        if token.revoked_at is not None and token.revoked_at < token.issued_at:
            yield f"tokens: {token.fingerprint} is revoked before it is issued"


def _owners(world: World) -> Iterator[str]:
    enums = rules.load(world.rules).task_enums
    for kind, asset in world.assets():
        for share in asset.shares:
            if share.business_id == asset.business_id:
                yield f"shares: {asset.id} is shared with its owner"
            named = [task for task in share.permitted_tasks if not task.startswith("PROFILE_PLUS_")]
            if not share.permitted_tasks or not set(named) <= set(enums[kind].allowed):
                yield f"shares: {asset.id} is shared for {share.permitted_tasks}"


def _reach(world: World) -> Iterator[str]:
    for row in world.assignments:
        found = world.asset(row.asset_id)
        limit = None if found is None else sharing.may_hold(world, found[1], row.user_id)
        if limit is None or (limit and not set(row.tasks) <= set(limit)):
            yield f"assignments: {row.user_id} may have {limit} on {row.asset_id}, and has {row.tasks}"


def _groups(world: World) -> Iterator[str]:
    known = {*holdings.GROUP_TASKS.values(), "offline_conversion_data_set_tasks"}
    for group in world.asset_groups:
        for asset_id in group.asset_ids:
            found = world.asset(asset_id)
            if found is None or world.permitted_tasks(found[1], group.business_id) is None:
                yield f"asset_groups: {group.id} holds {asset_id}, which its business has not"
        if len(set(group.asset_ids)) != len(group.asset_ids):
            yield f"asset_groups: {group.id} holds an asset twice"
    for row in world.group_assignments:
        if not row.tasks or not set(row.tasks) <= known:
            yield f"group_assignments: {row.user_id} has {row.tasks} in {row.group_id}"


def _requests(world: World) -> Iterator[str]:
    for row in world.asset_requests:
        found = world.asset(row.asset_id)
        if found is not None and found[1].business_id == row.business_id:
            yield f"asset_requests: {row.business_id} asks for its own {row.asset_id}"
    for client in world.app_clients:
        app = world.app(client.app_id)
        if app is not None and app.business_id == client.business_id:
            yield f"app_clients: {client.business_id} is a client of its own {client.app_id}"


def _links(world: World) -> Iterator[str]:
    for row in world.pixel_accounts:
        ends = (world.asset(row.pixel_id), world.asset(row.account_id))
        kinds = [found[0] for found in ends if found is not None]
        had = [found for found in ends if found and world.permitted_tasks(found[1], row.business_id) is not None]
        if kinds != ["pixel", "ad_account"] or len(had) != len(ends):
            yield f"pixel_accounts: {row.business_id} has not both {row.pixel_id} and {row.account_id}"
    for business in world.businesses:
        page = world.asset(business.primary_page or "")
        if page is not None and (page[0], page[1].business_id) != ("page", business.id):
            yield f"businesses: the primary Page of {business.id} is another's"
