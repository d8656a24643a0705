"""`make test`: the checks, then every layer of tests in one pytest run, the real engine included."""

from __future__ import annotations

import os
import sys

from tools.workspace import browser, check
from tools.workspace.environment import ROOT, engine_folder, environment, say
from tools.workspace.failures import explained
from tools.workspace.process import stream

LAYERS = ("tests/unit", "tests/emulator", "tests/browser", "tests/host", "tests/engine")
# Variables of a stack or a person at work here that must not reach a test.
FOREIGN = ("PULUMI_", "META_", "AWS_")


@explained("Tests leave nothing behind that the next run minds.")
def main() -> int:
    say(f"browser: {browser.obtain()}")
    failed = check.run()
    base = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    env = environment(engine_folder(), "tests", base=base)
    layers = [layer for layer in LAYERS if (ROOT / layer).is_dir()]
    workers = (os.cpu_count() or 1) + 1  # an engine test waits a part of its time
    # worksteal took 21:26 on two cores; load with the engine's tests first 21:55, loadfile 22:43 (2026-11-27).
    argv = ["pytest", "-n", str(workers), "--dist", "worksteal", "--durations", "10", *layers]
    say(f"test: {' '.join(argv)}")
    code = stream(argv, env, cwd=str(ROOT))
    if failed:
        say(f"check: failed: {', '.join(failed)}")
    return code or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main())
