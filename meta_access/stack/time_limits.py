"""What ends on a day (`until`): assignments, identities, people. Once the day has come they leave the plan. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meta_access.errors import Problem
from meta_access.stack import gate_names
from meta_access.stack.draft import where
from meta_access.stack.fields import IDENTITY
from meta_access.stack.files import NAMESPACE
from meta_access.stack.models import RolesSpec, until_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date
    from typing import Any

    from meta_access.stack.load import Stack
    from meta_access.stack.models import AppSpec, ClientSpec, PersonSpec, StackSpec

WARNED_BEFORE = (3, 14)
"""Days before the day from which it is said, the last of them first."""
_ADMIN, _ROLES = "ADMIN", "AppRoles"


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that ends.

    Attributes:
        place: What ends, without the namespace: `identities.trading`. The output `time_limits` has it so, too.
        names: How a state names its resources: type and name of each that shows that it was there.
        file: Where the day is typed, and `key` its place there, as a problem of the configuration names it.
        person: Key of a person; a gate of app roles is there without them, too.
    """

    place: str
    until: date
    names: tuple[tuple[str, str], ...]
    file: str
    key: str
    person: str = ""

    def ended(self, today: date) -> bool:
        return self.until <= today

    @property
    def is_identity(self) -> bool:
        return self.place.startswith("identities.")

    @property
    def shown(self) -> str:
        """What ends, as a problem of the configuration names it."""
        key = self.key.removesuffix(".until")
        return key if key.startswith(NAMESPACE) else f"{self.file}:{key}"


def of_stack(stack: Stack) -> list[Limit]:
    """Everything with a day, in the order of the file's sections."""
    spec, found = stack.spec, []

    def add(loc: tuple[str, ...], until: date, *names: tuple[str, str], person: str = "") -> None:
        file = stack.origins.get(loc[1], stack.file) if loc[0] == "clients" else stack.file
        key = where((*loc, "until"), stack.origins).removeprefix(f"{file}:")
        found.append(Limit(".".join(loc), until, names, file, key, person))

    for key, person in spec.people.items():
        if person.until is not None:
            add(("people", key), person.until, *_of_person(spec, key), person=key)
    for key, identity in spec.identities.items():
        if identity.until is not None:
            add(("identities", key), identity.until, ("SystemUser", key))
    for key, client in spec.clients.items():
        for asset, choices in client.assets.items():
            for name, choice in choices.items():
                if (until := until_of(choice)) is not None:
                    loc = ("clients", key, "assets", asset, name)
                    add(loc, until, ("AssetAssignment", f"{key}-{name}-{asset}"))
    return found


def _of_person(spec: StackSpec, person: str) -> tuple[tuple[str, str], ...]:
    roles = ((key, app.roles) for key, app in spec.apps.items() if app.roles is not None)
    return (
        *(("BusinessUser", f"{business}-{person}") for business in spec.businesses),
        *((_ROLES, gate_names.app_roles(key)) for key, declared in roles if person in declared.by_person()),
    )


def on(stack: Stack, day: date) -> Stack:
    """A stack without what has ended on a day."""
    return replace(stack, spec=applied(stack.spec, day))


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
            name: choice for name, choice in choices.items() if name in users and not _gone(until_of(choice), today)
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
                f"{limit.shown} ends on {limit.until}, in {days} (said from {near} days before): an update on "
                f"that day, or later, takes it away{_with(limit)}. Move its until, if it is to stay."
            )
        elif left <= 0 and limit.place in standing:
            yield (
                f"{limit.shown} ended on {limit.until} (until), so this change takes it away{_with(limit)}. Move its "
                "until, if it is to stay; remove it from the file otherwise."
            )


def _with(limit: Limit) -> str:
    """What goes along."""
    return ", with its assignments and its token: readers of that lose access" if limit.is_identity else ""


def standing(limits: Iterable[Limit], state: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The places of what a state holds.

    Args:
        limits: Of the stack.
        state: URN to outputs.
    """
    held: dict[tuple[str, str], Mapping[str, Any]] = {}
    for urn, outs in state.items():
        if len(parts := urn.split("::")) > 3:  # noqa: PLR2004 - the parts of a URN
            held[parts[2].rpartition(":")[2], parts[3]] = outs
    return {
        limit.place
        for limit in limits
        for name in limit.names
        if name in held and (name[0] != _ROLES or limit.person in (held[name].get("roles") or {}))
    }


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
            yield Problem(f"{limit.shown}.until", text, "write a day to come, or remove the entry.")


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
