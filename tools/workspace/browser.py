"""The Chromium of the browser tests: one on PATH, else Debian's package where it may be installed.

Tests without a browser fail; they are never skipped, because a skipped test looks like a passed one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence

from tools.workspace.environment import say

NAMES = ("chromium", "chromium-browser", "google-chrome")
# One that starts nothing by itself: no updates, no sync, no other host, no graphics card.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
APT = (
    ("apt-get", "update", "-qq"),
    ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"),
)
APT_S = 600.0

Run = Callable[[Sequence[str]], None]
Which = Callable[[str], str | None]


class BrowserNotFoundError(Exception):
    """No browser, and why none could be installed."""


def find(which: Which = shutil.which) -> str | None:
    """The path of a Chromium, or None."""
    return next((path for name in NAMES if (path := which(name)) is not None), None)


def obtain(which: Which = shutil.which, run: Run | None = None, *, root: bool | None = None) -> str:
    """The path of a Chromium, installed if need be.

    Args:
        which: Looks a program up on PATH.
        run: Runs a command; raises OSError, CalledProcessError or TimeoutExpired.
        root: Whether this process may install packages; asked of the system by default.

    Raises:
        BrowserNotFoundError: None is there and none could be installed.
    """
    found = find(which)
    if found is not None:
        return found
    missing = f"no {', '.join(NAMES[:-1])} or {NAMES[-1]} on PATH"
    fix = "Fix: install Chromium (on Debian `apt-get install chromium`) and repeat."
    if which("apt-get") is None:
        raise BrowserNotFoundError(f"{missing}, and no apt-get to install one. {fix}")
    if not (os.geteuid() == 0 if root is None else root):
        raise BrowserNotFoundError(f"{missing}, and only root may install one. {fix}")
    say("browser: installing Debian's chromium")
    try:
        for argv in APT:
            (run or _run)(argv)
    except subprocess.CalledProcessError as error:
        words = (error.stderr or "").strip()[-500:]
        raise BrowserNotFoundError(
            f"{missing}, and `{' '.join(error.cmd)}` failed: {words or 'no words'}. {fix}"
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BrowserNotFoundError(f"{missing}, and apt-get did not install one: {error}. {fix}") from None
    found = find(which)
    if found is None:
        raise BrowserNotFoundError(f"{missing}, even after apt-get installed the package. {fix}")
    return found


def _run(argv: Sequence[str]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=APT_S, check=True)
