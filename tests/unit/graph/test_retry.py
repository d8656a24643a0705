from __future__ import annotations

import pytest

from meta_access import errors
from meta_access.graph import retry

REFUSED = errors.GraphUnreachableError("refused", sent=False)
UNANSWERED = errors.GraphUnreachableError("cut", sent=True)
PASSING = errors.TransientError("passing", code=2)


def throttle(regain_s: float | None) -> errors.RateLimitedError:
    error = errors.RateLimitedError("slow", code=17)
    error.regain_s = regain_s
    return error


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("error", [PASSING, UNANSWERED])
@pytest.mark.parametrize(("attempt", "pause"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, None)])
def test_reads_and_deletes_are_repeated_three_times(
    method: str, error: errors.MetaAccessError, attempt: int, pause: float | None
) -> None:
    assert retry.pause_s(error, method, attempt=attempt, waited_s=0) == pause


@pytest.mark.parametrize("error", [PASSING, UNANSWERED])
def test_a_post_that_may_have_landed_is_never_repeated_blindly(error: errors.MetaAccessError) -> None:
    assert retry.pause_s(error, "POST", attempt=1, waited_s=0) is None


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(("attempt", "pause"), [(1, 0.5), (2, 1.0), (3, None)])
def test_what_never_left_is_sent_again(method: str, attempt: int, pause: float | None) -> None:
    assert retry.pause_s(REFUSED, method, attempt=attempt, waited_s=0) == pause


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("regain_s", "attempt", "waited_s", "pause"),
    [
        (60.0, 1, 0.0, 60.0),
        (120.0, 1, 0.0, 120.0),
        (121.0, 1, 0.0, None),
        (60.0, 2, 61.0, None),
        (None, 1, 0.0, 15.0),
        (None, 2, 15.0, 30.0),
        (None, 3, 45.0, 60.0),
        (None, 4, 105.0, None),
    ],
)
def test_a_throttle_is_waited_out_within_the_bound(
    method: str, regain_s: float | None, attempt: int, waited_s: float, pause: float | None
) -> None:
    assert retry.pause_s(throttle(regain_s), method, attempt=attempt, waited_s=waited_s) == pause


@pytest.mark.parametrize(
    "error",
    [
        errors.AuthError("x"),
        errors.PermissionDeniedError("x"),
        errors.NotFoundError("x"),
        errors.InvalidRequestError("x"),
        errors.LimitReachedError("x"),
        errors.HumanNeededError("x"),
        errors.GraphError("x"),
    ],
)
def test_a_definite_refusal_is_not_repeated(error: errors.MetaAccessError) -> None:
    assert retry.pause_s(error, "GET", attempt=1, waited_s=0) is None
