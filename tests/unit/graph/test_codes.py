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
        *((190, subcode, "AuthError") for subcode in (458, 459, 460, 463, 464, 467, 490, 492, 1)),
        *((code, 0, "AuthError") for code in (452, 457, 459, 483, 490)),
        (31, 0, "HumanNeededError"),
        (31, 3858385, "HumanNeededError"),
        (270, 0, "PermissionDeniedError"),
        (506, 0, "InvalidRequestError"),
        *((code, 0, "InvalidRequestError") for code in (2500, 2615, 2620, 3910, 3914, 3974, 3996)),
        (3949, 0, "LimitReachedError"),
        (3965, 0, "LimitReachedError"),
        (3972, 0, "LimitReachedError"),
        (3962, 0, "PermissionDeniedError"),
        (2635, 0, "HumanNeededError"),
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
        (1, "Please reduce the amount of data you're asking for, then retry your request", "InvalidRequestError"),
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
        (
            459,
            "Meta wants the person behind the token to pass a security check, a checkpoint; the token may be good.",
        ),
        (460, "The user's password changed."),
        (463, "The token has expired."),
        (464, "The account of the person behind the token is not confirmed; the token may well be good."),
        (467, "The token was ended."),
        (492, "The user's session is not valid."),
        (0, "The token is not valid."),
    ],
)
def test_a_refused_token_says_why(subcode: int, why: str) -> None:
    assert codes.judge(190, subcode, "", transient=False, http_status=401).why == why


WRONG = ("task on the object", "assign what is missing", "mint the token again", "valid token where", "snapshot of its")


@pytest.mark.parametrize(
    ("code", "subcode", "message", "says"),
    [
        (
            200,
            0,
            "API access deactivated. To reactivate, go to the app dashboard.",
            "An administrator of the app opens",
        ),
        (190, 0, "API access deactivated. The owner can reactivate it.", "An administrator of the app opens"),
        (200, 0, "(#200) A valid app ID must be provided", "Compare the app's id in meta:apps"),
        (190, 0, "Error validating application. The application has been deleted.", "when the app is gone"),
        (200, 0, "Error validating application. Application has been deleted.", "when the app is gone"),
        (190, 0, "Error validating application. Invalid application ID.", "Compare the app's id in meta:apps"),
        (190, 0, "App not active: this app is not accessible right now.", "An administrator of the app opens"),
        (
            190,
            490,
            "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint",
            "Sign in",
        ),
        (190, 459, "Error validating access token.", "Sign in at facebook.com as that person and pass the check"),
        (102, 459, "Session has been checkpointed.", "Sign in at facebook.com as that person and pass the check"),
        (190, 0, "The user is in a blocking, logged-in checkpoint.", "Sign in at facebook.com as that person"),
        (459, 0, "", "Sign in at facebook.com as that person and pass the check"),
        (190, 464, "Sessions for the user are not allowed: not a confirmed user.", "confirm the account"),
        (102, 464, "Not a confirmed user.", "confirm the account"),
        (31, 3858385, "(#31) Authenticate your account in Ads Manager.", "opens Ads Manager and passes the check"),
        (31, 0, "(#31) No.", "opens Ads Manager and passes the check"),
        (200, 0, "Please authenticate your account first.", "opens Ads Manager and passes the check"),
        (368, 0, "The action attempted has been deemed abusive or is otherwise disallowed", "Account Quality page"),
        (200, 0, "Your business is restricted from advertising.", "Account Quality page"),
        (200, 0, "Access to this data is temporarily disabled for non-active accounts", "An administrator of the app"),
        (3, 0, "(#3) Application does not have the capability to make this API call.", "permissions and features"),
        (10, 0, "(#10) Application does not have permission for this action", "permissions and features"),
        (270, 0, "This request is not allowed for apps with development access level", "Ask for the higher tier"),
        (200, 0, "API access disabled. The owner can reactivate it.", "An administrator of the app opens"),
        (200, 0, "(#200) API access has been temporarily suspended for this app", "An administrator of the app opens"),
        (190, 0, "The token's application has been removed or restricted.", "An administrator of the app opens"),
        (200, 0, "Application 120480000000201 is restricted", "An administrator of the app opens"),
        (190, 0, "Application with ID 120480000000201 was deleted", "when the app is gone"),
        (100, 0, "(#100) The application does not exist.", "when the app is gone"),
        (200, 0, "(#200) Provide valid app ID", "Compare the app's id in meta:apps"),
        (200, 0, "(#200) The app is in development mode", "switches it to live mode"),
        (200, 0, "(#200) Ad account owner has NOT grant ads_management or ads_read permission", "Have the owner share"),
        (200, 0, "(#200) Your business account is disabled", "Account Quality page"),
        (190, 0, "The access token does not belong to application 120480000000201", "all three belong to one app"),
        (5, 0, "(#5) Unauthorized source IP address", "Server IP allowlist"),
    ],
)
def test_trouble_of_the_whole_app_or_account_is_not_blamed_on_tasks_or_the_token(
    code: int, subcode: int, message: str, says: str
) -> None:
    found = codes.judge(code, subcode, message, transient=False, http_status=400)

    assert says in found.next_step
    assert not any(wrong in f"{found.why} {found.next_step}" for wrong in WRONG)


@pytest.mark.parametrize("transient", [False, True])
def test_an_app_that_cannot_be_looked_up_for_the_moment_is_passing_trouble(*, transient: bool) -> None:
    message = "Error validating application. Cannot get application info due to a system error."
    assert judged(190, 0, message, transient=transient) == "TransientError"
    assert judged(101, 0, message, transient=transient) == "TransientError"


def test_a_throttle_that_speaks_of_the_app_stays_one() -> None:
    assert judged(4, 0, "(#4) The application is temporarily restricted, too many calls") == "RateLimitedError"


def test_a_missing_permission_of_the_token_stays_one() -> None:
    found = codes.judge(200, 0, "(#200) Permissions error", transient=False, http_status=403)
    assert "mint the token again" in found.next_step
