"""`pulumi up` for some resources of a stack, as the commands of an emergency or of a schedule start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from meta_access.cli.stack import StackReadError

if TYPE_CHECKING:
    from collections.abc import Sequence

# A claim of another run is waited for, then a lease of our own runs, for each token one after the other.
TIMEOUT_S = 3600.0
_GIVES_UP_S = 60.0
SETTINGS = {"PULUMI_RUN_PROGRAM": "true", "PULUMI_CONTINUE_ON_ERROR": "true"}


def targeted(stack: str, urns: Sequence[str]) -> bool:
    """Run `pulumi up` for these resources alone; whether it ended well. What it prints goes to standard error.

    Its preview is not left out: a state that the program does not fit is refused there, before anything is called.
    """
    targets = [part for urn in urns for part in ("--target", urn)]
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own pulumi, as every command of this project
            ["pulumi", "up", "--yes", "--non-interactive", "--stack", stack, *targets],  # noqa: S607 - likewise
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            env={**os.environ, **SETTINGS},
        )
    except FileNotFoundError:
        raise StackReadError(
            'Running pulumi failed: it is not on PATH. In a clone of the project: eval "$(make -s env)"'
        ) from None
    try:
        return process.wait(TIMEOUT_S) == 0
    except subprocess.TimeoutExpired:
        # As Ctrl-C would: the engine then records what it has done before it ends.
        process.send_signal(signal.SIGINT)
        return _ended(process)
    except KeyboardInterrupt:
        _ended(process)
        raise


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_GIVES_UP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return False
