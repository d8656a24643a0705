"""The HTTP of Secrets Manager (AWS JSON 1.1): a request read, an answer written. No IO, no state."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_emulator.aws.errors import RefusedError, malformed
from meta_emulator.aws.operations import READS, WRITES
from meta_emulator.aws.replicas import REGION
from meta_emulator.clock import http_date
from meta_emulator.wsgi import Answer

if TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.wrappers import Request

LONGEST_BODY = 1_048_576
# AWS's own endpoint knows its region; an unsigned request to this one does not say.
UNSIGNED_REGION = "us-east-1"
SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an operation; `given` has no nulls, which AWS takes for members left out."""

    operation: str
    region: str
    given: dict[str, Any]


def operation_of(request: Request) -> str:
    """The operation asked for, for the journal, whether or not it exists; else the path."""
    target = request.headers.get("X-Amz-Target", "")
    return target.rpartition(".")[2] if request.path == "/" and target else request.path


def read(request: Request) -> Call:
    """Read a request to `/`; RefusedError when it is not one of Secrets Manager."""
    service, _, operation = request.headers.get("X-Amz-Target", "").partition(".")
    if service != "secretsmanager" or not (operation in READS or operation in WRITES):
        raise RefusedError("UnknownOperationException", "This door serves no such operation of Secrets Manager.")
    region = _region(request.headers.get("Authorization"))
    try:
        params = json.loads(request.get_data(cache=False) or b"{}")
    except ValueError:
        params = None
    if not isinstance(params, dict):
        raise malformed("The body is not a JSON object.")
    return Call(operation, region, {key: value for key, value in params.items() if value is not None})


def answer(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(body).encode(), (("Content-Type", "application/x-amz-json-1.1"),))


def refused(code: str, message: str, status: int = 400) -> Answer:
    return answer(status, {"__type": code, "Message": message})


def dated(plain: Answer, now: datetime) -> Answer:
    """The answer with the headers that every answer of AWS has."""
    extra = (("Date", http_date(now)), ("x-amzn-RequestId", str(uuid.uuid4())))
    given = {name.lower() for name, _ in plain.headers}
    return Answer(plain.status, plain.body, (*plain.headers, *(item for item in extra if item[0].lower() not in given)))


def code_of(sent: Answer) -> str | None:
    """The error name of an answer, for the journal."""
    if sent.status < 400:  # noqa: PLR2004 - the first error status
        return None
    try:
        body = json.loads(sent.body)
    except ValueError:
        return None
    code = body.get("__type") if isinstance(body, dict) else None
    return code.rpartition("#")[2] if isinstance(code, str) else None


def _region(authorization: str | None) -> str:
    if authorization is None:
        return UNSIGNED_REGION
    scope = SCOPE.search(authorization)
    if scope is None or not REGION.fullmatch(scope[1]):
        raise RefusedError("IncompleteSignatureException", "The Authorization header is no AWS4-HMAC-SHA256 signature.")
    if scope[2] != "secretsmanager":
        text = "Credential should be scoped to correct service: 'secretsmanager'."
        raise RefusedError("InvalidSignatureException", text)
    return scope[1]
