"""The Graph protocol without IO: what to send for a call, and what an answer means.

Sources: https://developers.facebook.com/docs/graph-api/overview and /docs/facebook-login/security (appsecret_proof),
Graph v26.0, read 2026-11. The token travels in the Authorization header, which keeps it out of URLs and of every
library's log; `client.py` adds it, so that nothing here ever holds one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic import SecretStr

from meta_access import clock
from meta_access.errors import GraphError, GraphUnreachableError, InvalidRequestError, RateLimitedError
from meta_access.graph import codes, usage
from meta_access.redaction import scrub, visible, visible_within

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_PATH = re.compile(r"[A-Za-z0-9_]+(?:/[A-Za-z0-9_]+)*", re.ASCII)
_LONGEST_QUOTE = 300
_OK = range(200, 300)
_REDIRECT = range(300, 400)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, without its token. The parts that may hold a secret do not show in its repr."""

    method: str
    url: str
    query: list[tuple[str, str]] = field(default_factory=list, repr=False)
    form: list[tuple[str, str]] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def proof(token: SecretStr, app_secret: SecretStr) -> str:
    """The `appsecret_proof` of a token: each token needs its own, page tokens and the app token included."""
    key, message = app_secret.get_secret_value().encode(), token.get_secret_value().encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def build(
    method: str,
    base_url: str,
    version: str,
    path: str,
    params: Mapping[str, Any],
    *,
    proof: str,
    in_batch: bool = False,
) -> Request:
    """Build a request.

    Args:
        method: GET, POST or DELETE.
        base_url: Of Graph, without a path.
        version: `v26.0`.
        path: Ids and edges, such as `178435550012345/system_users`.
        params: None is left out; lists, mappings and booleans become JSON, as Meta's own SDKs send them.
        proof: Of the token that will be in the header.
        in_batch: Send the call as the only item of a synchronous batch, whose body holds what would be its URL, so
            that a secret among the parameters stays out of every URL. `unbatched` reads the answer.

    Raises:
        InvalidRequestError: The path is none, so it could lead elsewhere.
    """
    if not _PATH.fullmatch(path):
        problem = "Asking Meta failed: an id holds characters that would change the address."
        raise InvalidRequestError(problem, next_step="Correct the id.")
    pairs = [(name, text(value)) for name, value in params.items() if value is not None]
    pairs.append(("appsecret_proof", proof))
    url = f"{base_url.rstrip('/')}/{version}/{path}"
    if in_batch:
        # Both carry the proof, as Meta's own SDKs send it: the batch for its token, the item for the call.
        items = json.dumps([{"method": method, "relative_url": f"{path}?{urlencode(pairs)}"}], separators=(",", ":"))
        form = [("batch", items), ("appsecret_proof", proof)]
        return Request("POST", f"{base_url.rstrip('/')}/{version}", form=form)
    return Request(method, url, form=pairs) if method == "POST" else Request(method, url, query=pairs)


def unbatched(reply: Reply, doing: str) -> Reply:
    """The answer to the only item of a batch, as if the call had been sent by itself.

    The headers of the batch stay where the item has none of its own. A refusal of the whole batch, and what is no
    answer of Graph's, is returned as it came, for `decode` to judge.

    Args:
        reply: The answer to what `build` made with `in_batch`.
        doing: As in `decode`.

    Raises:
        GraphUnreachableError: The batch was answered and its item was not.
    """
    if reply.status not in _OK:
        return reply
    data = _json(reply.body)
    if data is None or (isinstance(data, dict) and "error" in data):
        return reply
    if data == [None]:
        raise _not_graph(doing, reply, "a batch whose call was not answered in time")
    item = data[0] if isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict) else {}
    code, body = item.get("code"), item.get("body")
    # JSON's true is a number to Python.
    if not isinstance(code, int) or isinstance(code, bool) or not isinstance(body, str | None):
        raise _not_graph(doing, reply, "no answer to a batch of one call")
    return Reply(code, {**reply.headers, **_item_headers(item)}, (body or "").encode("utf-8", "replace"))


def _item_headers(item: dict[str, Any]) -> dict[str, str]:
    rows = item.get("headers")
    return {
        str(row["name"]).lower(): visible(str(row["value"]))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and "name" in row and "value" in row
    }


def decode(reply: Reply, doing: str) -> Any:
    """Return the data of an answer, or raise what it means.

    `true` and `{"success": "true"}` (a string, Meta's answer to a revocation) are data.

    Args:
        reply: The answer.
        doing: For the message: "reading 178435550012345/system_users (connection main)".

    Raises:
        GraphError: Of the class that `codes` names, when Meta answered with an error.
        GraphUnreachableError: When the answer is not Graph's: HTML, empty, cut, a redirect.
    """
    if reply.status in _REDIRECT:
        raise _not_graph(doing, reply, "a redirect, which is never followed since the token would go with it")
    data = _json(reply.body)
    if data is None:
        raise _not_graph(doing, reply, _looks(reply.body))
    if isinstance(data, dict) and "error" in data:
        raise _error(data["error"], reply, doing)
    if reply.status not in _OK:
        raise _not_graph(doing, reply, "JSON that is no error of Meta's")
    if data is False or (isinstance(data, dict) and data.get("success") in (False, "false")):
        raise GraphError(f"Meta did not carry out {doing} and gave no reason.", http_status=reply.status)
    if data is not True and not isinstance(data, (dict, list)):
        raise _not_graph(doing, reply, "JSON of another shape")
    try:
        # Names at Meta are typed by anybody; from here on they reach states, outputs, pages and terminals.
        return visible_within(data)
    except RecursionError:
        raise _not_graph(doing, reply, "JSON of another shape") from None


def served_version(headers: Mapping[str, str]) -> str | None:
    """The Graph version that Meta answered in; None when it does not say."""
    served = headers.get("facebook-api-version")
    return None if served is None else _quote(served)


def version_ends(headers: Mapping[str, str]) -> bool:
    """Whether Meta announces the end of the version that was asked for."""
    return bool(headers.get("x-ad-api-version-warning"))


def version_notice(headers: Mapping[str, str], asked: str) -> str | None:
    """What to tell a person when Meta answered in another API version than was asked; None when all is well."""
    if warning := headers.get("x-ad-api-version-warning"):
        return f"Meta: {_quote(warning)} Raise api_version of this connection."
    served = headers.get("facebook-api-version")
    if served is None or served == asked:
        return None
    return (
        f"Meta answered in version {_quote(served)} although {asked} was asked: {asked} is retired, or not yet there. "
        "Set api_version of this connection to a version that Meta serves."
    )


def server_date(headers: Mapping[str, str]) -> datetime | None:
    """Meta's clock at the time of the answer; None when it sent none that can be read."""
    try:
        return clock.parse_http_date(headers["date"])
    except (KeyError, ValueError):
        return None


def unusable(problem: str) -> GraphUnreachableError:
    """The error for an answer that nobody can go by; the request has reached whatever sent it."""
    advice = "Run the same command again; if it stays, check graph_url of this connection and the network between."
    return GraphUnreachableError(problem, sent=True, next_step=advice)


def _json(body: bytes) -> Any:
    # Returns instead of raising: a decoding error carries the whole body, which may hold a token, into every chain.
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def text(value: object) -> str:
    """A parameter as it is sent."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, (bool, list, tuple, dict)):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def _error(error: object, reply: Reply, doing: str) -> GraphError:
    fields = error if isinstance(error, dict) else {"message": str(error)}
    code, subcode = _number(fields.get("code")), _number(fields.get("error_subcode"))
    verdict = codes.judge(
        code,
        subcode,
        str(fields.get("message", "")),
        transient=fields.get("is_transient") is True,
        http_status=reply.status,
    )
    trace = re.sub(r"[^A-Za-z0-9_-]", "", str(fields.get("fbtrace_id", "")))[:40]
    shown_code = f"code {code}/{subcode}" if subcode else f"code {code}"
    reference = f"{shown_code}, trace {trace}" if trace else shown_code
    waiting = _regain(reply) if verdict.error is RateLimitedError else ""
    parts = (f"Meta refused {doing}: {_said(fields)} ({reference}).", verdict.why, waiting)
    raised = verdict.error(
        " ".join(part for part in parts if part),
        code=code,
        subcode=subcode,
        fbtrace_id=trace,
        http_status=reply.status,
        next_step=verdict.next_step,
    )
    if isinstance(raised, RateLimitedError):
        raised.regain_s = usage.read(reply.headers).regain_s
    return raised


def _said(fields: dict[str, Any]) -> str:
    said = [str(fields[name]) for name in ("message", "error_user_msg") if fields.get(name)]
    data = fields.get("error_data")
    if isinstance(data, dict) and data.get("blame_field_specs"):
        said.append(f"blamed field: {json.dumps(data['blame_field_specs'])}")
    return " - ".join(_quote(text) for text in dict.fromkeys(said)) or "no message"


def _regain(reply: Reply) -> str:
    seconds = usage.read(reply.headers).regain_s
    if seconds is None:
        return "It does not say for how long."
    now = server_date(reply.headers)
    until = f" ({clock.iso(now + timedelta(seconds=seconds))})" if now else ""
    return f"It says access returns in {seconds:.0f} s{until}."


def _not_graph(doing: str, reply: Reply, what: str) -> GraphUnreachableError:
    return unusable(
        f"Meta gave no usable answer to {doing}: {what} (HTTP {reply.status}). Whether it was carried out is not known."
    )


def _looks(body: bytes) -> str:
    start = body[:512].lstrip().lower()
    if not start:
        return "an empty body"
    return "an HTML page" if start.startswith((b"<!doctype", b"<html", b"<")) else "text that is not JSON"


def _quote(text: str) -> str:
    clean = scrub(text).strip()
    return clean if len(clean) <= _LONGEST_QUOTE else clean[:_LONGEST_QUOTE] + "…"


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
