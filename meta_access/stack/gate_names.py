"""The gates of a stack: their names, and which has to be open before another one's work is worth starting. Pure.

Names of gates are Pulumi names, keys of the evidence file, of `requires` and of the export `gates`, all one text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.stack.plan import duties, leads, shares, two_factor_duty
from meta_access.stack.use_cases import ADVANCED, permissions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from meta_access.rules import RuleSet
    from meta_access.stack.models import StackSpec


UPKEEP = "-upkeep"


def app_roles(app: str) -> str:
    return f"{app}-app-roles"


def redirect_uris(app: str) -> str:
    return f"{app}-redirect-uris"


def login_configuration(app: str, name: str) -> str:
    return f"{app}-login-{name}"


def obligation(app: str, kind: str) -> str:
    return f"{app}-{kind}"


def two_factor(business: str) -> str:
    return f"{business}-two-factor"


def permission(app: str, name: str) -> str:
    return f"{app}-{name}"


def feature(app: str, name: str) -> str:
    return f"{app}-{name}"


def tier(app: str) -> str:
    return f"{app}-tier"


def verification(business: str) -> str:
    return f"{business}-verification"


def app_access(identity: str) -> str:
    return f"{identity}-app-access"


def lead_access(identity: str, page: str) -> str:
    return f"{identity}-lead-access-{page}"


POLICY = "policy:"
"""How a mandatory rule of good practice is named in `requires`, where no gate's name has a colon."""


def policy(rule: str) -> str:
    return f"{POLICY}{rule}"


def is_share(name: str, client: str) -> bool:
    """Whether a gate is about an asset that this client shares."""
    return name.startswith(f"{client}-share-")


def client_of_share(name: str, asset: str) -> str:
    """The client whose share a gate is about; "" for a gate that a program has named itself."""
    client, found, _ = name.partition(f"-share-{asset}")
    return client if found else ""


def upkeep(app: str) -> str:
    """Key of an app's figures in the evidence file. No gate: nothing is declared, and nobody carries it out."""
    return f"{app}{UPKEEP}"


def of_app(spec: StackSpec, rules: RuleSet, key: str) -> Iterator[str]:
    app = spec.apps[key]
    if app.roles is not None:
        yield app_roles(key)
    if app.login is not None and app.login.redirect_uris:
        yield redirect_uris(key)
    if app.login is not None:
        yield from (login_configuration(key, name) for name in app.login.configurations)
    yield from (permission(key, name) for name in permissions_of(spec, rules, key))
    yield from (feature(key, name) for name in app.features)
    if app.tier is not None:
        yield tier(key)
    yield from (obligation(key, kind) for kind in duties(spec, key))


def of_stack(spec: StackSpec, rules: RuleSet) -> list[str]:
    """The gates a configuration declares, in the order of the file."""
    names = [name for key in spec.apps for name in of_app(spec, rules, key)]
    names += [verification(key) for key, business in spec.businesses.items() if business.verification]
    names += [app_access(key) for key, identity in spec.identities.items() if identity.has_token]
    names += [share.name for client in spec.clients for share in shares(spec, rules, client).values()]
    names += [lead_access(work.identity, work.asset) for client in spec.clients for work in leads(spec, rules, client)]
    return names + [two_factor(key) for key, business in spec.businesses.items() if business.two_factor]


def due_days(spec: StackSpec) -> dict[str, date]:
    """The day of each obligation that has one, by its gate."""
    found = {obligation(key, kind): row for key in spec.apps for kind, row in duties(spec, key).items()}
    secured = (key for key, business in spec.businesses.items() if business.two_factor)
    found |= {two_factor(key): row for key in secured if (row := two_factor_duty(spec, key)) is not None}
    return {gate: row.due for gate, row in found.items() if row.due is not None}


APP_MODE, ACCESS_VERIFICATION = "app_mode", "access_verification"


def before(spec: StackSpec, rules: RuleSet) -> dict[str, tuple[str, ...]]:
    """Gate to the gates that come first, of those that the stack declares; gates that wait for none are left out."""
    declared = of_stack(spec, rules)
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
    verified = {verification(business) for business in businesses}
    reviewed = {*verified, obligation(key, APP_MODE)}
    features = {tier(key)} if app.tier == list(rules.tiers)[-1] else set()
    for name, level in app.features.items():
        if level != rules.features[name].levels[0]:
            yield feature(key, name), reviewed
    if features:
        yield tier(key), verified
    asked = permissions_of(spec, rules, key)
    advanced = {name for name, level in asked.items() if level == ADVANCED}
    for name in advanced:
        yield permission(key, name), reviewed | features
    for name, row in (app.login.configurations if app.login is not None else {}).items():
        needs = {permission(key, one) for one in row.permissions if one in advanced}
        yield login_configuration(key, name), needs
    yield obligation(key, ACCESS_VERIFICATION), verified
