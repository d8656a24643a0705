"""The process that listens on a loopback port, as far as this user may see it."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Listener:
    """A process; `command` is its name and arguments' first words, without secrets that later ones may hold."""

    pid: int
    command: str


def listener(port: int) -> Listener | None:
    """The process that listens on a port, None when nobody does or it is another user's."""
    try:
        sockets = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS shows the sockets of all processes to root alone
        return None
    for one in sockets:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
            return Listener(one.pid, command(one.pid))
    return None


def command(pid: int) -> str:
    """The first words of a process's command line; empty when it has gone."""
    try:
        return " ".join(psutil.Process(pid).cmdline()[:3]).strip()
    except psutil.Error:
        return ""


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
