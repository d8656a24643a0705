"""Way 2: the user's cache, and how ways 3 and 4 fill it.

The cache lies outside the repository, so that a fresh clone starts warm. A version appears in it by one rename, so that
an interrupted build leaves nothing half-made; a lock that the kernel frees when its holder dies keeps two builders
apart.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.engine.binaries import VERSION, Engine, WayFailedError, missing, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLL_S = 0.5
SAY_EVERY_S = 10


def root() -> Path:
    """Return the folder that holds one folder per version."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says to ignore a relative value.
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    return base / "meta-access" / "engine"


def look() -> Engine:
    """Return the cached engine of the wanted version."""
    folder = root() / VERSION
    if not folder.is_dir():
        raise WayFailedError(f"{folder} does not exist")
    lacking = missing(folder)
    if lacking:
        raise WayFailedError(f"{folder} lacks {', '.join(lacking)}")
    return Engine(folder, version_of(folder), "user cache")


@contextlib.contextmanager
def locked(say: Callable[[str], None]) -> Iterator[None]:
    """Hold the cache for one builder; wait, and say so, while another one works."""
    root().mkdir(parents=True, exist_ok=True)
    with (root() / f"{VERSION}.lock").open("w") as lock:
        next_word = time.monotonic()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= next_word:
                    say("waiting for another process that is getting the engine")
                    next_word = time.monotonic() + SAY_EVERY_S
                time.sleep(POLL_S)
        yield


def fill(way: str, make: Callable[[Path], object]) -> Engine:
    """Let `make` put an engine's files into a new folder, check them, and give them to the cache.

    Call it inside `locked`: what an interrupted predecessor left is removed.
    """
    for leftover in root().glob(f".{VERSION}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{VERSION}-", dir=root()))
    try:
        make(fresh)
        lacking = missing(fresh)
        if lacking:
            raise WayFailedError(f"it brought no {', '.join(lacking)}")
        version = version_of(fresh)
        fresh.chmod(0o755)
        target = root() / VERSION
        if target.exists():  # it is broken, else `look` would have taken it
            shutil.rmtree(target)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Engine(target, version, way)
