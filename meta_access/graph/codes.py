"""Meta's error codes: one table from code, subcode and, where Meta gives no other sign, text, to what we raise.

Sources: https://developers.facebook.com/docs/graph-api/guides/error-handling and
https://developers.facebook.com/docs/marketing-api/error-reference, Graph v26.0, read 2026-11; rows marked "seen"
come from user reports, because those pages do not have them. Branch on code and subcode, never on the HTTP status:
Meta answers 400 to nearly everything. Messages move and are translated, so text decides only where a code means two
things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meta_access.errors import (
    AuthError,
    GraphError,
    HumanNeededError,
    InvalidRequestError,
    LimitReachedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    TransientError,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an error means to us.

    Attributes:
        error: The class to raise.
        why: What Meta's message does not say plainly; may be empty.
        next_step: What a person does next; one sentence.
    """

    error: type[GraphError]
    why: str = ""
    next_step: str = ""


def judge(code: int, subcode: int, message: str, *, transient: bool, http_status: int) -> Verdict:
    """Find the verdict on an error.

    Args:
        code: Meta's `code`, 0 when absent.
        subcode: Meta's `error_subcode`, 0 when absent.
        message: Meta's `message`.
        transient: Meta's `is_transient`.
        http_status: Decides only where the code is unknown.
    """
    lowered = message.lower()
    for pattern, codes, by_text in _BY_TEXT:
        if (code in codes or not codes) and pattern.search(lowered):
            return by_text
    # The two codes of a session share their subcodes.
    by_subcode = _BY_SUBCODE.get((190 if code == _SESSION else code, subcode))
    verdict = by_subcode or _BY_CODE.get(code) or _by_range(code)
    if verdict is None:
        if http_status == _TOO_MANY_REQUESTS:
            return _THROTTLED
        return _TRY_AGAIN if transient or http_status >= _SERVER_ERROR else Verdict(GraphError, "", _LOOK_UP)
    # A throttle or a refused token stays what it is, although Meta calls some of them transient too.
    return _TRY_AGAIN if transient and verdict.error is InvalidRequestError else verdict


_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_SESSION = 102

_LOOK_UP = "Quote the trace id to Meta's support if it stays."
_NEW_TOKEN = "Put a valid token where admin_token of this connection points."  # noqa: S105 - a sentence
_FIX_REQUEST = "Compare the value with Meta's reference; nothing was changed."

_TRY_AGAIN = Verdict(TransientError, "Meta has a passing fault.", "Run the same command again.")
_THROTTLED = Verdict(RateLimitedError, "Meta limits how often this app may call.", "Run the same command again later.")
_DENIED = Verdict(
    PermissionDeniedError,
    "The token's user lacks a permission, a task on the object, or the app lacks the access level.",
    "Assign what is missing in Business settings, then mint the token again: a token is a snapshot of its permissions.",
)
_SIGN_IN = Verdict(AuthError, "The token's session is over.", _NEW_TOKEN)
_INVALID = Verdict(InvalidRequestError, "", _FIX_REQUEST)
_TOO_MUCH = Verdict(
    InvalidRequestError, "Meta does not send so much at once, and would not later.", "Nothing was changed; report this."
)
_WRONG_SECRET = Verdict(
    AuthError,
    "The app secret is wrong, or the token was made by another app.",
    "Compare app, app_secret and admin_token of this connection: all three belong to one app.",
)

# --- the whole app, the whole account: nothing about the token or a task ---

_APP_OFF = Verdict(
    HumanNeededError,
    "Meta has switched off API access of the whole app, whichever token calls.",
    "An administrator of the app opens its dashboard (developers.facebook.com/apps), follows the notice there and "
    "reactivates it; the tokens stay as they are.",
)
_APP_GONE = Verdict(
    HumanNeededError,
    "Meta says that the app itself is deleted or not to be found, so no token of it works.",
    "Compare the app's id in meta:apps with the app's dashboard; when the app is gone, an administrator restores it "
    "there, or the stack moves to another app.",
)
_NO_APP = Verdict(
    HumanNeededError,
    "Meta finds no usable app behind the call.",
    "Compare the app's id in meta:apps with the app's dashboard, and look there whether the app is active.",
)
_CHECKPOINT = Verdict(
    AuthError,
    "Meta wants the person behind the token to pass a security check, a checkpoint; the token may be good.",
    "Sign in at facebook.com as that person and pass the check, then run this again; a new token does not help before.",
)
_ACCOUNT_CHECK = Verdict(
    HumanNeededError,
    "Meta wants the account to be authenticated first; neither the app nor a task is the matter.",
    "A person with access to the account opens Ads Manager and passes the check there, then this is run again.",
)
_POLICY = Verdict(
    HumanNeededError,
    "Meta has blocked the action or the account for policy reasons.",
    "An administrator of the business looks into its Account Quality page "
    "(https://business.facebook.com/accountquality). Do not repeat the call.",
)
_APP_LACKS = Verdict(
    PermissionDeniedError,
    "The app lacks a permission, a feature or the access level for this call, or the caller is not assigned to the "
    "object.",
    "Look at the app's permissions and features in its dashboard first, then at what the caller is assigned in "
    "Business settings.",
)
_TIER = Verdict(
    PermissionDeniedError,
    "The app's access tier is too low.",
    "Ask for the higher tier in the app's dashboard, under App Review.",
)

_OWNER = Verdict(
    PermissionDeniedError,
    "The owner of the ad account has not given this app and its user the access; the token may be good.",
    "Have the owner share the account with the business and confirm it there, and look which ads permissions the app "
    "holds in its dashboard.",
)
_DEVELOPING = Verdict(
    PermissionDeniedError,
    "The app is in development mode, in which Meta allows it its own people and accounts only.",
    "An administrator of the app switches it to live mode in its dashboard; the tokens stay as they are.",
)
_FOREIGN_TOKEN = Verdict(
    AuthError,
    "The token was made by another app than the call is for.",
    "Compare app, app_secret and admin_token of this connection: all three belong to one app.",
)

_APP = r"\bapp(?:lication)?(?: (?:with )?(?:id )?[0-9]+)?"
_IS = r"(?: that)?(?:,? (?:has been|have been|is|was))?(?: (?:temporarily|permanently|currently))?"
_OFF = r"(?:disabled|deactivated|suspended|inactive|not active|restricted|removed or restricted)"

_OF_ACCESS = (10, 100, 101, 102, 190, 200)  # a throttle that speaks of a blocked app ends by itself


def _texts(*rows: tuple[str, tuple[int, ...], Verdict]) -> tuple[tuple[re.Pattern[str], frozenset[int], Verdict], ...]:
    return tuple((re.compile(text), frozenset(codes), verdict) for text, codes, verdict in rows)


# (what stands in the text in lower case, codes it counts under, verdict); no codes: any. Meta words one thing in many
# ways, so the rows about an app know its kinds of sentence and not one of them.
_BY_TEXT = _texts(
    (
        "api access blocked",  # seen; also answers debug_token, so it says nothing about the token asked about
        (200,),
        Verdict(
            HumanNeededError,
            "Meta has restricted the whole app.",
            "An app administrator opens the app's dashboard and follows the notice there.",
        ),
    ),
    # Seen with 200; idle apps are switched off after a while.
    (rf"\bapi access{_IS} {_OFF}", _OF_ACCESS, _APP_OFF),
    (rf"{_APP}{_IS} {_OFF}", _OF_ACCESS, _APP_OFF),
    (rf"{_APP}{_IS} deleted", (), _APP_GONE),  # seen with 190, which else is about the token
    (rf"{_APP} (?:does not|doesn't|no longer) exist", (100, 190, 200), _APP_GONE),
    (r"\bvalid app(?:lication)? id\b", (), _NO_APP),  # seen with 200
    (rf"{_APP}{_IS} in development mode", (), _DEVELOPING),
    ("cannot get application info", (), _TRY_AGAIN),  # "due to a system error", seen with 101 and 190
    ("error validating application", (190, 200), _NO_APP),
    ("checkpoint", (10, 102, 190, 200), _CHECKPOINT),
    ("authenticate your account", (), _ACCOUNT_CHECK),
    (rf"\b(?:account|business){_IS} (?:disabled|suspended)", (), _POLICY),
    ("restricted from advertising", (), _POLICY),
    ("disabled for non-active accounts", (), _APP_OFF),  # seen with 200
    (r"\bowner has not grant", (10, 200), _OWNER),  # seen
    (rf"does not belong to {_APP}", (190,), _FOREIGN_TOKEN),
    ("application does not have", (3, 10, 200), _APP_LACKS),
    ("reduce the amount of data", (1,), _TOO_MUCH),
    ("development access", (10, 200, 270), _TIER),
    ("require an appsecret_proof", (), _WRONG_SECRET),
    ("invalid appsecret_proof", (), _WRONG_SECRET),
    ("error validating client secret", (), _WRONG_SECRET),  # seen with code 1, which else means "try again"
    ("access token signature", (190,), _WRONG_SECRET),  # seen; the app's own token with a wrong secret
    ("must provide an app access token", (100,), _WRONG_SECRET),  # seen; debug_token asked with a stranger's
    ("cannot parse access token", (190,), Verdict(AuthError, "What was sent is no token at all.", _NEW_TOKEN)),
    ("access and above can be installed", (), _TIER),  # POST /{system-user}/applications; the page gives no code
)

_BY_SUBCODE: dict[tuple[int, int], Verdict] = {
    (10, 1341012): Verdict(  # seen
        PermissionDeniedError,
        "The Page is not assigned to this system user.",
        "Assign the Page to it first.",
    ),
    (100, 33): Verdict(
        NotFoundError,
        "The object is gone, or this token may not see it.",
        "Check the id, and that the caller has access to it.",
    ),
    (100, 1752129): Verdict(
        InvalidRequestError,
        "Meta does not accept this set of tasks on this asset.",
        "Use a set from the asset's page in the documentation, such as [ADVERTISE, ANALYZE].",
    ),
    (190, 458): Verdict(AuthError, "The app was removed from the user.", "Install the app again and mint a new token."),
    (31, 3858385): _ACCOUNT_CHECK,  # seen
    (190, 459): _CHECKPOINT,
    (190, 460): Verdict(AuthError, "The user's password changed.", _NEW_TOKEN),
    (190, 463): Verdict(AuthError, "The token has expired.", _NEW_TOKEN),
    (190, 464): Verdict(
        AuthError,
        "The account of the person behind the token is not confirmed; the token may well be good.",
        "Sign in at facebook.com as that person and confirm the account, then run this again.",
    ),
    (190, 467): Verdict(AuthError, "The token was ended.", _NEW_TOKEN),
    (190, 490): _CHECKPOINT,  # seen
    (190, 492): Verdict(AuthError, "The user's session is not valid.", _NEW_TOKEN),
    # Both read like a missing permission and are throttles of the lower tier (seen).
    (200, 4841013): _THROTTLED,
    (613, 4841018): _THROTTLED,
}

_BY_CODE: dict[int, Verdict] = {
    1: _TRY_AGAIN,
    2: _TRY_AGAIN,
    3: _APP_LACKS,
    5: Verdict(
        HumanNeededError,
        "The app lets only listed addresses call, and this machine's is none of them.",
        "An administrator of the app adds it in the app's dashboard (Settings, Advanced, Server IP allowlist), or this "
        "is run from a listed machine.",
    ),
    10: _DENIED,
    31: _ACCOUNT_CHECK,
    100: _INVALID,
    101: Verdict(AuthError, "Meta does not know the app.", "Check the app's id and secret in this connection."),
    102: _SIGN_IN,
    104: Verdict(AuthError, "Meta saw no token, or a wrong signature.", _NEW_TOKEN),
    190: Verdict(AuthError, "The token is not valid.", _NEW_TOKEN),
    294: Verdict(HumanNeededError, "The user must grant a permission.", "Grant it in the app's login dialog."),
    368: _POLICY,
    415: Verdict(
        HumanNeededError,
        "Two-factor authentication is required.",
        "The user turns it on at facebook.com, then this is run again.",
    ),
    506: Verdict(InvalidRequestError, "The same content exists already.", "Adopt what exists."),
    # The version is the matter, whatever was asked; an invalid request would be explained by its tasks.
    2635: Verdict(
        HumanNeededError, "The API version is retired.", "Raise api_version of this connection to a newer one."
    ),
    3949: Verdict(
        LimitReachedError,
        "The business has no room for another system user.",
        "Take over an unused one, or raise the app's access tier; system users cannot be deleted.",
    ),
    3965: Verdict(
        LimitReachedError,
        "The business has no room for another admin system user.",
        "Take over the one that exists; system users cannot be deleted.",
    ),
    3972: Verdict(
        LimitReachedError, "The name is taken in this business.", "Adopt that system user, or choose another name."
    ),
    3996: _INVALID,  # a Page that is not the business's; page business/pages
    3962: Verdict(
        PermissionDeniedError,
        "The app does not have a permission that was asked for.",
        "Add the permission to the app in its dashboard.",
    ),
    104001: Verdict(
        HumanNeededError,
        "The business has no app yet.",
        "An administrator adds the app under Business settings, Accounts, Apps; then this is run again.",
    ),
    270: _TIER,
    **dict.fromkeys((459, 490), _CHECKPOINT),
    **dict.fromkeys((452, 457, 483), _SIGN_IN),
    # 341 is the app's limit; 613 without a subcode is Meta's answer to abuse. All of them end by waiting.
    **dict.fromkeys((4, 17, 32, 341, 613), _THROTTLED),
    **dict.fromkeys((80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014), _THROTTLED),
    **dict.fromkeys((105, 110, 2500, 2615, 2620), _INVALID),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What the table has of a code, for a person who asks what it means.

    Attributes:
        by_subcode: Whether the subcode, and not the code alone, gave the verdict.
        subcodes: Those that the table has of this code.
        by_text: Verdicts that Meta's message decides under this code, where it decides.
    """

    verdict: Verdict
    by_subcode: bool
    subcodes: tuple[int, ...]
    by_text: tuple[Verdict, ...]


def row(code: int, subcode: int = 0) -> Row | None:
    """What the table has of a code; None where it does not know it."""
    base = 190 if code == _SESSION else code
    by_subcode = _BY_SUBCODE.get((base, subcode))
    verdict = by_subcode or _BY_CODE.get(code) or _by_range(code)
    by_text = tuple(dict.fromkeys(verdict for _, codes, verdict in _BY_TEXT if code in codes))
    subcodes = tuple(sorted(known for of, known in _BY_SUBCODE if of == base))
    return None if verdict is None else Row(verdict, by_subcode is not None, subcodes, by_text)


CODES = frozenset({*_BY_CODE, *(code for code, _ in _BY_SUBCODE)})
"""The codes that have a row of their own; some ranges of Meta's have one together."""


def _by_range(code: int) -> Verdict | None:
    if 200 <= code <= 299:  # noqa: PLR2004 - the range stands in Meta's own table
        return _DENIED
    if 3910 <= code <= 3974:  # noqa: PLR2004 - Business Manager's rules, same source
        return _INVALID
    return None
