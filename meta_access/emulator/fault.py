"""One fault: what it matches, when it is due, and how its JSON is read.

A fault matches by service, method or operation, and a path pattern; `nth` counts the matching calls since it was
added, `times` how often it strikes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Options of each kind; the first ones are those that have to be given.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "http": ("status",),
    "graph": ("code",),
    "drop_before": (),
    "drop_after": (),
    "hang": ("seconds",),
    "garbage": (),
    "stale": (),
    "latency": ("ms",),
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "http": ("body", "headers", "applied"),
    "graph": ("subcode", "message", "headers", "status", "applied"),
    "garbage": ("body", "status", "applied"),
    "stale": ("writes", "ms"),
}
MATCHING = ("service", "method", "operation", "path", "nth", "times", "kind")
SERVICES = ("graph", "secretsmanager")
STANDING = ("stale", "latency")  # conditions rather than events: they last until removed unless `times` is given
LONGEST_HANG_S = 600.0
STALE_READS = frozenset({"GET", "DescribeSecret", "GetSecretValue", "ListSecretVersionIds"})
"""What a stale fault strikes; a write that it counted as well would hide the fault that is meant for the write."""


class FaultError(ValueError):
    """A fault that cannot be understood; the message names the key."""


@dataclass(slots=True)
class Fault:
    """One fault.

    Attributes:
        nth: First matching call to strike, from 1.
        times: How often to strike; None is until removed.
        options: What its kind needs: `status`, `code`, `seconds` …
        seen: Matching calls so far; `hits` how many of them it struck.
    """

    id: int
    kind: str
    service: str | None = None
    method: str | None = None
    operation: str | None = None
    path: str | None = None
    nth: int = 1
    times: int | None = 1
    options: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    hits: int = 0

    def matches(self, service: str, method_or_operation: str, path: str) -> bool:
        if self.service not in (None, service):
            return False
        if self.kind == "stale" and method_or_operation not in STALE_READS:
            return False
        wanted = self.operation if service == "secretsmanager" else self.method
        if wanted is not None and wanted.lower() != method_or_operation.lower():
            return False
        if self.path is None:
            return True
        # Operations all share one URL path, so there a pattern may name the operation.
        texts = (path, method_or_operation) if service == "secretsmanager" else (path,)
        return any(re.search(self.path, text) for text in texts)

    def due(self) -> bool:
        """Count one matching call; True when it is to be struck."""
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.hits < self.times)

    def to_json(self) -> dict[str, Any]:
        shown = {"id": self.id, "kind": self.kind, "service": self.service, "method": self.method}
        shown |= {"operation": self.operation, "path": self.path, "nth": self.nth, "times": self.times}
        return {**shown, **self.options, "seen": self.seen, "hits": self.hits}


def parse(data: object) -> Fault:
    """A fault from its JSON; FaultError names the key and what it takes."""
    if not isinstance(data, dict):
        raise FaultError("a fault is an object such as {kind, service, path, nth}.")
    kind = str(data.get("kind"))
    if kind not in REQUIRED:
        raise FaultError(f"kind: {kind!r} is not one of {', '.join(REQUIRED)}.")
    options = {key: value for key, value in data.items() if key not in MATCHING}
    if kind == "stale" and "n" in options:
        options["writes"] = options.pop("n")
    _check_options(kind, options)
    times = data.get("times", None if kind in STANDING else 1)
    fault = Fault(0, kind, _service(kind, data), nth=_count("nth", data.get("nth", 1)), options=options)
    fault.times = None if times is None else _count("times", times)
    for key in ("method", "operation", "path"):
        if data.get(key) is not None:
            setattr(fault, key, _text(key, data[key]))
    if fault.path is not None:
        try:
            re.compile(fault.path)
        except re.error as broken:
            raise FaultError(f"path: not a regular expression: {broken}.") from None
    return fault


def _service(kind: str, data: Mapping[str, Any]) -> str | None:
    service = data.get("service")
    if service not in (None, *SERVICES):
        raise FaultError(f"service: {service!r} is not one of {', '.join(SERVICES)}.")
    implied = None
    if kind == "graph" or data.get("method") is not None:
        implied = "graph"
    if data.get("operation") is not None:
        if implied is not None:
            raise FaultError("operation: belongs to secretsmanager; a Graph call has a method and a path.")
        implied = "secretsmanager"
    if implied is not None and service not in (None, implied):
        raise FaultError(f"service: {service!r} does not go with the rest, which belongs to {implied}.")
    return service or implied


def _check_options(kind: str, options: Mapping[str, Any]) -> None:
    allowed = (*REQUIRED[kind], *OPTIONAL.get(kind, ()))
    for key in options:
        if key not in allowed:
            raise FaultError(f"{key}: a fault of kind {kind} takes {', '.join((*MATCHING, *allowed))}.")
    for key in REQUIRED[kind]:
        if key not in options:
            raise FaultError(f"{key}: a fault of kind {kind} needs it.")
    if kind == "stale" and len(options) != 1:
        raise FaultError("writes: a stale read is either some writes or some ms behind.")
    for key, value in options.items():
        _check_option(key, value)


def _check_option(key: str, value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = isinstance(value, int) and number
    longest = {"seconds": LONGEST_HANG_S, "ms": LONGEST_HANG_S * 1000}.get(key)
    if longest is not None and not (number and 0 <= float(str(value)) <= longest):
        raise FaultError(f"{key}: {value!r} is not a number from 0 to {longest:.0f}.")
    if key == "status" and not (whole and 200 <= int(str(value)) <= 599):  # noqa: PLR2004 - the range of final statuses
        raise FaultError(f"status: {value!r} is not a whole number from 200 to 599.")
    if key in ("code", "subcode", "writes") and not whole:
        raise FaultError(f"{key}: {value!r} is not a whole number.")
    if key == "headers" and not isinstance(value, dict):
        raise FaultError("headers: an object of names and values.")
    if key == "applied" and not isinstance(value, bool):
        raise FaultError("applied: true (done, then answered so) or false.")


def _count(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise FaultError(f"{key}: {value!r} is not a whole number from 1.")
    return value


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise FaultError(f"{key}: {value!r} is not text.")
    return value
