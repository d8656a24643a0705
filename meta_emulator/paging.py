"""Pages of an edge: cursors in both directions, `next` and `previous` links, `summary`.

Source: https://developers.facebook.com/docs/graph-api/results, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from meta_emulator.errors import bad_parameter
from meta_emulator.fields import show_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_emulator.call import GraphCall
    from meta_emulator.fields import Node
    from meta_emulator.request import GraphRequest

DEFAULT_LIMIT = 25
MOST = 5000
# Parameters that a link to another page does not repeat: it has a cursor of its own, and its own proof has to be made.
LEFT_OUT = ("limit", "after", "before", "appsecret_proof", "appsecret_time", "callback")


def page(nodes: Sequence[Node], keys: Sequence[str], call: GraphCall) -> dict[str, Any]:
    """One page of an edge.

    Args:
        nodes: All rows, in the edge's order.
        keys: What a cursor points at, one per row; unique.
        call: For its parameters `limit`, `after`, `before`, `fields` and `summary`.
    """
    request, version = call.request, call.served.version
    limit = _limit(request)
    start, end = _window(keys, request, limit)
    rows = show_all(nodes[start:end], call)
    answer: dict[str, Any] = {"data": rows}
    if rows:
        before, after = _cursor(keys[start]), _cursor(keys[end - 1])
        paging: dict[str, Any] = {"cursors": {"before": before, "after": after}}
        if end < len(nodes):
            paging["next"] = _link(request, version, limit, after=after)
        if start > 0:
            paging["previous"] = _link(request, version, limit, before=before)
        answer["paging"] = paging
    summary = request.text("summary")
    if summary is not None and summary.lower() not in ("false", "0"):
        answer["summary"] = {"total_count": len(nodes)}
    return answer


def _limit(request: GraphRequest) -> int:
    text = request.text("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= MOST:
        raise bad_parameter(f"Param limit must be a number between 1 and {MOST}.")
    return int(text)


def _window(keys: Sequence[str], request: GraphRequest, limit: int) -> tuple[int, int]:
    after, before = request.text("after"), request.text("before")
    if after is not None:
        start = _position(keys, after) + 1
        return start, min(start + limit, len(keys))
    if before is not None:
        end = _position(keys, before)
        return max(0, end - limit), end
    return 0, min(limit, len(keys))


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _position(keys: Sequence[str], cursor: str) -> int:
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        key = ""
    if key not in keys:
        # Also for a cursor whose row is gone: clients must not store cursors.
        raise bad_parameter("Invalid cursors values.")
    return list(keys).index(key)


def _link(request: GraphRequest, version: str, limit: int, **cursor: str) -> str:
    # Meta puts the caller's token into its links, whatever way it came; clients have to keep them out of their logs.
    # The link repeats the call's parameters, or its next page would be another list; it leaves out the proof.
    kept = {name: request.text(name) for name in request.params if name not in LEFT_OUT}
    query = {"access_token": request.token, **kept, "limit": str(limit), **cursor}
    path = "/".join((request.base_url, version, *request.path))
    return f"{path}?{urlencode({name: value for name, value in query.items() if value is not None})}"
