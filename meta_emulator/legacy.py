"""What Meta has ended of Graph's old protocol: five behaviours for everybody, six features for apps that are new.

Ended in v26.0, and in every version since 27 October 2026: `pretty`, `debug` and `If-None-Match` are ignored (no
indentation, no `__debug__`, no ETag and no 304), `date_format` and `GET /?ids=` are errors. Source:
https://developers.facebook.com/docs/graph-api/changelog/version26.0, "Legacy Graph API protocol features deprecated",
as quoted in public code that read it on 2026-09-23 and 2026-10-01; read 2026-12-01.
Ended for apps created since 4 November 2026, in every version: multi-ID requests, date/time formatting, HTTP method
override, field aliases, JSONP callbacks, asynchronous batch requests. Source:
https://developers.facebook.com/blog/post/2026/11/04/introducing-graph-api-v27-and-marketing-api-v27/, read 2026-12-01.
The text about `ids` at the root is as users report it; they see it with status 500, which here would mean that the
emulator broke. The other texts, and the code 100 of all, are ours (inferred): no report of them was found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meta_emulator.errors import GraphFault, bad_parameter

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.request import GraphRequest
    from meta_emulator.world import App

_ALIAS = re.compile(r"\.\s*as\s*\(")


def check(call: GraphCall) -> None:
    """GraphFault for a call that uses what Meta has ended for its app; its token is judged before."""
    request = call.request
    ended, closed = _ended(request), _closed_to_new(request)
    if ended is None and closed is None:
        return
    app = _app(call)
    if ended is not None:
        raise ended
    if app is None or not app.legacy:
        raise bad_parameter(f"{closed} cannot be used by apps that were created since November 4, 2026.")
    if asynchronous(request):
        raise bad_parameter("This emulator serves no asynchronous batch requests.")


def asynchronous(request: GraphRequest) -> bool:
    """Whether a call is an asynchronous batch request, in one of the forms that public code sends."""
    if request.method != "POST":
        return False
    params = request.params
    return "asyncbatch" in params or "adbatch" in params or ("batch" in params and request.flag("async"))


def _ended(request: GraphRequest) -> GraphFault | None:
    if "date_format" in request.params:
        return bad_parameter("The date_format query parameter is deprecated in v26.0+.")
    if "ids" in request.params and not request.path and request.method == "GET":
        return GraphFault(100, "The ids query parameter is deprecated in v26.0+.")
    return None


def _closed_to_new(request: GraphRequest) -> str | None:
    """The name of a feature that a call uses and new apps cannot."""
    if request.sent is not None:
        return "HTTP method override"
    if not request.params:
        return None
    if "ids" in request.params and request.method == "GET":
        return "Multi-ID requests"
    if request.text("callback") is not None:
        return "JSONP callbacks"
    if _ALIAS.search(request.text("fields") or ""):
        return "Field aliases"
    return "Asynchronous batch requests" if asynchronous(request) else None


def _app(call: GraphCall) -> App | None:
    """The calling app: that of the token, or the one that a call without a token names."""
    client = call.request.text("client_id")
    if call.request.token is None and client is not None:
        return call.world.app(client)
    return call.caller.app
