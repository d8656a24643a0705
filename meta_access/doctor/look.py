"""Reads what a connection shows, each reading by itself: what fails is kept as what it is, and the next one is made.

Nothing is written, at Meta or in Secrets Manager, and no throttle is waited for. A host that was not reached once is
not asked again, and after `BOUND_S` nothing more is begun.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import (
    AuthError,
    ConfigError,
    GraphUnreachableError,
    HumanNeededError,
    MetaAccessError,
    OfflineError,
    SecretNotFoundError,
    SecretUnreachableError,
    printable,
)
from meta_access.graph import app_permissions, app_settings, applications, businesses, system_users
from meta_access.graph.auth import Auth
from meta_access.graph.client import GraphClient
from meta_access.graph.debug_token import inspect
from meta_access.graph.patience import Patience
from meta_access.graph.tiers import probe
from meta_access.stack.credentials import check_pairing, credentials_for
from meta_access.tokens import payload
from meta_access.tokens.issuer import faults
from meta_access.tokens.payload import Token
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.graph.businesses import BusinessRow
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.stack.connections import Connection
    from meta_access.tokens.issuer import TokenFacts
    from meta_access.tokens.observe import Observed
    from meta_access.tokens.store import SecretStore

T = TypeVar("T")

BOUND_S = 90.0
"""For all readings together; the last one that was begun may take its own time on top."""
CALL_BUDGET_S = 15.0
_PRIVACY = "privacy_policy_url"


def machine_time() -> datetime:
    """This machine's, which is compared with the servers'."""
    return datetime.now(UTC)


class Skipped(Enum):
    """Why something was not read."""

    AFTER = "it needs what is broken"
    UNREACHED = "its host was not reached before"
    TIME = "the time was over"
    OFFLINE = "no call may be made"
    NOT_RECORDED = "the snapshot does not hold it"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What came of one reading: a value, an error, or the reason why it was not made."""

    value: T | None = None
    error: MetaAccessError | None = None
    skipped: Skipped | None = None

    @property
    def read(self) -> bool:
        return self.error is None and self.skipped is None

    @property
    def stands(self) -> bool:
        """Whether what needs it may be tried: a snapshot answers without a credential."""
        return self.read or self.skipped is Skipped.NOT_RECORDED


@dataclass(frozen=True, slots=True)
class Headers:
    """What Meta's answers to one connection showed besides their content.

    Attributes:
        at: This machine's time when `server_time` was read.
    """

    at: datetime
    server_time: datetime | None = None
    served_version: str | None = None
    version_ends: bool = False
    used_percent: float | None = None


@dataclass(frozen=True, slots=True)
class SecretsManager:
    """What Secrets Manager of one connection showed.

    Attributes:
        describe: Whether the secret that was asked about exists.
        listed: How many secrets carry the stack's tags.
        at: This machine's time when `server_time` was read.
    """

    describe: Reading[bool]
    listed: Reading[int]
    at: datetime
    server_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectionSeen:
    """What the readings of one connection came to.

    Attributes:
        permissions: Those that the app went through review with, and their status.
        app: Its privacy policy; read with the app's own token, so that it tells whether the app's secret is right.
        tier: The value of Meta's header; None where Meta sent none, or no account is named to read it of.
        owned: Ids of the apps of the business.
    """

    connection: Connection
    pairing: Reading[None]
    app_secret: Reading[None]
    admin_token: Reading[None]
    app: Reading[str]
    permissions: Reading[dict[str, str]]
    token: Reading[TokenFacts]
    business: Reading[BusinessRow]
    users: Reading[list[SystemUserRow]]
    owned: Reading[set[str]]
    tier: Reading[str | None]
    headers: Headers
    aws: SecretsManager


@dataclass(frozen=True, slots=True)
class TokenSeen:
    """A token of the stack, in a secret of its own.

    Attributes:
        observed: What its secret tells without a value.
        facts: What Meta says of it.
        faults: How it differs from its record.
    """

    name: str
    secret: str
    connection: str
    observed: Reading[Observed]
    facts: Reading[TokenFacts]
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class Look:
    """One run of readings.

    Attributes:
        offline: Whether no call may be made.
    """

    offline: bool
    _end: float = field(default_factory=lambda: SYSTEM_CLOCK.monotonic() + BOUND_S)
    _unreached: set[str] = field(default_factory=set)
    _clients: dict[Connection, GraphClient] = field(default_factory=dict)

    def connection(self, connection: Connection, secret: str, owner: tuple[str, str]) -> ConnectionSeen:
        """Read everything of one connection.

        Args:
            connection: The one.
            secret: The name of a secret to ask about; any answer serves.
            owner: Project and stack, whose secrets are listed.
        """
        client = self._client(connection)
        pairing = self._alone(lambda: check_pairing(connection.graph_url, connection.aws, path=_path(connection)))
        paired = pairing.read
        resolve = credentials_for(connection)
        app_secret = self._read(
            lambda: _nothing(resolve.app_secret()), _source(connection, connection.app_secret), after=paired
        )
        admin_token = self._read(
            lambda: _nothing(resolve.admin_token()), _source(connection, connection.admin_token), after=paired
        )

        def graph(call: Callable[[], T], *, after: bool) -> Reading[T]:
            return self._read(call, graph_host(connection), after=after)

        app = graph(lambda: str(app_settings.get(client, [_PRIVACY])[_PRIVACY]), after=app_secret.stands)
        permissions = graph(lambda: app_permissions.list_(client), after=_is_answered(app))
        # An app whose secret is right may still be refused something; only its own token's refusal is about the secret.
        token = graph(lambda: inspect(client, Auth.ADMIN), after=admin_token.stands and _is_answered(app))
        # A passing fault of this one call says nothing about the token.
        acts = token.value.valid if token.value is not None else token.skipped is not Skipped.AFTER
        business = graph(lambda: businesses.get(client), after=acts)
        users = graph(lambda: system_users.list_(client), after=acts)
        owned = graph(lambda: applications.owned(client), after=acts)
        account = connection.tier_probe
        # Not `Reading[str | None]()`: before Python 3.13 that sets an attribute, which a frozen class refuses.
        unread: Reading[str | None] = Reading()
        tier = unread if account is None else graph(lambda: probe(client, account), after=acts)
        return ConnectionSeen(
            connection, pairing, app_secret, admin_token, app, permissions, token, business, users, owned, tier,
            headers=_headers(client),
            aws=self._secrets_manager(connection, secret, owner, after=paired),
        )  # fmt: skip

    def token(
        self, name: str, secret: str, connection: Connection, observe: Callable[[], tuple[SecretStore, Observed]]
    ) -> TokenSeen:
        """Read what the secret of a token tells, and ask Meta about the token in it.

        Args:
            name: Of the token.
            secret: Its name.
            connection: Through which it was made.
            observe: Looks at the secret; answers its store as well.
        """
        found: list[str] = []
        looked = self._read(observe, aws_host(connection))
        observed = Reading(looked.value[1] if looked.value else None, looked.error, looked.skipped)

        def ask() -> TokenFacts:
            assert looked.value is not None
            store, seen = looked.value
            held = _token_in(store, seen)
            facts = inspect(self._client(connection), held.access_token)
            found.extend(faults(facts, held))
            return facts

        has_token = observed.value is not None and observed.value.generation > 0 and bool(observed.value.version_id)
        facts = self._read(ask, graph_host(connection), after=has_token)
        return TokenSeen(name, secret, connection.name, observed, facts, tuple(found))

    def _client(self, connection: Connection) -> GraphClient:
        if connection not in self._clients:
            self._clients[connection] = GraphClient(
                connection,
                credentials_for(connection),
                notify=lambda _: None,
                run=Patience(looks_only=True),
                budget_s=CALL_BUDGET_S,
            )
        return self._clients[connection]

    def _secrets_manager(
        self, connection: Connection, secret: str, owner: tuple[str, str], *, after: bool
    ) -> SecretsManager:
        stores: list[SecretStore] = []

        def describe() -> bool:
            store = store_for(connection.aws)
            stores.append(store)
            try:
                store.describe(secret)
            except SecretNotFoundError:
                return False
            return True

        described = self._read(describe, aws_host(connection), after=after)
        listed = self._read(lambda: len(stores[0].owned_by(*owner)), aws_host(connection), after=after and bool(stores))
        return SecretsManager(described, listed, machine_time(), stores[0].server_time if stores else None)

    def _alone(self, call: Callable[[], T]) -> Reading[T]:
        """A reading that asks nobody."""
        try:
            return Reading(call())
        except MetaAccessError as error:
            return Reading(error=error)

    def _read(self, call: Callable[[], T], host: str, *, after: bool = True) -> Reading[T]:
        if (why := self._why_not(host, after=after)) is not None:
            return Reading(skipped=why)
        try:
            return Reading(call())
        except OfflineError:  # a snapshot does not hold it, or forbids to look
            return Reading(skipped=Skipped.NOT_RECORDED)
        except MetaAccessError as error:
            if isinstance(error, GraphUnreachableError) or (
                isinstance(error, SecretUnreachableError) and not error.code
            ):
                self._unreached |= {host} - {""}
            return Reading(error=error)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one reading hides no other one
            return Reading(error=MetaAccessError(printable(error)))

    def _why_not(self, host: str, *, after: bool) -> Skipped | None:
        if self.offline:
            return Skipped.OFFLINE
        if not after:
            return Skipped.AFTER
        if host in self._unreached:
            return Skipped.UNREACHED
        return Skipped.TIME if SYSTEM_CLOCK.monotonic() > self._end else None


def _nothing(_value: object) -> None:
    """A credential is looked up to know whether it is there, and stays where it is."""


def _path(connection: Connection) -> str:
    return f"meta:connections.{connection.name}"


def graph_host(connection: Connection) -> str:
    """Where Graph of a connection is."""
    return urlsplit(connection.graph_url).netloc


def aws_host(connection: Connection) -> str:
    """Where Secrets Manager of a connection is; regions fail one by one."""
    own = connection.aws.endpoint_url
    return f"Secrets Manager {f'in {connection.aws.region}' if own is None else f'at {urlsplit(own).netloc}'}"


def _source(connection: Connection, reference: str) -> str:
    """The host that a reference leads to; none for a variable."""
    kind = reference.partition(":")[0]
    return {"env": "", "emulator": graph_host(connection)}.get(kind, aws_host(connection))


def _is_answered(app: Reading[str]) -> bool:
    """Whether the call for the app left anything that says that the next one would fare better."""
    return app.skipped in {None, Skipped.NOT_RECORDED} and not isinstance(
        app.error, (AuthError, HumanNeededError, ConfigError)
    )


def _token_in(store: SecretStore, seen: Observed) -> Token:
    version = store.read(seen.arn, seen.version_id)
    held = payload.parse(version.text, arn=seen.arn, version_id=seen.version_id) if version else None
    if not isinstance(held, Token):
        raise SecretNotFoundError(f"Secret {seen.secret_name} has no token in its current version.")
    return held


def _headers(client: GraphClient) -> Headers:
    return Headers(machine_time(), client.server_time, client.served_version, client.version_ends, client.used_percent)
