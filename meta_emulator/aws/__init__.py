"""Secrets Manager for the emulator: moto's model of it, subclassed privately and corrected where AWS differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_emulator.aws.late import LateDoor
from meta_emulator.aws.statefile import BrokenStateError

if TYPE_CHECKING:
    from pathlib import Path

    from meta_emulator.clock import WorldClock
    from meta_emulator.faults import Faults
    from meta_emulator.journal import Journal

__all__ = ["BrokenStateError", "LateDoor", "door"]


def door(clock: WorldClock, faults: Faults, journal: Journal, state_file: Path) -> LateDoor:
    """Open the Secrets Manager door on the secrets of a state file.

    Raises:
        BrokenStateError: The state file cannot be understood; it is left as it is.
    """
    return LateDoor(clock, faults, journal, state_file)
