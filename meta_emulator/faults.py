"""The faults to inject into either service, and their effect on the wire.

Kinds that need to know the service (`graph` error bodies, `stale` reads) are carried out by the door, `hang` after the
door has journalled the call; all others by `Faults.apply`.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from meta_emulator.fault import LONGEST_HANG_S, Fault, FaultError, parse
from meta_emulator.wsgi import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fault", "FaultError", "Faults", "as_header"]

MOST = 1000  # bounds the memory and the time of matching
GARBAGE = b"<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>"


class Faults:
    """The faults of both doors. Thread-safe."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last_id = 0
        self._lock = threading.Lock()
        self._released = threading.Event()

    def add(self, data: object = None, /, **keys: Any) -> Fault:
        """Add a fault, from its JSON or from keywords: `add(kind="graph", method="POST", path="me$", code=2)`.

        Returns:
            The live fault: its `seen` and `hits` go on counting.

        Raises:
            FaultError: It says what is wrong with it.
        """
        return self.add_all([keys if data is None else data])[0]

    def add_all(self, data: list[object]) -> list[Fault]:
        """Add several, or none if one is wrong."""
        parsed = [parse(item) for item in data]
        with self._lock:
            if len(self._faults) + len(parsed) > MOST:
                raise FaultError(f"faults: there can be {MOST} at a time; clear those that have struck.")
            for fault in parsed:
                self._last_id += 1
                fault.id = self._last_id
            self._faults += parsed
        return parsed

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def remove(self, fault_id: int) -> bool:
        with self._lock:
            before = len(self._faults)
            self._faults = [fault for fault in self._faults if fault.id != fault_id]
            return len(self._faults) < before

    def clear(self) -> None:
        """Remove all, and let the calls that hang go on."""
        with self._lock:
            self._faults = []
            self._released.set()
            self._released = threading.Event()

    def match(self, service: str, method_or_operation: str, path: str = "") -> Fault | None:
        """The fault that strikes this call, counted as a hit; the oldest wins, the others stay due.

        Latency is not among them: it comes on top, through `delay_s`.
        """
        with self._lock:
            found = [f for f in self._faults if f.kind != "latency" and f.matches(service, method_or_operation, path)]
            due = [fault for fault in found if fault.due()]
            if not due:
                return None
            due[0].hits += 1
            return due[0]

    def delay_s(
        self, service: str, method_or_operation: str, path: str = "", *, within: tuple[str, str] | None = None
    ) -> float:
        """Seconds of latency for this call.

        Args:
            service: `graph` or `secretsmanager`.
            method_or_operation: Of the call.
            path: Of the call.
            within: Method and path of the batch that brings it. What that one has waited for is over: a batch makes
                one way to the server and back.
        """
        total = 0.0
        with self._lock:
            for fault in self._faults:
                if fault.kind != "latency" or not fault.matches(service, method_or_operation, path):
                    continue
                if (within is None or not fault.matches(service, *within)) and fault.due():
                    fault.hits += 1
                    total += float(fault.options["ms"]) / 1000
        return total

    def hold(self, seconds: float) -> None:
        """Wait, but no longer than until the faults are cleared."""
        self._released.wait(min(seconds, LONGEST_HANG_S))

    def hang(self, fault: Fault | None) -> None:
        """Let a `hang` wait. The call is done and in the journal: a test can see that it is there and act meanwhile."""
        if fault is not None and fault.kind == "hang":
            self.hold(float(fault.options["seconds"]))

    def apply(self, fault: Fault, perform: Callable[[], Answer]) -> Answer | None:
        """Carry out a fault that needs no knowledge of the service.

        Args:
            fault: Of any kind but `graph`, `stale`, `hang` and `latency`.
            perform: Does what was asked, and answers.

        Returns:
            What to send; None when the connection is to be cut.
        """
        if fault.kind == "drop_before":
            return None
        if fault.kind == "drop_after":
            perform()
            return None
        if fault.kind not in ("http", "garbage"):
            raise ValueError(f"a fault of kind {fault.kind} is the door's to carry out")
        if fault.options.get("applied"):
            perform()
        return _canned(fault)


def _canned(fault: Fault) -> Answer:
    body = fault.options.get("body", "" if fault.kind == "http" else None)
    headers = {name: as_header(value) for name, value in fault.options.get("headers", {}).items()}
    if body is None:
        data, content_type = GARBAGE, "text/html; charset=utf-8"
    elif isinstance(body, str):
        data, content_type = body.encode(), "text/html; charset=utf-8"
    else:
        data, content_type = json.dumps(body).encode(), "application/json"
    headers = {"Content-Type": content_type, **headers}
    return Answer(int(fault.options.get("status", 200)), data, tuple(headers.items()))


def as_header(value: object) -> str:
    """A header value; objects become JSON on one line, as in Meta's usage headers."""
    return value if isinstance(value, str) else json.dumps(value)
