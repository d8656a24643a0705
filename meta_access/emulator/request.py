"""One Graph request, parsed: method, version, path, and parameters from query, form, multipart or JSON alike.

Source: https://developers.facebook.com/docs/graph-api/overview, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from meta_access.emulator.caller import FOREIGN
from meta_access.emulator.errors import bad_parameter, bad_token, missing_parameter
from meta_access.emulator.tokens import holds_real

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from meta_access.emulator.hosts import Hosts

METHODS = ("GET", "POST", "DELETE")
TRUE = ("true", "1", "yes", "on")
_VERSION = re.compile(r"v\d+\.\d+")
# Whoever reads these refuses a foreign value itself.
JUDGED = ("access_token", "input_token", "fb_exchange_token", "revoke_token", "code", "client_secret", "batch")
_INDEXED = re.compile(r"(\w+)\[(\d*)\]")


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """A request.

    Attributes:
        method: The effective one: a POST that says `method=get` is a GET.
        version: `v26.0`, or None when the path has none.
        path: The parts behind the version.
        params: Parameters without credentials; texts, or decoded JSON from a JSON body.
        token: The access token given, wherever it stood.
        etag: The `If-None-Match` of a read.
    """

    method: str
    version: str | None
    path: tuple[str, ...]
    params: dict[str, Any]
    token: str | None = field(repr=False)
    base_url: str
    etag: str | None = None

    def text(self, name: str) -> str | None:
        """A parameter as text, None when it is absent or empty."""
        value = self.params.get(name)
        if value is None or value == "":
            return None
        return value if isinstance(value, str) else json.dumps(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise missing_parameter(name)
        return value

    def flag(self, name: str) -> bool:
        return (self.text(name) or "").lower() in TRUE

    def decoded(self, name: str) -> Any:
        """A parameter that is JSON, decoded; None when it is absent or empty."""
        value = self.params.get(name)
        if isinstance(value, str):
            return _json(f"Param {name}", value) if value else None
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list: JSON, or texts separated by commas. None when it is absent."""
        value = self.params.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            value = _json(f"Param {name}", value) if value.startswith("[") else value.split(",")
        if not isinstance(value, list):
            raise bad_parameter(f"Param {name} must be an array.")
        return [str(item).strip() for item in value if str(item).strip()]


def _json(what: str, text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the second for a body of brackets
        raise bad_parameter(f"{what} is not valid JSON.") from None


def parse(environ: WSGIEnvironment, hosts: Hosts) -> GraphRequest:
    """Read a request; GraphFault when it cannot be read."""
    request = Request(environ)
    params = _indexed(_pairs(request))
    method = request.method
    override = str(params.pop("method", "") or "").upper()
    if method == "POST" and override in METHODS:
        method = override
    version, path = _path(request.path)
    token = params.pop("access_token", None) or _header_token(request)
    base = hosts.base_url(request)
    etag = request.headers.get("If-None-Match")
    return GraphRequest(method, version, path, params, None if token is None else str(token), base, etag)


def from_item(outer: GraphRequest, method: str, url: str, body: str, token: str | None) -> GraphRequest:
    """The request of one item of a batch; what it does not say itself, the batch says."""
    path, _, query = url.partition("?")
    version, parts = _path(path)
    params = _indexed([*parse_qsl(query, keep_blank_values=True), *parse_qsl(body, keep_blank_values=True)])
    given = params.pop("access_token", None) or token or outer.token
    proofs: dict[str, Any] = {
        name: outer.params[name] for name in ("appsecret_proof", "appsecret_time") if name in outer.params
    }
    if given == outer.token:
        params = {**proofs, **params}
    value = None if given is None else str(given)
    return GraphRequest(method, version or outer.version, parts, params, value, outer.base_url)


def _path(path: str) -> tuple[str | None, tuple[str, ...]]:
    parts = [unquote(part) for part in path.split("/") if part]
    version = parts.pop(0).lower() if parts and _VERSION.fullmatch(parts[0].lower()) else None
    return version, tuple(parts)


def _pairs(request: Request) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = list(request.args.items(multi=True))
    try:
        if request.method in ("GET", "HEAD") and not request.content_length:
            return pairs
        if request.mimetype == "application/json":
            body = _json("the body", request.get_data(as_text=True) or "{}")
            if not isinstance(body, dict):
                raise bad_parameter("The body must be a JSON object.")
            pairs += list(body.items())
        else:
            pairs += list(request.form.items(multi=True))
    except HTTPException:
        raise bad_parameter("The body cannot be read.") from None
    return pairs


def _refuse_real_token(name: str, value: Any) -> None:
    """Refuse a value that looks like a token of Meta's where it would be kept, as a name or a setting is."""
    if name not in JUDGED and holds_real(value if isinstance(value, str) else json.dumps(value)):
        raise bad_token(FOREIGN)


def _indexed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name, value in pairs:
        _refuse_real_token(name, value)
        indexed = _INDEXED.fullmatch(name)
        if indexed is None:
            params[name] = value
        else:  # tasks[]=…, tasks[0]=…: PHP's spelling of a list, which Graph takes
            known = params.setdefault(indexed.group(1), [])
            if isinstance(known, list):
                known.append(value)
    return params


def _header_token(request: Request) -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() or None if scheme.lower() in ("bearer", "oauth") else None
