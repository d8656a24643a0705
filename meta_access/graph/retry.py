"""Whether and when a failed call is tried again. Pure: errors and counts in, seconds out.

A write that may have been applied is never repeated by this rule; `client.py` looks first.
"""

from __future__ import annotations

from meta_access.errors import GraphUnreachableError, MetaAccessError, RateLimitedError, TransientError

READ_ATTEMPTS = 4
CONNECT_ATTEMPTS = 3
THROTTLE_BOUND_S = 120.0
"""Longest time one call waits for throttles; beyond it the error says when to come back."""

_FIRST_PAUSE_S = 0.5
_BLIND_THROTTLE_PAUSE_S = 15.0


def pause_s(error: MetaAccessError, method: str, *, attempt: int, waited_s: float) -> float | None:
    """Seconds to wait before the next attempt, or None when there is to be none.

    Args:
        error: What the last attempt raised.
        method: What the call does to Meta: GET, POST or DELETE. A GET sent as a form is a GET.
        attempt: Number of attempts made, from 1.
        waited_s: Seconds this call has waited for throttles so far.
    """
    if isinstance(error, RateLimitedError):
        # A throttle refuses before anything is done, so every method may come again. Calls made while throttled
        # prolong the block (Meta's rate limiting page): without a named time the pauses double from a long first one.
        pause = error.regain_s if error.regain_s is not None else _BLIND_THROTTLE_PAUSE_S * 2 ** (attempt - 1)
        return pause if waited_s + pause <= THROTTLE_BOUND_S else None
    backoff = _FIRST_PAUSE_S * 2 ** (attempt - 1)
    if isinstance(error, GraphUnreachableError) and not error.sent:
        return backoff if attempt < CONNECT_ATTEMPTS else None
    if isinstance(error, (TransientError, GraphUnreachableError)) and method in {"GET", "DELETE"}:
        # Every DELETE we send takes something away by its name, so a second one finds nothing left to do.
        return backoff if attempt < READ_ATTEMPTS else None
    return None
