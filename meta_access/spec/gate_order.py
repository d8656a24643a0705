"""Which gate has to be open before another one's work is worth starting. Pure.

Meta's order (https://developers.facebook.com/docs/graph-api/overview/access-levels and the authorization guide, read
2026-11): advanced access goes to apps of verified businesses; people without a role on the app meet a permission only
once the app is live; a permission on other people's ad accounts goes with the Marketing API's feature; and a login
configuration can name only permissions that the app has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec import gate_names
from meta_access.spec.use_case import ADVANCED, permissions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meta_access.rules import RuleSet
    from meta_access.spec.stack import StackSpec

APP_MODE, ACCESS_VERIFICATION = "app_mode", "access_verification"


def before(spec: StackSpec, rules: RuleSet) -> dict[str, tuple[str, ...]]:
    """Gate to the gates that come first, of those that the stack declares; gates that wait for none are left out."""
    declared = gate_names.of_stack(spec, rules)
    wanted = {gate: first for key in spec.apps for gate, first in _of_app(spec, rules, key)}
    found = {gate: tuple(one for one in declared if one in first and one != gate) for gate, first in wanted.items()}
    return {gate: found[gate] for gate in declared if found.get(gate)}


def in_order(names: Sequence[str], first: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The names, each behind those that come first, otherwise as they were."""
    found: list[str] = []

    def add(name: str) -> None:
        if name in names and name not in found:
            for one in first.get(name, ()):
                add(one)
            found.append(name)

    for name in names:
        add(name)
    return found


def _of_app(spec: StackSpec, rules: RuleSet, key: str) -> Iterator[tuple[str, set[str]]]:
    app = spec.apps[key]
    businesses = {one.business for one in spec.connections.values() if one.app == key}
    if app.claimed_by is not None:
        businesses.add(app.claimed_by)
    verified = {gate_names.verification(business) for business in businesses}
    reviewed = {*verified, gate_names.obligation(key, APP_MODE)}
    features = {gate_names.tier(key)} if app.tier == list(rules.tiers)[-1] else set()
    for name, level in app.features.items():
        if name in rules.features and level != rules.features[name].levels[0]:
            yield gate_names.feature(key, name), reviewed
    if features:
        yield gate_names.tier(key), verified
    asked = permissions_of(spec, rules, key)
    advanced = {name for name, level in asked.items() if level == ADVANCED}
    for name in advanced:
        yield gate_names.permission(key, name), reviewed | features
    for name, row in (app.login.configurations if app.login is not None else {}).items():
        needs = {gate_names.permission(key, one) for one in row.permissions if one in advanced}
        yield gate_names.login_configuration(key, name), needs
    yield gate_names.obligation(key, ACCESS_VERIFICATION), verified
