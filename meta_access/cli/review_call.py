"""The successful call that App Review wants to see: one cheap read with the connection's own token."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_access.clock import iso
from meta_access.connections import is_offline, settings_of
from meta_access.credentials import credentials_for
from meta_access.errors import MetaAccessError
from meta_access.graph.client import client_for
from meta_access.graph.debug_token import inspect
from meta_access.ids import parse_asset

if TYPE_CHECKING:
    from meta_access.connections import Connection
    from meta_access.graph.debug_token import TokenInfo
    from meta_access.rules.model import TestCall
    from meta_access.spec import Stack


@dataclass(frozen=True, slots=True)
class ReviewCall:
    """How a test call went.

    Attributes:
        made: Whether anything was asked of Meta for it.
        call: What was asked: `GET act_1?fields=id,name`; empty when it is not known.
        at: When Meta answered, by its clock; `ms` how long that took.
        told: All of it in words, or why there was none.
    """

    made: bool
    succeeded: bool
    told: str
    call: str = ""
    at: str = ""
    ms: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Caller:
    """Makes the test calls of one stack; each token is looked at once."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._tokens: dict[str, TokenInfo] = {}

    def make(self, app: str, name: str) -> ReviewCall:
        """Make the call for a permission or feature of an app. Whatever stands against it is told, and no error."""
        row = self._stack.rules.test_calls.get(name)
        if row is None:
            return _none(f"no cheap read that uses {name} is known. Make one with your own product.")
        if is_offline():
            return _none("META_ACCESS_OFFLINE=1 forbids every call. Unset it and repeat.")
        connection = next(
            (one for one in settings_of(self._stack.spec).connections.values() if one.app_name == app), None
        )
        if connection is None:
            return _none(f"no connection of meta:connections acts for app {app}.")
        try:
            return self._through(connection, name, row)
        except MetaAccessError as error:
            return ReviewCall(made=True, succeeded=False, told=f"The test call failed. {error}")

    def _through(self, connection: Connection, name: str, row: TestCall) -> ReviewCall:
        client = client_for(connection)
        if connection.name not in self._tokens:
            self._tokens[connection.name] = inspect(client, credentials_for(connection).admin_token())
        token = self._tokens[connection.name]
        if name in self._stack.rules.permissions and name not in token.scopes:
            holds = ", ".join(token.scopes) or "nothing"
            return _none(
                f"the admin token of connection {connection.name} does not hold {name} (it holds {holds}). Add it to "
                "that identity's scopes, or make the call with your own product."
            )
        places = {
            "business": connection.business_id,
            "user": token.user_id,
            "ad_account": connection.tier_probe or self._asset("ad_account"),
            "page": self._asset("page"),
        }
        lacking = next((word for word, value in places.items() if f"{{{word}}}" in row.path and not value), None)
        if lacking is not None:
            return _none(f"the stack names no {lacking.replace('_', ' ')} to read.")
        path = row.path.format(**places)
        start = time.monotonic()
        client.get(path, {"fields": row.fields})
        ms = round((time.monotonic() - start) * 1000)
        at, review = client.server_time or datetime.now(UTC), self._stack.rules.review
        until = (at + timedelta(days=review.call_within_days)).date()
        call = f"GET {path}?fields={row.fields}"
        told = (
            f"The test call went well: {call}, answered at {iso(at)} in {ms} ms. It counts until {until}, and may take "
            f"{review.call_shown_after_hours} hours to show in the form."
        )
        return ReviewCall(made=True, succeeded=True, told=told, call=call, at=iso(at), ms=ms)

    def _asset(self, kind: str) -> str:
        """Graph's id of the first asset of that kind in the stack's clients; empty when there is none."""
        assets = (parse_asset(asset) for client in self._stack.spec.clients.values() for asset in client.assets)
        return next((asset.graph_id for asset in assets if asset.kind == kind), "")


def _none(why: str) -> ReviewCall:
    return ReviewCall(made=False, succeeded=False, told=f"No test call was made: {why}")
