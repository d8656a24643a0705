"""What moving a stack from one rule set to another changes, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.rules import load, names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.rules.model import RuleSet, Sourced, Tier


def word_for(old: RuleSet, new: RuleSet, tier: str) -> str | None:
    """What `new` calls a tier of `old`: both name one header value of Meta's answers."""
    row = old.tiers.get(tier)
    return new.tier_of_header(row.header) if row is not None else None


def edition_of(tier: str, current: RuleSet) -> RuleSet | None:
    """Another edition that has a tier of that name; None when `current` itself has it, or none does."""
    if tier in current.tiers:
        return None
    return next((found for name in names() if tier in (found := load(name)).tiers), None)


def changes(old: RuleSet, new: RuleSet) -> list[str]:
    """Every difference that a stack can meet, one sentence each."""
    found = [*_names(old, new), *_thresholds(old, new)]
    for word, before in old.tiers.items():
        renamed = word_for(old, new, word)
        if renamed is not None:
            found += _tier(before, new.tiers[renamed], renamed)
    for what, table in (("permission", "permissions"), ("use case", "use_cases"), ("obligation", "obligations")):
        found += _rows(what, getattr(old, table), getattr(new, table))
    found += _rows("feature", _beside_tier(old), _beside_tier(new))
    if old.role_limits.model_copy(update={"source": ""}) != new.role_limits.model_copy(update={"source": ""}):
        found.append("The limits of app roles are others.")
    return found


def _names(old: RuleSet, new: RuleSet) -> Iterator[str]:
    if old.tier_feature != new.tier_feature:
        stays = f"its identifier stays {new.tier_feature_key}."
        yield f'The feature "{old.tier_feature}" is called "{new.tier_feature}"; {stays}'
    renamed = [(word, word_for(old, new, word)) for word in old.tiers]
    renames = [f"{word} is called {other}" for word, other in renamed if other is not None and other != word]
    if renames:
        yield f"Of its levels, {' and '.join(renames)}; nothing changes at Meta by that."


def _thresholds(old: RuleSet, new: RuleSet) -> Iterator[str]:
    before, after = old.thresholds, new.thresholds
    if (before.calls, before.days) != (after.calls, after.days):
        yield (
            f"To reach and keep the higher one takes {after.calls} successful calls in {after.days} days "
            f"(before: {before.calls} in {before.days})."
        )
    if (before.error_rate, before.error_window) != (after.error_rate, after.error_window):
        yield (
            f"Errors must stay below {after.error_rate:.0%} over {after.error_window} "
            f"(before: {before.error_rate:.0%} over {before.error_window})."
        )


def _tier(before: Tier, after: Tier, word: str) -> Iterator[str]:
    for role in sorted({*before.system_users, *after.system_users}):
        was, now = before.system_users.get(role, 0), after.system_users.get(role, 0)
        if was != now:
            yield f"Tier {word} allows {now} system users of role {role} per business (before: {was})."
    for field in ("score_limit", "ads_management_per_hour", "business_manager", "client_ad_accounts", "page_creation"):
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            yield f"Tier {word}: {field.replace('_', ' ')} is {now} (before: {was})."


def _beside_tier(rules: RuleSet) -> dict[str, Sourced]:
    return {key: row for key, row in rules.features.items() if key != rules.tier_feature_key}


def _rows(what: str, old: Mapping[str, Sourced], new: Mapping[str, Sourced]) -> Iterator[str]:
    gone, added = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    changed = [key for key in sorted(old.keys() & new.keys()) if _told(old[key]) != _told(new[key])]
    for word, keys in (("new", added), ("gone", gone), ("changed", changed)):
        if keys:
            yield f"{what.capitalize()} {word}: {', '.join(keys)}."


def _told(row: Sourced) -> dict[str, object]:
    return row.model_dump(exclude={"about", "source"})
