"""What is declared, as rules look at it: the same values of a stack file and of the resources of a program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access.engine_marks import UNKNOWN
from meta_access.gates.status import GATE_KINDS
from meta_access.stack import plan, tier
from meta_access.stack.draft import where
from meta_access.stack.models import reason_of
from meta_access.stack.time_limits import holds_admin_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from meta_access.rules import RuleSet
    from meta_access.stack.load import Stack

_OPEN = frozenset({"open", "declined"})


@dataclass(frozen=True, slots=True)
class User:
    """A system user.

    Attributes:
        place: Where it is declared: `meta:identities.root`, or `SystemUser root` of a resource. So for all of these.
        acts: Whether a connection acts with its token (`admin_token: identity:…`).
        kept: Whether neither a deleted line nor `pulumi destroy` takes it away: `protect`, or `on_destroy: keep`.
    """

    place: str
    name: str
    role: str
    acts: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A system user's token.

    Attributes:
        user: What its assignments have as `user`, too; None where only an update will know it.
        never: Whether it never expires.
    """

    place: str
    name: str
    user: str | None
    scopes: tuple[str, ...]
    never: bool
    acts: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """Tasks of a system user on an asset; `reason` is what the stack file says of them."""

    place: str
    user: str | None
    asset: str
    tasks: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Login:
    """Redirect URIs of an app, and the hosts that they may have."""

    place: str
    hosts: tuple[str, ...]
    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate whose status is known; `status` is Meta's as a run saw it, else what was last stated."""

    place: str
    status: str


@dataclass(frozen=True, slots=True)
class Quota:
    """System users of a role in a business; `limit` is None where neither a tier nor an override tells it."""

    place: str
    business: str
    role: str
    users: tuple[str, ...]
    limit: int | None


@dataclass(frozen=True, slots=True)
class Declared:
    """All that a rule may look at.

    Attributes:
        environment: `meta:environment`.
        gate_mode: `warn` or `block`.
        rules: The stack's rule set, and `newest` the newest one that this package has.
        stack: The stack file itself, for what the other values do not hold.
    """

    today: date
    environment: str
    gate_mode: str
    rules: RuleSet
    newest: RuleSet
    stack: Stack
    users: tuple[User, ...] = ()
    tokens: tuple[Token, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    logins: tuple[Login, ...] = ()
    quotas: tuple[Quota, ...] = ()
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a program, as the engine shows it: its kind (`SystemUser`), and whether Pulumi protects it."""

    kind: str
    name: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False

    @property
    def place(self) -> str:
        return f"{self.kind} {self.name}"


def of_stack(stack: Stack, today: date, newest: RuleSet, gates: Mapping[str, str] | None = None) -> Declared:
    """What a stack file declares.

    Args:
        stack: Without what has ended by today.
        today: The day.
        newest: The newest rule set that there is.
        gates: Gate to its status, as a run saw it; None where nobody looked, so that what was stated counts.
    """
    spec = stack.spec
    acting = holds_admin_token(stack.spec)
    plans = list(plan.identities(spec, stack.rules))
    stated = {name: str(row.status) for name, row in stack.evidence.items() if row.status in _OPEN}
    return Declared(
        today=today,
        environment=spec.environment,
        gate_mode=spec.gate_mode,
        rules=stack.rules,
        newest=newest,
        stack=stack,
        users=tuple(
            User(f"meta:identities.{one.key}", one.key, one.role, one.key in acting, _kept(one.protect, one.on_destroy))
            for one in plans
        ),
        tokens=tuple(
            Token(
                f"meta:identities.{one.key}",
                one.key,
                one.key,
                one.scopes,
                isinstance(one.lifetime, dict),
                one.key in acting,
            )
            for one in plans
            if one.has_token
        ),
        assignments=tuple(_assignments(stack)),
        logins=tuple(
            Login(f"meta:apps.{key}.login", app.login.hosts, app.login.redirect_uris)
            for key, app in spec.apps.items()
            if app.login is not None
        ),
        quotas=_quotas(stack),
        gates=tuple(Gate(f"gate {name}", status) for name, status in (stated if gates is None else gates).items()),
    )


def of_resources(stack: Stack, resources: Iterable[Resource], today: date, newest: RuleSet) -> Declared:
    """What the resources of a program declare, in the settings of its stack file."""
    rows, reasons = list(resources), _reasons(stack)
    acting = holds_admin_token(stack.spec)

    def of(kind: str) -> Iterator[Resource]:
        return (row for row in rows if row.kind == kind)

    return Declared(
        today=today,
        environment=stack.spec.environment,
        gate_mode=stack.spec.gate_mode,
        rules=stack.rules,
        newest=newest,
        stack=stack,
        users=tuple(
            User(
                row.place,
                row.name,
                str(row.inputs.get("role", "EMPLOYEE")),
                row.name in acting,
                _kept(row.protect, row.inputs.get("on_destroy")),
            )
            for row in of("SystemUser")
        ),
        tokens=tuple(
            Token(
                row.place,
                row.name,
                _known(row.inputs.get("system_user_id")),
                _texts(row.inputs.get("scopes")),
                isinstance(row.inputs.get("lifetime"), dict),
                row.name in acting,
            )
            for row in of("SystemUserToken")
        ),
        assignments=tuple(
            Assignment(
                row.place,
                _known(row.inputs.get("system_user_id")),
                str(row.inputs.get("asset", "")),
                _texts(row.inputs.get("tasks")),
                reasons.get(row.name, ""),
            )
            for row in of("AssetAssignment")
        ),
        logins=tuple(
            Login(row.place, _texts(row.inputs.get("hosts")), _texts(row.inputs.get("uris")))
            for row in of("RedirectUris")
        ),
        quotas=_quotas(stack),
        gates=tuple(
            Gate(f"gate {row.name}", str(row.inputs["status"]))
            for row in rows
            if row.kind in GATE_KINDS and _known(row.inputs.get("status"))
        ),
    )


def _kept(protect: bool, on_destroy: object) -> bool:
    return protect or on_destroy == "keep"


def _assignments(stack: Stack) -> Iterator[Assignment]:
    for client, spec in stack.spec.clients.items():
        for work in plan.assignments(stack.spec, stack.rules, client):
            reason = reason_of(spec.assets[work.asset][work.identity])
            place = where(("clients", client, "assets", work.asset, work.identity), stack.origins)
            yield Assignment(place, work.identity, work.asset, work.tasks, reason)


def _reasons(stack: Stack) -> dict[str, str]:
    """The reasons that the stack file gives for assignments; the standard program names each after its line."""
    return {
        f"{client}-{identity}-{asset}": reason_of(choice)
        for client, spec in stack.spec.clients.items()
        for asset, choices in spec.assets.items()
        for identity, choice in choices.items()
    }


def _quotas(stack: Stack) -> tuple[Quota, ...]:
    return tuple(
        Quota(
            f"meta:businesses.{business}",
            business,
            role,
            tuple(names),
            tier.limit_of(stack.spec, stack.rules, business, role),
        )
        for (business, role), names in tier.planned(stack.spec).items()
    )


def _known(value: object) -> str | None:
    return value if isinstance(value, str) and value and value != UNKNOWN else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()
