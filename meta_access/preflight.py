"""One look at Meta and one at Secrets Manager per connection, before anything is planned.

It turns what would be a failure of some resource, in the middle of a run, into one message that names the setting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access import errors, findings
from meta_access.endpoints import is_loopback
from meta_access.errors import ConfigError, MetaAccessError, NotRecordedError, Problem
from meta_access.graph.admin_token import Doubts, examine, refused
from meta_access.graph.client import Auth, client_for
from meta_access.graph.debug_token import inspect
from meta_access.graph.tiers import probe
from meta_access.stack.plan import SUFFIX, identities
from meta_access.stack.tier import TierSeen, seen_in
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from meta_access.rules import RuleSet
    from meta_access.stack.connections import Connection, Settings
    from meta_access.stack.load import Stack


@dataclass(frozen=True, slots=True)
class Preflight:
    """What the look showed.

    Attributes:
        tiers: By connection.
        doubts: By connection: what a person should know of its admin token; nothing for one that is as it should be.
    """

    tiers: dict[str, TierSeen] = field(default_factory=dict)
    doubts: dict[str, Doubts] = field(default_factory=dict)


@findings.noted()
def preflight(stack: Stack, settings: Settings) -> Preflight:
    """Look at every connection, and answer what each shows of its app's tier and of its admin token.

    Raises:
        ConfigError: With the problems of all of them.
    """
    secrets = _planned_secrets(stack)
    seen = Preflight()
    problems = [found for one in settings.connections.values() for found in _look(one, secrets.get(one.name), seen)]
    if problems:
        raise ConfigError(problems)
    seen.tiers.update((name, _tier(one, stack.rules)) for name, one in settings.connections.items())
    return seen


def _tier(connection: Connection, rules: RuleSet) -> TierSeen:
    """One cheap read for its headers. Whatever it answers, the tier is read, never guessed."""
    if connection.tier_probe is None:
        return TierSeen(None, f"meta:connections.{connection.name} names no tier_probe to read a header of.")
    try:
        return seen_in(rules, probe(client_for(connection), connection.tier_probe))
    except MetaAccessError as error:
        return TierSeen(None, f"The read of {connection.tier_probe} failed: {error}")


def _planned_secrets(stack: Stack) -> dict[str, str]:
    """One name per connection to ask about. A random suffix is not known yet, and any answer serves."""
    plans = (plan for plan in identities(stack.spec, stack.rules) if plan.has_token)
    return {plan.connection: plan.secret.replace(SUFFIX, "0" * 8) for plan in plans}


def _look(connection: Connection, secret: str | None, seen: Preflight) -> list[Problem]:
    path = f"meta:connections.{connection.name}"
    found: list[Problem] = []
    try:
        client = client_for(connection)
        info = inspect(client, Auth.ADMIN)
        found += refused(connection, info)
        if not found and (doubt := examine(client, info, client.now())).says:
            seen.doubts[connection.name] = doubt
    except ConfigError as error:
        found += error.problems
    except NotRecordedError:
        return []  # a connection that the snapshot does not know, with its secrets
    except MetaAccessError as error:
        found.append(_problem(path, error))
        # An emulator that does not run has neither door open: one message says it.
        if isinstance(error, errors.GraphUnreachableError) and not error.sent and _emulated(connection):
            return found
    return found + (_secrets_manager(connection, secret) if secret is not None else [])


def _secrets_manager(connection: Connection, secret: str) -> list[Problem]:
    try:
        store_for(connection.aws).describe(secret)
    except (errors.SecretNotFoundError, NotRecordedError):
        return []
    except MetaAccessError as error:
        return [_problem(f"meta:connections.{connection.name}.aws", error)]
    return []


def _problem(path: str, error: MetaAccessError) -> Problem:
    fix = error.next_step or "Correct the connection, then run again."
    return Problem(path, error.problem, fix[0].lower() + fix[1:])


def _emulated(connection: Connection) -> bool:
    return is_loopback(urlsplit(connection.graph_url))
