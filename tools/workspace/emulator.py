"""`make emulator`: the emulated Meta and Secrets Manager, in the background."""

from __future__ import annotations

import sys

from tools.workspace import ready
from tools.workspace.environment import environment, make_folders
from tools.workspace.failures import explained


@explained("make emulator can be repeated.")
def main() -> int:
    make_folders()
    ready.emulator(environment(None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
