"""What to do after a write that was not answered: look, then repeat at most once.

Meta has no idempotency key, and a write may have been carried out although its answer was lost
(https://developers.facebook.com/docs/graph-api/guides/error-handling, codes 1 and 2; users report it of 5xx and empty
answers too).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.errors import GraphUnreachableError, MetaAccessError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_AFTER_S = 1.0
"""Meta's lists trail its writes a little."""


def nothing_to_look_at() -> None:
    """The `landed` of a write that changes nothing more when it is repeated."""


def write(send: Callable[[], Any], landed: Callable[[], Any] | None, sleep: Callable[[float], None]) -> Any:
    """Send a write; if it stays unanswered, look whether it was carried out, and repeat it once if it was not.

    Args:
        send: Sends it once, and raises our errors.
        landed: What it returns replaces the lost answer; None means that the write was not carried out. Without it
            an unanswered write is an error.
        sleep: Waits.
    """
    try:
        return send()
    except (TransientError, GraphUnreachableError) as error:
        if landed is None or not getattr(error, "sent", True):
            raise
        unanswered = error
    sleep(LOOK_AFTER_S)
    if (found := _look(landed, unanswered)) is not None:
        return found
    try:
        return send()
    except MetaAccessError as error:
        refused = error
    # "Exists already" after an unanswered write may be about our own first one, which the list did not show in time.
    if (found := _look(landed, refused)) is not None:
        return found
    raise refused


def _look(landed: Callable[[], Any], failure: MetaAccessError) -> Any:
    try:
        return landed()
    except MetaAccessError:
        pass
    # Looking failed too, so nothing is known about the write; its own failure is the one to report.
    raise failure
