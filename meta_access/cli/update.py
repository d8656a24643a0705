"""`pulumi up` for some resources of a stack, as the commands of an emergency or of a schedule start it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from enum import Enum
from typing import TYPE_CHECKING

from meta_access.cli import plugins
from meta_access.cli.stack import StackReadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A claim of another run is waited for, then a lease of our own runs, for each token one after the other.
TIMEOUT_S = 3600.0
_GIVES_UP_S = 60.0
# Whether a token is due is seen by looking; a project of somebody's own may lack `options: {refresh: always}`.
REFRESH = ("--refresh",)
SETTINGS = {"PULUMI_RUN_PROGRAM": "true", "PULUMI_CONTINUE_ON_ERROR": "true"}
# How an error about the configuration begins, wherever it is raised (`errors.ConfigError`).
REFUSAL = re.compile(r"\b[0-9]+ problems? in the configuration:")


class Ended(Enum):
    """How a run ended."""

    WELL = "well"
    BADLY = "badly"
    REFUSED = "the configuration was refused"


def targeted(stack: str, urns: Sequence[str]) -> Ended:
    """Run `pulumi up` for these resources alone. What it prints goes to standard error, line by line.

    Its preview is not left out: a state that the program does not fit is refused there, before anything is called.
    """
    targets = [part for urn in urns for part in ("--target", urn)]
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own pulumi, as every command of this project
            ["pulumi", "up", "--yes", "--non-interactive", *REFRESH, "--stack", stack, *targets],  # noqa: S607 - likewise
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, **SETTINGS, **plugins.installed_only()},
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise StackReadError(
            'Running pulumi failed: it is not on PATH. In a clone of the project: eval "$(make -s env)"'
        ) from None
    refused = threading.Event()
    reader = threading.Thread(target=_pass_on, args=(process.stdout or (), refused), daemon=True)
    reader.start()
    well = _waited_for(process)
    # A grandchild that outlives pulumi may keep the pipe open; what it would say is not waited for.
    reader.join(_GIVES_UP_S)
    if well:
        return Ended.WELL
    return Ended.REFUSED if refused.is_set() else Ended.BADLY


def _pass_on(lines: Iterable[str], refused: threading.Event) -> None:
    for line in lines:
        sys.stderr.write(line)
        sys.stderr.flush()
        if REFUSAL.search(line):
            refused.set()


def _waited_for(process: subprocess.Popen[str]) -> bool:
    try:
        return process.wait(TIMEOUT_S) == 0
    except subprocess.TimeoutExpired:
        # As Ctrl-C would: the engine then records what it has done before it ends.
        process.send_signal(signal.SIGINT)
        return _ended(process)
    except KeyboardInterrupt:
        _ended(process)
        raise


def _ended(process: subprocess.Popen[str]) -> bool:
    try:
        process.wait(_GIVES_UP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return False
