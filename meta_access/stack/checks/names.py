"""Names that point at an entry of another table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.stack.fields import IDENTITY
from meta_access.stack.plan import USE_CASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.errors import Problem
    from meta_access.stack.draft import Draft
    from meta_access.stack.problems import Loc

_Reference = tuple["Loc", "str | None", str]


def check_names(draft: Draft) -> Iterator[Problem]:
    """Every name is in the table it points at."""
    for loc, name, table in (*_of_connections(draft), *_of_owners(draft), *_of_roles(draft), *_of_work(draft)):
        yield from draft.unknown(loc, name, table)
    yield from _twice(draft, "businesses", {key: business.id for key, business in draft.spec.businesses.items()})
    yield from _twice(draft, "apps", {key: app.id for key, app in draft.spec.apps.items()})


def _twice(draft: Draft, table: str, ids: Mapping[str, str]) -> Iterator[Problem]:
    """One thing at Meta under two names would have two quotas and two sets of gates."""
    names: dict[str, str] = {}
    for key, number in ids.items():
        first = names.setdefault(number, key)
        if first != key:
            yield draft.problem((table, key, "id"), f"{first} has the same id.", f"keep one of {first} and {key}.")


def _of_connections(draft: Draft) -> Iterator[_Reference]:
    for key, connection in draft.spec.connections.items():
        at: Loc = ("connections", key)
        yield (*at, "business"), connection.business, "businesses"
        yield (*at, "app"), connection.app, "apps"
        if connection.admin_token.startswith(IDENTITY):
            yield (*at, "admin_token"), connection.admin_token.removeprefix(IDENTITY), "identities"
    for business in draft.spec.quota_overrides:
        yield ("quota_overrides", business), business, "businesses"


def _of_owners(draft: Draft) -> Iterator[_Reference]:
    for key, business in draft.spec.businesses.items():
        yield ("businesses", key, "owner"), business.owner, "people"
    for key, app in draft.spec.apps.items():
        yield ("apps", key, "owner"), app.owner, "people"
        yield ("apps", key, "claimed_by"), app.claimed_by, "businesses"
        for name, obligation in app.obligations.items():
            yield ("apps", key, "obligations", name, "owner"), obligation.owner, "people"


def _of_roles(draft: Draft) -> Iterator[_Reference]:
    for key, app in draft.spec.apps.items():
        for role, people in app.roles or ():
            for place, person in enumerate(people):
                yield ("apps", key, "roles", role, place), person, "people"


def _of_work(draft: Draft) -> Iterator[_Reference]:
    for key, identity in draft.spec.identities.items():
        yield ("identities", key, "connection"), identity.connection, "connections"
    for key, client in draft.spec.clients.items():
        for asset, choices in client.choices.items():
            for name, choice in choices.items():
                at: Loc = ("clients", key, "assets", asset, name)
                yield at, name, "identities"
                yield at, choice if isinstance(choice, str) and choice != USE_CASE else None, "task_sets"
