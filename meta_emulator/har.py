"""The journal for other programs: HAR 1.2, which browsers and proxies read, and JSON lines.

Source: http://www.softwareishard.com/blog/har-12-spec/, read 2026-11. The journal keeps no query, header, body or
duration, so the fields that HAR demands for them are empty, and sizes are -1, HAR's word for "not known".
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNKNOWN_SIZE = -1
COMMENT = "Calls of an emulated Graph API and Secrets Manager. Parameters, headers, bodies and durations are not kept."


def lines(calls: Iterable[Mapping[str, Any]]) -> str:
    """One JSON object per call and line."""
    return "".join(json.dumps(call) + "\n" for call in calls)


def archive(calls: Iterable[Mapping[str, Any]], graph_url: str, aws_url: str, version: str) -> dict[str, Any]:
    """The calls of the control API as an HTTP archive."""
    creator = {"name": "meta-access emulator", "version": version}
    entries = [_entry(call, graph_url, aws_url) for call in calls]
    return {"log": {"version": "1.2", "creator": creator, "entries": entries, "comment": COMMENT}}


def _entry(call: Mapping[str, Any], graph_url: str, aws_url: str) -> dict[str, Any]:
    sent: list[dict[str, str]] = []
    url = call["path"] if call["service"] == "webhook" else f"{graph_url}{call['path']}"
    if call["service"] == "secretsmanager":
        url = f"{aws_url}/"
        sent = [{"name": "X-Amz-Target", "value": f"secretsmanager.{call['operation']}"}]
    unknown = {"httpVersion": "HTTP/1.1", "cookies": [], "headersSize": UNKNOWN_SIZE, "bodySize": UNKNOWN_SIZE}
    status = call["status"]
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    answer = {"status": status, "statusText": phrase, "headers": [], "redirectURL": ""}
    return {
        "startedDateTime": call["at"],
        "time": 0,
        "request": {"method": call["method"], "url": url, "headers": sent, "queryString": [], **unknown},
        "response": {**answer, "content": {"size": 0, "mimeType": ""}, **unknown},
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "comment": "" if call["code"] is None else f"error {call['code']}",
    }
