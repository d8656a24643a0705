"""What a connection's name opens: settings of the process, then Graph, coalesced reads and Secrets Manager."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from meta_access import rules, snapshot
from meta_access.endpoints import check_pairing
from meta_access.errors import ConfigError, GraphError, MetaAccessError, NotRecordedError, Problem
from meta_access.graph import reads as lists
from meta_access.graph.client import client_for
from meta_access.graph.issuer import issuer_of
from meta_access.graph.reads import reads_for
from meta_access.stack.connections import BUSINESS, IDENTITIES, ROLES, TIER, settings_from_config
from meta_access.stack.files import project_of
from meta_access.stack.rules_overlay import KEY as OVERLAY
from meta_access.stack.rules_overlay import overlaid
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.graph.client import GraphClient
    from meta_access.graph.reads import Reads
    from meta_access.rules import RuleSet
    from meta_access.stack.connections import Connection, Settings
    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.store import SecretStore

_AHEAD = {
    IDENTITIES: (lists.SYSTEM_USERS,),
    ROLES: (lists.APP_ROLES, lists.BUSINESS_USERS),
    BUSINESS: (lists.BUSINESS,),
    TIER: (lists.TIER,),
}
"""What is declared to the lists that are read for it, all at once with the first that is asked for."""

_lock = threading.Lock()
_settings: Settings | None = None
_overlay: str | None = None


def configure(get: Callable[[str], str | None]) -> None:
    """Read the stack's settings. Every provider class is configured by itself, so this runs once for all of them."""
    global _settings, _overlay  # noqa: PLW0603 - the configuration of a process is one
    with _lock:
        if _settings is None:
            found = settings_from_config(get)
            if (shown := snapshot.given()) is not None:
                shown.check_settings(found.environment, found.connections.values())
            _settings = found
            _overlay = get(OVERLAY)


@cache
def rule_set(name: str, overlay: str | None) -> RuleSet:
    """A rule set with the overlay of the stack's configuration.

    The program refuses an overlay that cannot be used. Where it does not run (a destroy, a command), the set as it was
    released counts: a slip in a table of facts must not keep a token from being ended.
    """
    found = rules.load(name)
    with contextlib.suppress(ConfigError):
        project = project_of(Path.cwd()) if overlay else None
        if project is not None:
            found = overlaid(found, overlay, project[1]).rules
    return found


def settings() -> Settings:
    """The settings of this process."""
    if _settings is None:
        raise ConfigError([Problem("meta:connections", "has not been read.", "use the resource in a Pulumi program.")])
    return _settings


@dataclass(frozen=True, slots=True)
class Live:
    """One connection at work. Nothing here calls anybody until it is asked for something."""

    connection: Connection
    offline: bool

    @property
    def rules(self) -> RuleSet:
        return rule_set(self.connection.rules, _overlay)

    @property
    def client(self) -> GraphClient:
        return client_for(self.connection)

    @property
    def reads(self) -> Reads:
        found = reads_for(self.connection)
        with _lock:
            first, found.many = not found.many, True
        if first and not self.offline and snapshot.given() is None:
            declared = self._declared
            for what in sorted(declared):
                for noun in _AHEAD[what]:
                    found.ahead(noun)
            if IDENTITIES in declared:
                # Tokens come last, and their service's library takes its time to import.
                threading.Thread(target=self._open_store, daemon=True).start()
        return found

    def read_app_access_ahead(self, system_user_id: str) -> None:
        """Say that the app was installed for a user: where identities are declared, the gate of its access comes next.

        The engine checks one resource after another, so that each would wait for the user's list in turn.
        """
        if IDENTITIES in self._declared:
            self.reads.ahead(lists.ASSIGNED_APPS, system_user_id)

    @property
    def _declared(self) -> frozenset[str]:
        """What the stack's configuration declares on the connection."""
        return settings().declares.get(self.connection.name, frozenset())

    def _open_store(self) -> None:
        with contextlib.suppress(MetaAccessError):  # told by the token that needs it
            self.store()

    def list_secrets_ahead(self, owner: str) -> None:
        """Say that a system user of `project/stack` was looked at: with a second one its secrets are listed."""
        threading.Thread(target=self._list_secrets, args=(owner,), daemon=True, name="ahead-secrets").start()

    def _list_secrets(self, owner: str) -> None:
        with contextlib.suppress(MetaAccessError):  # as above
            self.store().listed.ahead(owner)

    @property
    def issuer(self) -> Issuer:
        return issuer_of(self.client)

    def store(self, region: str | None = None) -> SecretStore:
        """Secrets Manager of the connection; of another region when a secret has stayed behind there."""
        aws = self.connection.aws
        # Before anything is sent: Describe alone would not resolve a credential, where this is checked as well.
        check_pairing(self.connection.graph_url, aws, path=f"meta:connections.{self.connection.name}")
        return store_for(replace(aws, region=region) if region else aws)

    def now(self) -> datetime:
        """Meta's time, from the last answer seen; one cheap read gets an answer where none was needed so far."""
        if self.offline:
            # Nobody else's clock can be asked, and offline nothing is decided by it: it only dates what is shown.
            return datetime.now(UTC)
        if self.client.server_time is None:
            with contextlib.suppress(GraphError, NotRecordedError):  # a refusal has a Date header, too
                self.reads.business()
        return self.client.now()


def live(name: str) -> Live:
    """The connection of that name."""
    known = settings().connections
    if name not in known:
        raise ConfigError([unknown_connection(name)])
    return Live(known[name], offline=settings().offline)


def unknown_connection(name: str) -> Problem:
    listed = ", ".join(sorted(settings().connections))
    return Problem("connection", f'there is no connection "{name}" in meta:connections.', f"name one of: {listed}.")
