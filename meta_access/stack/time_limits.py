"""What ends on a day (`until`): assignments, identities, people. Once the day has come they leave the plan. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.errors import Problem
from meta_access.stack.fields import IDENTITY
from meta_access.stack.models import RolesSpec, TimedChoice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date

    from meta_access.stack.models import AppSpec, ClientSpec, PersonSpec, StackSpec

WARNED_BEFORE = (3, 14)
"""Days before the day from which it is said, the last of them first."""
_ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that ends.

    Attributes:
        place: Where it is typed, without the namespace: `identities.trading`. The output `time_limits` has it so, too.
        names: How a state names its resources: type and name of each that shows that it was there.
    """

    place: str
    until: date
    names: tuple[tuple[str, str], ...]

    def ended(self, today: date) -> bool:
        return self.until <= today


def of_stack(spec: StackSpec) -> list[Limit]:
    """Everything with a day, in the order of the file's sections."""
    found = [
        Limit(f"people.{key}", person.until, _of_person(spec, key))
        for key, person in spec.people.items()
        if person.until is not None
    ]
    found += [
        Limit(f"identities.{key}", identity.until, (("SystemUser", key),))
        for key, identity in spec.identities.items()
        if identity.until is not None
    ]
    for key, client in spec.clients.items():
        for asset, choices in client.assets.items():
            for name, choice in choices.items():
                if isinstance(choice, TimedChoice):
                    names = (("AssetAssignment", f"{key}-{name}-{asset}"),)
                    found.append(Limit(f"clients.{key}.assets.{asset}.{name}", choice.until, names))
    return found


def _of_person(spec: StackSpec, person: str) -> tuple[tuple[str, str], ...]:
    roles = ((key, app.roles) for key, app in spec.apps.items() if app.roles is not None)
    return (
        *(("BusinessUser", f"{business}-{person}") for business in spec.businesses),
        *(("AppRoles", f"{key}-app-roles") for key, declared in roles if person in declared.by_person()),
    )


def applied(spec: StackSpec, today: date) -> StackSpec:
    """The configuration as if everything whose day has come were deleted from its file."""
    people = {key: _left(person) if _gone(person.until, today) else person for key, person in spec.people.items()}
    gone = {key for key, person in spec.people.items() if _gone(person.until, today)}
    users = {key: one for key, one in spec.identities.items() if not _gone(one.until, today)}
    return spec.model_copy(
        update={
            "people": people,
            "apps": {key: _without_people(app, gone) for key, app in spec.apps.items()},
            "identities": users,
            "clients": {key: _without_ended(client, users, today) for key, client in spec.clients.items()},
        }
    )


def _gone(until: date | None, today: date) -> bool:
    return until is not None and until <= today


def _left(person: PersonSpec) -> PersonSpec:
    """Somebody who stays a name: an owner, or who stated something."""
    return person.model_copy(update={"business": None})


def _without_people(app: AppSpec, gone: Collection[str]) -> AppSpec:
    if app.roles is None or not gone & app.roles.by_person().keys():
        return app
    roles = {name: tuple(one for one in getattr(app.roles, name) if one not in gone) for name in RolesSpec.model_fields}
    return app.model_copy(update={"roles": RolesSpec(**roles) if any(roles.values()) else None})


def _without_ended(client: ClientSpec, users: Collection[str], today: date) -> ClientSpec:
    assets = {
        asset: {
            name: choice
            for name, choice in choices.items()
            if name in users and not (isinstance(choice, TimedChoice) and choice.until <= today)
        }
        for asset, choices in client.assets.items()
    }
    return client.model_copy(update={"assets": assets})


def warnings(limits: Iterable[Limit], today: date, *, standing: Collection[str]) -> Iterator[str]:
    """What ends soon, and what has ended.

    Args:
        limits: Of the stack.
        today: By Meta's clock.
        standing: Places of those that the state still holds.
    """
    for limit in limits:
        left = (limit.until - today).days
        if left > 0 and (near := next((before for before in WARNED_BEFORE if left <= before), None)) is not None:
            days = "1 day" if left == 1 else f"{left} days"
            yield (
                f"meta:{limit.place} ends on {limit.until}, in {days} (said from {near} days before): an update on "
                "that day, or later, takes it away. Move its until, if it is to stay."
            )
        elif left <= 0 and limit.place in standing:
            yield (
                f"meta:{limit.place} ended on {limit.until} (until), so this change takes it away. Move its until, if "
                "it is to stay; remove it from the file otherwise."
            )


def standing(limits: Iterable[Limit], urns: Iterable[str]) -> set[str]:
    """The places of what a state holds."""
    held = {(parts[2].rpartition(":")[2], parts[3]) for urn in urns if len(parts := urn.split("::")) > 3}  # noqa: PLR2004 - the parts of a URN
    return {limit.place for limit in limits if held.intersection(limit.names)}


def refusals(limits: Iterable[Limit], today: date, *, known: Collection[str]) -> Iterator[Problem]:
    """New things whose day has come already.

    Args:
        limits: Of the stack.
        today: By Meta's clock.
        known: Places of those that the last update knew: what has ended once may stay in the file.
    """
    for limit in limits:
        if limit.ended(today) and limit.place not in known:
            text = f"{limit.until} is not in the future, and this is new."
            yield Problem(f"meta:{limit.place}.until", text, "write a day to come, or remove the entry.")


def as_output(limits: Iterable[Limit]) -> Mapping[str, str]:
    """As an update exports it, so that the next one knows what was there."""
    return {limit.place: limit.until.isoformat() for limit in limits}


def holds_admin_token(spec: StackSpec) -> set[str]:
    """The identities whose token a connection acts with."""
    tokens = (one.admin_token for one in spec.connections.values())
    return {token.removeprefix(IDENTITY) for token in tokens if token.startswith(IDENTITY)}


def leaves_no_admin(spec: StackSpec) -> Iterator[tuple[str, str]]:
    """The people with a day after whom an app or a business has no admin, each with what that is."""
    timed = {key for key, person in spec.people.items() if person.until is not None}
    admins: list[tuple[str, set[str]]] = [
        (f"app {key}", set(app.roles.admin)) for key, app in spec.apps.items() if app.roles is not None
    ]
    for business in spec.businesses:
        declared = {key for key, one in spec.people.items() if one.roles_in(spec.businesses).get(business) == _ADMIN}
        admins.append((f"business {business}", declared))
    for what, people in admins:
        if people and people <= timed:
            yield from ((person, what) for person in sorted(people))
