"""`make clean`: stops the emulator and removes what the other targets made. Runs on a bare Python.

The engine stays in the user's cache, outside the repository.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from tools.workspace.environment import DEV, ROOT, VENV_BIN, WORK, environment, say

CACHES = (
    ".venv",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".import_linter_cache",
    "build",
    "dist",
)


def main() -> int:
    command = VENV_BIN / "meta-access"
    if command.exists() and WORK.exists():
        # Its world lies in the folder that goes; a broken installation must not keep the folder here.
        stopped = subprocess.run([command, "emulator", "stop"], env=environment(None, DEV), check=False, timeout=60)
        if stopped.returncode != 0:
            say("clean: the emulator did not stop by itself; `make emulator` shows what runs")
    for name in (*CACHES, WORK.name):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in list(ROOT.rglob("__pycache__")):
        shutil.rmtree(folder, ignore_errors=True)
    say("clean: done; the engine stays in the user's cache")
    return 0


if __name__ == "__main__":
    sys.exit(main())
