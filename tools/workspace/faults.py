"""`make test-faults` and `make test-faults-all`: the fault matrix on the real engine, a sample of it or the whole."""

from __future__ import annotations

import argparse
import os
import sys

from tools.workspace.environment import ROOT, engine_folder, environment
from tools.workspace.failures import explained
from tools.workspace.process import stream
from tools.workspace.test import FOREIGN


@explained("Trials leave nothing behind.")
def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-faults", description=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    words = ["--all"] if arguments.all else []
    words += ["--only", arguments.only] if arguments.only else []
    words += ["--json"] if arguments.json else []
    base = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    env = environment(engine_folder(), "tests", base=base)
    return stream([sys.executable, "-m", "tests.faults", *words], env, cwd=str(ROOT))


if __name__ == "__main__":
    sys.exit(main())
