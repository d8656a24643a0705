"""Rules on a token's declaration, and what they mean in seconds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from meta_access import validation
from meta_access.clock import seconds
from meta_access.providers._values import unknown
from meta_access.rules.permissions import elsewhere, not_held
from meta_access.tokens.spec import LAMBDA, PULUMI

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.rules import RuleSet

SIXTY_DAYS = "60d"
ROTATION_OWNERS = (PULUMI, LAMBDA)


def faults(props: Mapping[str, Any], rules: RuleSet) -> list[tuple[str, str]]:
    """What is wrong with inputs that keep their own rules: name and reason; what is not known yet passes."""
    scopes = props.get("scopes")
    why = None if unknown(scopes) else _scopes(scopes, rules)
    if why:
        return [("scopes", why)]
    return _for_lambda(props) or _times(props)


def expires(lifetime: Any) -> bool:
    """Whether the token expires; the alternative is `never` with a reason."""
    return bool(lifetime == SIXTY_DAYS)


def overdue(lifetime: Any, today: date) -> str | None:
    """The day on which an exception from expiry should have been looked at again, if that is past."""
    until = str(lifetime["never"]["until"]) if isinstance(lifetime, dict) else None
    return until if until is not None and today > date.fromisoformat(until) else None


def _scopes(scopes: Any, rules: RuleSet) -> str | None:
    if not isinstance(scopes, list) or not scopes:
        return "must list at least one scope"
    return next((why for scope in scopes if (why := _scope(scope, rules))), None)


def _scope(scope: Any, rules: RuleSet) -> str | None:
    if why := isinstance(scope, str) and elsewhere(rules, scope):
        return " ".join(why)
    known = sorted(name for name in rules.permissions if not not_held(rules, name))
    return validation.one_of(scope, known)


def no_lifetime(lifetime: Any) -> str | None:
    if lifetime == SIXTY_DAYS:
        return None
    never = lifetime.get("never") if isinstance(lifetime, dict) and set(lifetime) == {"never"} else None
    if not isinstance(never, dict) or not never.get("reason") or not isinstance(never.get("reason"), str):
        return 'is neither 60d nor {"never": {"reason": …, "until": "2027-03-01"}}; Meta knows no other lifetimes'
    try:
        date.fromisoformat(str(never.get("until", "")))
    except ValueError:
        return "needs a day such as 2027-03-01 under never.until, when the exception is looked at again"
    return None


def no_duration(value: Any) -> str | None:
    return None if seconds(value) else "is not a duration such as 24h or 20d"


def no_keepers(keepers: Any) -> str | None:
    plain = isinstance(keepers, dict) and all(isinstance(value, str) for value in keepers.values())
    return None if plain else "is not a mapping of texts"


def _for_lambda(props: Mapping[str, Any]) -> list[tuple[str, str]]:
    scopes = props.get("scopes")
    if props.get("rotation_owner") != LAMBDA or not isinstance(scopes, list):
        return []
    why = validation.scopes_in_a_tag(scopes)
    return [("scopes", why)] if why else []


def _times(props: Mapping[str, Any]) -> list[tuple[str, str]]:
    if any(unknown(props.get(name)) for name in ("lifetime", "rotate_before", "grace")):
        return []
    before, grace = seconds(props["rotate_before"]) or 0, seconds(props["grace"]) or 0
    if not expires(props["lifetime"]):
        return []
    why = validation.rotation_times(before, grace)
    return [("rotate_before", why)] if why else []
