"""Whose token has ended at Meta, as this deployment has seen: the app may have been taken off that user.

Meta shows nobody whether an app is installed on a system user, and mints no token while it is not.
"""

from __future__ import annotations

import threading

_lock = threading.Lock()
_users: set[tuple[str, str]] = set()


def note(app_id: str, system_user_id: str) -> None:
    """A token of this app and user has ended before its time."""
    with _lock:
        _users.add((app_id, system_user_id))


def has(app_id: str, system_user_id: str) -> bool:
    with _lock:
        return (app_id, system_user_id) in _users
