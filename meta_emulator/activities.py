"""What an ad account's users were given and lost: compared at every save, so that no change goes unseen.

How Meta words such an entry (`extra_data`, `object_type`) is not published; see `handlers/activities.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access import rules
from meta_emulator import holdings
from meta_emulator.world import Activity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from meta_emulator.world import App, Person, SystemUser, World

    Held = Mapping[tuple[str, str], list[str]]  # tasks by ad account and user

# For all accounts together: each change writes the whole world, this list included.
MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Author:
    """The one who makes a change: the holder of a token, with the token's app, or a person in Business Manager."""

    user: SystemUser | Person | None = None
    app: App | None = None


def held(world: World) -> Held:
    """The tasks of every user of every ad account."""
    accounts = {asset.id: asset for asset in world.ad_accounts}
    found = {(row.asset_id, row.user_id): list(row.tasks) for row in world.assignments if row.asset_id in accounts}
    grouped = {asset_id for group in world.asset_groups for asset_id in group.asset_ids if asset_id in accounts}
    for asset_id in grouped:
        tasks = holdings.of_asset(world, rules.load(world.rules), "ad_account", accounts[asset_id])
        found |= {(asset_id, user_id): given for user_id, given in tasks.items()}
    return found


def record(world: World, before: Held, after: Held, author: Author, now: datetime) -> None:
    """Note what changed between two moments; the oldest entries make room."""
    for account_id, user_id in dict.fromkeys((*before, *after)):
        had, has = before.get((account_id, user_id), []), after.get((account_id, user_id), [])
        if set(had) == set(has):
            continue
        actor, app = author.user or _owner(world, account_id), author.app
        world.activities.append(
            Activity(
                number=world.activities[-1].number + 1 if world.activities else 1,
                account_id=account_id,
                at=now,
                user_id=user_id,
                user_name=_name(world, user_id),
                before=had,
                after=has,
                actor_id=None if actor is None else actor.id,
                actor_name=None if actor is None else actor.name,
                app_id=None if app is None else app.id,
                app_name=None if app is None else app.name,
            )
        )
    del world.activities[:-MOST_KEPT]


def _owner(world: World, account_id: str) -> Person | None:
    """Who acts in Business Manager when nothing says who: an admin of the business that owns the account."""
    account = world.asset(account_id)
    owner = None if account is None else account[1].business_id
    return next((person for person in world.people if person.businesses.get(owner or "") == "ADMIN"), None)


def _name(world: World, user_id: str) -> str:
    user = world.system_user(user_id) or world.human(user_id)
    return user_id if user is None else user.name
