"""Lambda functions behind the door: where each is called, and how Secrets Manager calls one to rotate a secret.

A function is a server on this machine that takes the Invoke call, as AWS's own runtime interface emulator does:
`POST /2015-03-31/functions/function/invocations`. AWS also calls again when a step failed; here the test does.
Source: Secrets Manager user guide, "Rotation by Lambda function", and the Lambda API reference, Invoke; 2026-11-24.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_emulator.journal import Journal

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PATH = "/2015-03-31/functions/function/invocations"
LONGEST_S = 900.0
LARGEST_ANSWER = 6 * 1024 * 1024


class Functions:
    """ARN to URL. Thread-safe."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._urls: dict[str, str] = {}
        self._lock = threading.Lock()

    def __contains__(self, arn: object) -> bool:
        with self._lock:
            return arn in self._urls

    def all(self) -> dict[str, str]:
        with self._lock:
            return dict(self._urls)

    def add(self, arn: str, url: str) -> None:
        with self._lock:
            self._urls[arn] = url.rstrip("/")

    def rotate(
        self, function: str, arn: str, version_id: str, *, tested_only: bool, succeeded: Callable[[], None]
    ) -> None:
        """Call the function for each step, from a thread of its own, until one fails."""
        url = self.all()[function]
        steps = ("testSecret",) if tested_only else STEPS

        def run() -> None:
            for step in steps:
                error = _invoke(url, {"Step": step, "SecretId": arn, "ClientRequestToken": version_id})
                self._journal.record("lambda", "POST", step, 200, error)
                if error is not None:
                    return
            succeeded()

        threading.Thread(target=run, name="rotation", daemon=True).start()


def _invoke(url: str, event: dict[str, Any]) -> str | None:
    """Answers the error's name, or None."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + PATH, json.dumps(event).encode(), headers)  # noqa: S310 - http, by the control API
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=LONGEST_S) as reply:
            answer = json.loads(reply.read(LARGEST_ANSWER) or b"null")
            failed = reply.headers.get("X-Amz-Function-Error")
    except (OSError, ValueError) as error:
        return type(error).__name__
    named = answer.get("errorType") if isinstance(answer, dict) else None
    return str(named or failed) if named or failed else None
