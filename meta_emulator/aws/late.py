"""A door that opens behind the start: moto takes half a second to import, and who asks Graph need not wait for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from meta_emulator.aws import statefile
from meta_emulator.aws.functions import Functions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.aws.service import AwsDoor
    from meta_emulator.clock import WorldClock
    from meta_emulator.faults import Faults
    from meta_emulator.journal import Journal


class LateDoor:
    """The same as `AwsDoor`, which it opens at the first call, or before one by `open`. Thread-safe.

    Stored secrets are opened at once, so that a broken state file fails the start and not a call.

    Raises:
        BrokenStateError: The state file cannot be understood.
    """

    def __init__(self, clock: WorldClock, faults: Faults, journal: Journal, state_file: Path) -> None:
        self._clock = clock
        self._faults = faults
        self._journal = journal
        self._state_file = state_file
        self._lock = threading.Lock()
        self._opened: AwsDoor | None = None
        self.functions = Functions(journal)
        if any(statefile.read(state_file).values()):
            self.open()

    def open(self) -> AwsDoor:
        """The door itself."""
        with self._lock:
            if self._opened is None:
                from meta_emulator.aws.service import AwsDoor  # noqa: PLC0415 - moto, see above

                self._opened = AwsDoor(self._clock, self._faults, self._journal, self._state_file, self.functions)
            return self._opened

    def open_soon(self) -> None:
        """Open the door from a thread."""
        threading.Thread(target=self.open, daemon=True).start()

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application."""
        return self.open().wsgi(environ, start_response)

    def reset(self) -> None:
        """Forget every secret; a door that was never opened has none."""
        with self._lock:
            if self._opened is not None:
                self._opened.reset()

    def save(self) -> None:
        """Write the state file, which is right as it is while the door was never opened."""
        with self._lock:
            if self._opened is not None:
                self._opened.save()
