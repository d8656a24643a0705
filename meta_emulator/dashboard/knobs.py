"""The emulator's own knobs as forms: faults, the clock and the journal. Not acts, because Meta has none of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from meta_emulator.clock import ClockError, iso
from meta_emulator.fault import FaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_emulator.state import State

UNITS = {"minutes": 60, "hours": 3600, "days": 86400}
_WHOLE = ("nth", "times", "status", "code", "subcode", "writes")
_NUMBERS = ("seconds", "ms")
_OBJECTS = ("headers",)


def changes(state: State) -> dict[str, Callable[[Mapping[str, Any]], str]]:
    """What a form may be posted to, by path below the dashboard; each takes the fields and returns a sentence."""

    def add_fault(given: Mapping[str, Any]) -> str:
        fault = state.faults.add(fault_of(given))
        return f"Fault {fault.id} ({fault.kind}) is set."

    def remove_fault(given: Mapping[str, Any]) -> str:
        number = str(given.get("id", ""))
        if not number.isdecimal() or not state.faults.remove(int(number[:9])):
            raise FaultError(f"id: there is no fault {number[:16]!r}.")
        return f"Fault {number} is removed."

    def clear_faults(_given: Mapping[str, Any]) -> str:
        state.faults.clear()
        return "All faults are removed, and calls that hung go on."

    def advance(given: Mapping[str, Any]) -> str:
        state.clock.advance(_span(given))
        state.store.save_clock()
        return f"The clock says {iso(state.clock.now())}."

    def set_clock(given: Mapping[str, Any]) -> str:
        state.clock.set(_moment(str(given.get("set", ""))))
        state.store.save_clock()
        return f"The clock says {iso(state.clock.now())}."

    def forget_calls(_given: Mapping[str, Any]) -> str:
        state.journal.clear()
        return "The journal is empty."

    return {
        "faults/add": add_fault,
        "faults/remove": remove_fault,
        "faults/clear": clear_faults,
        "clock/advance": advance,
        "clock/set": set_clock,
        "journal/clear": forget_calls,
    }


def fault_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """A fault's JSON from a form, where everything is text; FaultError names a field that is no number or object."""
    found: dict[str, Any] = dict(given)
    for key in found.keys() & {*_WHOLE, *_NUMBERS, *_OBJECTS}:
        text = str(found[key])
        try:
            found[key] = json.loads(text) if key in _OBJECTS else float(text) if key in _NUMBERS else int(text)
        except ValueError:
            wanted = "JSON" if key in _OBJECTS else "a number" if key in _NUMBERS else "a whole number"
            raise FaultError(f"{key}: {text!r} is not {wanted}.") from None
    if "applied" in found:
        found["applied"] = found["applied"] == "true"
    return found


def _span(given: Mapping[str, Any]) -> float:
    """Seconds from an amount and a unit."""
    amount, unit = str(given.get("amount", "")), str(given.get("unit", ""))
    try:
        return float(amount) * UNITS[unit]
    except ValueError:
        raise ClockError(f"amount: {amount!r} is not a number.") from None
    except KeyError:
        raise ClockError(f"unit: {unit!r} is not one of {', '.join(UNITS)}.") from None


def _moment(text: str) -> datetime:
    """A moment from a browser's `datetime-local` field, read as UTC, or with a zone."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ClockError(f"set: {text!r} is not a moment such as 2026-11-24T08:00.") from None
