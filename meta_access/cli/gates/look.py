"""A look at Meta for the gates of a state, without the engine: nothing is changed there, and nothing in the state.

The same provider code reads that a refresh runs; only its answer goes to a person and not into the state.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meta_access.cli.gates.statements import gates, provider
from meta_access.cli.graph_client import client_for
from meta_access.errors import MetaAccessError, OfflineError
from meta_access.gates.status import FIELDS, after
from meta_access.graph.admin_token import Doubts, examine, refused
from meta_access.graph.client import Auth, meta_time
from meta_access.graph.debug_token import inspect
from meta_access.providers import _live
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from meta_access.stack.connections import Connection


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen.

    Attributes:
        gates: What is known of each, by name.
        not_seen: Gate to why it was not looked at; it stands in `gates` as it was.
        admin_tokens: As the export `admin_tokens` has them.
        at: Meta's time; None where it answered nothing.
    """

    gates: dict[str, dict[str, Any]] = field(default_factory=dict)
    not_seen: dict[str, str] = field(default_factory=dict)
    admin_tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    at: datetime | None = None


def now(state: Mapping[str, Any], config: Mapping[str, str], first: Mapping[str, tuple[str, ...]]) -> Looked:
    """Ask Meta about every gate of an exported state.

    Args:
        state: As `pulumi stack export` gives it.
        config: Of the stack, by full key.
        first: Gate to those that have to be open before it.

    Raises:
        OfflineError: META_ACCESS_OFFLINE=1.
        ConfigError: A connection cannot be read.
    """
    _live.configure(config.get)
    if _live.settings().offline:
        raise OfflineError(
            "Looking at the gates needs Meta, and META_ACCESS_OFFLINE=1 forbids every call.", next_step="Unset it."
        )
    looked = Looked()
    for name, resource in gates(state).items():
        reader = provider(resource)
        outs = reader.upgrade(resource["outputs"])
        try:
            decision, _ = reader.looked_at(outs)
            outs |= decision.outputs()
        except MetaAccessError as error:
            looked.not_seen[name] = scrub(str(error))
        looked.gates[name] = {key: outs.get(key) for key in FIELDS}
    for name, gate in looked.gates.items():
        statuses = {one: str(looked.gates[one]["status"]) for one in first.get(name, ()) if one in looked.gates}
        gate["next_step"] = after(gate["next_step"], statuses)
    for name, connection in _live.settings().connections.items():
        if (doubts := _doubts(connection)).says:
            looked.admin_tokens[name] = doubts.as_output()
    return replace(looked, at=meta_time(map(client_for, _live.settings().connections.values())))


def _doubts(connection: Connection) -> Doubts:
    client = client_for(connection)
    try:
        info = inspect(client, Auth.ADMIN)
    except MetaAccessError:
        return Doubts()  # the gates of the connection tell it
    if problems := refused(connection, info):
        return Doubts(tuple(map(str, problems)))
    return examine(client, info, client.now())
