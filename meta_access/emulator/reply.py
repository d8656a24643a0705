"""A Graph answer on the wire: JSON and the headers that come with every one.

Source: https://developers.facebook.com/docs/graph-api/guides/error-handling, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from meta_access.emulator.clock import http_date
from meta_access.emulator.errors import GraphFault
from meta_access.emulator.usage import app_usage
from meta_access.emulator.wsgi import Answer

if TYPE_CHECKING:
    from datetime import datetime


def render(body: Any, *, version: str, now: datetime, headers: dict[str, str]) -> Answer:
    """A successful answer, or a GraphFault as the error it stands for."""
    trace = "A" + secrets.token_urlsafe(17)[:22]
    status = 200
    if isinstance(body, GraphFault):
        status, headers = body.status, {**headers, **body.headers}
        body = body.body(trace)
    sent = {
        "Content-Type": "application/json; charset=UTF-8",
        "Date": http_date(now),
        "Cache-Control": "private, no-cache, no-store, must-revalidate",
        "facebook-api-version": version,
        "x-fb-trace-id": trace,
        "x-fb-debug": secrets.token_urlsafe(32),
        "x-fb-rev": "1000000000",
        **app_usage(),
        **headers,
    }
    if status == 401:  # noqa: PLR2004 - Unauthorized has to say how to authenticate
        sent.setdefault("WWW-Authenticate", 'OAuth "Facebook Platform" "invalid_token"')
    return Answer(status, json.dumps(body, separators=(",", ":")).encode(), tuple(sent.items()))
