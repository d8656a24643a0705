"""System users: one name, one connection, something to do; their number, the scopes of their tokens, their secrets.

Two identities never share a secret. What lives at Meta is counted at preview.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.clock import seconds
from meta_access.rules.permissions import not_held
from meta_access.stack.fields import few, shown
from meta_access.stack.plan import SUFFIX, connection_of, scopes_of, secret_of
from meta_access.stack.problems import instead, unknown_permission
from meta_access.stack.tier import declared_tiers, limit_of, planned
from meta_access.stack.use_cases import permissions_of
from meta_access.validation import rotation_times, scopes_in_a_tag, secret_name, stack_reference, system_user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.stack.draft import Draft
    from meta_access.stack.models import IdentitySpec
    from meta_access.stack.problems import Loc


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
        if first != key and not (
            identity.adopt and draft.spec.identities[first].adopt and name != _name_of(draft, first)
        ):
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


def _name_of(draft: Draft, key: str) -> str:
    return draft.spec.identities[key].name or key


def _alone(draft: Draft, at: Loc, identity: IdentitySpec) -> Iterator[Problem]:
    if reason := system_user_name(identity.name or str(at[-1])):
        yield draft.problem((*at, "name"), f"the name {reason}.", "write another name.")
    if not draft.is_broken(*at, "connection") and identity.connection is None and len(draft.names("connections")) > 1:
        text = f"there are {len(draft.names('connections'))} connections, and it does not say which it lives in."
        yield draft.problem((*at, "connection"), text, f"write one of {', '.join(draft.names('connections'))}.")
    if identity.scopes == ():
        text = "the list is empty, and Meta mints no token without a scope."
        yield draft.problem((*at, "scopes"), text, "write at least one, or remove the line.")
    yield from _no_token(draft, at, identity)
    yield from _exclusive(draft, at, identity)
    silent = identity.use_case is None and identity.scopes is None and identity.has_token
    if silent and not draft.is_broken(*at, "scopes") and not draft.is_broken(*at, "use_case"):
        text = "it says neither use_case nor scopes, so its token could do nothing."
        presets = ", ".join(draft.rules.use_cases)
        none = "token: none, if this stack is to keep no token of it"
        yield draft.problem(at, text, f"write use_case: one of {presets}; or scopes: […]; or {none}.")
    if identity.use_case is not None and identity.use_case not in draft.rules.use_cases:
        known = draft.rules.use_cases
        text = f"rule set {draft.rules.name} has no use case {shown(identity.use_case)}."
        yield draft.problem(
            (*at, "use_case"), text, instead(identity.use_case, known, f"write one of {', '.join(known)}.")
        )


_OF_A_TOKEN = (
    "use_case",
    "scopes",
    "secret",
    "lifetime",
    "rotate_before",
    "grace",
    "keepers",
    "kms_key",
    "take_over_from",
    "rotation_owner",
)


def _no_token(draft: Draft, at: Loc, identity: IdentitySpec) -> Iterator[Problem]:
    if identity.has_token:
        return
    for name in _OF_A_TOKEN:
        if name in identity.model_fields_set:
            text = "is about a token, and token: none says that this stack keeps none."
            yield draft.problem((*at, name), text, "remove it, or the line token: none.")


def _exclusive(draft: Draft, at: Loc, identity: IdentitySpec) -> Iterator[Problem]:
    if not identity.exclusive:
        return
    if not identity.has_token:
        text = "the user's tokens are another stack's (token: none), and what that declares for it would go."
        yield draft.problem((*at, "exclusive"), text, "remove the line, or write it where its token is kept.")
    given = (choices for client in draft.spec.clients.values() for choices in client.assets.values())
    if not draft.is_broken("clients") and not any(at[-1] in choices for choices in given):
        text = "no client gives it an asset, so everything that it has would go."
        yield draft.problem((*at, "exclusive"), text, "declare its assets first, or remove the line.")


def _business_of(draft: Draft, identity: IdentitySpec) -> str:
    """What must be unique is unique per business, through whichever connection it is reached."""
    connection = draft.spec.connections.get(connection_of(draft.spec, identity) or "")
    business = draft.spec.businesses.get(connection.business) if connection is not None else None
    return business.id if business is not None else ""


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
    """The app, and its permissions with what they depend on: Meta grants those along. None when they are unknown."""
    connection = draft.spec.connections.get(connection_of(draft.spec, identity) or "")
    app = draft.spec.apps.get(connection.app) if connection is not None else None
    if connection is None or app is None or draft.is_broken("apps", connection.app, "permissions"):
        return "", None
    return connection.app, frozenset(
        draft.rules.with_dependencies(permissions_of(draft.spec, draft.rules, connection.app))
    )


def check_quota(draft: Draft) -> Iterator[Problem]:
    """Planned names per business and role against the limit of the declared tier, else against what every tier has."""
    for (business, role), keys in planned(draft.spec).items():
        if all(draft.spec.identities[key].adopt is not None for key in keys):
            continue  # they are there: Meta counts nothing new
        tiers_told = not any(draft.is_broken("apps", row.app, "tier") for row in draft.spec.connections.values())
        if draft.is_broken("quota_overrides", business) or not tiers_told:
            continue
        limit = limit_of(draft.spec, draft.rules, business, role)
        most = max(draft.rules.quota(tier, role) or 0 for tier in draft.rules.tiers)
        if len(keys) > (most if limit is None else limit):
            text = f"{len(keys)} system users of role {role} are planned for business {business} ({few(keys)})"
            text += f"; {_why(draft, business, role, limit, most)}."
            first_too_many = keys[most if limit is None else limit]
            yield draft.problem(("identities", first_too_many), text, _ways_out(draft, role, limit))


def _why(draft: Draft, business: str, role: str, limit: int | None, most: int) -> str:
    rules = draft.rules
    override = next((row for name, row in draft.spec.quota_overrides.get(business, {}).items() if name == role), None)
    if override is not None:
        return f"meta:quota_overrides allows {override.limit} since {override.date}"
    source = rules.sources[next(iter(rules.tiers.values())).source]
    cited = f"(rule set {rules.name}, read {rules.read}: {source})"
    if limit is None:
        return f"no tier allows more than {most} {cited}"
    tiers = sorted(tier for tier in declared_tiers(draft.spec, business) if tier is not None)
    return f"the {'/'.join(tiers)} tier allows {limit} {cited}"


def _ways_out(draft: Draft, role: str, limit: int | None) -> str:
    higher = [word for word in draft.rules.tiers if limit is not None and (draft.rules.quota(word, role) or 0) > limit]
    declare = f"declare tier: {higher[-1]} once Meta has granted it; " if higher else ""
    return f"let fewer identities share the work; {declare}or state another limit under meta:quota_overrides."


def check_secrets(draft: Draft) -> Iterator[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for key, identity in draft.spec.identities.items():
        if not identity.has_token:
            continue
        loc: Loc = ("identities", key, "secret") if identity.secret is not None else ("token_defaults", "secret")
        name = secret_of(draft.spec, key, identity)
        # The suffix is eight hex digits, which is neither six characters nor a character AWS refuses.
        if reason := secret_name(name.replace(SUFFIX, "0" * 8)):
            yield draft.problem(loc, f"the secret's name {shown(name)} {reason}.", "write another name.")
        first = seen.setdefault((_store_of(draft, key), name), key)
        if first != key and SUFFIX not in name:
            text = f"{first} and {key} would share the secret {shown(name)}."
            yield draft.problem(loc, text, "use {identity} in the pattern, or name each one's secret.")
        yield from _times(draft, key)
        yield from _owners(draft, key, identity)


def _owners(draft: Draft, key: str, identity: IdentitySpec) -> Iterator[Problem]:
    """Who has the secret now, and who rotates it."""
    at: Loc = ("identities", key)
    if identity.take_over_from is not None and (why := stack_reference(identity.take_over_from)):
        text = f"{shown(identity.take_over_from)} {why}."
        yield draft.problem(
            (*at, "take_over_from"), text, "write the stack that owns the secret now, such as ads/prod."
        )
    if identity.rotation_owner == "lambda" and (why := scopes_in_a_tag(scopes_of(draft.rules, identity))):
        loc: Loc = (*at, "scopes") if identity.scopes is not None else (*at, "use_case")
        yield draft.problem(loc, f"the scopes {why}.", "ask for less, or write rotation_owner: pulumi.")


def _store_of(draft: Draft, key: str) -> str:
    connection = draft.spec.connections.get(connection_of(draft.spec, draft.spec.identities[key]) or "")
    return f"{connection.aws.endpoint_url} {connection.aws.region}" if connection is not None else ""


def _times(draft: Draft, key: str) -> Iterator[Problem]:
    identity, defaults = draft.spec.identities[key], draft.spec.token_defaults
    early, grace = identity.rotate_before or defaults.rotate_before, identity.grace or defaults.grace
    never = (identity.lifetime or defaults.lifetime).never
    if never is None and (why := rotation_times(seconds(early) or 0, seconds(grace) or 0)):
        own = "rotate_before" if identity.rotate_before else "grace" if identity.grace else None
        at: Loc = ("identities", key, own) if own else ("token_defaults", "rotate_before")
        text = f"rotate_before {why} It is {early}, and grace is {grace}."
        yield draft.problem(at, text, 'write times such as "20d" and "24h".')
    if never is not None and never.until <= draft.today:
        loc: Loc = ("identities", key, "lifetime") if identity.lifetime else ("token_defaults", "lifetime")
        text = f"the day to look at this token again, {never.until}, has come."
        yield draft.problem((*loc, "never", "until"), text, "write 60d, or a later day if the reason still holds.")
