"""A beginning for a Python that takes away what only Linux has: /proc, /sys, /dev/shm, and calls of Linux alone."""

from __future__ import annotations

# psutil alone may read /proc: on macOS it asks the system instead.
BARE = """
import os, select, signal, socket, sys

for module, names in {
    os: ("memfd_create", "pidfd_open", "sched_getaffinity", "sched_setaffinity", "eventfd", "getrandom"),
    select: ("epoll",),
    signal: ("pidfd_send_signal", "sigtimedwait"),
    socket: ("AF_NETLINK", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "AF_VSOCK"),
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
if hasattr(os, "process_cpu_count"):
    os.process_cpu_count = os.cpu_count  # what it is on macOS; the other one calls what is gone


def looked(event, arguments):
    if event in {"open", "os.listdir", "os.scandir"} and str(arguments[0]).startswith(("/proc", "/sys", "/dev/shm")):
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_globals.get("__name__", "").partition(".")[0] == "psutil":
                return
            frame = frame.f_back
        raise FileNotFoundError(2, "there is no /proc", arguments[0])


sys.addaudithook(looked)
"""
