"""The plugin host's process: which calls are at work, and whether the engine that started it still lives.

Killing the engine does not kill its plugin host (measured: the host has a process group of its own and finishes what it
began). A host without an engine therefore ends itself as soon as no call is in flight, so that nothing queued behind
that call begins, and a later run meets no actor that nobody watches.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(?P<port>[0-9]{1,5})")
_CONNECT_TIMEOUT_S = 2.0
_LOOK_EVERY_S = 1.0
WRITES_AT_ONCE = 10
"""As many as requests and botocore keep connections open for."""

_lock = threading.Lock()
_calls = 0
_watching = False


def engine_address() -> tuple[str, int] | None:
    """Where the engine listens: the last argument it gives every plugin. None when this is no plugin host."""
    found = _ADDRESS.fullmatch(sys.argv[-1]) if len(sys.argv) > 1 else None
    return (found["host"].strip("[]"), int(found["port"])) if found else None


def engine_alive() -> bool:
    """Whether the engine still listens. Only a refused connection says no: anything else is trouble on our side."""
    address = engine_address()
    if address is None:
        return True
    try:
        with socket.create_connection(address, timeout=_CONNECT_TIMEOUT_S):
            return True
    except ConnectionRefusedError:
        return False
    except OSError:
        return True


@contextmanager
def call() -> Iterator[None]:
    """Count one call as in flight."""
    global _calls  # noqa: PLW0603 - one number per process is what is counted
    with _lock:
        _calls += 1
    try:
        yield
    finally:
        with _lock:
            _calls -= 1


@cache
def write_beside() -> None:
    """Answer the engine's writes by threads of their own, from the first call in a process on.

    The engine has four calls per processor in flight, and Pulumi's SDK answers all kinds by the same four threads
    (pulumi/dynamic/__main__.py of 3.259, without a setting): behind four tokens in the making waits each check, and the
    engine checks one resource after another. gRPC takes the pool of a method from this attribute of it
    (grpc/_server.py of 1.85). Where the SDK's server is another one, all stays as it is.
    """
    server = getattr(sys.modules["__main__"], "DynamicResourceProviderServicer", None)
    if server is not None:
        pool = ThreadPoolExecutor(WRITES_AT_ONCE, "writes")
        for method in (server.Create, server.Update, server.Delete):
            method.experimental_thread_pool = pool


def start_watch() -> None:
    """Watch the engine from a thread of its own; once per process, and only in a plugin host."""
    global _watching  # noqa: PLW0603 - one watch per process
    with _lock:
        if _watching or engine_address() is None:
            return
        _watching = True
    threading.Thread(target=_watch, name="engine-watch", daemon=True).start()


def _watch() -> None:
    refused = 0
    while True:
        time.sleep(_LOOK_EVERY_S)
        refused = 0 if engine_alive() else refused + 1
        # Asked twice, since one refusal may be a full accept queue of a busy engine.
        if refused > 1 and _calls == 0:
            os._exit(0)
