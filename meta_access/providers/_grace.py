"""System users whose superseded tokens are still in grace, as this deployment has seen.

A token that moves to another user leaves one of the old user's alive for a while. Until that ends the old user must not
be retired: its slot would be taken with a live token on it.
"""

from __future__ import annotations

import threading

_lock = threading.Lock()
_until: dict[str, str] = {}


def note(system_user_id: str, ends_at: str) -> None:
    """Remember until when a token of the user lives on. ISO moments in UTC order like their text."""
    with _lock:
        _until[system_user_id] = max(ends_at, _until.get(system_user_id, ""))


def ends_at(system_user_id: str) -> str | None:
    with _lock:
        return _until.get(system_user_id)
