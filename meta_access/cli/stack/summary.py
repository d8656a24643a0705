"""What a report says about a stack, worked out from its outputs and its state. Pure.

An update in which a resource failed leaves outputs of it unknown, and a program of somebody's own may export none of
this: tokens and gates are described as the state has their resources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from meta_access.cli.pulumi_stack import known, resources, system_users
from meta_access.clock import iso, parse_iso, seconds
from meta_access.engine_marks import TYPE_PREFIX, name_of
from meta_access.gates.status import FIELDS, Status, after
from meta_access.providers import _token_rules
from meta_access.stack import gate_names
from meta_access.tokens.observe import NOTHING_DUE, Need, Presence, finding_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from meta_access.cli.pulumi_stack import Seen
    from meta_access.stack.load import Stack
    from meta_access.tokens.observe import Observed

NEVER = "never"
TOKEN = f"{TYPE_PREFIX}SystemUserToken"
SECRET = (
    "arn", "version_id", "generation", "fingerprint", "scopes", "issued_at", "expires_at", "superseded", "freshness",
    "lifetime", "rotate_before", "rotation_owner",
)  # fmt: skip
# In the order in which people read them: who, may do what, with which key; then what waits for people.
ASSIGNMENT = f"{TYPE_PREFIX}AssetAssignment"
CLIENT = "meta:access:ClientAccess"
ORDER = ("SystemUser", "AppInstallation", "AssetAssignment", "SystemUserToken")


class TokenState(StrEnum):
    """How a token stands, the worst first."""

    EXPIRED = "expired"
    DECISION = "needs a decision"
    DUE = "due"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What an identity may do on an asset, as the state has it.

    Attributes:
        client: Whose the asset is; "" where no client of a stack file made it.
        identity: The resource of its system user, or the id of one that another stack makes.
        kept: The tasks that the user had before, which no line declares.
        until: The day on which it, or its identity, ends; "" for none.
    """

    client: str
    asset: str
    identity: str
    system_user: str
    tasks: tuple[str, ...]
    kept: tuple[str, ...] = ()
    until: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "client": self.client or None,
            "asset": self.asset,
            "identity": self.identity,
            "system_user": self.system_user,
            "tasks": list(self.tasks),
            "kept": list(self.kept),
            "until": self.until or None,
        }


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody asked for; None and False leave nothing out.

    Attributes:
        client: Only the shares of this client.
        owner: Only the gates of this person.
        only_open: Only what is not satisfied.
    """

    client: str | None = None
    owner: str | None = None
    only_open: bool = False


def is_open(gate: Mapping[str, Any]) -> bool:
    """Whether somebody has something to do, or to look at."""
    return gate.get("status") != Status.SATISFIED


def open_first(gates: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The open gates, then the others, each part in the order it was in."""
    return dict(sorted(gates.items(), key=lambda row: not is_open(row[1])))


def filtered(gates: Mapping[str, Mapping[str, Any]], wanted: Filter) -> dict[str, Mapping[str, Any]]:
    """The gates that were asked for, in the order they were in."""
    return {
        name: gate
        for name, gate in gates.items()
        if (wanted.client is None or gate_names.is_share(name, wanted.client))
        and (wanted.owner is None or gate.get("owner") == wanted.owner)
        and (is_open(gate) or not wanted.only_open)
    }


@dataclass(frozen=True, slots=True)
class Summary:
    """A stack in words.

    Attributes:
        stack: Its name as asked for; empty for the selected one.
        resources: Kind to the names of what exists, ids behind those of system users.
        seen: When what the gates say was seen.
        gates: Where each stands and what is to be done, what is open first.
        secrets: What each token's resource tells; what only the export `secrets` has besides.
        quota: Export `quota`.
        login_urls: Export `login_urls`.
        upkeep: Export `upkeep`.
        environment: Of the stack; "" when its configuration cannot be read.
        clients: Those that the last update made, also such without an assignment.
        assignments: By client and asset.
        admin_tokens: Export `admin_tokens`.
        due: The day by which an open gate must be met, the next first.
        not_looked_at: Why the secrets are described as the last update saw them; "" when they were looked at.
    """

    stack: str
    seen: Seen
    resources: dict[str, list[str]]
    gates: dict[str, Mapping[str, Any]]
    secrets: dict[str, dict[str, Any]]
    quota: dict[str, Any]
    login_urls: dict[str, Any]
    upkeep: dict[str, Any]
    environment: str = ""
    clients: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    admin_tokens: dict[str, Any] = field(default_factory=dict)
    due: Mapping[str, date] = field(default_factory=dict)
    not_looked_at: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "environment": self.environment,
            "seen": self.seen.as_json(),
            "resources": self.resources,
            "gates": self.gates,
            "secrets": self.secrets,
            "quota": self.quota,
            "login_urls": self.login_urls,
            "upkeep": self.upkeep,
            "clients": list(self.clients),
            "assignments": [one.as_json() for one in self.assignments],
            "admin_tokens": self.admin_tokens,
            "due": {name: day.isoformat() for name, day in self.due.items()},
            "not_looked_at": self.not_looked_at,
        }


def summarize(
    stack: str | None,
    outputs: Mapping[str, Any],
    state: Mapping[str, Any],
    seen: Seen,
    wanted: Filter,
    *,
    declared: Stack | None,
    ended: Collection[str] = (),
) -> Summary:
    """Put a summary together from `pulumi stack output --json`, `pulumi stack export` and `pulumi stack history`.

    The filter is about gates; everything else is about the whole stack. `declared` is the stack as its files have it,
    which says in which order gates open and by which day; None where they cannot be read. `ended` are the gates of what
    no longer belongs to it.
    """
    first = gate_names.before(declared.spec, declared.rules) if declared else {}
    days = gate_names.due_days(declared.spec) if declared else {}
    found: dict[str, list[str]] = {}
    for resource in resources(dict(state)):
        kind = str(resource.get("type", ""))
        if kind.startswith(TYPE_PREFIX) and not resource.get("delete"):
            found.setdefault(kind.removeprefix(TYPE_PREFIX), []).append(_name(resource))
    ranked = sorted(found, key=lambda kind: (ORDER.index(kind) if kind in ORDER else len(ORDER), kind))
    live = {name: gate for name, gate in gates_of(outputs, state, first).items() if name not in ended}
    gates = filtered(open_first(live), wanted)
    owed = [(name, day) for name, day in days.items() if name in gates and is_open(gates[name])]
    return Summary(
        stack=stack or "",
        resources={kind: sorted(found[kind]) for kind in ranked},
        seen=seen,
        gates=gates,
        secrets=secrets_of(outputs, state),
        quota=_table(outputs, "quota"),
        login_urls=_table(outputs, "login_urls"),
        upkeep=_table(outputs, "upkeep"),
        environment=declared.spec.environment if declared else "",
        clients=tuple(sorted(_clients(state).values())),
        assignments=assignments_of(outputs, state),
        admin_tokens=_table(outputs, "admin_tokens"),
        due=dict(sorted(owed, key=lambda row: row[1])),
    )


def assignments_of(outputs: Mapping[str, Any], state: Mapping[str, Any]) -> tuple[Assignment, ...]:
    """What the system users of a state may do, by client and asset."""
    ends = _table(outputs, "time_limits")
    users, clients = {id_: name for name, id_ in system_users(state).items()}, _clients(state)
    found = []
    for entry in _ours(state):
        if entry["type"] == ASSIGNMENT:
            outs = known(entry["outputs"])
            user, client = str(outs.get("system_user_id", "")), clients.get(str(entry.get("parent")), "")
            tasks, kept = (tuple(map(str, outs.get(name) or ())) for name in ("tasks", "kept"))
            asset, identity = str(outs.get("asset", "?")), users.get(user, user)
            places = (f"clients.{client}.assets.{asset}.{identity}", f"identities.{identity}")
            until = min((str(ends[place]) for place in places if place in ends), default="")
            found.append(Assignment(client, asset, identity, user, tasks, kept, until))
    return tuple(sorted(found, key=lambda one: (one.client == "", one.client, one.asset, one.identity)))


def _clients(state: Mapping[str, Any]) -> dict[str, str]:
    """URN of each client's component to its name."""
    found = (str(entry["urn"]) for entry in resources(dict(state)) if entry.get("type") == CLIENT)
    return {urn: name_of(urn) for urn in found}


def gates_of(
    outputs: Mapping[str, Any], state: Mapping[str, Any], first: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """Each gate's fields, of its resource; the export tells of a gate without one.

    Args:
        outputs: Of the stack. `gates` has the status of each; one of an older version has all fields.
        state: As exported.
        first: Gate to those that have to be open before it, as the next step says.
    """
    made = {
        name: _fields(outs, FIELDS) for _, name, outs in _outputs(state) if "status" in outs and "next_step" in outs
    }
    exported = _table(outputs, "gates")
    found = {name: dict(made.get(name, {})) for name in {**exported, **made}}
    for name, row in exported.items():
        found[name] = {**found[name], **row} if isinstance(row, dict) else {"status": row, **found[name]}
    for name, gate in found.items():
        statuses = {one: str(found[one].get("status", "")) for one in first.get(name, ()) if one in found}
        if statuses and "next_step" in gate:
            gate["next_step"] = after(gate["next_step"], statuses)
    return found


def secrets_of(outputs: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Each token's secret: as the state has it, which no failed update takes away."""
    made: dict[str, dict[str, Any]] = {}
    for kind, name, outs in _outputs(state):
        if kind == TOKEN:
            row = _fields(outs, SECRET) | ({"name": outs["secret_name"]} if "secret_name" in outs else {})
            # Two of one name are distinguished by their secrets.
            made[name if name not in made else f"{name}, {row.get('name', '?')}"] = row
    exported = {name: row for name, row in _table(outputs, "secrets").items() if isinstance(row, dict)}
    return {name: {**exported.get(name, {}), **made.get(name, {})} for name in {**exported, **made}}


def today(
    secrets: Mapping[str, Mapping[str, Any]], looks: Mapping[str, Observed], now: datetime
) -> dict[str, dict[str, Any]]:
    """The secrets as their metadata tells them today, `looks` by ARN; each with how its token stands."""
    rows = {}
    for name, row in secrets.items():
        seen = looks.get(str(row.get("arn")))
        row_now = dict(row)
        if seen is not None and seen.presence is Presence.PRESENT:
            ends = iso(seen.expires_at) if seen.expires_at else NEVER
            row_now |= {"generation": seen.generation, "expires_at": ends}
            row_now |= {"issued_at": seen.issued_at} if seen.issued_at else {}
        if seen is not None:
            row_now["freshness"] = seen.freshness
        ends, before = str(row_now.get("expires_at") or NEVER), seconds(row_now.get("rotate_before"))
        expired = ends != NEVER and parse_iso(ends) <= now
        if ends != NEVER and before is not None:
            row_now["rotate_at"] = iso(parse_iso(ends) - timedelta(seconds=before))
        rows[name] = {**row_now, "expired": expired, "state": str(_state(row_now, now, expired=expired))}
    return rows


def _state(row: Mapping[str, Any], now: datetime, *, expired: bool) -> TokenState:
    need = finding_of(str(row.get("freshness", NOTHING_DUE.text))).need
    late = "rotate_at" in row and parse_iso(row["rotate_at"]) <= now
    if expired:
        return TokenState.EXPIRED
    if need is Need.DECISION:
        return TokenState.DECISION
    if need is not Need.NONE or late or _token_rules.overdue(row.get("lifetime"), now.date()):
        return TokenState.DUE
    return TokenState.CURRENT


def _outputs(state: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Type, name and outputs of each resource of ours that stays."""
    return [(str(entry["type"]), name_of(str(entry.get("urn", ""))), known(entry["outputs"])) for entry in _ours(state)]


def _ours(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources of ours that stay, and have outputs."""
    return [
        entry
        for entry in resources(dict(state))
        if str(entry.get("type", "")).startswith(TYPE_PREFIX)
        and isinstance(entry.get("outputs"), dict)
        and not entry.get("delete")
    ]


def _fields(outs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: outs[name] for name in names if name in outs}


def _name(resource: Mapping[str, Any]) -> str:
    name = name_of(str(resource.get("urn", "")))
    if str(resource.get("type", "")).endswith(":SystemUser"):
        return f"{name} ({resource.get('id', '?')})"
    return name


def _table(outputs: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = known(outputs.get(name))
    return dict(value) if isinstance(value, dict) else {}
