"""Places in the queue of registrations, so that what keeps access alive need not stand behind what widens it.

The SDK sends registrations in the order in which their inputs became known. A token's become known last, once the app
is installed for its user, and hundreds of assignments stood before it then: of the first update of 300 assignments the
tokens were the last four seconds, with nothing beside them. So assignments go a few at a time, whatever becomes of
each, and a token's registration waits for those few alone.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any

from pulumi.runtime import settings

if TYPE_CHECKING:
    import pulumi

AT_ONCE = 16
"""More than the plugin host writes at once, so that none of its threads waits for the program."""

_places: weakref.WeakKeyDictionary[Any, asyncio.Semaphore] = weakref.WeakKeyDictionary()
"""By run of a program, of which a process may have several."""


class Turn:
    """One registration's: it begins when all inputs are known, and ends with the registration, whichever way.

    A resource that depends on another holds no place, since the other may wait for one.
    """

    def __init__(self) -> None:
        run = settings.get_monitor()
        self._places = asyncio.Semaphore() if run is None else _places.setdefault(run, asyncio.Semaphore(AT_ONCE))
        self._holds = self._ended = False
        self.waits = True

    async def begin(self) -> None:
        """Wait for a place."""
        if not self.waits:
            return
        await self._places.acquire()
        self._holds = True
        if self._ended:
            self._leave()

    def end_with(self, urn: pulumi.Output[str]) -> None:
        """Leave the place when the resource's URN is known, or known to fail."""
        asyncio.ensure_future(urn.future()).add_done_callback(self._end)

    def _end(self, done: asyncio.Future[str | None]) -> None:
        if not done.cancelled():
            done.exception()  # the SDK tells it
        self._ended = True
        self._leave()

    def _leave(self) -> None:
        if self._holds:
            self._holds = False
            self._places.release()
