"""One look at Meta and one at Secrets Manager per connection, before anything is planned.

It turns what would be a failure of some resource, in the middle of a run, into one message that names the setting.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access import errors, findings
from meta_access.endpoints import is_loopback
from meta_access.errors import ConfigError, MetaAccessError, NotRecordedError, Problem
from meta_access.graph.admin_token import Doubts, examine, refused
from meta_access.graph.client import Auth, client_for
from meta_access.graph.debug_token import inspect
from meta_access.graph.tiers import probe
from meta_access.parallel import together
from meta_access.stack.plan import SUFFIX, identities
from meta_access.stack.tier import TierSeen, seen_in
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from meta_access.rules import RuleSet
    from meta_access.stack.connections import Connection, Settings
    from meta_access.stack.load import Stack
    from meta_access.tokens.issuer import TokenFacts


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
def preflight(stack: Stack, settings: Settings, beside: Sequence[Callable[[], None]] = ()) -> Preflight:
    """Look at every connection, and answer what each shows of its app's tier and of its admin token.

    Args:
        stack: What is looked at for.
        settings: Of the stack.
        beside: What else is to be read meanwhile, once no token is refused.

    Raises:
        ConfigError: With the problems of all of them.
    """
    secrets, connections = _planned_secrets(stack), settings.connections.values()
    tokens, looked = list[_Token](), list[_Looked]()

    def ask() -> None:
        tokens.extend(together([partial(_ask, one) for one in connections]))

    together([ask, lambda: _open(connections)])
    # A refused token is not used for anything more.
    rules = None if any(one.problems for one in tokens) else stack.rules

    def look() -> None:
        pairs = zip(connections, tokens, strict=True)
        looked.extend(together([partial(_look, one, token, secrets.get(one.name), rules) for one, token in pairs]))

    together([look, *(beside if rules is not None else [])])
    if problems := [problem for one in looked for problem in one.problems]:
        raise ConfigError(problems)
    seen = dict(zip(settings.connections, looked, strict=True))
    return Preflight(
        {name: one.tier for name, one in seen.items() if one.tier is not None},
        {name: one.doubts for name, one in seen.items() if one.doubts.says},
    )


@dataclass(frozen=True, slots=True)
class _Token:
    """What Meta says of a connection's admin token.

    Attributes:
        info: None where it is not known.
        alone: Secrets Manager is not to be asked: nothing would answer there either.
    """

    problems: tuple[Problem, ...] = ()
    info: TokenFacts | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class _Looked:
    problems: tuple[Problem, ...]
    tier: TierSeen | None
    doubts: Doubts


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


def _open(connections: Iterable[Connection]) -> None:
    """Make the clients of Secrets Manager while Meta is asked; what they meet is told when they are used."""
    for one in connections:
        with contextlib.suppress(MetaAccessError):
            store_for(one.aws)


def _ask(connection: Connection) -> _Token:
    try:
        info = inspect(client_for(connection), Auth.ADMIN)
    except ConfigError as error:
        return _Token(tuple(error.problems))
    except NotRecordedError:
        return _Token(alone=True)  # a connection that the snapshot does not know, with its secrets
    except MetaAccessError as error:
        # An emulator that does not run has neither door open: one message says it.
        closed = isinstance(error, errors.GraphUnreachableError) and not error.sent and _emulated(connection)
        return _Token((_problem(f"meta:connections.{connection.name}", error),), alone=closed)
    return _Token(tuple(refused(connection, info)), info)


def _look(connection: Connection, token: _Token, secret: str | None, rules: RuleSet | None) -> _Looked:
    """Look at the rest of a connection; without rules at Secrets Manager alone."""
    found: list[Problem] = [*token.problems]
    tiers, doubts = list[TierSeen](), list[Doubts]()

    def store() -> None:
        if secret is not None and not token.alone:
            found.extend(_secrets_manager(connection, secret))

    def tier() -> None:
        if rules is not None:
            tiers.append(_tier(connection, rules))

    def admin() -> None:
        if rules is not None and token.info is not None:
            client = client_for(connection)
            doubts.append(examine(client, token.info, client.now()))

    together([store, tier, admin])
    return _Looked(tuple(found), next(iter(tiers), None), next(iter(doubts), Doubts()))


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
