"""`pulumi up` for some resources of a stack, as the commands of an emergency or of a schedule start it."""

from __future__ import annotations

import os
import re
import sys
from enum import Enum
from typing import TYPE_CHECKING

from meta_access.cli import bounded, plugins
from meta_access.cli.bounded import BOUNDS, Bounds
from meta_access.cli.progress import to_person
from meta_access.cli.stack import StackReadError, explained

if TYPE_CHECKING:
    from collections.abc import Sequence

# Whether a token is due is seen by looking; a project of somebody's own may lack `options: {refresh: always}`.
REFRESH = ("--refresh",)
SETTINGS = {"PULUMI_RUN_PROGRAM": "true", "PULUMI_CONTINUE_ON_ERROR": "true"}
# How an error about the configuration begins, wherever it is raised (`errors.ConfigError`).
REFUSAL = re.compile(r"\b[0-9]+ problems? in the configuration:")
# Heads the diagnostics of a token: what follows is about its own update.
TOKEN = re.compile(r"\bmeta:SystemUserToken \(")
# Of the file backends, and of Pulumi Cloud.
LOCKED = re.compile(r"the stack is currently locked by|Another update is currently in progress", re.IGNORECASE)


class Ended(Enum):
    """How a run ended."""

    WELL = "well"
    BADLY = "badly, and a token's own error is above"
    MISSED = "badly, and no token has an error of its own"
    REFUSED = "the configuration was refused"
    LOCKED = "another run holds the stack's lock"
    STILL = "it stood still and was ended"


def targeted(stack: str, urns: Sequence[str], bounds: Bounds = BOUNDS) -> Ended:
    """Run `pulumi up` for these resources alone. What it prints goes to standard error, line by line.

    Its preview is not left out: a state that the program does not fit is refused there, before anything is called.
    """
    targets = [part for urn in urns for part in ("--target", urn)]
    said: set[Ended] = set()

    def pass_on(line: str) -> None:
        sys.stderr.write(line)
        sys.stderr.flush()
        for pattern, ended in ((REFUSAL, Ended.REFUSED), (LOCKED, Ended.LOCKED), (TOKEN, Ended.BADLY)):
            if pattern.search(line):
                said.add(ended)
        if hint := explained(line):
            to_person(hint)

    try:
        done = bounded.run(
            ["pulumi", "up", "--yes", "--non-interactive", *REFRESH, "--stack", stack, *targets],
            env={**os.environ, **SETTINGS, **plugins.installed_only()},
            out=pass_on,
            err=pass_on,
            notify=to_person,
            bounds=bounds,
        )
    except FileNotFoundError:
        raise StackReadError(
            'Running pulumi failed: it is not on PATH. In a clone of the project: eval "$(make -s env)"'
        ) from None
    if done.stood:
        return Ended.STILL
    if done.code == 0:
        return Ended.WELL
    return next((ended for ended in (Ended.REFUSED, Ended.LOCKED, Ended.BADLY) if ended in said), Ended.MISSED)
