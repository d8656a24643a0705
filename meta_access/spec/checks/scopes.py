"""Scopes: known, allowed in a system user's token, and covered by what the app asks Meta for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.rules.permissions import not_held
from meta_access.spec.plan import connection_of, scopes_of
from meta_access.spec.problems import unknown_permission
from meta_access.spec.use_case import permissions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.spec.draft import Draft
    from meta_access.spec.identity import IdentitySpec
    from meta_access.spec.problems import Loc


def check_scopes(draft: Draft) -> Iterator[Problem]:
    for key, identity in draft.spec.identities.items():
        at: Loc = ("identities", key)
        typed = identity.scopes is not None
        app, covered = _covered(draft, identity)
        for place, scope in enumerate(scopes_of(draft.rules, identity)):
            loc: Loc = (*at, "scopes", place) if typed else (*at, "use_case")
            if scope not in draft.rules.permissions:
                yield draft.problem(loc, *unknown_permission(draft.rules, scope))
            elif why := not_held(draft.rules, scope, identity.role):
                yield draft.problem(loc, *why)
            elif covered is not None and scope not in covered:
                text = f"{scope} is not covered by a permission that meta:apps.{app} declares."
                fix = f"add it to meta:apps.{app}.permissions.standard"
                yield draft.problem(loc, text, f"{fix}, or ask for less.")
        if typed and len(set(identity.scopes or ())) != len(identity.scopes or ()):
            yield draft.problem((*at, "scopes"), "a scope is there twice.", "keep each once.")


def _covered(draft: Draft, identity: IdentitySpec) -> tuple[str, frozenset[str] | None]:
    """The app, and its permissions with what they depend on: Meta grants those along. None when they cannot be told."""
    connection = draft.spec.connections.get(connection_of(draft.spec, identity) or "")
    app = draft.spec.apps.get(connection.app) if connection is not None else None
    if connection is None or app is None or draft.is_broken("apps", connection.app, "permissions"):
        return "", None
    return connection.app, frozenset(
        draft.rules.with_dependencies(permissions_of(draft.spec, draft.rules, connection.app))
    )
