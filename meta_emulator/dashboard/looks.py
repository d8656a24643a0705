"""What the simple pages look up: the choices of their forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from meta_emulator import acts, business_acts, fault, login_acts
from meta_emulator.dashboard.knobs import UNITS
from meta_emulator.dashboard.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meta_emulator.dashboard.scene import Scene
    from meta_emulator.world import App, AppClient, Business, World

ROLES = ("admin", "developer", "tester", "analytics")  # as the commands take them; Graph's names are the same four

TOKENS_OF = ("the person", "a system user, without an end", "a system user, for 60 days")

Choice = tuple[str, str]  # the value of an option, and its text


def nothing(_scene: Scene) -> dict[str, Any]:
    return {}


def roles(scene: Scene) -> dict[str, Any]:
    return {"roles": same(ROLES), "people": rows(scene.world.people)}


def people(scene: Scene) -> dict[str, Any]:
    return {"member_roles": same(get_args(business_acts.MemberRole)), "businesses": rows(scene.world.businesses)}


def verification(_scene: Scene) -> dict[str, Any]:
    return {"statuses": worded(acts.VERIFICATION), "two_factor": worded(business_acts.TWO_FACTOR)}


def apps(scene: Scene) -> dict[str, Any]:
    return {"businesses": rows(scene.world.businesses), "versions": same(scene.rules.api_versions)}


def logins(scene: Scene) -> dict[str, Any]:
    """Each app with who consented to it, and what a consent or a configuration can be made of."""
    world = scene.world
    people = {person.id: person for person in world.people}
    consents = [(people[row.user_id], row) for row in world.consents]
    return {
        "apps": [(app, [pair for pair in consents if pair[1].app_id == app.id]) for app in world.apps],
        "people": rows(world.people),
        "permissions": list(scene.rules.permissions),
        "kinds": list(zip(login_acts.LOGIN_TOKENS, TOKENS_OF, strict=True)),
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """An asset or an app that a partner asks for; `of` is its id, `tasks` what it wants to do with an asset."""

    partner: Business
    of: str
    name: str
    sentence: str
    tasks: Sequence[str]


def asked(world: World) -> list[Asked]:
    """What waits for an owner: requests for assets, then for apps."""
    partners = {business.id: business for business in world.businesses}
    names = {asset.id: asset.name for _, asset in world.assets()}
    found = []
    for row in world.asset_requests:
        partner, name = partners[row.business_id], names[row.asset_id]
        wish = "to own" if row.kind == "owned" else "to use"
        found.append(Asked(partner, row.asset_id, name, f"{partner.name} asks {wish} {name}.", row.permitted_tasks))
    for client, app in _clients(world, "pending"):
        partner = partners[client.business_id]
        found.append(Asked(partner, app.id, app.name, f"{partner.name} asks to use {app.name}.", ()))
    return found


def _clients(world: World, state: str) -> list[tuple[AppClient, App]]:
    """Apps with the businesses that use them, or asked to."""
    rows = [(row, world.app(row.app_id)) for row in world.app_clients if row.state == state]
    return [(row, app) for row, app in rows if app is not None]


def partners(world: World) -> list[str]:
    """How businesses work together besides sharing assets."""
    names = {business.id: business.name for business in world.businesses}
    found = [f"{names[row.business_id]} uses {app.name}." for row, app in _clients(world, "accepted")]
    found += [f"{names[row.partner_id]} acts on behalf of {names[row.client_id]}." for row in world.managed_businesses]
    return found + [
        f"{names[agency]} is an agency of {business.name}."
        for business in world.businesses
        for agency in business.agencies
    ]


def shares(scene: Scene) -> dict[str, Any]:
    """Assets, the tasks there are to share by kind, what waits for an owner, and partners."""
    world = scene.world
    kinds = list(dict.fromkeys(kind for kind, _ in world.assets()))
    return {
        "assets": list(world.assets()),
        "tasks": {kind: scene.rules.task_enums[kind].allowed for kind in kinds},
        "assets_of": {kind: rows(asset for found, asset in world.assets() if found == kind) for kind in kinds},
        "businesses": rows(world.businesses),
        "asked": asked(world),
        "partners": partners(world),
    }


def faults(scene: Scene) -> dict[str, Any]:
    services = [("", "any that fits"), ("graph", "Graph"), ("secretsmanager", "Secrets Manager")]
    return {"faults": scene.faults, "kinds": same(fault.REQUIRED), "services": services}


def clock(_scene: Scene) -> dict[str, Any]:
    return {"units": same(UNITS)}


def same(values: Iterable[str]) -> list[Choice]:
    """Options whose text is their value."""
    return [(value, value) for value in values]


def worded(values: Iterable[str]) -> list[Choice]:
    """Options whose text is their value as words."""
    return [(value, plain(value)) for value in values]


def rows(found: Iterable[Any]) -> list[Choice]:
    """Options for rows that have an id and a name."""
    return [(row.id, f"{row.name} ({row.id})") for row in found]
