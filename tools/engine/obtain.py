"""Gets the real Pulumi engine: PATH, user cache, vendor's archive, Go module proxy; in this order.

`python3 -m tools.engine.obtain` runs on a bare Python 3.11 and prints the folder of the engine as its last line (with
`--json`, one object); what it does meanwhile goes to standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from typing import TYPE_CHECKING

from tools.engine import archive, build, cache, path
from tools.engine.binaries import Engine, WayFailedError, minimum

if TYPE_CHECKING:
    from collections.abc import Callable

PATH, CACHE, ARCHIVE, BUILD = "PATH", "user cache", "vendor's archive", "Go module proxy"
WAYS = (PATH, CACHE, ARCHIVE, BUILD)
SLOW = (ARCHIVE, BUILD)


class EngineNotFoundError(Exception):
    """No way led to an engine; holds the reason of each."""

    def __init__(self, tried: list[tuple[str, str]]) -> None:
        self.tried = tried
        reasons = "\n".join(f"  - {way}: {_indented(reason)}" for way, reason in tried)
        super().__init__(
            f"No way led to a Pulumi engine:\n{reasons}\n"
            f"Next step: install pulumi {minimum()} or newer yourself so that it is on PATH, or mend one of these."
        )


def obtain(say: Callable[[str], None], ways: tuple[str, ...] = WAYS) -> Engine:
    """Return the first engine found, saying where it came from.

    Raises:
        EngineNotFoundError: With the reason of every way tried.
    """
    tried: list[tuple[str, str]] = []
    reported = 0
    for way in ways:
        if way in SLOW:  # from here on it takes minutes: the person should know why
            for earlier, reason in tried[reported:]:
                say(f"not from {_article(earlier)}: {reason}")
            reported = len(tried)
        try:
            engine = _take(way, say)
        except WayFailedError as error:
            tried.append((way, str(error)))
            continue
        say(f"pulumi {engine.version} from {_article(engine.way)} ({engine.folder})")
        return engine
    raise EngineNotFoundError(tried)


def _take(way: str, say: Callable[[str], None]) -> Engine:
    if way == PATH:
        return path.look()
    if way == CACHE:
        return cache.look()
    make = archive.download if way == ARCHIVE else build.build
    with cache.locked(say):
        # Another process may have filled it while we waited.
        with contextlib.suppress(WayFailedError):
            return cache.look()
        return cache.fill(way, lambda folder: make(folder, say))


def _article(way: str) -> str:
    return way if way == PATH else f"the {way}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n      ")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tools.engine.obtain", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the folder")
    arguments = parser.parse_args(argv)

    def say(line: str) -> None:
        print(f"engine: {line}", file=sys.stderr, flush=True)

    try:
        engine = obtain(say)
    except EngineNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
        return 130
    if arguments.json:
        print(json.dumps({"folder": str(engine.folder), "version": engine.version, "way": engine.way}))
    else:
        print(engine.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
