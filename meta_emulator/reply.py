"""A Graph answer on the wire: JSON, and the headers that come with every one.

Source: https://developers.facebook.com/docs/graph-api/guides/error-handling, Graph v26.0, read 2026-11. There are no
ETags, and `debug` and `pretty` do nothing: Meta has ended them in every version (`legacy.py`).
`Access-Control-Allow-Origin: *` is in recorded answers of 2016 to 2023 (GET and POST, read 2026-12-01); no recorded
answer to a preflight was found, so that one allows what pages ask for.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_emulator.clock import http_date
from meta_emulator.errors import GraphFault
from meta_emulator.usage import app_usage
from meta_emulator.wsgi import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from meta_emulator.request import GraphRequest

OK, FOUND = 200, 302
# Web pages of any origin may read an answer, so what must stay secret from them (the control API) has no such header.
ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Another address, to which a picture leads."""

    location: str


def render(
    body: Any,
    *,
    version: str,
    now: datetime,
    headers: Mapping[str, str] | None = None,
    request: GraphRequest | None = None,
) -> Answer:
    """A successful answer, or a GraphFault as its error.

    Args:
        body: What to send as JSON, a Redirect, or a GraphFault.
        version: The Graph version that served the call.
        now: The emulator's time.
        headers: Extra ones.
        request: None for one that could not be read.
    """
    trace = "A" + secrets.token_urlsafe(17)[:22]
    status = OK
    extra = dict(headers or {})
    if isinstance(body, GraphFault):
        status, extra = body.status, {**extra, **body.challenge(), **body.headers}
        body = body.body(trace)
    sent = {
        "Content-Type": "application/json; charset=UTF-8",
        "Date": http_date(now),
        "Cache-Control": "private, no-cache, no-store, must-revalidate",
        "facebook-api-version": version,
        "x-fb-trace-id": trace,
        "x-fb-debug": secrets.token_urlsafe(32),
        "x-fb-rev": "1000000000",
        "x-app-usage": app_usage(0),
        ANY_ORIGIN[0]: ANY_ORIGIN[1],
        **extra,
    }
    if isinstance(body, Redirect):
        return Answer(FOUND, b"", (*sent.items(), ("Location", body.location)))
    if request is not None and request.flag("suppress_http_code"):
        status = OK
    return Answer(status, json.dumps(body, separators=(",", ":")).encode(), tuple(sent.items()))


def preflight(asked: str, now: datetime) -> Answer:
    """The answer to a browser that asks before a page's call: `asked` are the headers that the page wants to send."""
    headers = [ANY_ORIGIN, ("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"), ("Date", http_date(now))]
    if asked.isascii() and asked.isprintable() and asked:
        headers.append(("Access-Control-Allow-Headers", asked))
    return Answer(OK, b"", tuple(headers))
