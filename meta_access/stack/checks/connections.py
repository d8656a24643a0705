"""Endpoints, versions and references of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.endpoints import REAL_GRAPH_HOST, base_url, check_pairing, is_loopback
from meta_access.errors import ConfigError
from meta_access.stack.fields import EMULATOR, IDENTITY
from meta_access.stack.models import PROD
from meta_access.stack.plan import SUFFIX, kind_of, secret_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.stack.draft import Draft
    from meta_access.stack.models import ConnectionSpec
    from meta_access.stack.problems import Loc


def check_connections(draft: Draft) -> Iterator[Problem]:
    """Each connection on its own, then whether Meta itself may be called from this environment."""
    for key, connection in draft.spec.connections.items():
        at: Loc = ("connections", key)
        if not draft.is_broken(*at, "graph_url") and not draft.is_broken(*at, "aws"):
            yield from _endpoints(draft, at, connection)
        yield from _admin_token(draft, at, connection)
        if connection.tier_probe is not None and kind_of(connection.tier_probe) != "ad_account":
            text = "is no ad account; the tier shows in the answer to a read of one."
            yield draft.problem((*at, "tier_probe"), text, "write act_ and digits.")
    yield from _real_graph(draft)


def _endpoints(draft: Draft, at: Loc, connection: ConnectionSpec) -> Iterator[Problem]:
    settings: Any = connection.aws  # has the attribute that check_pairing looks at
    try:
        check_pairing(connection.graph_url, settings, path=f"meta:connections.{at[1]}")
    except ConfigError as error:
        yield from error.problems
        return
    if is_loopback(base_url(connection.graph_url, "")):
        return
    for field in ("app_secret", "admin_token"):
        if getattr(connection, field) == EMULATOR:
            text = "emulator: works against the emulator only, and graph_url is not on this machine."
            yield draft.problem((*at, field), text, "write env:META_NAME or aws-secret:ARN#key.")


def _admin_token(draft: Draft, at: Loc, connection: ConnectionSpec) -> Iterator[Problem]:
    key = connection.admin_token.removeprefix(IDENTITY)
    identity = draft.spec.identities.get(key) if connection.admin_token.startswith(IDENTITY) else None
    if identity is None:
        return
    if not identity.has_token:
        text = f"{key} has token: none, so this stack keeps no token of it."
        yield draft.problem((*at, "admin_token"), text, f"remove that line at meta:identities.{key}, or name another.")
        return
    if SUFFIX in secret_of(draft.spec, key, identity):
        text = f"the secret of {key} has a random suffix, so nobody knows its name before it exists."
        yield draft.problem((*at, "admin_token"), text, f"give meta:identities.{key} a secret without {SUFFIX}.")
    if identity.role != "ADMIN":
        text = f"{key} is no admin system user, and only one of those may create system users."
        yield draft.problem((*at, "admin_token"), text, f"write role: ADMIN at meta:identities.{key}, or name another.")


def _real_graph(draft: Draft) -> Iterator[Problem]:
    spec = draft.spec
    sound = [key for key in spec.connections if not draft.is_broken("connections", key, "graph_url")]
    real = [key for key in sound if _host(spec.connections[key].graph_url) == REAL_GRAPH_HOST]
    if draft.is_broken("environment") or draft.is_broken("confirm_real_graph"):
        return
    if real and spec.environment != PROD and not spec.confirm_real_graph:
        text = (
            f"environment {spec.environment} would call Meta itself (connection {', '.join(real)}), "
            "and calls at every access level act on production data."
        )
        fix = "write meta:confirm_real_graph: true if that is meant, or set graph_url to the emulator."
        yield draft.problem(("confirm_real_graph",), text, fix)


def _host(graph_url: str) -> str | None:
    try:
        return base_url(graph_url, "").hostname
    except ConfigError:
        return None  # the check of the endpoints reports it
