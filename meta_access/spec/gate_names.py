"""Names of gates: Pulumi names, keys of the evidence file, of `requires` and of the export `gates`, all one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec.plan import duties, leads, shares, two_factor_duty
from meta_access.spec.use_case import permissions_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from meta_access.rules import RuleSet
    from meta_access.spec.stack import StackSpec

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


def is_share(name: str, client: str) -> bool:
    """Whether a gate is about an asset that this client shares."""
    return name.startswith(f"{client}-share-")


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
    names += [app_access(key) for key in spec.identities]
    names += [share.name for client in spec.clients for share in shares(spec, rules, client).values()]
    names += [lead_access(work.identity, work.asset) for client in spec.clients for work in leads(spec, rules, client)]
    return names + [two_factor(key) for key, business in spec.businesses.items() if business.two_factor]


def due_days(spec: StackSpec) -> dict[str, date]:
    """The day of each obligation that has one, by its gate."""
    found = {obligation(key, kind): row for key in spec.apps for kind, row in duties(spec, key).items()}
    secured = (key for key, business in spec.businesses.items() if business.two_factor)
    found |= {two_factor(key): row for key in secured if (row := two_factor_duty(spec, key)) is not None}
    return {gate: row.due for gate, row in found.items() if row.due is not None}
