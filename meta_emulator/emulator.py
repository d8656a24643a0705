"""One emulator on two ports: Graph with its control API, dashboard and login dialog, and Secrets Manager."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

from meta_emulator import private_files
from meta_emulator.control import Control
from meta_emulator.dashboard.site import Dashboard
from meta_emulator.dialog import Dialog
from meta_emulator.hosts import Hosts
from meta_emulator.httpd import AWS_PORT, GRAPH_PORT, HOST, Door, check_address
from meta_emulator.state import State

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.world_files import WorldFile


class Emulator:
    """Both doors over one state folder. Listening begins with `start`.

    Attributes:
        state: What the doors share.
    """

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
            allowed_hosts: Names that clients may use besides those of loopback.

        Raises:
            MetaAccessError: StateError, KeyringError, PortError, ExposedError, HostError and CertificateError say what
                failed.
            WorldError: The world cannot be; nothing is kept of it.
        """
        check_address(host, exposed=exposed)
        self.state = State(home, Hosts(allowed_hosts), world, tls=tls)
        try:
            context = self._context(host)
            self._graph_server = Door(port, self._route, host, tls=context)
            try:
                self._aws_server = Door(aws_port, self._route_aws, host, tls=context)
            except BaseException:
                self._graph_server.server_close()
                raise
        except BaseException:
            self.state.folder.release()
            raise
        self.graph_url = self._graph_server.url
        self.aws_url = self._aws_server.url
        self._control = Control(self.state, self.graph_url, self.aws_url)
        self._dashboard = Dashboard(self.state)
        self._dialog = Dialog(self.state)

    def start(self) -> None:
        """Serve both doors from threads."""
        for server in (self._graph_server, self._aws_server):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        run = {"pid": os.getpid(), "graph_url": self.graph_url, "aws_url": self.aws_url}
        private_files.replace(self.state.folder.run_file, json.dumps(run).encode())
        self.state.deliveries.start()

    def stop(self) -> None:
        """End both doors, keep the state, free the folder."""
        self.state.faults.clear()
        self.state.deliveries.stop()
        for server in (self._graph_server, self._aws_server):
            server.shutdown()
            server.server_close()
        self.state.save()
        self.state.folder.run_file.unlink(missing_ok=True)
        self.state.folder.release()

    def _context(self, host: str) -> ssl.SSLContext | None:
        if self.state.certificates is None:
            return None
        # Here and not above: few want it, and loading the library takes a while.
        from meta_emulator import authority  # noqa: PLC0415

        return authority.server_context(self.state.certificates, (*self.state.hosts.all, host))

    def _route_aws(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # So that a command that finds the port taken can name the emulator that has it.
        door = self._control if environ.get("PATH_INFO") == "/healthz" else self.state.aws.wsgi
        return door(environ, start_response)

    def _route(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        for pages in (self._control, self._dashboard, self._dialog):
            if pages.serves(path):
                return pages(environ, start_response)
        return self.state.graph(environ, start_response)
