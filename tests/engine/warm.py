"""`python -m tests.engine.warm SOCKET`: a Python that has Pulumi, gRPC and this library imported, and forks itself.

Each operation of an engine starts two Pythons, and importing is two thirds of their processor time. A fork keeps what
is imported here, unless its project has a library of its own: then it imports that one, as it does all that a test
wrote.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
OURS = ("components", "meta_access")
IMPORTED = (
    "boto3.session",
    "botocore.client",
    "components.program",
    "dill",
    "grpc.aio",
    "pulumi.dynamic",
    "pulumi_random",
    "pydantic",
    "requests",
    "yaml",
)
START_S = 30.0
READ_S = 10.0
STUCK_S = 240.0
"""An operation of a test takes seconds. One that still runs shows its threads, before anything ends it."""


class Request(NamedTuple):
    """What a door asks for: see `warm_start.be_a_door`."""

    files: list[int]
    said: dict[str, Any]


class Server:
    """Forks for doors, tells each how its fork ended, and ends a fork whose door has gone."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.selector = selectors.DefaultSelector()
        self.forks: dict[int, tuple[socket.socket, int]] = {}  # pid to its door and to the file that tells its end

    def serve(self) -> Request:
        """Return in every fork, with what it is to do; never in the server."""
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        while True:
            for key, _ in self.selector.select():
                request: Request | None = key.data()
                if request is not None:
                    return request

    def _accept(self) -> Request | None:
        door, _ = self.listener.accept()
        door.settimeout(READ_S)
        try:
            request = _read(door)
        except (OSError, ValueError):  # the door was killed while it asked
            door.close()
            return None
        pid = os.fork()
        if pid == 0:
            self._forget_all(door)
            return request
        for file in request.files:
            os.close(file)
        ended = os.pidfd_open(pid)
        self.forks[pid] = (door, ended)
        self.selector.register(door, selectors.EVENT_READ, lambda: self._signal(pid))
        self.selector.register(ended, selectors.EVENT_READ, lambda: self._tell(pid))
        return None

    def _signal(self, pid: int) -> None:
        """Pass on what a door was sent; a door that was killed says nothing any more."""
        if pid not in self.forks:  # it ended in this same round
            return
        door, _ = self.forks[pid]
        numbers = b""
        with contextlib.suppress(ConnectionError):
            numbers = door.recv(16)
        for number in numbers or [signal.SIGKILL]:
            os.kill(pid, number)
        if not numbers:
            self.selector.unregister(door)

    def _tell(self, pid: int) -> None:
        door, ended = self.forks.pop(pid)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        with contextlib.suppress(OSError):
            door.sendall((code if code >= 0 else 128 - code).to_bytes(4, "big"))
        for one in (door, ended):
            with contextlib.suppress(KeyError):
                self.selector.unregister(one)
        door.close()
        os.close(ended)

    def _forget_all(self, door: socket.socket) -> None:
        self.selector.close()
        self.listener.close()
        door.close()
        for other, ended in self.forks.values():
            other.close()
            os.close(ended)


def _read(door: socket.socket) -> Request:
    size, files, _, _ = socket.recv_fds(door, 4, 3)
    with door.makefile("rb") as stream:
        return Request(files, json.loads(stream.read(int.from_bytes(size, "big"))))


def become(request: Request) -> None:
    """Make this process what the door is, and do its work."""
    # Into the test run's own errors: to the engine they would be news, and it would be waited for longer.
    faulthandler.dump_traceback_later(STUCK_S, file=os.dup(2))
    for target, file in enumerate(request.files):
        os.dup2(file, target)
        os.close(file)
    # Tests in the background of a shell ignore SIGINT, and each fork would; what an engine starts does not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    said = request.said
    _forget("tests", *(name for name in OURS if not _is_ours(Path(said["cwd"]) / name)))
    os.environ.clear()
    os.environ.update(said["environ"])
    os.chdir(said["cwd"])
    sys.orig_argv[:] = said["orig_argv"]
    sys.executable, sys.prefix = said["executable"], said["prefix"]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr] # as with -u
    words = said["words"]
    if words[0] == "-m":
        sys.path[:] = [said["cwd"], *said["path"]]
        sys.argv[:] = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.path[:] = [str(Path(words[0]).parent), *said["path"]]
        sys.argv[:] = words
        runpy.run_path(words[0], run_name="__main__")


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and folder.samefile(ROOT / folder.name)


def _forget(*packages: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[name]


@contextlib.contextmanager
def warm() -> Iterator[Path | None]:
    """Serve forks; gives the socket, or None on a system without files for processes (Linux has them)."""
    if not hasattr(os, "pidfd_open"):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:  # a socket's path has 107 bytes
        address = Path(folder) / "socket"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.warm", str(address)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            ends = time.monotonic() + START_S
            while not address.exists():
                assert process.poll() is None, "the Python that forks has ended"
                assert time.monotonic() < ends, "the Python that forks did not start"
                time.sleep(0.01)
            yield address
        finally:
            process.kill()
            process.wait()


def main() -> None:
    gc.disable()
    for package in IMPORTED:
        __import__(package)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        unfinished = f"{sys.argv[1]}.new"
        listener.bind(unfinished)
        listener.listen(64)
        Path(unfinished).rename(sys.argv[1])
        request = Server(listener).serve()
    become(request)


if __name__ == "__main__":
    main()
