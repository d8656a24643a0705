"""The journal of calls: what was asked of either service, and how it ended. No parameter, token or body is kept."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from meta_access.redaction import scrub
from meta_emulator.clock import iso

if TYPE_CHECKING:
    from datetime import datetime

    from meta_emulator.clock import WorldClock

Service = Literal["graph", "secretsmanager", "lambda", "webhook"]

KEPT = 20_000  # bounds the memory of a long-running emulator; `n` goes on counting
LONGEST_PATH = 512
NO_ANSWER = 0  # status of a call whose connection was cut


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        n: Counts from 1 since the journal was last emptied.
        path: The path as asked for, without its query, or Secrets Manager's operation.
        status: HTTP status, or 0 when the connection was cut and nothing was answered.
        code: Graph's error code, Secrets Manager's error name, or None.
    """

    n: int
    service: Service
    method: str
    path: str
    status: int
    code: int | str | None
    at: datetime

    def to_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"n": self.n, "service": self.service, "method": self.method}
        if self.service == "secretsmanager":
            shown["operation"] = self.path
        # Also for operations: a reader may then filter all calls by one key.
        shown["path"] = self.path
        return {**shown, "status": self.status, "code": self.code, "at": iso(self.at)}


class Journal:
    """The last calls of both doors, oldest first. Thread-safe."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._count = 0
        self._lock = threading.Lock()

    def record(
        self, service: Service, method: str, path_or_operation: str, status: int, code: int | str | None = None
    ) -> None:
        with self._lock:
            self._count += 1
            path = path_or_operation[:LONGEST_PATH]
            if "EAA" in path or "|" in path:  # a token was put where an id belongs
                path = scrub(path)
            self._calls.append(Call(self._count, service, method[:16], path, status, code, self._clock.now()))

    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._count = 0
