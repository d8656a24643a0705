"""The process that listens on a loopback port, from Linux's /proc; unknown on other systems."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

LISTEN = "0A"  # the state's number in /proc/net/tcp


@dataclass(frozen=True, slots=True)
class Listener:
    """A process; `command` is its name and arguments' first words, without secrets that later ones may hold."""

    pid: int
    command: str


def listener(port: int) -> Listener | None:
    """The process that listens on a port, None when nobody does or it is another user's."""
    inodes = _inodes(port)
    if not inodes:
        return None
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                for handle in (entry / "fd").iterdir():
                    with contextlib.suppress(OSError):
                        if str(handle.readlink()) in inodes:
                            return Listener(int(entry.name), command(int(entry.name)))
    return None


def command(pid: int) -> str:
    """The first words of a process's command line; empty when it has gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return " ".join(words[:3]).strip()


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        # The state follows the command in brackets, which may hold any character.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def _inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text(encoding="utf-8").splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found
