"""Which plugins `pulumi` runs: those that the program's own packages name, never one that a state names."""

from __future__ import annotations

import contextlib
import os
import subprocess

OFF = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
TIMEOUT_S = 120.0


def installed_only() -> dict[str, str]:
    """Get the plugins of the program's packages where the caller has not, and return what forbids to fetch others.

    A runner that nobody prepared would otherwise rotate nothing. What cannot be got is left to the run that needs it:
    it names the plugin.
    """
    if os.environ.get(OFF, "").lower() not in {"1", "true"}:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                ["pulumi", "plugin", "install"],  # noqa: S607 - the user's own pulumi, as every command of this project
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
    return {OFF: "true"}
