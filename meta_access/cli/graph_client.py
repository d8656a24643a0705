"""Graph for a command: what its client says of throttles goes to standard error, since standard output answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.cli.terminal import to_person
from meta_access.graph import client

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient
    from meta_access.stack.connections import Connection


def client_for(connection: Connection) -> GraphClient:
    """The client of a connection, one per process."""
    return client.client_for(connection, notify=to_person)
