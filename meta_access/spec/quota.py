"""How many system users a business may have, and which are planned: from configuration alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.spec.plan import connection_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.rules import RuleSet
    from meta_access.spec.app import AppSpec
    from meta_access.spec.stack import StackSpec


def planned(spec: StackSpec) -> dict[tuple[str, str], list[str]]:
    """(business, role) to the identities in it."""
    found: dict[tuple[str, str], list[str]] = {}
    for key, identity in spec.identities.items():
        connection = spec.connections.get(connection_of(spec, identity) or "")
        if connection is not None and connection.business in spec.businesses:
            found.setdefault((connection.business, identity.role), []).append(key)
    return found


def declared_tiers(spec: StackSpec, business: str) -> set[str | None]:
    """The tiers of the apps that act on a business; the quota is that of the calling app."""
    return {app.tier for app in _apps_of(spec, business)}


def limit_of(spec: StackSpec, rules: RuleSet, business: str, role: str) -> int | None:
    """The limit, None when no tier is declared and no override stated."""
    for name, row in spec.quota_overrides.get(business, {}).items():
        if name == role:
            return row.limit
    limits = [rules.quota(tier, role) for tier in declared_tiers(spec, business)]
    known = [limit for limit in limits if limit is not None]
    return max(known) if known and len(known) == len(limits) else None


def quota_export(spec: StackSpec, rules: RuleSet) -> dict[str, dict[str, Any]]:
    """Business to role to limit and planned names, with the rule that says so."""
    exported: dict[str, dict[str, Any]] = {}
    for (business, role), names in planned(spec).items():
        tiers = sorted(tier for tier in declared_tiers(spec, business) if tier is not None)
        exported.setdefault(business, {})[role] = {
            "limit": limit_of(spec, rules, business, role),
            "planned": names,
            "tier": ", ".join(tiers) or "not declared",
            "rules": rules.name,
            "rules_published": rules.published.isoformat(),
            "source": rules.sources[next(iter(rules.tiers.values())).source],
        }
    return exported


def _apps_of(spec: StackSpec, business: str) -> Iterator[AppSpec]:
    for connection in spec.connections.values():
        if connection.business == business and connection.app in spec.apps:
            yield spec.apps[connection.app]
