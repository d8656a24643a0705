"""`make preview [STACK=…] [OFFLINE=1 | SNAPSHOT=FILE] [VERBOSE=1]`: what an `up` would do, live or as recorded."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from meta_access import snapshot
from tools.workspace import ready, scratch, stack
from tools.workspace.environment import BACKEND, DEV, ROOT, engine_folder, environment, say
from tools.workspace.failures import explained
from tools.workspace.process import capture, engine, stream
from tools.workspace.stack import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping

PLUGINS_S = 300.0


@explained("A preview changes nothing.")
def main() -> int:
    parser = argparse.ArgumentParser(prog="make preview", description=__doc__)
    parser.add_argument("--stack", default=DEV)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--offline", action="store_true")
    source.add_argument("--snapshot", type=Path)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    file = ROOT / "stacks" / f"Pulumi.{arguments.stack}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.name.split(".")[1] for path in (ROOT / "stacks").glob("Pulumi.*.yaml")))
        raise StackError(f"There is no stack {arguments.stack!r}: stacks/ has {known}.")
    if arguments.offline or arguments.snapshot:
        return apart(arguments.stack, arguments.snapshot, verbose=arguments.verbose)
    with stack.unchanged(file):
        return live(arguments.stack, verbose=arguments.verbose)


def live(name: str, *, verbose: bool = False) -> int:
    """Preview against Meta and Secrets Manager; for dev, against the emulated ones."""
    if name == DEV:
        env = ready.dev()
    else:
        if os.environ.get("PULUMI_BACKEND_URL") == BACKEND:
            raise StackError(
                f"PULUMI_BACKEND_URL is the local one of stack {DEV}, as `make env` sets it. For stack {name}: use a "
                f"shell with that stack's own backend and credentials, or make preview STACK={name} OFFLINE=1"
            )
        env = environment(engine_folder(), name)
        stack.verify(name, env)
        # The program's own plugins; any other that the state names is not fetched. What fails here, the preview names.
        with contextlib.suppress(subprocess.TimeoutExpired):
            capture(["pulumi", "plugin", "install"], env, timeout_s=PLUGINS_S)
    return _shown(name, env, verbose=verbose)


def _shown(name: str, env: Mapping[str, str], *more: str, cwd: Path | None = None, verbose: bool) -> int:
    """Show a preview as a review, or as the engine prints it: a line or three for each resource, changed or not."""
    where = None if cwd is None else str(cwd)
    if verbose:
        return engine(["pulumi", "preview", "--non-interactive", "--stack", name], env, cwd=where)
    return stream(["meta-access", "review", "--stack", name, *more], env, cwd=where)


def apart(name: str, file: Path | None, *, verbose: bool = False) -> int:
    """Preview in a scratch copy: against a snapshot, or what the configuration alone would make from nothing."""
    now = datetime.now(UTC)
    held = None if file is None else snapshot.load(file, now)
    with scratch.copied(ROOT, name) as copy:
        say(not_looked_at(name, copy.blanked) if held is None else looked_at(name, held.sentence(now), copy.blanked))
        env = scratch.prepared(copy, name, file, held)
        # Nothing is folded: the copy is gone afterwards, so that nobody can ask for the rest.
        return _shown(name, env, "--all", cwd=copy.folder, verbose=verbose)


def not_looked_at(name: str, blanked: int) -> str:
    """Say what an offline preview cannot know, in one paragraph."""
    secure = f", and {blanked} encrypted configuration value(s), replaced by a placeholder" if blanked else ""
    return (
        f"Offline preview of stack {name}: the configuration alone, in a scratch copy that starts from nothing, so "
        "that every resource reads as a create. Not looked at: Meta (who holds which role, live system users and the "
        "quota they leave, asset assignments, access levels, the status of every gate), AWS Secrets Manager (secrets, "
        f"tokens, expiries), the stack's recorded state, and its secrets provider{secure}. No credential and no "
        "network is used, and the checkout does not change.\n"
    )


def looked_at(name: str, source: str, blanked: int) -> str:
    """Say what a preview against a snapshot goes by."""
    secure = f" {blanked} encrypted configuration value(s) are replaced by a placeholder." if blanked else ""
    return (
        f"Preview of stack {name} against {source}: the configuration of this checkout, compared with the state in "
        "that file and with what Meta and Secrets Manager answered then. What it does not hold is unknown, and not "
        f"shown as a change.{secure} No credential and no network is used, and the checkout does not change.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
