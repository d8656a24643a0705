"""Way 1: an engine that the user has on PATH already."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.engine.binaries import FIRST_UNFIT, MINIMUM, Engine, WayFailedError, minimum, missing, parse, version_of


def look(search: str | None = None) -> Engine:
    """Return the engine on PATH when it is whole and recent enough.

    Args:
        search: A PATH to look in; None means the environment's.
    """
    found = shutil.which("pulumi", path=search)
    if found is None:
        raise WayFailedError("pulumi is not on PATH")
    # The engine looks for its plugins next to the real file, not next to a link to it.
    folder = Path(found).resolve().parent
    lacking = missing(folder)
    if lacking:
        raise WayFailedError(f"{folder} has no {', '.join(lacking)} next to pulumi")
    version = version_of(folder)
    if parse(version) < MINIMUM:
        raise WayFailedError(f"pulumi {version} in {folder} is older than {minimum()}")
    if parse(version) >= FIRST_UNFIT:
        raise WayFailedError(f"pulumi {version} in {folder} is newer than the programs run on")
    return Engine(folder, version, "PATH")
