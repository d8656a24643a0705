"""One fault: what it matches, when it is due, and how its JSON is read.

A fault matches by service, method or operation, and a path pattern; `nth` counts the matching calls since it was
added, `times` how often it strikes.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_emulator.patterns import TAKEN, Pattern, PatternError
from meta_emulator.tokens import ONLY_FAKE, holds_real

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
TEXTS = ("method", "operation", "path")
MATCHING = ("service", *TEXTS, "nth", "times", "kind")
SERVICES = ("graph", "secretsmanager")
STANDING = ("stale", "latency")  # conditions rather than events: they last until removed unless `times` is given
LONGEST_HANG_S = 600.0
STALE_READS = frozenset({"GET", "DescribeSecret", "GetSecretValue", "ListSecretVersionIds", "ListSecrets"})
"""What a stale fault strikes; a write that it counted as well would hide the fault that is meant for the write."""


_HEADER = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_pattern = functools.lru_cache(maxsize=1000)(Pattern)


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
        pattern = _pattern(self.path)
        return any(pattern.found_in(text) for text in texts)

    def due(self) -> bool:
        """Count one matching call; True when it is to be struck."""
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.hits < self.times)

    def to_json(self) -> dict[str, Any]:
        shown = {"id": self.id, "kind": self.kind, "service": self.service, "method": self.method}
        shown |= {"operation": self.operation, "path": self.path, "nth": self.nth, "times": self.times}
        return {**shown, **self.options, "seen": self.seen, "hits": self.hits}


def parse(data: object) -> Fault:
    """A fault from its JSON; FaultError names every key that is wrong, and what it takes."""
    if not isinstance(data, dict):
        raise FaultError("a fault is an object such as {kind, service, path, nth}.")
    if holds_real(str(data)):
        raise FaultError(f"what was given looks like a real token of Meta's. {ONLY_FAKE}")
    kind = str(data.get("kind"))
    options = {key: value for key, value in data.items() if key not in MATCHING}
    if kind == "stale" and "n" in options:
        options["writes"] = options.pop("n")
    found = list(_problems(kind, data, options))
    if found:
        raise FaultError(" ".join(found))
    fault = Fault(0, kind, data.get("service") or _implied(kind, data), nth=data.get("nth", 1), options=options)
    fault.times = data.get("times", None if kind in STANDING else 1)
    for key in TEXTS:
        setattr(fault, key, data.get(key))
    return fault


def _problems(kind: str, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
    if kind in REQUIRED:
        yield from _wrong_options(kind, options)
    else:
        yield f"kind: {kind!r} is not one of {', '.join(REQUIRED)}."
    yield from _wrong_service(kind, data)
    for key in ("nth", "times"):
        value = data.get(key, 1)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not (whole and value >= 1) and not (key == "times" and value is None):
            yield f"{key}: {value!r} is not a whole number from 1."
    for key in TEXTS:
        if not isinstance(data.get(key, ""), str | None):
            yield f"{key}: {data[key]!r} is not text."
    path = data.get("path")
    if isinstance(path, str):
        try:
            Pattern(path)
        except PatternError as broken:
            yield f"path: not a regular expression that is taken here ({broken}); it takes {TAKEN}."


def _implied(kind: str, data: Mapping[str, Any]) -> str | None:
    """The service that the rest of a fault belongs to."""
    if kind == "graph" or data.get("method") is not None:
        return "graph"
    return "secretsmanager" if data.get("operation") is not None else None


def _wrong_service(kind: str, data: Mapping[str, Any]) -> Iterator[str]:
    service, implied = data.get("service"), _implied(kind, data)
    if service not in (None, *SERVICES):
        yield f"service: {service!r} is not one of {', '.join(SERVICES)}."
    elif implied == "graph" and data.get("operation") is not None:
        yield "operation: belongs to secretsmanager; a Graph call has a method and a path."
    elif None not in (implied, service) and service != implied:
        yield f"service: {service!r} does not go with the rest, which belongs to {implied}."


def _wrong_options(kind: str, options: Mapping[str, Any]) -> Iterator[str]:
    allowed = (*REQUIRED[kind], *OPTIONAL.get(kind, ()))
    unknown = [key for key in options if key not in allowed]
    yield from (f"{key}: a fault of kind {kind} takes {', '.join((*MATCHING, *allowed))}." for key in unknown)
    yield from (f"{key}: a fault of kind {kind} needs it." for key in REQUIRED[kind] if key not in options)
    if kind == "stale" and len(options.keys() - set(unknown)) != 1:
        yield "writes: a stale read is either some writes or some ms behind."
    for key, value in options.items():
        yield from _wrong_option(key, value)


def _wrong_option(key: str, value: object) -> Iterator[str]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = isinstance(value, int) and number
    longest = {"seconds": LONGEST_HANG_S, "ms": LONGEST_HANG_S * 1000}.get(key)
    if longest is not None and not (number and 0 <= float(str(value)) <= longest):
        yield f"{key}: {value!r} is not a number from 0 to {longest:.0f}."
    if key == "status" and not (whole and 200 <= int(str(value)) <= 599):  # noqa: PLR2004 - the range of final statuses
        yield f"status: {value!r} is not a whole number from 200 to 599."
    if key in ("code", "subcode", "writes") and not whole:
        yield f"{key}: {value!r} is not a whole number."
    if key == "headers" and not (isinstance(value, dict) and all(map(_HEADER.fullmatch, value))):
        yield "headers: an object of names and values; a name has letters, digits and hyphens."
    if key == "body" and isinstance(value, str) and any(unicodedata.category(char) == "Cs" for char in value):
        yield "body: holds half a character, which cannot be sent."
    if key == "applied" and not isinstance(value, bool):
        yield "applied: true (done, then answered so) or false."
