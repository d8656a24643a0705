"""The living world: one lock, new ids, changes saved before they are answered, and the recent past for stale reads."""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_emulator import activities, world_files, world_json
from meta_emulator.activities import Author

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from meta_emulator.activities import Held
    from meta_emulator.clock import WorldClock
    from meta_emulator.keyring import Keyring
    from meta_emulator.persistence import Saved, StateFolder
    from meta_emulator.world import World

FIRST_SERIAL = 1000  # ids below belong to the starting world
REMEMBERED = 100  # changes that a stale read can go back


class Store:
    """Holds the world. Hold `lock` to read or change it.

    Attributes:
        changed: Called after each change of the world that calls and people make, with the world before as JSON. A
            world that is put from outside, or begun again, is another world and no change.
    """

    def __init__(self, folder: StateFolder, clock: WorldClock, keyring: Keyring, saved: Saved | None) -> None:
        self.lock = threading.RLock()
        self._folder = folder
        self._clock = clock
        self._keyring = keyring
        self._serial = FIRST_SERIAL if saved is None else saved.serial
        self.world = (saved.world if saved is not None else None) or self._start()
        self._past: deque[tuple[datetime, bytes]] = deque(maxlen=REMEMBERED)
        self.changed: Callable[[bytes, World], None] | None = None
        self._held: Held
        self.replace(self.world)

    def new_ids(self) -> tuple[str, str]:
        """An app-scoped id that no user of this emulator ever had, and the canonical id that goes with it."""
        self._serial += 1
        scoped = f"122090000{self._serial:06d}"
        # A world put from outside may hold ids of its own making.
        return self.new_ids() if self.world.system_user(scoped) else (scoped, f"61550000{self._serial:06d}")

    def save(self, author: Author | None = None) -> None:
        """Write the world if it changed, with what an ad account's users gained and lost by it.

        Args:
            author: Who changed it; people of the businesses concerned when left out.
        """
        held = activities.held(self.world)
        activities.record(self.world, self._held, held, author or Author(), self._clock.now())
        self._held = held
        before = self._past[-1][1]
        if self._keep() and self.changed is not None:
            self.changed(before, self.world)

    def _keep(self) -> bool:
        """Write the world and remember it; False when nothing changed."""
        dumped = world_json.dump(self.world)
        if self._past and dumped == self._past[-1][1]:
            return False
        self._write(dumped)
        self._past.append((self._clock.exact(), dumped))
        return True

    def undo(self) -> None:
        """Forget changes that were not saved."""
        self.world = world_json.load(self._past[-1][1])
        self._held = activities.held(self.world)

    def save_clock(self) -> None:
        self._write(world_json.dump(self.world))

    def replace(self, world: World) -> None:
        """Take another world. Nobody made the differences, so they are no activities."""
        self.world, self._held = world, activities.held(world)
        self._keep()

    def reset(self) -> None:
        self._past.clear()  # no stale read reaches back to another world
        self.replace(self._start())
        self.save_clock()

    def behind(self, *, writes: int | None = None, ms: float | None = None) -> World:
        """A copy of the world as it was some changes, or some milliseconds, ago; the oldest known one if need be."""
        past = list(self._past)
        if writes is not None:
            dumped = past[max(0, len(past) - 1 - writes)][1]
        else:
            since = self._clock.exact() - timedelta(milliseconds=ms or 0)
            dumped = next((text for at, text in reversed(past) if at <= since), past[0][1])
        return world_json.load(dumped)

    def _write(self, dumped: bytes) -> None:
        self._folder.save(dumped, self._serial, self._clock.offset)

    def _start(self) -> World:
        return world_files.build(self._folder.starting_point(), self._keyring, self._clock.now())
