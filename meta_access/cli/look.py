"""A look at Meta for the gates of a state, without the engine: nothing is changed there, and nothing in the state.

The same provider code reads that a refresh runs; only its answer goes to a person and not into the state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access.cli.statements import gates, provider
from meta_access.errors import MetaAccessError, OfflineError
from meta_access.gates import TOLD, after
from meta_access.providers import _live
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen.

    Attributes:
        gates: As the export `gates` has them.
        not_seen: Gate to why it was not looked at; it stands in `gates` as it was.
    """

    gates: dict[str, dict[str, Any]] = field(default_factory=dict)
    not_seen: dict[str, str] = field(default_factory=dict)


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
        raise OfflineError("Looking at the gates needs Meta, and META_ACCESS_OFFLINE=1 forbids every call. Unset it.")
    looked = Looked()
    for name, resource in gates(state).items():
        reader = provider(resource)
        outs = reader.upgrade(resource["outputs"])
        try:
            decision, _ = reader.looked_at(outs)
            outs |= decision.outputs()
        except MetaAccessError as error:
            looked.not_seen[name] = scrub(str(error))
        looked.gates[name] = {key: outs.get(key) for key in TOLD}
    for name, gate in looked.gates.items():
        statuses = {one: str(looked.gates[one]["status"]) for one in first.get(name, ()) if one in looked.gates}
        gate["next_step"] = after(gate["next_step"], statuses)
    return looked
