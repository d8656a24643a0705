"""What people do about logins and installations: configure, consent, install."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access import rules
from meta_emulator import named
from meta_emulator.named import ActError
from meta_emulator.world import Consent, Installation, LoginConfiguration

if TYPE_CHECKING:
    from meta_emulator.world import World

LOGIN_TOKENS = ("user", "system_user", "system_user_60d")


def create_login_configuration(
    world: World,
    name: str,
    permissions: str | list[str],
    token: str = "user",  # noqa: S107 - a kind of token
    app: str | None = None,
) -> str:
    """Create a configuration of Facebook Login for Business; `token` is user, system_user or system_user_60d."""
    target = named.app(world, app)
    chosen = _permissions(world, permissions)
    named.check_word("token", token, LOGIN_TOKENS)
    taken = [int(row.id) for each in world.apps for row in each.login_configurations if row.id.isdecimal()]
    made = LoginConfiguration(str(max(taken, default=600000000000900) + 1), name, permissions=chosen)
    if token != LOGIN_TOKENS[0]:
        made.token_type, made.expires = "system_user", token == LOGIN_TOKENS[2]
    target.login_configurations.append(made)
    return f"{target.name} has the login configuration {made.id} ({name})."


def delete_login_configuration(world: World, id: str, app: str | None = None) -> str:  # noqa: A002 - the key's name
    """Delete a configuration of Facebook Login for Business."""
    target = named.app(world, app)
    kept = [row for row in target.login_configurations if row.id != id]
    if len(kept) == len(target.login_configurations):
        raise ActError(f"id: {target.name} has no login configuration {id}.")
    target.login_configurations = kept
    return f"{target.name} no longer has the login configuration {id}."


def install(world: World, user: str, app: str | None = None) -> str:
    """A business admin installs the app on a system user, in Business Settings."""
    who, target = named.system_user(world, user), named.app(world, app)
    if target.business_id != who.business_id:
        raise ActError(f"app: {target.name} and {who.name} are not of the same business.")
    if not world.installed(who.id, target.id):
        world.installations.append(Installation(who.id, target.id))
    return f"{target.name} is installed on {who.name}."


def consent(world: World, person: str, permissions: str | list[str], app: str | None = None) -> str:
    """A person logs in and grants permissions, so that the dialog no longer asks for them."""
    who, target = named.person(world, person), named.app(world, app)
    chosen = _permissions(world, permissions)
    row = world.consent(who.id, target.id)
    if row is None:
        row = Consent(who.id, target.id)
        world.consents.append(row)
    row.granted = list(dict.fromkeys([*row.granted, "public_profile", *chosen]))
    row.declined = [word for word in row.declined if word not in row.granted]
    return f"{who.name} has granted {target.name} {', '.join(row.granted)}."


def _permissions(world: World, given: str | list[str]) -> list[str]:
    """Permissions that the world's rules know."""
    chosen = named.words(given)
    wrong = [word for word in chosen if word not in rules.load(world.rules).permissions]
    if wrong:
        raise ActError(f"permissions: {', '.join(wrong)} is no permission of the rules {world.rules}.")
    return chosen
