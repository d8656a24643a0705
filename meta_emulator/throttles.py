"""How Meta words its throttles, by error code and subcode.

Sources: https://developers.facebook.com/docs/graph-api/overview/rate-limiting,
https://developers.facebook.com/docs/marketing-api/overview/rate-limiting and
https://developers.facebook.com/docs/marketing-api/error-reference, Graph v26.0, read 2026-11. The subcode of 80000 and
80004 is as users report it (airbytehq/airbyte#3996, #8773; OWOX/owox-data-marts#1530), and so are title and text of
17/2446079, seen in public code of August 2026; read 2026-12-01. Of the other codes no report shows a title.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_emulator.errors import GraphFault

if TYPE_CHECKING:
    from collections.abc import Mapping

_MORE = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting#"
_CUSTOM = "Calls to this api have exceeded the rate limit."


def _use_case(what: str, anchor: str) -> str:
    return f"There have been too many {what}. Wait a bit and try again. For more info, please refer to {_MORE}{anchor}."


SCORE, MUTATIONS = 2446079, 5044001
MESSAGES: Mapping[int, str] = {
    4: "Application request limit reached",
    17: "User request limit reached",
    32: "Page request limit reached",
    613: _CUSTOM,
    80000: _use_case("calls from this ad-account", "ads-insights"),
    80001: _use_case("calls to this Page account", "pages"),
    80002: _use_case("calls to this Instagram account", "instagram"),
    80003: _use_case("calls to this ad-account", "custom-audience"),
    80004: _use_case("calls to this ad-account", "ads-management"),
    80005: _use_case("leadgen api calls to this Page account", "leadgen"),
    80006: _use_case("messenger api calls to this Page account", "messenger"),
    80008: _use_case("calls to this WhatsApp Business account", "whatsapp-business-management-api"),
    80009: _use_case("calls to this Catalog account", "catalog-management"),
    80014: _use_case("calls for the batch uploads to this catalog account", "catalog-batch"),
}
SUBCODES: Mapping[int, int] = {17: SCORE, 613: MUTATIONS, 80000: SCORE, 80004: SCORE}
"""What comes with a code where a quota of an ad account is used up."""
_TITLES: Mapping[tuple[int, int | None], tuple[str, str]] = {
    (17, SCORE): (
        "Ad Account Has Too Many API Calls",
        "There have been too many calls from this ad-account. Please wait a bit and try again.",
    )
}


def refusal(
    code: int,
    message: str,
    subcode: int | None,
    *,
    status: int | None = None,
    headers: dict[str, str] | None = None,
) -> GraphFault:
    """An error, with the title and the text for people that Meta sends along with it."""
    title, user_message = _TITLES.get((code, subcode), (None, None))
    return GraphFault(
        code, message, subcode=subcode, status=status, title=title, user_message=user_message, headers=headers
    )
