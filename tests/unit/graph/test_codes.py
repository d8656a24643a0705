from __future__ import annotations

import pytest

from meta_access import errors
from meta_access.graph import codes

THROTTLES = [4, 17, 32, 341, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014]


def judged(code: int, subcode: int = 0, message: str = "", *, transient: bool = False, status: int = 400) -> str:
    return codes.judge(code, subcode, message, transient=transient, http_status=status).error.__name__


@pytest.mark.parametrize(
    ("code", "subcode", "name"),
    [
        (1, 0, "TransientError"),
        (2, 0, "TransientError"),
        (3, 0, "PermissionDeniedError"),
        (10, 0, "PermissionDeniedError"),
        (10, 1341012, "PermissionDeniedError"),
        *((code, 0, "RateLimitedError") for code in THROTTLES),
        (4, 1504022, "RateLimitedError"),
        (17, 2446079, "RateLimitedError"),
        (613, 1487742, "RateLimitedError"),
        (613, 4841018, "RateLimitedError"),
        (200, 4841013, "RateLimitedError"),
        (200, 0, "PermissionDeniedError"),
        (299, 0, "PermissionDeniedError"),
        (294, 0, "HumanNeededError"),
        (368, 0, "HumanNeededError"),
        (415, 0, "HumanNeededError"),
        (104001, 0, "HumanNeededError"),
        (100, 0, "InvalidRequestError"),
        (100, 33, "NotFoundError"),
        (100, 1752129, "InvalidRequestError"),
        (101, 0, "AuthError"),
        (102, 0, "AuthError"),
        (104, 0, "AuthError"),
        (105, 0, "InvalidRequestError"),
        (110, 0, "InvalidRequestError"),
        (190, 0, "AuthError"),
        *((190, subcode, "AuthError") for subcode in (458, 459, 460, 463, 464, 467, 492, 1)),
        *((code, 0, "AuthError") for code in (452, 457, 459, 483)),
        (506, 0, "InvalidRequestError"),
        *((code, 0, "InvalidRequestError") for code in (2500, 2615, 2620, 2635, 3910, 3914, 3974, 3996)),
        (3949, 0, "LimitReachedError"),
        (3965, 0, "LimitReachedError"),
        (3972, 0, "LimitReachedError"),
        (3962, 0, "PermissionDeniedError"),
        (0, 0, "GraphError"),
        (-7, 0, "GraphError"),
        (99999, 0, "GraphError"),
    ],
)
def test_a_code_means_what_the_table_says(code: int, subcode: int, name: str) -> None:
    assert judged(code, subcode) == name


@pytest.mark.parametrize(
    ("code", "message", "name"),
    [
        (200, "API access blocked.", "HumanNeededError"),
        (100, "API calls from the server require an appsecret_proof argument", "AuthError"),
        (100, "Invalid appsecret_proof provided in the API argument", "AuthError"),
        (1, "Error validating client secret.", "AuthError"),
        (190, "Invalid OAuth access token signature.", "AuthError"),
        (
            100,
            "(#100) You must provide an app access token, or a user access token of an owner of the app",
            "AuthError",
        ),
        (190, "Invalid OAuth access token - Cannot parse access token", "AuthError"),
        (
            100,
            "Only apps with Ads Management API standard access and above can be installed",
            "PermissionDeniedError",
        ),
        (100, "API access blocked.", "InvalidRequestError"),
    ],
)
def test_text_decides_where_a_code_means_two_things(code: int, message: str, name: str) -> None:
    assert judged(code, message=message) == name


@pytest.mark.parametrize(
    ("code", "transient", "status", "name"),
    [
        (99999, True, 400, "TransientError"),
        (99999, False, 500, "TransientError"),
        (99999, False, 503, "TransientError"),
        (99999, False, 429, "RateLimitedError"),
        (99999, True, 429, "RateLimitedError"),
        (100, True, 400, "TransientError"),
        (100, False, 500, "InvalidRequestError"),
        (4, True, 400, "RateLimitedError"),
        (190, True, 500, "AuthError"),
        (368, True, 400, "HumanNeededError"),
    ],
)
def test_the_code_counts_before_status_and_transience(code: int, transient: bool, status: int, name: str) -> None:
    assert judged(code, transient=transient, status=status) == name


def test_every_verdict_says_what_to_do_next() -> None:
    known = [*codes._BY_CODE.values(), *codes._BY_SUBCODE.values(), *(verdict for _, _, verdict in codes._BY_TEXT)]

    assert [verdict for verdict in known if not verdict.next_step.endswith(".")] == []
    assert {verdict.error for verdict in known} <= {
        errors.AuthError,
        errors.HumanNeededError,
        errors.InvalidRequestError,
        errors.LimitReachedError,
        errors.NotFoundError,
        errors.PermissionDeniedError,
        errors.RateLimitedError,
        errors.TransientError,
    }


@pytest.mark.parametrize(
    ("subcode", "why"),
    [
        (458, "The app was removed from the user."),
        (459, "Meta wants the user to pass a check."),
        (460, "The user's password changed."),
        (463, "The token has expired."),
        (464, "The user is not confirmed."),
        (467, "The token was ended."),
        (492, "The user's session is not valid."),
        (0, "The token is not valid."),
    ],
)
def test_a_refused_token_says_why(subcode: int, why: str) -> None:
    assert codes.judge(190, subcode, "", transient=False, http_status=401).why == why
