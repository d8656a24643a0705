"""Asking a running emulator, from the shell and from tests: the control API over the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_S = 10.0
# A proxy of the environment has no business between us and loopback.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class RefusedError(RuntimeError):
    """The emulator refused a control call; the message is its own."""


class NotThereError(RuntimeError):
    """Nobody, or no emulator, answers at the address."""


def ask(url: str, path: str, method: str = "GET", body: Any = None, timeout_s: float = TIMEOUT_S) -> Any:
    """Make a control call and return the decoded answer."""
    # With TLS the port takes both, so no command of this machine needs a certificate.
    url = "http://" + url.partition("://")[2]
    data = None if body is None else json.dumps(body).encode()
    headers = {} if data is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data=data, method=method, headers=headers)  # noqa: S310 - loopback
    try:
        with _opener.open(request, timeout=timeout_s) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        raise RefusedError(_reason(refused)) from None
    except (OSError, ValueError, urllib.error.URLError):
        raise NotThereError(f"no emulator answers at {url}.") from None


def health(url: str, timeout_s: float = 2.0) -> dict[str, Any] | None:
    """What `/healthz` answers; None when nothing answers, or no emulator."""
    try:
        answer = ask(url, "/healthz", timeout_s=timeout_s)
    except (RefusedError, NotThereError):
        return None
    whole = isinstance(answer, dict) and {"status", "graph", "aws", "pid", "home"} <= answer.keys()
    return answer if whole else None


def _reason(refused: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refused.read())["error"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"HTTP {refused.code}"
