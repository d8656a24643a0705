"""System users that configuration alone shows to be too many. What lives at Meta is counted at preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec.quota import declared_tiers, limit_of, planned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.spec.draft import Draft


def check_quota(draft: Draft) -> Iterator[Problem]:
    """Planned names per business and role against the limit of the declared tier, else against what every tier has."""
    for (business, role), keys in planned(draft.spec).items():
        tiers_told = not any(draft.is_broken("apps", row.app, "tier") for row in draft.spec.connections.values())
        if draft.is_broken("quota_overrides", business) or not tiers_told:
            continue
        limit = limit_of(draft.spec, draft.rules, business, role)
        most = max(draft.rules.quota(tier, role) or 0 for tier in draft.rules.tiers)
        if len(keys) > (most if limit is None else limit):
            text = f"{len(keys)} system users of role {role} are planned for business {business} ({', '.join(keys)})"
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
