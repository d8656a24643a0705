"""What Python imports as `sitecustomize` when an engine of a test starts it; `workers.py` copies it there.

The interpreter that an engine started becomes a door: the work is done by a fork of `warm.py`, which has the packages
imported already. Input, output, environment, arguments and folder are this interpreter's; signals are passed on, and
who kills it kills the fork. Standard library only, because every start pays for it.
"""

from __future__ import annotations

import gc
import os
import sys

gc.disable()

ADDRESS = "WARM_PYTHON"
"""The socket of `warm.py`; without it every Python starts by itself."""


def asked(words: list[str]) -> list[str] | None:
    """Command line to what a fork runs: `-m pulumi.dynamic …` or the language host's script with its arguments."""
    words = [word for word in words[1:3] if word != "-u"] + words[3:]
    if words[:2] == ["-m", "pulumi.dynamic"] or (
        words and os.path.basename(words[0]) == "pulumi-language-python-exec"  # noqa: PTH119 - pathlib costs 4 ms
    ):
        return words
    return None


def be_a_door(address: str, words: list[str]) -> None:
    """Have a fork do the work, and end as it ends."""
    import json
    import signal
    import socket

    door = socket.socket(socket.AF_UNIX)
    door.connect(address)
    request = {
        "words": words,
        "environ": dict(os.environ),
        "cwd": os.getcwd(),  # noqa: PTH109 - as above
        "path": sys.path,
        "orig_argv": sys.orig_argv,
        "executable": sys.executable,
        "prefix": sys.prefix,
    }
    body = json.dumps(request).encode()
    socket.send_fds(door, [len(body).to_bytes(4, "big")], [0, 1, 2])
    door.sendall(body)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: door.sendall(bytes([got])))
    status = door.recv(4)
    os._exit(int.from_bytes(status, "big") if status else 1)


if ADDRESS in os.environ:
    found = asked(sys.orig_argv)
    if found is not None:
        be_a_door(os.environ[ADDRESS], found)
