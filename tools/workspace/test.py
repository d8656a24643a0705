"""`make test`: the checks, then every layer of tests in one pytest run, the real engine included."""

from __future__ import annotations

import os
import sys

from tools.workspace import browser, check
from tools.workspace.environment import ROOT, engine_folder, environment, say
from tools.workspace.failures import told
from tools.workspace.process import stream

# Those of a minute first, so that no worker is left with them in the end.
LAYERS = ("tests/engine", "tests/host", "tests/browser", "tests/emulator", "tests/unit")
# Variables of a stack or a person at work here that must not reach a test.
FOREIGN = ("PULUMI_", "META_", "AWS_")


@told("Tests leave nothing behind that the next run minds.")
def main() -> int:
    say(f"browser: {browser.obtain()}")
    failed = check.run()
    base = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    env = environment(engine_folder(), "tests", base=base)
    layers = [layer for layer in LAYERS if (ROOT / layer).is_dir()]
    workers = (os.cpu_count() or 1) + 1  # an engine test waits a part of its time
    # A file at a time: what its tests share is made once.
    spread = ("--dist", "loadfile", "--no-loadscope-reorder")
    argv = ["pytest", "-n", str(workers), *spread, "--durations", "10", *layers]
    say(f"test: {' '.join(argv)}")
    code = stream(argv, env, cwd=str(ROOT))
    if failed:
        say(f"check: failed: {', '.join(failed)}")
    return code or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main())
