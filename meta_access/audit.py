"""The audit: one JSON line for every step that makes, moves or ends a token. Never a value of one.

Where it goes is the runner's to say, by META_ACCESS_AUDIT: a file, which is only ever appended to, or `-` for standard
output. A stack file cannot say it: what a pull request can write must not choose where the record of its deeds goes.
Nothing here raises. The operator hears once of a record that cannot be written, and the step it is about goes on: a
full disk must not keep a leaked token alive.
"""

from __future__ import annotations

import contextlib
import functools
import getpass
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from meta_access.clock import iso
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

VARIABLE = "META_ACCESS_AUDIT"
STANDARD_OUTPUT = "-"
SCHEMA = "meta-access-audit/v1"

# What the usual runners say about who started them and on which commit; the first that is set counts.
_WHO = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR", "CIRCLE_USERNAME", "AWS_LAMBDA_FUNCTION_NAME")
_COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "CIRCLE_SHA1")
_HASH = re.compile(r"[0-9a-f]{7,64}")
_LONGEST = 300
_GIT_TIMEOUT_S = 2

_RUN = str(uuid4())
_local = threading.local()
_lock = threading.Lock()
_told: set[str] = set()


def traced(trace_id: str | None) -> None:
    """Remember the trace id of Graph's last answer to this thread, for the step that the answer belongs to."""
    _local.trace_id = trace_id


def last_trace() -> str | None:
    """The trace id of the last answer, once: the next step must not bear the trace of this one."""
    found: str | None = getattr(_local, "trace_id", None)
    _local.trace_id = None
    return found


def write(
    step: str,
    *,
    at: datetime,
    stack: str,
    secret: str,
    arn: str,
    notify: Callable[[str], None],
    generation: int | None = None,
    fingerprint: str | None = None,
    trace_id: str | None = None,
    note: str | None = None,
) -> None:
    """Append one record; does nothing when nobody asked for an audit.

    Args:
        step: What was done, one word: `mint`, `promote`, `revoke` …
        at: The server's time, as for everything else that is decided by time.
        stack: `project/stack` that the secret belongs to.
        secret: Its name.
        arn: Its ARN.
        notify: Told when the record cannot be written.
        generation: Of the token.
        fingerprint: Of the token.
        trace_id: Meta's, of the answer that the step rests on.
        note: Why, in a few words of ours.
    """
    target = os.environ.get(VARIABLE, "")
    if not target:
        return
    try:
        found = {
            "schema": SCHEMA,
            "at": iso(at),
            "step": step,
            "stack": stack,
            "secret": secret,
            "arn": arn,
            "generation": generation,
            "fingerprint": fingerprint,
            "who": _who(),
            "commit": _commit(),
            "run": _RUN,
            "trace_id": trace_id,
            "note": note,
        }
        shown = {
            key: scrub(value)[:_LONGEST] if isinstance(value, str) else value
            for key, value in found.items()
            if value is not None
        }
        _append(target, json.dumps(shown, ensure_ascii=False) + "\n")
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the step that it is about
        _tell_once(target, type(error).__name__, notify)


def _append(target: str, line: str) -> None:
    if target == STANDARD_OUTPUT:
        # One write, between the lines of other threads; in the plugin host the engine shows what stands here.
        sys.stdout.write(line)
        sys.stdout.flush()
        return
    # Not blocking: a pipe that nobody reads is an error, not a place to wait in with a fresh token in hand.
    handle = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        # A writer that was killed in the middle of a line must not spoil this one as well.
        data = (b"\n" if _torn(target, os.fstat(handle).st_size) else b"") + line.encode()
        if os.write(handle, data) != len(data):
            raise OSError("written in part")
    finally:
        os.close(handle)


def _torn(target: str, size: int) -> bool:
    if size == 0:  # new, or no file but a device or a pipe
        return False
    with Path(target).open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _tell_once(target: str, why: str, notify: Callable[[str], None]) -> None:
    with _lock:
        if target in _told:
            return
        _told.add(target)
    with contextlib.suppress(Exception):
        notify(f"the audit cannot be written to {target} ({why}). What it would record goes on without it.")


@functools.cache
def _who() -> str | None:
    if found := _first(_WHO):
        return found
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):  # a container without an entry for its user
        return None


@functools.cache
def _commit() -> str | None:
    found = _first(_COMMIT)
    if found is None:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            words = ["git", "rev-parse", "HEAD"]
            done = subprocess.run(  # noqa: S603 - fixed words
                words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False
            )
            found = done.stdout.strip()
    return found if found and _HASH.fullmatch(found) else None


def _first(names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name, "").strip())), None)
