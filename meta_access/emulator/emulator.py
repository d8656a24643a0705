"""One emulator: a state folder, one clock, one journal, one list of faults, and the two doors that share them."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

from meta_access.emulator import aws, private_files
from meta_access.emulator.clock import WorldClock
from meta_access.emulator.control import Control
from meta_access.emulator.dashboard.site import Dashboard
from meta_access.emulator.dialog import Dialog
from meta_access.emulator.faults import Faults
from meta_access.emulator.forms import FormGuard
from meta_access.emulator.graph import GraphDoor
from meta_access.emulator.httpd import AWS_PORT, GRAPH_PORT, Door
from meta_access.emulator.journal import Journal
from meta_access.emulator.keyring import Keyring
from meta_access.emulator.persistence import StateFolder
from meta_access.emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Emulator:
    """Both doors over one state folder. Listening begins with `start`."""

    def __init__(self, home: Path, *, port: int = GRAPH_PORT, aws_port: int = AWS_PORT) -> None:
        """Take the folder, load the world, bind the ports; StateError, KeyringError or PortError says what failed."""
        self.folder = StateFolder(home)
        self.folder.take()
        try:
            saved = self.folder.load()
            self.keyring = Keyring(self.folder.keyring_file)
            self.clock = WorldClock() if saved is None else WorldClock(saved.offset)
            self.journal = Journal(self.clock)
            self.faults = Faults()
            self.forms = FormGuard()
            self.store = Store(self.folder, self.clock, self.keyring, saved)
            self._aws = aws.door(self.clock, self.faults, self.journal, self.folder.aws_file)
            self.functions = self._aws.functions
            self._graph = GraphDoor(self.store, self.clock, self.keyring, self.faults, self.journal)
            self._control = Control(self)
            self._dashboard = Dashboard(self)
            self._dialog = Dialog(self)
            self._graph_server = Door(port, self._route)
            try:
                self._aws_server = Door(aws_port, self._aws.wsgi)
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
        self._aws.open_soon()

    def stop(self) -> None:
        """End both doors, keep the state, free the folder."""
        self.faults.clear()
        for server in (self._graph_server, self._aws_server):
            server.shutdown()
            server.server_close()
        with self.store.lock:
            self.store.save_clock()
            self._aws.save()
        self.folder.run_file.unlink(missing_ok=True)
        self.folder.release()

    def reset(self) -> None:
        """The starting world, Secrets Manager included; no faults, no calls, the machine's time. Credentials stay."""
        with self.store.lock:
            self.faults.clear()
            self.clock.reset()
            self.store.reset()
            self._graph.limits.clear()
            self._aws.reset()
            self.journal.clear()

    def _route(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._control.serves(environ.get("PATH_INFO", "/")):
            return self._control(environ, start_response)
        if self._dashboard.serves(environ.get("PATH_INFO", "/")):
            return self._dashboard(environ, start_response)
        if self._dialog.serves(environ.get("PATH_INFO", "/")):
            return self._dialog(environ, start_response)
        return self._graph(environ, start_response)
