"""One Graph request, parsed: method, version, path, and parameters from query, form, multipart or JSON alike.

Source: https://developers.facebook.com/docs/graph-api/overview, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, unquote_plus

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from meta_emulator.errors import FOREIGN, bad_parameter, bad_token, missing_parameter
from meta_emulator.tokens import holds_real

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from meta_emulator.hosts import Hosts

METHODS = ("GET", "POST", "DELETE")
TRUE = ("true", "1", "yes", "on")
_VERSION = re.compile(r"v\d+\.\d+")
# The code that reads these refuses a foreign value itself.
JUDGED = ("access_token", "input_token", "fb_exchange_token", "revoke_token", "code", "client_secret", "batch")
_INDEXED = re.compile(r"(\w+)\[(\d*)\]")
# A pair of a backslash is taken outside of strings too, so that no text is searched twice for an end that it lacks.
_STRING = re.compile(r"""\\.|"(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'""", re.DOTALL)
_ESCAPED = re.compile(r"\\.|\"", re.DOTALL)
CLIENT_CALL = ("oauth", "access_token")  # takes the app's credentials as HTTP Basic, too


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """A request.

    Attributes:
        method: The effective one: a POST that says `method=get` is a GET.
        sent: The method of HTTP where the parameter `method` names another one, None where it does not.
        version: `v26.0`, or None when the path has none.
        path: The parts after the version.
        params: Parameters without credentials; texts, or decoded JSON from a JSON body.
        token: The access token, from any place of the request.
    """

    method: str
    version: str | None
    path: tuple[str, ...]
    params: dict[str, Any]
    token: str | None = field(repr=False)
    base_url: str
    sent: str | None = None

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
            return lenient_json(f"Param {name}", value) if value else None
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list: JSON, or texts separated by commas. None when it is absent."""
        value = self.params.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            value = lenient_json(f"Param {name}", value) if value.lstrip().startswith("[") else value.split(",")
        if not isinstance(value, list):
            raise bad_parameter(f"Param {name} must be an array.")
        return [str(item).strip() for item in value if str(item).strip()]


def lenient_json(what: str, text: str) -> object:
    """JSON, or JSON with single quotes as Meta's guides and many scripts write it; GraphFault for what is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the second for a body of brackets
        pass
    try:
        return json.loads(_STRING.sub(_in_double_quotes, text))
    except (ValueError, RecursionError):
        raise bad_parameter(f"{what} is not valid JSON.") from None


def _in_double_quotes(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[0]
    inner = _ESCAPED.sub(lambda one: {"\\'": "'", '"': '\\"'}.get(one[0], one[0]), found[1])
    return f'"{inner}"'


def parse(environ: WSGIEnvironment, hosts: Hosts) -> GraphRequest:
    """Read a request; GraphFault when it cannot be read."""
    request = Request(environ)
    params = _indexed(_pairs(request))
    method, sent = _overridden(request.method, params)
    version, path = _path(request.path)
    token = params.pop("access_token", None) or _header_token(request)
    if path == CLIENT_CALL:
        params = {**_basic(request), **params}
    base = hosts.base_url(request)
    return GraphRequest(method, version, path, params, None if token is None else str(token), base, sent)


def from_item(outer: GraphRequest, method: str, url: str, body: str, token: str | None) -> GraphRequest:
    """The request of one item of a batch; the batch says what the item leaves out."""
    path, _, query = url.partition("?")
    version, parts = _path(path)
    params = _indexed([*parse_qsl(query, keep_blank_values=True), *parse_qsl(body, keep_blank_values=True)])
    method, sent = _overridden(method, params)
    given = params.pop("access_token", None) or token or outer.token
    proofs: dict[str, Any] = {
        name: outer.params[name] for name in ("appsecret_proof", "appsecret_time") if name in outer.params
    }
    if given == outer.token:
        params = {**proofs, **params}
    value = None if given is None else str(given)
    return GraphRequest(method, version or outer.version, parts, params, value, outer.base_url, sent)


def _overridden(method: str, params: dict[str, Any]) -> tuple[str, str | None]:
    """The effective method, and the one sent where they differ; the parameter that says so is taken out."""
    named = str(params.pop("method", "") or "").upper()
    if named not in METHODS or named == method:
        return method, None
    # It changes nothing of a GET: only a POST can be sent as another method.
    return (named if method == "POST" else method), method


def _path(path: str) -> tuple[str | None, tuple[str, ...]]:
    parts = [unquote(part) for part in path.split("/") if part]
    version = parts.pop(0).lower() if parts and _VERSION.fullmatch(parts[0].lower()) else None
    return version, tuple(parts)


def _pairs(request: Request) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = list(request.args.items(multi=True))
    try:
        if request.method in ("GET", "HEAD") and not request.content_length:
            return pairs
        text = request.get_data(as_text=True) if request.mimetype in ("", "application/json") else ""
        if request.mimetype == "application/json" or text.lstrip().startswith("{"):
            pairs += _json_body(text or "{}")
        elif not request.mimetype:  # a form whose client does not say so, as scripts on a bare socket do not
            pairs += parse_qsl(text, keep_blank_values=True)
        else:
            pairs += list(request.form.items(multi=True))
    except HTTPException:
        raise bad_parameter("The body cannot be read.") from None
    return pairs


def _json_body(text: str) -> list[tuple[str, Any]]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise bad_parameter("the body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise bad_parameter("The body must be a JSON object.")
    return list(body.items())


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


def _basic(request: Request) -> dict[str, str]:
    """The app's id and secret from the Authorization header (RFC 6749, 2.3.1), as libraries for OAuth 2.0 send them."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    given = {"client_id": unquote_plus(client), "client_secret": unquote_plus(secret)}
    return _indexed(list(given.items()))


def _header_token(request: Request) -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() or None if scheme.lower() in ("bearer", "oauth") else None
