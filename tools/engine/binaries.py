"""Which engine the project wants, and the files that make one.

Standard library only, like the rest of this folder: it runs before anything is installed. This is the one place where
versions stand; `cli/go.mod` and `langhost/go.mod` pin the modules that they are built from.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What is downloaded or built when none is at hand.
VERSION = "3.259.0"
# The language host has no tagged release; its newest published commit compiles against these older packages.
LANGUAGE_HOST_VERSION = "3.184.0"
# Import files that carry inputs and outputs, the only import a Python dynamic provider has, came with this release.
MINIMUM = (3, 254, 0)
# What depends on a failed resource is no longer checked from here on: see ADR 8.
FIRST_UNFIT = (3, 261, 0)

# They must lie in one folder: the engine finds its bundled plugins next to itself.
FILES = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")

VERSION_TIMEOUT_S = 20


class WayFailedError(Exception):
    """One way to an engine did not lead there; the text says why."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answered its version."""

    folder: Path
    version: str
    way: str


def missing(folder: Path) -> list[str]:
    """Name the files of an engine that `folder` lacks."""
    return [name for name in FILES if not os.access(folder / name, os.X_OK) or (folder / name).stat().st_size == 0]


def parse(version: str) -> tuple[int, int, int]:
    """Turn `v3.259.0-dev+dirty` into numbers that compare."""
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)([-+].*)?", version.strip())
    if found is None:
        raise WayFailedError(f"its version could not be read from {version.strip()[:60]!r}")
    return int(found[1]), int(found[2]), int(found[3])


def minimum() -> str:
    return ".".join(str(number) for number in MINIMUM)


def version_of(folder: Path) -> str:
    """Ask the engine in `folder` for its version; raise when it does not run."""
    try:
        # A throw-away home: the command writes a log even for this, and the user's own home is not ours to touch.
        with tempfile.TemporaryDirectory(prefix="pulumi-home-") as home:
            done = subprocess.run(
                [folder / "pulumi", "version"],
                env={**os.environ, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=VERSION_TIMEOUT_S,
                check=True,
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise WayFailedError(f"{folder / 'pulumi'} does not run ({type(error).__name__})") from None
    numbers = parse(done.stdout)
    return ".".join(str(number) for number in numbers)
