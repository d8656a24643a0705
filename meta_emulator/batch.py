"""Batch requests: up to fifty calls in one POST, some of which may use what others answered.

Source: https://developers.facebook.com/docs/graph-api/batch-requests, Graph v26.0, read 2026-11. Texts of the refusals
are as users report them; what a call gets when its dependency failed is not documented, and its text is ours.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_emulator.errors import GraphFault, bad_parameter
from meta_emulator.legacy import asynchronous
from meta_emulator.request import TRUE, from_item
from meta_emulator.wsgi import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_emulator.request import GraphRequest

MOST = 50
KIND = "GraphBatchException"
TEXTS = ("method", "body", "name", "access_token")
KEYS = (*TEXTS, "relative_url", "headers", "attached_files", "depends_on", "omit_response_on_success")
_RESULT = re.compile(r"\{result=([\w-]+):\$([^{}]*)\}")
_STEP = re.compile(r"\.(\w+)|\.(\*)|\[(\d+)\]|\[(\*)\]")


@dataclass(frozen=True, slots=True)
class Item:
    """One call of a batch.

    Attributes:
        needs: Names of the items whose answers it waits for.
        omit: Leave its answer out when it succeeds; None when nothing is said of it.

    Its headers are checked and not read: the one that counted, `If-None-Match`, Meta ignores since October 2026.
    """

    method: str
    url: str
    body: str
    name: str | None
    token: str | None = field(repr=False)
    needs: tuple[str, ...]
    omit: bool | None


def asked(request: GraphRequest) -> bool:
    return request.method == "POST" and "batch" in request.params and not asynchronous(request)


def run(request: GraphRequest, perform: Callable[[GraphRequest], Answer | None]) -> list[Any]:
    """The answers of a batch, in its order.

    Args:
        request: The POST that holds `batch`.
        perform: Carries out one call; None for one that timed out.

    Returns:
        Per item `{code, headers, body}`, or None for one that timed out or whose answer is left out.
    """
    if request.token is None:
        raise GraphFault(104, "An access token is required to request this resource.")
    items = _items(request)
    with_headers = request.text("include_headers") is None or request.flag("include_headers")
    needed = {name for item in items for name in item.needs}
    answers: dict[str, Any] = {}
    failed: set[str] = set()
    found: list[Any] = []
    for item in items:
        broken = next((name for name in item.needs if name in failed), None)
        if broken is None:
            answer = perform(_request(request, item, answers))
        else:
            answer = Answer(400, _refusal(f"The operation depends on {broken}, which failed."))
        shown, success = _shown(answer, with_headers=with_headers)
        if answer is not None and item.name is not None and success:
            answers[item.name] = _decoded(answer.body)
        if not success and item.name is not None:
            failed.add(item.name)
        # Others use the answer of a needed item; it is not sent as well unless that is asked for.
        omitted = item.omit if item.omit is not None else item.name in needed
        found.append(None if success and omitted else shown)
    return found


def _items(request: GraphRequest) -> list[Item]:
    try:
        data = request.decoded("batch")
    except GraphFault:
        raise bad_parameter("Param batch must be a JSON array of requests.") from None
    if not isinstance(data, list) or not data:
        raise bad_parameter("Param batch must be a JSON array of requests.")
    if len(data) > MOST:
        raise _broken(f"Too many requests in batch message. Maximum batch size is {MOST}")
    items: list[Item] = []
    for index, row in enumerate(data):
        item = _item(index, row)
        before = [earlier.name for earlier in items]
        if item.name is not None and item.name in before:
            raise _broken(f"Request {index} has the name {item.name}, which another request has already.")
        for name in item.needs:
            if name not in before:
                raise _broken(
                    f"Request {index} cannot depend on an unresolved request with name {name}. "
                    "Requests can only depend on preceding requests"
                )
        items.append(item)
    return items


def _item(index: int, row: object) -> Item:
    if not isinstance(row, dict) or not isinstance(row.get("relative_url"), str):
        raise bad_parameter(f"Param batch[{index}] must be an object with a relative_url.")
    for key, value in row.items():
        if key not in KEYS:
            raise bad_parameter(f"Param batch[{index}] has an unknown key {str(key)[:64]}.")
        if key in TEXTS and not isinstance(value, str):
            raise bad_parameter(f"Param batch[{index}][{key}] must be a string.")
    url, body, name = row["relative_url"], row.get("body", ""), row.get("name")
    depends = row.get("depends_on", [])
    listed = [depends] if isinstance(depends, str) else depends
    if not isinstance(listed, list) or not all(isinstance(entry, str) for entry in listed):
        raise bad_parameter(f"Param batch[{index}][depends_on] must be a name or a list of names.")
    needs = tuple(dict.fromkeys([*listed, *(match[1] for match in _RESULT.finditer(f"{url} {body}"))]))
    omit = row.get("omit_response_on_success")
    silent = None if omit is None else str(omit).lower() in TRUE
    _check_headers(index, row.get("headers", []))
    method = row.get("method", "GET").upper()
    return Item(method, url, body, name, row.get("access_token"), needs, silent)


def _check_headers(index: int, rows: object) -> None:
    for row in rows if isinstance(rows, list) else [rows]:
        # Clients send both forms: a list of {name, value}, and a list of "Name: value".
        name = row.get("name") if isinstance(row, dict) else row.partition(":")[0] if isinstance(row, str) else ""
        if not isinstance(name, str) or not name:
            raise bad_parameter(f"Param batch[{index}][headers] must be a list of objects with name and value.")


def _request(outer: GraphRequest, item: Item, answers: Mapping[str, Any]) -> GraphRequest:
    def resolved(text: str) -> str:
        return _RESULT.sub(lambda match: _picked(answers.get(match[1]), match[2]), text)

    return from_item(outer, item.method, resolved(item.url), resolved(item.body), item.token)


def _picked(answer: Any, path: str) -> str:
    """What a JSONPath finds in an answer, several values with commas: `.data.*.id`, `.data[0].id`, `.id`."""
    values = [answer]
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return ""
        at = step.end()
        values = [found for value in values for found in _step(value, step)]
    return ",".join(value if isinstance(value, str) else json.dumps(value) for value in values)


def _step(value: Any, step: re.Match[str]) -> list[Any]:
    name, index = step[1], step[3]
    if name is not None and isinstance(value, dict):
        return [value[name]] if name in value else []
    number = index if index is not None else name
    if isinstance(value, list) and number is not None:
        place = int(number[:6]) if number.isascii() and number.isdecimal() else len(value)
        return value[place : place + 1]
    if number is None:
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    return []


def _shown(answer: Answer | None, *, with_headers: bool) -> tuple[dict[str, Any] | None, bool]:
    if answer is None:
        return None, False
    body = answer.body.decode("utf-8", "replace")
    shown: dict[str, Any] = {"code": answer.status}
    if with_headers:
        shown["headers"] = [{"name": name, "value": value} for name, value in answer.headers]
    return {**shown, "body": body or None}, answer.status < 400  # noqa: PLR2004 - the first status of an error


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _refusal(message: str) -> bytes:
    fault = bad_parameter(message)
    return json.dumps({"error": {"message": fault.message, "type": fault.kind, "code": fault.code}}).encode()


def _broken(message: str) -> GraphFault:
    return GraphFault(100, message, kind=KIND)
