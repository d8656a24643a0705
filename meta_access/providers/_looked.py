"""What this deployment has seen of its tokens' secrets, so that each is described once.

With `refresh: always` the refresh looks. In a project without it nobody would, and a token would never come due: then
the diff does.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_lock = threading.Lock()
_told: dict[str, Mapping[str, Any]] = {}


def note(arn: str, told: Mapping[str, Any]) -> None:
    """Remember what a secret tells, as outputs of its token."""
    with _lock:
        _told[arn] = dict(told)


def at(arn: str) -> Mapping[str, Any] | None:
    """What it told; None when nobody has looked yet."""
    with _lock:
        return _told.get(arn)


def forget(arn: str) -> None:
    """An update has changed what it would tell."""
    with _lock:
        _told.pop(arn, None)
