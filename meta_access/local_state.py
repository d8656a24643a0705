"""Where this machine keeps what the tool notes between runs, apart from Pulumi's state. Never a secret.

META_ACCESS_STATE_DIR names the folder; the XDG base directory specification's state folder serves without it.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "META_ACCESS_STATE_DIR"


def folder(name: str) -> Path:
    """The folder of one kind of notes; it may not exist yet.

    Raises:
        RuntimeError: This user has no home.
    """
    if given := os.environ.get(VARIABLE, ""):
        return Path(given).expanduser() / name
    # The specification says to ignore a relative value.
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "meta-access" / name
