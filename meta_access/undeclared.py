"""Reads who has access to what a stack declares, and judges it: for `meta-access who`, and in brief for a preview.

The program does it, and in previews alone: there everybody reads it, and nothing that keeps access alive waits for it.
The lists are those of whole businesses, so that the calls are as many as their pages, whatever the stack declares.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from meta_access import access
from meta_access.errors import MetaAccessError
from meta_access.findings import Undeclared
from meta_access.graph import holders
from meta_access.graph.client import client_for, meta_time
from meta_access.ids import parse_asset
from meta_access.parallel import together
from meta_access.stack import time_limits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from meta_access.access import Access, Judged
    from meta_access.graph.client import GraphClient
    from meta_access.stack.connections import Settings
    from meta_access.stack.load import Stack

BOUND_S = 30.0
"""For the lists of all businesses together: a preview is read without them as well."""


def look(stack: Stack, clients: Sequence[GraphClient], users: Mapping[str, str]) -> Judged:
    """Read each business once, and judge what is there.

    Args:
        stack: As it is typed.
        clients: One for each business.
        users: Identity to the id of its system user, as the state has it.

    Raises:
        GraphError: Meta refused the token, throttles longer than is waited for, or failed.
        GraphUnreachableError: It was not reached.
    """
    kinds = sorted({parse_asset(asset).kind for client in stack.spec.clients.values() for asset in client.assets})
    seen = together([partial(holders.read, client, kinds) for client in clients])
    today = (meta_time(clients) or datetime.now(UTC)).date()
    return access.judge(time_limits.on(stack, today), seen, users, today)


def in_brief(
    stack: Stack, settings: Settings, users: Mapping[str, str], held: Collection[tuple[str, str]] = ()
) -> Undeclared:
    """What a preview says of it. Trouble of any kind is a reason in it: a preview has more to show.

    Args:
        stack: As it is typed.
        settings: Of the stack.
        users: As in `look`.
        held: System user's id and asset of each assignment in the state. One that no line declares any more goes with
            this update, and the preview shows that as a loss.
    """
    if not (stack.spec.clients or stack.spec.identities):
        return Undeclared()
    clients = [client_for(one).within(BOUND_S) for one in settings.of_businesses]
    try:
        judged = look(stack, clients, users)
        rows = tuple(row for row in judged.rows if not ((row.holder.id, row.asset) in held and _is_whole(row)))
        return access.in_brief(replace(judged, rows=rows))
    except MetaAccessError as error:
        return Undeclared(why=str(error))


def _is_whole(row: Access) -> bool:
    """Whether no line declares any of it."""
    return set(row.tasks) <= set(row.undeclared)
