"""Turns the expected failures of a make target into one paragraph and an exit code."""

from __future__ import annotations

import functools
import subprocess
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from tools.workspace.browser import BrowserNotFoundError
from tools.workspace.environment import say
from tools.workspace.locks import LockedError
from tools.workspace.ready import NotReadyError
from tools.workspace.stack import StackError

if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130


def explained(again: str) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Wrap a target's main; `again` is what to say after an interrupt."""

    def wrap(main: Callable[[], int]) -> Callable[[], int]:
        @functools.wraps(main)
        def run() -> int:
            try:
                return main()
            except KeyboardInterrupt:
                say(f"\ninterrupted. {again}")
                return INTERRUPTED
            except (BrowserNotFoundError, LockedError, MetaAccessError, NotReadyError, StackError) as error:
                say(f"error: {error}")
            except subprocess.TimeoutExpired as error:
                say(f"error: `{' '.join(map(str, error.cmd[:3]))}` did not end within {error.timeout:.0f} s")
            return 1

        return run

    return wrap
