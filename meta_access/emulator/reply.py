"""A Graph answer on the wire: JSON and the headers that come with every one, ETags, and what debugging adds.

Source: https://developers.facebook.com/docs/graph-api/guides/error-handling, …/guides/debugging and
https://developers.facebook.com/docs/marketing-api/etags, Graph v26.0, read 2026-11. `Access-Control-Allow-Origin: *`
stands in recorded answers of 2016 to 2023 (GET and POST, read 2026-12-01); no recorded answer to a preflight was found,
so that one allows what pages ask for.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any

from meta_access.emulator.clock import http_date
from meta_access.emulator.errors import GraphFault
from meta_access.emulator.usage import app_usage
from meta_access.emulator.wsgi import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from meta_access.emulator.request import GraphRequest

OK, NOT_MODIFIED, UNAUTHORIZED = 200, 304, 401
# Web pages of any origin may read an answer, so what must stay secret from them (the control API) has no such header.
ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")
DEBUG = ("all", "info", "warning")  # the values of `debug`: what it shows besides errors


def render(
    body: Any,
    *,
    version: str,
    now: datetime,
    headers: Mapping[str, str] | None = None,
    request: GraphRequest | None = None,
    messages: Sequence[Mapping[str, str]] = (),
) -> Answer:
    """A successful answer, or a GraphFault as the error it stands for.

    Args:
        body: What to send as JSON, or a GraphFault.
        version: The Graph version that served the call.
        now: The emulator's time.
        headers: Extra ones.
        request: None for one that could not be read.
        messages: What `debug` shows.
    """
    trace = "A" + secrets.token_urlsafe(17)[:22]
    status = OK
    extra = dict(headers or {})
    if isinstance(body, GraphFault):
        status, extra = body.status, {**extra, **body.headers}
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
    if status == UNAUTHORIZED:
        # It has to say how to authenticate.
        sent.setdefault("WWW-Authenticate", 'OAuth "Facebook Platform" "invalid_token"')
    if request is None:
        return Answer(status, _json(body), tuple(sent.items()))
    text = _json(_debugged(body, request, messages), pretty=request.flag("pretty"))
    if request.method == "GET" and status == OK:
        sent["ETag"] = f'"{hashlib.blake2b(text, digest_size=20).hexdigest()}"'
        if request.etag is not None and sent["ETag"] in [tag.strip() for tag in request.etag.split(",")]:
            return Answer(NOT_MODIFIED, b"", tuple(sent.items()))
    return Answer(OK if request.flag("suppress_http_code") else status, text, tuple(sent.items()))


def preflight(asked: str, now: datetime) -> Answer:
    """The answer to a browser that asks before a page's call: `asked` are the headers that the page wants to send."""
    headers = [ANY_ORIGIN, ("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"), ("Date", http_date(now))]
    if asked.isascii() and asked.isprintable() and asked:
        headers.append(("Access-Control-Allow-Headers", asked))
    return Answer(OK, b"", tuple(headers))


def _json(body: Any, *, pretty: bool = False) -> bytes:
    return (json.dumps(body, indent=2) if pretty else json.dumps(body, separators=(",", ":"))).encode()


def _debugged(body: Any, request: GraphRequest, messages: Sequence[Mapping[str, str]]) -> Any:
    wanted = request.params.get("debug")
    if wanted not in DEBUG or not isinstance(body, dict):
        return body
    shown = [message for message in messages if wanted in ("all", message["type"])]
    return {**body, "__debug__": {"messages": shown} if shown else {}}
