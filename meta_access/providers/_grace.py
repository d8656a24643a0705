"""System users whose superseded tokens are still in grace, as this deployment has seen.

A token that moves to another user leaves one of the old user's alive for a while. Until that ends the old user must not
be retired: its slot would be taken with a live token on it.
"""

from __future__ import annotations

import threading

_lock = threading.Lock()
_until: dict[str, tuple[str, str]] = {}


def note(system_user_id: str, ends_at: str, arn: str) -> None:
    """Remember until when, and in which secret, a token of the user lives on. ISO moments order like their text."""
    with _lock:
        _until[system_user_id] = max((ends_at, arn), _until.get(system_user_id, ("", "")))


def forget(arn: str) -> None:
    """Nothing that a user has left lives in this secret any more."""
    with _lock:
        for system_user_id in [user for user, (_, where) in _until.items() if where == arn]:
            del _until[system_user_id]


def ends_at(system_user_id: str) -> str | None:
    with _lock:
        return _until.get(system_user_id, (None, ""))[0]


def secret_of(system_user_id: str) -> str:
    """ARN of the secret whose token of the user lives longest; "" when none does."""
    with _lock:
        return _until.get(system_user_id, ("", ""))[1]
