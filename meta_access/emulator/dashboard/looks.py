"""What the simple pages look up: the choices of their forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from meta_access.emulator import acts, business_acts, fault, login_acts
from meta_access.emulator.dashboard.knobs import UNITS
from meta_access.emulator.dashboard.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.emulator.dashboard.scene import Scene
    from meta_access.emulator.world import Business, World

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
    return {"businesses": rows(scene.world.businesses)}


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
    """An asset or an app that a partner asks for; `of` is its id, `owns` whether the partner takes it over."""

    partner: Business
    of: str
    name: str
    owns: bool


def asked(world: World) -> list[Asked]:
    """What waits for an owner: requests for assets, then for apps."""
    names = {asset.id: asset.name for _, asset in world.assets()} | {app.id: app.name for app in world.apps}
    waiting = [(row.business_id, row.asset_id, row.kind == "owned") for row in world.asset_requests]
    waiting += [(row.business_id, row.app_id, False) for row in world.app_clients if row.state == "pending"]
    partners = {business.id: business for business in world.businesses}
    return [Asked(partners[partner], of, names[of], owns) for partner, of, owns in waiting]


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
        "asked": asked(world),
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
