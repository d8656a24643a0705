"""Reads of Graph in a snapshot: how a question is written down there, and how an answer or a refusal comes back.

Only what Meta says about a thing is recorded. Throttles, outages and what it says about a credential are of the moment,
so a read that ended with one stays unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from meta_access import redaction, snapshot
from meta_access.errors import (
    GraphError,
    HumanNeededError,
    InvalidRequestError,
    LimitReachedError,
    NotFoundError,
    PermissionDeniedError,
)
from meta_access.graph import wire
from meta_access.graph.auth import Auth, TokenAuth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from meta_access.connection import Connection

_REFUSALS: dict[str, type[GraphError]] = {
    kind.__name__: kind
    for kind in (HumanNeededError, InvalidRequestError, LimitReachedError, NotFoundError, PermissionDeniedError)
}


def question(
    connection: Connection, method: str, path: str, params: Mapping[str, Any], auth: Auth | TokenAuth
) -> dict[str, Any] | None:
    """A read as a snapshot names it; None for a write, and for what is asked with a secret or about one.

    A connection's own token stands there by its role.
    """
    secret = isinstance(auth, TokenAuth) or any(isinstance(value, SecretStr) for value in params.values())
    if method != "GET" or secret:
        return None
    assert isinstance(auth, Auth)
    given = {name: value for name, value in params.items() if value is not None}
    texts = {name: f"<{value.value}>" if isinstance(value, Auth) else wire.text(value) for name, value in given.items()}
    return {"service": "graph", "connection": connection.name, "as": auth.value, "path": path, "params": texts}


def keep(asked: Mapping[str, Any] | None, answer: Any, tier: str | None, at: datetime | None) -> None:
    """Record an answer, with the tier that its headers showed."""
    if asked is not None:
        snapshot.record(asked, {"data": _without_links(answer), "tier": tier}, at)


def keep_refusal(asked: Mapping[str, Any] | None, refusal: GraphError, at: datetime | None) -> None:
    """Record a refusal, if it is about what was asked."""
    kind = type(refusal).__name__
    if asked is None or kind not in _REFUSALS:
        return
    told = {
        "kind": kind,
        "problem": redaction.scrub(refusal.problem),
        "next_step": refusal.next_step,
        "code": refusal.code,
        "subcode": refusal.subcode,
        "http_status": refusal.http_status,
    }
    snapshot.record(asked, {"refusal": told}, at)


def recalled(found: Mapping[str, Any]) -> Any:
    """The data of a recorded answer.

    Raises:
        GraphError: It was refused.
    """
    told = found.get("refusal")
    if told is None:
        return found["data"]
    raise _REFUSALS[told["kind"]](
        told["problem"],
        code=told["code"],
        subcode=told["subcode"],
        http_status=told["http_status"],
        next_step=told["next_step"],
    )


def _without_links(answer: Any) -> Any:
    """The answer without the links to its other pages, which hold the token; that there are more stays.

    An expanded edge has links of its own.
    """
    if isinstance(answer, list):
        return [_without_links(part) for part in answer]
    if not isinstance(answer, dict):
        return answer
    found = {name: _without_links(part) for name, part in answer.items()}
    if isinstance(paging := answer.get("paging"), dict):
        found["paging"] = {"cursors": paging.get("cursors"), "next": bool(paging.get("next"))}
    return found
