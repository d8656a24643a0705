"""The emulator as a process: in the foreground until a signal stops it, or detached in the background."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.errors import MetaAccessError
from meta_emulator import client, ports, private_files, world_files
from meta_emulator.hosts import Hosts
from meta_emulator.httpd import AWS_PORT, EXPOSED, GRAPH_PORT, HOST, PortError, check_address, is_loopback
from meta_emulator.persistence import StateFolder
from meta_emulator.world_json import WorldError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START_S = 20.0
STOP_S = 10.0
LOG_LINES = 5


class ProcessError(MetaAccessError):
    """The emulator cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Where:
    """A state folder and the ports asked for.

    Attributes:
        port: None for the usual one, 0 for a free one.
        named: Somebody chose the folder, so an emulator of another one is not meant. Otherwise the emulator that has
            the port is meant, such as the one that `make up` started on the checkout's folder.
        host: The address to listen on; `exposed` says that it may be one that others reach.
        world: What a new folder begins with: the path of a world file, or the name of a world that comes along.
        tls: Whether it speaks https.
        allowed_hosts: Names that clients may use besides those of loopback.
    """

    home: Path
    port: int | None = None
    aws_port: int | None = None
    named: bool = True
    host: str = HOST
    exposed: bool = False
    world: str | None = None
    tls: bool = False
    allowed_hosts: tuple[str, ...] = ()

    def means(self, found: dict[str, Any]) -> bool:
        return not self.named or found["home"] == str(self.home)


def foreground(where: Where, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM."""
    # Here and not above: `status` and `act` ask a running emulator, and need none of it.
    from meta_emulator.emulator import Emulator  # noqa: PLC0415

    try:
        emulator = Emulator(
            where.home,
            port=GRAPH_PORT if where.port is None else where.port,
            aws_port=AWS_PORT if where.aws_port is None else where.aws_port,
            host=where.host,
            exposed=where.exposed,
            world=None if where.world is None else world_files.find(where.world),
            tls=where.tls,
            allowed_hosts=where.allowed_hosts,
        )
    except PortError as taken:
        raise _named(taken) from None
    except WorldError as wrong:
        raise ProcessError(f"cannot start with the world {where.world}: {wrong}") from None
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    emulator.start()
    if not is_loopback(where.host):
        say(f"warning: it listens on {where.host}, and {EXPOSED}. Send it no real token or secret.")
    say(f"emulator: graph {emulator.graph_url}, secrets manager {emulator.aws_url}, pid {os.getpid()}")
    stop.wait()
    emulator.stop()
    say("emulator: stopped, its world is kept")


def running(where: Where) -> dict[str, Any] | None:
    """What the emulator at the port, or of the folder, says of itself; None when none runs."""
    if where.port:
        return client.health(f"http://{HOST}:{where.port}")
    run = _run_file(where.home)
    found = client.health(str(run["graph_url"])) if run else None
    if found is not None and found["home"] == str(where.home):
        return found
    found = client.health(f"http://{HOST}:{GRAPH_PORT}") if where.port is None else None
    return found if found is not None and where.means(found) else None


def start(where: Where) -> tuple[dict[str, Any], bool]:
    """Start in the background, or find the one that runs: its health, and whether it was started now."""
    Hosts(where.allowed_hosts)  # refuses what is no name
    found = running(where) or (client.health(f"http://{HOST}:{GRAPH_PORT}") if where.port is None else None)
    if found is not None:
        if not where.means(found):
            raise ProcessError(other_folder(where, found))
        if where.world is not None and world_files.find(where.world).name != found["world"]:
            raise ProcessError(
                f"the emulator at {found['graph']} runs already and began with the world {found['world']}. Run "
                f"`meta-access emulator reset --world {where.world}` to begin again with this one."
            )
        _check_doors(where, found)
        return found, False
    check_address(where.host, exposed=where.exposed)
    _check_free(GRAPH_PORT if where.port is None else where.port)
    _check_free(AWS_PORT if where.aws_port is None else where.aws_port)
    folder = StateFolder(where.home)
    folder.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.run_file.unlink(missing_ok=True)
    words = [sys.executable, "-m", "meta_emulator", "--home", str(where.home)]
    given = (("--port", where.port), ("--aws-port", where.aws_port), ("--world", where.world), ("--host", where.host))
    words += ["--expose"] if where.exposed else []
    words += ["--tls"] if where.tls else []
    words += [word for name in where.allowed_hosts for word in ("--allow-host", name)]
    for option, value in given:
        words += [] if value is None else [option, str(value)]
    with private_files.start_text(folder.log_file) as output:
        # A session of its own, so that Ctrl-C in the shell and the shell's end leave it running.
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    return _wait_until_up(folder, child), True


def _check_doors(where: Where, found: dict[str, Any]) -> None:
    """Refuse a running emulator that lacks what this start asks for."""
    missing = ["--tls"] if where.tls and not found.get("tls") else []
    known = found.get("allowed_hosts", [])
    missing += [f"--allow-host {name}" for name in Hosts(where.allowed_hosts).allowed if name not in known]
    if missing:
        raise ProcessError(
            f"the emulator at {found['graph']} runs already and was started without {' '.join(missing)}. Stop it with "
            f"`meta-access emulator stop --home {found['home']}`, then start it anew."
        )


def stop(where: Where) -> int | None:
    """Stop the running emulator and wait until it has gone; its pid, None when none ran."""
    found = running(where)
    if found is None:
        return None
    if not where.means(found):
        raise ProcessError(other_folder(where, found))
    pid = int(found["pid"])
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return pid
        ends = time.monotonic() + STOP_S
        while time.monotonic() < ends:
            if not ports.alive(pid):
                return pid
            time.sleep(0.02)
    raise ProcessError(f"cannot stop the emulator: process {pid} does not end.")


def _wait_until_up(folder: StateFolder, child: subprocess.Popen[bytes]) -> dict[str, Any]:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        if child.poll() is not None:
            said = folder.log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-LOG_LINES:]
            reason = " ".join(said).removeprefix("Error: ") or f"it ended with exit code {child.returncode}."
            raise ProcessError(f"cannot start the emulator: {reason}")
        run = _run_file(folder.home)
        found = client.health(str(run["graph_url"])) if run else None
        if found is not None and found["pid"] == child.pid:
            return found
        time.sleep(0.02)
    child.kill()
    raise ProcessError(f"cannot start the emulator: it did not answer within {START_S:.0f} s; see {folder.log_file}.")


def _run_file(home: Path) -> dict[str, Any] | None:
    try:
        run = json.loads(StateFolder(home).run_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return run if isinstance(run, dict) and "graph_url" in run else None


def other_folder(where: Where, found: dict[str, Any]) -> str:
    """The message about an emulator that is not the one meant."""
    return (
        f"the emulator at {found['graph']} (pid {found['pid']}) is another one: its state folder is {found['home']}, "
        f"not {where.home}. Name its folder with --home, or take another port with --port."
    )


def _check_free(port: int) -> None:
    holder = ports.listener(port) if port else None
    if holder is not None:
        raise _held(port, holder)


def _named(taken: PortError) -> MetaAccessError:
    holder = ports.listener(taken.port)
    return taken if holder is None else _held(taken.port, holder)


def _held(port: int, holder: ports.Listener) -> ProcessError:
    ours = client.health(f"http://{HOST}:{port}")
    if ours is not None:
        return ProcessError(
            f"cannot listen on {HOST}:{port}: the emulator of the state folder {ours['home']} (pid {ours['pid']}, "
            f"graph {ours['graph']}) has the port. Stop it with `meta-access emulator stop --home {ours['home']}`, or "
            "take other ports with --port and --aws-port."
        )
    return ProcessError(
        f"cannot listen on {HOST}:{port}: process {holder.pid} ({holder.command}) has the port, and it is not this "
        "emulator. Stop it, or take other ports with --port and --aws-port."
    )
