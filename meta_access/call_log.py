"""The calls on ad accounts that this tool made, one line each: what keeping the higher tier is counted from.

A call on an ad account is one of the Marketing API: its answer alone bears that API's usage headers
(https://developers.facebook.com/docs/marketing-api/overview/rate-limiting, read 2026-11). Others of ours may count at
Meta too; leaving them out makes the count a lower bound.

One file per app in the folder that META_ACCESS_CALL_LOG names, apart from Pulumi's state. A line holds the time, the
app and how it ended: no token, and nobody's id. Nothing here raises: a call that was made must not fail for its line.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access import local_state
from meta_access.clock import iso, parse_iso
from meta_access.endpoints import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

VARIABLE = "META_ACCESS_CALL_LOG"
OK = "ok"
LARGEST = 512 * 1024
"""Bytes of a file; beyond, its older half goes. What stays holds more calls than any rule set counts (a test)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `outcome` is `ok`, or the class of the error."""

    at: datetime
    outcome: str

    @property
    def succeeded(self) -> bool:
        return self.outcome == OK


def file_of(app_id: str, graph_url: str) -> Path:
    """The file of an app. Calls to an emulator have one of their own: Meta never counts them."""
    emulated = ".emulated" if is_loopback(urlsplit(graph_url)) else ""
    return _folder() / f"{app_id}{emulated}.jsonl"


def write(path: str, *, app_id: str, graph_url: str, at: datetime, outcome: str) -> None:
    """Append a call to `path` of Graph; one that is not on an ad account is left out."""
    if not path.startswith("act_"):
        return
    line = json.dumps({"at": iso(at), "app": app_id, "outcome": outcome}) + "\n"
    with contextlib.suppress(Exception):  # whatever it is, the call itself went well
        _append(file_of(app_id, graph_url), line)


def read(app_id: str, graph_url: str) -> list[Call]:
    """The calls of an app, in the order of the file; none when nothing was written, or it cannot be read."""
    try:
        text = file_of(app_id, graph_url).read_text(encoding="utf-8", errors="replace")
    except (OSError, RuntimeError):
        return []
    return list(_calls(text, app_id))


def _folder() -> Path:
    given = os.environ.get(VARIABLE, "")
    return Path(given).expanduser() if given else local_state.folder("calls")


def _append(file: Path, line: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not blocking: a pipe that nobody reads is an error, not a place to wait in.
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        os.write(handle, line.encode())
        size = os.fstat(handle).st_size
    finally:
        os.close(handle)
    if size > LARGEST:
        _halve(file)


def _halve(file: Path) -> None:
    """Keep the newer half. A line that another process writes meanwhile may go too: the count is a lower bound."""
    data = file.read_bytes()
    kept = data[data.index(b"\n", len(data) // 2) + 1 :]
    copy = file.with_name(f"{file.name}.{os.getpid()}")
    copy.write_bytes(kept)
    copy.chmod(0o600)
    copy.replace(file)


def _calls(text: str, app_id: str) -> Iterator[Call]:
    for line in text.splitlines():
        try:
            found = json.loads(line)
            if found["app"] == app_id:
                yield Call(parse_iso(found["at"]), str(found["outcome"]))
        except (ValueError, KeyError, TypeError):
            continue  # torn by a writer that was killed
