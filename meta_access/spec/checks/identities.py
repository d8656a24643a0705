"""System users: one name, one connection, something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec.base import shown
from meta_access.spec.plan import connection_of
from meta_access.spec.problems import instead
from meta_access.validation import system_user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.spec.draft import Draft
    from meta_access.spec.identity import IdentitySpec
    from meta_access.spec.problems import Loc


def check_identities(draft: Draft) -> Iterator[Problem]:
    names: dict[tuple[str, str], str] = {}
    adopted: dict[tuple[str, str], str] = {}
    renamed: dict[str, str] = {}
    for key, identity in draft.spec.identities.items():
        at: Loc = ("identities", key)
        yield from _alone(draft, at, identity)
        business = _business_of(draft, identity)
        name = identity.name or key
        first = names.setdefault((business, name.casefold()), key)
        if first != key:
            text = f"{shown(name)} is also the name of {first}; Meta refuses two system users of one name."
            yield draft.problem((*at, "name"), text, "give one of them another name.")
        first = adopted.setdefault((business, identity.adopt), key) if identity.adopt is not None else key
        if first != key:
            text = f"{first} adopts the same system user."
            yield draft.problem((*at, "adopt"), text, "keep one identity for it.")
        if (before := identity.renamed_from) is None:
            continue
        if before in draft.names("identities"):
            text = f'there is an identity "{before}" still, so this one cannot have been called so.'
            yield draft.problem((*at, "renamed_from"), text, "remove the line, or correct it.")
        elif (first := renamed.setdefault(before, key)) != key:
            text = f"{first} is also renamed from {before}."
            yield draft.problem((*at, "renamed_from"), text, "keep the line at one of them.")


def _alone(draft: Draft, at: Loc, identity: IdentitySpec) -> Iterator[Problem]:
    if reason := system_user_name(identity.name or str(at[-1])):
        yield draft.problem((*at, "name"), f"the name {reason}.", "write another name.")
    if not draft.is_broken(*at, "connection") and identity.connection is None and len(draft.names("connections")) > 1:
        text = f"there are {len(draft.names('connections'))} connections, and it does not say which it lives in."
        yield draft.problem((*at, "connection"), text, f"write one of {', '.join(draft.names('connections'))}.")
    if identity.scopes == ():
        text = "the list is empty, and Meta mints no token without a scope."
        yield draft.problem((*at, "scopes"), text, "write at least one, or remove the line.")
    silent = identity.use_case is None and identity.scopes is None
    if silent and not draft.is_broken(*at, "scopes") and not draft.is_broken(*at, "use_case"):
        text = "it says neither use_case nor scopes, so its token could do nothing."
        yield draft.problem(at, text, f"write use_case: one of {', '.join(draft.rules.use_cases)}; or scopes: […].")
    if identity.use_case is not None and identity.use_case not in draft.rules.use_cases:
        known = draft.rules.use_cases
        text = f"rule set {draft.rules.name} has no use case {shown(identity.use_case)}."
        yield draft.problem(
            (*at, "use_case"), text, instead(identity.use_case, known, f"write one of {', '.join(known)}.")
        )


def _business_of(draft: Draft, identity: IdentitySpec) -> str:
    """What must be unique is unique per business, through whichever connection it is reached."""
    connection = draft.spec.connections.get(connection_of(draft.spec, identity) or "")
    business = draft.spec.businesses.get(connection.business) if connection is not None else None
    return business.id if business is not None else ""
