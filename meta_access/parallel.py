"""Calls that need not wait for each other, made at once."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
MOST = 8
"""At once, so that a stack with dozens of connections opens no dozens of connections to one host."""


def together(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The answers, in the order of the calls; the first one's exception once all have ended."""
    if len(calls) <= 1:
        return [call() for call in calls]
    with ThreadPoolExecutor(min(MOST, len(calls))) as threads:
        # A thread of its own knows on whose behalf it waits for throttles.
        begun = [threads.submit(contextvars.copy_context().run, call) for call in calls]
    return [one.result() for one in begun]
