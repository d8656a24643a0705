"""`make up`: from a bare clone to a provisioned dev stack, and a summary of what exists and what people still do."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from tools.workspace import next_step, ready, stack
from tools.workspace.environment import DEV, say
from tools.workspace.failures import explained
from tools.workspace.process import capture, engine, stream

if TYPE_CHECKING:
    from collections.abc import Mapping

AGAIN = "make up can be interrupted and repeated at any point."


@explained(AGAIN)
def main() -> int:
    with stack.unchanged(stack.dev_file()):
        env = ready.dev()
        # The summary below tells the outputs; the engine's print of them would hide what it did.
        code = engine(["pulumi", "up", "--yes", "--non-interactive", "--suppress-outputs", "--stack", DEV], env)
        if code != 0:
            say(f"make up: the engine reported errors above; what it could do is done and recorded. {AGAIN}")
            return code
        say("")
        code = stream(["meta-access", "report", "--stack", DEV], env)
    say(f"\n{next_step.suggest(_gates(env))}")
    return code


def _gates(env: Mapping[str, str]) -> dict[str, str]:
    done = capture(["pulumi", "stack", "output", "--json", "--stack", DEV], env)
    found: dict[str, str] = json.loads(done.stdout).get("gates", {}) if done.returncode == 0 else {}
    return found


if __name__ == "__main__":
    sys.exit(main())
