"""What a preview shows of what rules of good practice look at: its resources and its gates. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.gates.status import GATE_KINDS
from meta_access.policy.declared import Resource

if TYPE_CHECKING:
    from meta_access.review.steps import EventLog


def resources_of(log: EventLog) -> list[Resource]:
    """What the program declares, as a preview plans it."""
    sides = ((step, step.new) for step in log.steps)
    return [Resource(step.kind, step.name, new.inputs, new.protect) for step, new in sides if new is not None]


def gates_of(log: EventLog) -> dict[str, str]:
    """Gate to its status, as the preview saw it."""
    found = ((one.name, one.inputs.get("status")) for one in resources_of(log) if one.kind in GATE_KINDS)
    return {name: status for name, status in found if isinstance(status, str)}
