"""What is true of every world that the emulator can reach, whatever was asked of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from meta_access import rules
from meta_access.emulator import world_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meta_access.emulator.world import World

TOKEN = re.compile(rb"EAA[A-Za-z0-9]{20,}")


def violations(world: World) -> list[str]:
    """All that is wrong with a world; empty when it is consistent.

    1. It is a world that can be loaded: references lead somewhere, no id stands for two things, types are right.
    2. No token value is in it, neither one of ours nor one that looks real.
    3. Each fact is there once: a role per person and app, an assignment per user and asset, an installation, a share.
    4. An assignment has tasks, and tasks of its kind of asset only.
    5. Tokens end after they begin.
    6. An asset is shared with others than its owner; names of a business's system users differ.
    """
    return [
        *world_json.problems(world),
        *_values(world),
        *_twice(world),
        *_tasks(world),
        *_times(world),
        *_owners(world),
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
    for _, asset in world.assets():
        if any(share.business_id == asset.business_id for share in asset.shares):
            yield f"shares: {asset.id} is shared with its owner"
