"""What one emulator is made of: a state folder, a clock, a journal, faults, and the two services that share them.

Nothing here knows who asks. `emulator` opens the ports, and the pages and the control API work on this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_emulator import certificates, webhooks, world_files, world_json
from meta_emulator.aws import AwsDoor
from meta_emulator.clock import WorldClock
from meta_emulator.deliveries import Deliveries
from meta_emulator.faults import Faults
from meta_emulator.forms import FormGuard
from meta_emulator.graph import GraphDoor
from meta_emulator.journal import Journal
from meta_emulator.keyring import Keyring
from meta_emulator.persistence import Saved, StateError, StateFolder
from meta_emulator.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from meta_emulator.hosts import Hosts
    from meta_emulator.world import World
    from meta_emulator.world_files import WorldFile


class State:
    """The state of one emulator.

    Args:
        home: The state folder, which is taken.
        hosts: Names that clients may use.
        world: What a new state folder begins with; the usual world when left out.
        tls: Whether certificates are kept.

    Attributes:
        graph: Meta's Graph, as a WSGI application.
        aws: Secrets Manager.

    Raises:
        MetaAccessError: StateError, KeyringError and BrokenStateError say what failed.
        WorldError: The world cannot be; nothing is kept of it.
    """

    def __init__(self, home: Path, hosts: Hosts, world: WorldFile | None = None, *, tls: bool = False) -> None:
        self.hosts = hosts
        self.folder = StateFolder(home)
        self.folder.take()
        try:
            saved = self.folder.load()
            self.keyring = Keyring(self.folder.keyring_file)
            self.clock = WorldClock() if saved is None else WorldClock(saved.offset)
            self._begin_with(world, saved)
            self.journal = Journal(self.clock)
            self.faults = Faults()
            self.forms = FormGuard(self.hosts)
            self.store = Store(self.folder, self.clock, self.keyring, saved)
            self.aws = AwsDoor(self.clock, self.faults, self.journal, self.folder.aws_file)
            self.certificates = certificates.Files(self.folder.tls_folder) if tls else None
            roots = None if self.certificates is None else self.certificates.bundle
            self.deliveries = Deliveries(self.journal, self.keyring, roots=roots)
            self.store.changed = self._notify_apps
            self.graph = GraphDoor(
                self.store,
                self.clock,
                self.keyring,
                self.faults,
                self.journal,
                hosts=self.hosts,
                deliveries=self.deliveries,
            )
        except BaseException:
            self.folder.release()
            raise

    def save(self) -> None:
        """Write what a change does not write at once."""
        with self.store.lock:
            self.store.save_clock()
            self.aws.save()

    def reset(self, world: WorldFile | None = None) -> None:
        """The starting world, Secrets Manager included; no faults, no calls, the machine's time. Credentials stay.

        Args:
            world: From now on the starting world; WorldError, and nothing changed, when it cannot be.
        """
        with self.store.lock:
            if world is not None:
                world_files.build(world, self.keyring, self.clock.now())
                self.folder.keep_starting_point(world)
            self.faults.clear()
            self.deliveries.clear()
            self.clock.reset()
            self.store.reset()
            self.graph.limits.clear()
            self.aws.reset()
            self.journal.clear()

    def _begin_with(self, world: WorldFile | None, saved: Saved | None) -> None:
        if world is None or world == self.folder.starting_point():
            return
        if saved is not None and saved.world is not None:
            raise StateError(
                f"the state folder {self.folder.home} holds a world already, which began as "
                f"{self.folder.starting_point().name}. Run `meta-access emulator reset --world {world.name}` to begin "
                "again with this one, or name another folder with --home."
            )
        world_files.build(world, self.keyring, self.clock.now())  # one that cannot be is not kept
        self.folder.keep_starting_point(world)

    def _notify_apps(self, before: bytes, after: World) -> None:
        if any(app.subscriptions for app in after.apps):
            self.deliveries.send(webhooks.notices(world_json.load(before), after, self.clock.now()))
