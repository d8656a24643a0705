"""Which system users of the state their business lists no more, as this deployment has seen.

What depends on such a user keeps what it has until there is another one: Meta would refuse each of them, and the reason
is told once, at the user.
"""

from __future__ import annotations

import threading

_lock = threading.Lock()
_users: set[str] = set()


def note(system_user_id: str) -> None:
    """A list that could be read does not have this user."""
    with _lock:
        _users.add(system_user_id)


def has(system_user_id: object) -> bool:
    with _lock:
        return system_user_id in _users
