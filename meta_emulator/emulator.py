"""One emulator: a state folder, one clock, one journal, one list of faults, and the two doors that share them."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

from meta_emulator import aws, certificates, private_files, webhooks, world_files, world_json
from meta_emulator.clock import WorldClock
from meta_emulator.control import Control
from meta_emulator.dashboard.site import Dashboard
from meta_emulator.deliveries import Deliveries
from meta_emulator.dialog import Dialog
from meta_emulator.faults import Faults
from meta_emulator.forms import FormGuard
from meta_emulator.graph import GraphDoor
from meta_emulator.hosts import Hosts
from meta_emulator.httpd import AWS_PORT, GRAPH_PORT, HOST, Door, check_address
from meta_emulator.journal import Journal
from meta_emulator.keyring import Keyring
from meta_emulator.persistence import Saved, StateError, StateFolder
from meta_emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.world import World
    from meta_emulator.world_files import WorldFile


class Emulator:
    """Both doors over one state folder. Listening begins with `start`."""

    def __init__(
        self,
        home: Path,
        *,
        port: int = GRAPH_PORT,
        aws_port: int = AWS_PORT,
        host: str = HOST,
        exposed: bool = False,
        world: WorldFile | None = None,
        tls: bool = False,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        """Take the folder, load the world, bind the ports.

        Args:
            home: The state folder.
            port: Of Graph; 0 takes a free one, as `aws_port` does.
            aws_port: Of Secrets Manager.
            host: The address to listen on.
            exposed: Whether that may be one that others can reach.
            world: What a new state folder begins with; the usual world when left out.
            tls: Whether both doors speak https, too, with a certificate of the state folder's own authority.
            allowed_hosts: Names that clients may use beside those of loopback.

        Raises:
            MetaAccessError: StateError, KeyringError, PortError, ExposedError, HostError and CertificateError say what
                failed.
            WorldError: The world cannot be; nothing is kept of it.
        """
        check_address(host, exposed=exposed)
        self.hosts = Hosts(allowed_hosts)
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
            self._aws = aws.AwsDoor(self.clock, self.faults, self.journal, self.folder.aws_file)
            self.functions = self._aws.functions
            self.certificates = certificates.Files(self.folder.tls_folder) if tls else None
            roots = None if self.certificates is None else self.certificates.bundle
            self.deliveries = Deliveries(self.journal, self.keyring, roots=roots)
            self.store.changed = self._tell_apps
            self._graph = GraphDoor(
                self.store,
                self.clock,
                self.keyring,
                self.faults,
                self.journal,
                hosts=self.hosts,
                deliveries=self.deliveries,
            )
            self.limits = self._graph.limits
            self._control = Control(self)
            self._dashboard = Dashboard(self)
            self._dialog = Dialog(self)
            context = None
            if self.certificates is not None:
                # Here and not above: few want it, and loading the library takes a while.
                from meta_emulator import authority  # noqa: PLC0415

                context = authority.server_context(self.certificates, (*self.hosts.all, host))
            self._graph_server = Door(port, self._route, host, tls=context)
            try:
                self._aws_server = Door(aws_port, self._route_aws, host, tls=context)
            except BaseException:
                self._graph_server.server_close()
                raise
        except BaseException:
            self.folder.release()
            raise
        self.graph_url = self._graph_server.url
        self.aws_url = self._aws_server.url

    def start(self) -> None:
        """Serve both doors from threads."""
        for server in (self._graph_server, self._aws_server):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        run = {"pid": os.getpid(), "graph_url": self.graph_url, "aws_url": self.aws_url}
        private_files.replace(self.folder.run_file, json.dumps(run).encode())
        self.deliveries.start()

    def stop(self) -> None:
        """End both doors, keep the state, free the folder."""
        self.faults.clear()
        self.deliveries.stop()
        for server in (self._graph_server, self._aws_server):
            server.shutdown()
            server.server_close()
        with self.store.lock:
            self.store.save_clock()
            self._aws.save()
        self.folder.run_file.unlink(missing_ok=True)
        self.folder.release()

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
            self.limits.clear()
            self._aws.reset()
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

    def _tell_apps(self, before: bytes, after: World) -> None:
        if any(app.subscriptions for app in after.apps):
            self.deliveries.send(webhooks.notices(world_json.load(before), after, self.clock.now()))

    def _route_aws(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # So that whoever finds the port taken can say by which emulator.
        door = self._control if environ.get("PATH_INFO") == "/healthz" else self._aws.wsgi
        return door(environ, start_response)

    def _route(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._control.serves(environ.get("PATH_INFO", "/")):
            return self._control(environ, start_response)
        if self._dashboard.serves(environ.get("PATH_INFO", "/")):
            return self._dashboard(environ, start_response)
        if self._dialog.serves(environ.get("PATH_INFO", "/")):
            return self._dialog(environ, start_response)
        return self._graph(environ, start_response)
