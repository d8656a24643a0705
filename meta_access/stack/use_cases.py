"""What a use case means in a stack: permissions with levels, the feature, tasks; and what goes beyond it. Pure.

Levels follow whose ad accounts they are. Meta's guide: "standard access" is sufficient for an app that manages its own
ad account; other people's need "advanced access" (authorization guide, section Permissions, read 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.stack.fields import few
from meta_access.stack.plan import USE_CASE, connection_of, kind_of, tasks_for, tasks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.rules import RuleSet
    from meta_access.stack.models import IdentitySpec, StackSpec

STANDARD, ADVANCED = "standard", "advanced"
OVER_ASKING = "Reviews are refused for asking more than the use needs."


@dataclass(frozen=True, slots=True)
class Expansion:
    """One identity's use case, written out.

    Attributes:
        permissions: Permission, dependencies among them, to the level it needs.
        others: Clients of the identity whose assets are not our own; they are why a level is `advanced`.
        tasks: Kind of asset to the tasks that do the work.
    """

    identity: str
    use_case: str
    permissions: Mapping[str, str]
    others: tuple[str, ...]
    feature: str
    tasks: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        level = next(iter(self.permissions.values()))
        whose = f", because of {few(self.others)}" if self.others else ", for ad accounts of our own"
        tasks = "; ".join(f"{kind}: {', '.join(tasks)}" for kind, tasks in self.tasks.items())
        return (
            f"meta:identities.{self.identity}: use case {self.use_case} means {', '.join(self.permissions)} at "
            f"level {level}{whose}; feature {self.feature}; tasks {tasks}."
        )


def expansion(spec: StackSpec, rules: RuleSet, key: str) -> Expansion | None:
    """An identity's use case; None when it names none that the rules know."""
    name = spec.identities[key].use_case or ""
    row = rules.use_cases.get(name)
    if row is None:
        return None
    others = tuple(sorted(_others(spec, key)))
    level = ADVANCED if others else STANDARD
    permissions = dict.fromkeys(rules.with_dependencies(row.permissions), level)
    return Expansion(key, name, permissions, others, rules.features[row.feature].name, row.tasks)


def permissions_of(spec: StackSpec, rules: RuleSet, app: str) -> dict[str, str]:
    """Permission to level for an app: as typed, and for what is not typed as its use cases need it."""
    found: dict[str, str] = {}
    for key, identity in spec.identities.items():
        written_out = expansion(spec, rules, key) if lives_in(spec, identity, app) else None
        if written_out is None or identity.scopes is not None:
            continue
        for name, level in written_out.permissions.items():
            if found.get(name) != ADVANCED:
                found[name] = level
    typed = spec.apps[app].permissions.levels()
    return {**typed, **found, **typed}  # in the order of the file, and as typed


def notices(spec: StackSpec, rules: RuleSet) -> Iterator[str]:
    """Every use case written out."""
    for key in spec.identities:
        written_out = expansion(spec, rules, key)
        if written_out is not None:
            yield str(written_out)


def warnings(spec: StackSpec, rules: RuleSet) -> Iterator[str]:
    """Scopes, permissions and tasks beyond what a use case needs, and levels below it."""
    for key, identity in spec.identities.items():
        written_out = expansion(spec, rules, key)
        if written_out is not None:
            yield from _beyond(spec, written_out, identity)
    for app in spec.apps:
        yield from _unused(spec, rules, app)


def _beyond(spec: StackSpec, wanted: Expansion, identity: IdentitySpec) -> Iterator[str]:
    at = f"meta:identities.{wanted.identity}"
    if excess := sorted(set(identity.scopes or ()) - wanted.permissions.keys()):
        yield f"{at}.scopes: use case {wanted.use_case} needs no {', '.join(excess)}. {OVER_ASKING}"
    connection = spec.connections.get(connection_of(spec, identity) or "")
    typed = spec.apps[connection.app].permissions.levels() if connection is not None else {}
    low = sorted(n for n, level in wanted.permissions.items() if level == ADVANCED and typed.get(n) == STANDARD)
    if low and connection is not None:
        yield (
            f"meta:apps.{connection.app}.permissions.standard: {', '.join(low)} should be advanced for ad accounts of "
            f"others ({few(wanted.others)}); at standard level Meta lets only users of the business that claimed "
            "the app, and people with a role on it, use it."
        )
    for name, client in spec.clients.items():
        for asset, choices in client.choices.items():
            choice = choices.get(wanted.identity)
            allowed = tasks_for(wanted.tasks, kind_of(asset) or "")
            given = tasks_of(spec.task_sets, choice, kind_of(asset) or "") if choice not in {None, USE_CASE} else ()
            if (excess := [task for task in given if task not in allowed]) and allowed:
                yield (
                    f"meta:clients.{name}.assets.{asset}.{wanted.identity}: use case {wanted.use_case} needs no "
                    f"{', '.join(excess)}."
                )


def _unused(spec: StackSpec, rules: RuleSet, app: str) -> Iterator[str]:
    """Permissions that neither a token nor a login asks for; only of apps whose identities are all presets."""
    mine = {
        key: identity
        for key, identity in spec.identities.items()
        if identity.has_token and lives_in(spec, identity, app)
    }
    presets = [expansion(spec, rules, key) for key, identity in mine.items() if identity.scopes is None]
    if not mine or any(found is None for found in presets):
        return
    used = {name for found in presets if found is not None for name in found.permissions}
    used |= {name for identity in mine.values() for name in rules.with_dependencies(identity.scopes or ())}
    login = spec.apps[app].login
    if login is not None and login.redirect_uris and not login.configurations:
        return  # a login by scope asks for all of them
    used |= {name for row in (login.configurations.values() if login is not None else ()) for name in row.permissions}
    if excess := sorted(spec.apps[app].permissions.levels().keys() - used):
        yield f"meta:apps.{app}.permissions: nothing in this stack uses {', '.join(excess)}. {OVER_ASKING}"


def _others(spec: StackSpec, key: str) -> Iterator[str]:
    for name, client in spec.clients.items():
        if client.access != "own" and any(key in choices for choices in client.assets.values()):
            yield name


def lives_in(spec: StackSpec, identity: IdentitySpec, app: str) -> bool:
    """Whether an identity works through that app."""
    connection = spec.connections.get(connection_of(spec, identity) or "")
    return connection is not None and connection.app == app
