"""The tokens of a stack, as its exported state has them, and what their secrets tell today."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_access.cli import pulumi_stack
from meta_access.cli.graph_client import client_for
from meta_access.cli.pulumi_stack import StackReadError, resources
from meta_access.cli.stack.state import verify
from meta_access.cli.tokens.orphan_sweep import TOKEN
from meta_access.engine_marks import name_of
from meta_access.errors import MetaAccessError
from meta_access.graph.issuer import issuer_of
from meta_access.graph.patience import Caller, on_behalf_of
from meta_access.providers.payloads import PAYLOADS
from meta_access.providers.system_user_token import SystemUserTokenProvider, observed, region_of
from meta_access.stack.connections import refuse_offline, settings_from_config
from meta_access.stack.credentials import check_pairing
from meta_access.tokens.issuer import Examined, examine
from meta_access.tokens.spec import LAMBDA
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.stack.connections import Connection, Settings
    from meta_access.tokens.observe import Observed
    from meta_access.tokens.store import SecretStore


@dataclass(frozen=True, kw_only=True)
class StackToken:
    """One SystemUserToken of a state.

    Attributes:
        outputs: As the state has them, in today's shape; nothing in them is secret.
    """

    urn: str
    outputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Pulumi name."""
        return name_of(self.urn)

    @property
    def arn(self) -> str:
        return str(self.outputs["arn"])

    @property
    def secret(self) -> str:
        """Name of its secret."""
        return str(self.outputs["secret_name"])

    @property
    def user(self) -> str:
        """Id of its system user."""
        return str(self.outputs["system_user_id"])

    @property
    def rotated_by_aws(self) -> bool:
        """Whether AWS's own rotation mints for it."""
        return bool(self.outputs["rotation_owner"] == LAMBDA)

    @property
    def rotate_secret(self) -> str:
        """The command that starts AWS's own rotation."""
        return f"aws secretsmanager rotate-secret --secret-id {self.arn}"

    def is_credential(self, settings: Settings) -> bool:
        """Whether a connection acts with the token in this secret."""
        return any(self.serves(one) for one in settings.connections.values())

    def serves(self, connection: Connection) -> bool:
        """Whether this connection acts with it."""
        reference = connection.admin_token
        return reference == f"secret:{self.secret}" or reference.startswith(f"aws-secret:{self.arn}#")


@dataclass(frozen=True, kw_only=True)
class StackTokens:
    """What the commands on tokens work with.

    Attributes:
        owner: `project/stack`, as in the tags.
        refused: Why today's configuration cannot be read; the settings are then those of the last good one.
    """

    stack: str
    owner: str
    settings: Settings
    tokens: tuple[StackToken, ...]
    refused: str = ""

    def connection(self, token: StackToken) -> Connection:
        """The connection that a token was made through.

        Raises:
            StackReadError: The configuration has it no more.
        """
        name = str(token.outputs["connection"])
        if name not in self.settings.connections:
            raise StackReadError(
                f"Looking at token {token.name} failed: there is no connection {name!r} in meta:connections, through "
                "which it was made.",
                next_step="Put it back, and run `pulumi up` before it is taken out again.",
            )
        return self.settings.connections[name]

    def store(self, token: StackToken, arn: str = "") -> SecretStore:
        """Secrets Manager of the region in which the token's secret, or another of its secrets, is."""
        connection = self.connection(token)
        check_pairing(connection.graph_url, connection.aws)
        return store_for(replace(connection.aws, region=region_of(arn or token.arn)))

    def look(self, token: StackToken) -> Observed:
        """What its secret tells today, values unread."""
        return observed(self.store(token), token.outputs)

    def examine(self, token: StackToken, version_id: str) -> Examined:
        """Ask Meta about its current token, by the value in that version."""
        issuer = issuer_of(client_for(self.connection(token)))
        with on_behalf_of(Caller(f"token {token.name}", keeps=True)):
            return examine(self.store(token), issuer, token.arn, version_id)


def tokens_of(state: Mapping[str, Any]) -> tuple[StackToken, ...]:
    """The tokens of an exported state; one that only waits for its deletion is none."""
    upgrade = SystemUserTokenProvider().upgrade
    return tuple(
        StackToken(urn=entry["urn"], outputs=upgrade(entry["outputs"]))
        for entry in resources(dict(state))
        if entry.get("type") == TOKEN and isinstance(entry.get("outputs"), dict) and not entry.get("delete")
    )


def read(stack: str | None, why: str) -> StackTokens:
    """Read a stack: state, with its payloads verified, and connections.

    Raises:
        StackReadError: It cannot be read, or pulumi would run code of somebody else's from its state.
        OfflineError: `why`, a sentence, when the runner forbids every call.
    """
    refuse_offline(why)
    name = stack or pulumi_stack.selected()
    state = pulumi_stack.export(name)
    # A program of one's own may hold other packages' resources. Their plugins come from no state: none is fetched
    # (`plugins.installed_only`), and what is installed here its owner has installed. So they hold up no rotation.
    if findings := [found for found in verify(state, PAYLOADS) if not found.foreign]:
        raise StackReadError(
            f"The state of stack {name} holds a provider that this version did not write, in {findings[0].resource}: "
            f"{findings[0].reason}. pulumi would execute it, so nothing was run.",
            next_step="See `meta-access state verify`.",
        )
    settings, refused = _settings(name)
    return StackTokens(
        stack=name,
        owner=f"{pulumi_stack.find(Path.cwd()).name}/{name}",
        settings=settings,
        tokens=tokens_of(state),
        refused=refused,
    )


def _settings(name: str) -> tuple[Settings, str]:
    """The connections of a stack, and why they are not today's."""
    try:
        return settings_from_config(pulumi_stack.config(name).get), ""
    except MetaAccessError as error:
        refused = error
    good = pulumi_stack.last_good_config(name)
    if good is None:
        raise refused
    return settings_from_config(good.values.get), str(refused)
