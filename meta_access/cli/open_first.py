"""Which gates people are shown, and in which order: what is open first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.gates import Status
from meta_access.spec import gate_names

if TYPE_CHECKING:
    from collections.abc import Mapping


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
