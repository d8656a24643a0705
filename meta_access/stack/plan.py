"""What the configuration asks for, worked out: one value per system user and per assignment. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meta_access.ids import GROUP, KINDS_IN_A_GROUP, parse_asset
from meta_access.stack import ignores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.rules import RuleSet
    from meta_access.stack.models import IdentitySpec, ObligationSpec, StackSpec, TaskSetSpec

SUFFIX = "{suffix}"
"""Stands in a secret's name for eight random hex digits, made once and kept in state."""


TWO_FACTOR = "two_factor"

LEADS = "leads_retrieval"
"""The permission that needs access to each Page's leads besides."""

USE_CASE = "use_case"
"""As a choice of tasks: those of the identity's use case."""


@dataclass(frozen=True, slots=True)
class IdentityPlan:
    """One system user and its token; without a token, scopes and secret are empty. `secret` may hold `{suffix}`."""

    key: str
    connection: str
    name: str
    role: str
    adopt: str | None
    on_destroy: str
    scopes: tuple[str, ...]
    secret: str
    lifetime: str | dict[str, dict[str, str]]
    rotate_before: str
    grace: str
    keepers: Mapping[str, str]
    kms_key: str | None
    take_over_from: str | None
    rotation_owner: str
    renamed_from: str | None = None
    protect: bool = False

    @property
    def has_token(self) -> bool:
        """Whether there is a token to keep; every token has a scope."""
        return bool(self.scopes)


@dataclass(frozen=True, slots=True)
class AssignmentPlan:
    """One asset for one identity; the tasks are as typed, before implied ones are added.

    Attributes:
        replace_existing: Whether tasks that the identity had before, and that are not declared, go.
    """

    client: str
    identity: str
    asset: str
    tasks: tuple[str, ...]
    replace_existing: bool = False

    @property
    def key(self) -> str:
        return self.key_of(self.identity)

    def key_of(self, identity: str) -> str:
        """The key as it would be were the identity called so."""
        return f"{self.client}-{identity}-{self.asset}"


@dataclass(frozen=True, slots=True)
class SharePlan:
    """An asset that a client shares with one of our businesses.

    Attributes:
        name: Its gate's.
        owner_business: Id of the client's business.
        tasks: All that our identities are to have on it.
    """

    name: str
    connection: str
    owner_business: str
    asset: str
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExclusivePlan:
    """What is held exclusively in one business: assets of a client, or the assets of an identity.

    Attributes:
        client: Whose assets; "" of an identity.
        identity: Whose system user; "" of a client.
        declared: Identity and asset of each line that gives access within it, or may do so through a group.
        kept: Who stays besides, as `HOLDER/ASSET`: those who are ignored, and each declared user by name and by the id
            that it adopts, since a user has another id for each app.
    """

    name: str
    connection: str
    client: str
    identity: str
    assets: tuple[str, ...]
    declared: tuple[tuple[str, str], ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """One person in one business."""

    business: str
    person: str
    connection: str
    email: str
    role: str
    on_destroy: str

    @property
    def key(self) -> str:
        return f"{self.business}-{self.person}"


@dataclass(frozen=True, slots=True)
class AppPlan:
    """One app, the connection its gates are seen through, and what of its businesses stands with it.

    Attributes:
        verifies: Business whose verification is declared, to the connection it is seen through; `secures` likewise for
            its rule of a second factor.
        members: The people of these businesses.
    """

    key: str
    connection: str
    verifies: Mapping[str, str]
    secures: Mapping[str, str]
    members: tuple[MemberPlan, ...]


def connection_of(spec: StackSpec, identity: IdentitySpec) -> str | None:
    """The connection an identity lives in: the one it names, else the only one there is."""
    return identity.connection or (next(iter(spec.connections)) if len(spec.connections) == 1 else None)


def identities_of(spec: StackSpec, connection: str) -> set[str]:
    """The identities that live in a connection."""
    return {key for key, identity in spec.identities.items() if connection_of(spec, identity) == connection}


def secret_of(spec: StackSpec, key: str, identity: IdentitySpec) -> str:
    """The name of an identity's secret, `{suffix}` left standing."""
    pattern = identity.secret or spec.token_defaults.secret
    return pattern.replace("{environment}", spec.environment).replace("{identity}", key)


def scopes_of(rules: RuleSet, identity: IdentitySpec) -> tuple[str, ...]:
    """The scopes as typed, else those of the use case with everything they depend on."""
    if identity.scopes is not None:
        return identity.scopes
    use_case = rules.use_cases.get(identity.use_case or "")
    return rules.with_dependencies(use_case.permissions) if use_case is not None else ()


def kind_of(asset: str) -> str | None:
    """The kind of a well-written asset."""
    try:
        return parse_asset(asset).kind
    except ValueError:
        return None


def tasks_of(task_sets: Mapping[str, TaskSetSpec], choice: str | tuple[str, ...], kind: str) -> tuple[str, ...]:
    """The tasks of a choice: a list as typed, or those a task set has for that kind of asset."""
    if isinstance(choice, tuple):
        return choice
    return tasks_for(task_sets.get(choice, {}), kind)


def tasks_for(rows: Mapping[str, tuple[str, ...]], kind: str) -> tuple[str, ...]:
    """The tasks of one kind in a table by kind; those of a group are the tasks of what it can hold, with their kind."""
    if kind != GROUP or GROUP in rows:
        return rows.get(kind, ())
    return tuple(f"{held}:{task}" for held in KINDS_IN_A_GROUP for task in rows.get(held, ()))


def identities(spec: StackSpec, rules: RuleSet) -> Iterator[IdentityPlan]:
    """Every identity of a checked configuration."""
    defaults = spec.token_defaults
    for key, identity in spec.identities.items():
        connection = connection_of(spec, identity) or ""
        yield IdentityPlan(
            key=key,
            connection=connection,
            name=identity.name or key,
            role=identity.role,
            adopt=identity.adopt,
            on_destroy=identity.on_destroy,
            scopes=scopes_of(rules, identity),
            secret=secret_of(spec, key, identity) if identity.has_token else "",
            lifetime=(identity.lifetime or defaults.lifetime).declared,
            rotate_before=identity.rotate_before or defaults.rotate_before,
            grace=identity.grace or defaults.grace,
            keepers=dict(identity.keepers),
            kms_key=identity.kms_key or spec.connections[connection].aws.kms_key,
            take_over_from=identity.take_over_from,
            rotation_owner=identity.rotation_owner,
            renamed_from=identity.renamed_from,
            protect=identity.protect,
        )


def assignments(spec: StackSpec, rules: RuleSet, client: str) -> Iterator[AssignmentPlan]:
    """Every assignment of one client."""
    for asset, choices in spec.clients[client].choices.items():
        kind = kind_of(asset) or ""
        for identity, choice in choices.items():
            typed = spec.identities.get(identity)
            if typed is None:
                continue  # in a configuration that is still being checked
            use_case = rules.use_cases.get(typed.use_case or "")
            preset = tasks_for(use_case.tasks, kind) if choice == USE_CASE and use_case is not None else None
            tasks = tasks_of(spec.task_sets, choice, kind) if preset is None else preset
            replaces = any(one.replace_existing or one.exclusive for one in (spec.clients[client], typed))
            yield AssignmentPlan(client, identity, asset, tasks, replaces)


def exclusives(spec: StackSpec, rules: RuleSet) -> Iterator[ExclusivePlan]:
    """What is held exclusively, of a configuration without entries of `ignore` whose day has come."""
    works = [one for client in spec.clients for one in assignments(spec, rules, client)]
    plans = {one.key: one for one in identities(spec, rules)}
    first: dict[str, str] = {}
    for name, typed in spec.connections.items():
        first.setdefault(typed.business, name)
    for key, client in spec.clients.items():
        assets = tuple(sorted(client.assets))
        for business, connection in first.items() if client.exclusive and assets else ():
            within = [one for one in works if one.asset in client.assets or kind_of(one.asset) == GROUP]
            name = f"{key}-exclusive" if len(first) == 1 else f"{key}-exclusive-{business}"
            yield _exclusive(spec, plans, within, ExclusivePlan(name, connection, key, "", assets, (), ()))
    for key, identity in spec.identities.items():
        if identity.exclusive:
            within = [one for one in works if one.identity == key]
            plan = ExclusivePlan(f"{key}-exclusive", plans[key].connection, "", key, (), (), ())
            yield _exclusive(spec, plans, within, plan)


def _exclusive(
    spec: StackSpec, plans: Mapping[str, IdentityPlan], works: list[AssignmentPlan], plan: ExclusivePlan
) -> ExclusivePlan:
    declared = tuple(sorted({(one.identity, one.asset) for one in works}))
    known = [(name, asset) for key, asset in declared for name in (plans[key].name, plans[key].adopt) if name]
    for one in ignores.of_stack(spec):
        client = spec.clients.get(one.client)
        places = [one.entry.asset] if one.entry.asset else ["*"] if client is None else list(client.assets)
        known += [(one.entry.holder or "*", asset) for asset in places]
    return replace(plan, declared=declared, kept=tuple(sorted({f"{holder}/{asset}" for holder, asset in known})))


def leads(spec: StackSpec, rules: RuleSet, client: str) -> Iterator[AssignmentPlan]:
    """The Pages of a client on which an identity's token asks for leads."""
    for work in assignments(spec, rules, client):
        if kind_of(work.asset) == "page" and LEADS in scopes_of(rules, spec.identities[work.identity]):
            yield work


def shares(spec: StackSpec, rules: RuleSet, client: str) -> dict[tuple[str, str], SharePlan]:
    """What a partner has to share: (asset, business of ours) to the share. Own assets, and logins, need none."""
    typed = spec.clients[client]
    if typed.access != "partner" or typed.business is None:
        return {}
    found: dict[tuple[str, str], SharePlan] = {}
    for work in assignments(spec, rules, client):
        connection = connection_of(spec, spec.identities[work.identity]) or ""
        if connection not in spec.connections:
            continue  # likewise
        business = spec.connections[connection].business
        before = found.get((work.asset, business))
        if before is not None:
            tasks = tuple(sorted({*before.tasks, *work.tasks}))
            found[work.asset, business] = replace(before, tasks=tasks)
            continue
        twice = any(asset == work.asset for asset, _ in found)
        name = f"{client}-share-{work.asset}" + (f"-{business}" if twice else "")
        found[work.asset, business] = SharePlan(
            name, connection, typed.business, work.asset, tuple(sorted(set(work.tasks)))
        )
    return found


def duties(spec: StackSpec, app: str) -> dict[str, ObligationSpec]:
    """The duties of an app that are gates of their own, by kind.

    A second factor is asked of the business's people: where the business declares it, that gate is the one.
    """
    business = spec.businesses.get(_business_of(spec, app))
    merged = business is not None and business.two_factor
    return {kind: row for kind, row in spec.apps[app].obligations.items() if not (merged and kind == TWO_FACTOR)}


def two_factor_duty(spec: StackSpec, business: str) -> ObligationSpec | None:
    """Day and owner of a business's second factor, as one of its apps says them."""
    found = (app.obligations.get(TWO_FACTOR) for key, app in spec.apps.items() if _business_of(spec, key) == business)
    return next((row for row in found if row is not None), None)


def _business_of(spec: StackSpec, app: str) -> str:
    return next((typed.business for typed in spec.connections.values() if typed.app == app), "")


def businesses_in_use(spec: StackSpec) -> list[str]:
    """The businesses that a connection acts for: where people can be brought in."""
    return list(dict.fromkeys(connection.business for connection in spec.connections.values()))


def members(spec: StackSpec, business: str, connection: str) -> Iterator[MemberPlan]:
    """The people of one business, reached through a connection."""
    for person, typed in spec.people.items():
        role = typed.roles_in(businesses_in_use(spec)).get(business)
        if role is not None:
            yield MemberPlan(business, person, connection, typed.email or "", role, typed.on_destroy)


def apps(spec: StackSpec) -> Iterator[AppPlan]:
    """Every app that a connection uses, in the order of the connections."""
    covered: set[str] = set()
    for app in dict.fromkeys(connection.app for connection in spec.connections.values()):
        users = [(name, typed) for name, typed in spec.connections.items() if typed.app == app]
        verifies, secures = {}, {}
        people: list[MemberPlan] = []
        for name, typed in users:
            business = spec.businesses[typed.business]
            if typed.business not in covered and business.verification:
                verifies[typed.business] = name
            if typed.business not in covered and business.two_factor:
                secures[typed.business] = name
            if typed.business not in covered:
                people += members(spec, typed.business, name)
            covered.add(typed.business)
        yield AppPlan(app, users[0][0], verifies, secures, tuple(people))
