"""Asks the record of each ad account that drifted who did it. What cannot be asked stays unknown, and fails nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from meta_access import snapshot
from meta_access.cli import pulumi_stack
from meta_access.cli.graph_client import client_for
from meta_access.clock import SYSTEM_CLOCK, parse_iso
from meta_access.errors import GraphError, GraphUnreachableError, MetaAccessError
from meta_access.graph import activities
from meta_access.review import authors
from meta_access.review.facts import NoAuthor
from meta_access.stack.connections import is_offline, settings_from_config

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from meta_access.graph.activities import Activity
    from meta_access.graph.client import GraphClient
    from meta_access.review.authors import Drifted
    from meta_access.review.facts import Actor, Fact, Review
    from meta_access.review.steps import EventLog
    from meta_access.stack.connections import Connection

WORKERS = 4
BOUND_S = 30.0
"""For all accounts together: a review is read without them as well."""


def told(review: Review, log: EventLog, stack: str) -> Review:
    """The review with who made each drift; Meta is asked once per account that drifted, and else not at all."""
    wanted = authors.drifted(review, log)
    # A snapshot holds no such record.
    if not wanted or is_offline() or os.environ.get(snapshot.VARIABLE):
        return authors.told(review, {})
    try:
        written = _written(stack)
        connections = settings_from_config(log.config.get).connections
    except MetaAccessError:
        return authors.told(review, {})
    return authors.told(review, _found(wanted, written, connections))


def _written(stack: str) -> dict[str, datetime]:
    """URN to when its resource was last written into the state."""
    found = {}
    for resource in pulumi_stack.resources(pulumi_stack.export(stack)):
        try:
            found[str(resource.get("urn"))] = parse_iso(str(resource.get("modified")))
        except ValueError:
            continue
    return found


def _found(
    wanted: Sequence[Drifted], written: Mapping[str, datetime], connections: Mapping[str, Connection]
) -> dict[Fact, Actor | NoAuthor]:
    found: dict[Fact, Actor | NoAuthor] = {}
    accounts: dict[tuple[str, str], list[Drifted]] = {}
    for one in wanted:
        if one.urn not in written:
            found[one.fact] = NoAuthor.NO_TIME
        elif one.connection in connections:
            accounts.setdefault((one.connection, one.account), []).append(one)
    clients = {name: client_for(connections[name]) for name, _ in accounts}
    end = SYSTEM_CLOCK.monotonic() + BOUND_S

    def read(key: tuple[str, str]) -> list[Activity] | NoAuthor:
        since = min(written[one.urn] for one in accounts[key])
        return _read(clients[key[0]], key[1], since, end)

    with ThreadPoolExecutor(WORKERS) as pool:
        for ones, entries in zip(accounts.values(), pool.map(read, accounts), strict=True):
            for one in ones:
                if isinstance(entries, NoAuthor):
                    found[one.fact] = entries
                else:
                    found[one.fact] = authors.chosen(one, entries, written[one.urn])
    return found


def _read(client: GraphClient, account: str, since: datetime, end: float) -> list[Activity] | NoAuthor:
    def left_s() -> float:
        return end - SYSTEM_CLOCK.monotonic()

    if left_s() <= 0:
        return NoAuthor.NO_ANSWER
    try:
        return activities.of_users(client, account, since, left_s)
    except GraphUnreachableError:
        return NoAuthor.NO_ANSWER
    except GraphError:
        return NoAuthor.REFUSED
    except MetaAccessError:
        return NoAuthor.NO_CREDENTIAL
    except Exception:  # noqa: BLE001 - the review is worth reading without it, whatever a library says
        return NoAuthor.NO_ANSWER
