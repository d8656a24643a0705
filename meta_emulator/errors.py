"""Graph's errors as the emulator raises them, with Meta's wording.

Source: https://developers.facebook.com/docs/graph-api/guides/error-handling and
https://developers.facebook.com/docs/marketing-api/error-reference, Graph v26.0, read 2026-11. Where Meta documents no
wording, users' reports are followed; texts found in neither are our own, and say so where they are raised.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from meta_emulator.tokens import PREFIX

OAUTH = "OAuthException"
# The word in the header WWW-Authenticate, seen on errors of the types OAuthException and GraphMethodException alike.
_CHALLENGES = {190: "invalid_token", 803: "not_found"}
_OF_A_CODE = (36007, 36008, 36009)  # subcodes of authorization codes
_LONGEST_CHALLENGE = 2000  # clients bound their header lines
METHOD = "GraphMethodException"
DOCS = "https://developers.facebook.com/docs/graph-api"
UNREADABLE = "Invalid OAuth access token - Cannot parse access token"
EMULATED = f"This is an emulator: it takes only what it handed out itself, which begins with {PREFIX}."
FOREIGN = f"{UNREADABLE}. {EMULATED} Never send it a real token."

# 400 for nearly all. Clients must not branch on the status; some endpoints have been seen with these.
_STATUS = {1: 500, 2: 503, 10: 403, 190: 401, 200: 403}


class GraphFault(Exception):  # noqa: N818 - what Graph answers, not a failure of the emulator
    """An error for the caller.

    Attributes:
        title: `error_user_title`, where Meta sends it.
        user_message: `error_user_msg` beneath it, which is mostly the message.
        headers: Extra response headers, such as usage headers of a throttle.
        data: `error_data`, such as the parameters to blame.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        kind: str = OAUTH,
        status: int | None = None,
        title: str | None = None,
        user_message: str | None = None,
        headers: dict[str, str] | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.subcode = subcode
        self.kind = kind
        self.status = status if status is not None else _STATUS.get(code, 400)
        self.title = title
        self.user_message = message if user_message is None else user_message
        self.headers = headers or {}
        self.data = data

    def body(self, fbtrace_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.code in (1, 2) and self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            error["is_transient"] = True
        if self.title is not None:
            error |= {"error_user_title": self.title, "error_user_msg": self.user_message}
        if self.data is not None:
            error["error_data"] = self.data
        return {"error": {**error, "fbtrace_id": fbtrace_id}}

    def challenge(self) -> dict[str, str]:
        """The header `WWW-Authenticate: OAuth "Facebook Platform" "invalid_token" "…"` that Graph's refusals carry.

        Reported in public code and its recordings (invalid_token of 190, invalid_request of 4, 100, 100/33 and 200,
        not_found of 803, invalid_code of a code that was used), read 2026-12-01. Of Meta's own failures it is not
        known: they go without.
        """
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return {}
        word = "invalid_code" if self.subcode in _OF_A_CODE else _CHALLENGES.get(self.code, "invalid_request")
        text = self.message[:_LONGEST_CHALLENGE].replace("\\", "\\\\").replace('"', '\\"')
        return {"WWW-Authenticate": f'OAuth "Facebook Platform" "{word}" "{text}"'}


def unsupported(method: str, node_id: str) -> GraphFault:
    """100/33: no such object, none this caller may see, or a call the object does not take. Meta tells none apart."""
    verb = "get" if method == "GET" else method.lower()
    return GraphFault(
        100,
        f"Unsupported {verb} request. Object with ID '{node_id}' does not exist, cannot be loaded due to missing "
        f"permissions, or does not support this operation. Please read the Graph API documentation at {DOCS}",
        subcode=33,
        kind=METHOD,
    )


def bad_parameter(message: str) -> GraphFault:
    return GraphFault(100, f"(#100) {message}")


def missing_parameter(name: str) -> GraphFault:
    return bad_parameter(f"The parameter {name} is required")


def not_one_of(name: str, value: str, allowed: tuple[str, ...]) -> GraphFault:
    return bad_parameter(f'Param {name} must be one of {{{", ".join(allowed)}}} - got "{value}".')


def denied(message: str) -> GraphFault:
    return GraphFault(200, f"(#200) {message}")


def bad_token(message: str, subcode: int | None = None, status: int | None = None) -> GraphFault:
    return GraphFault(190, message, subcode=subcode, status=status)


def bad_proof() -> GraphFault:
    return GraphFault(100, "Invalid appsecret_proof provided in the API argument", kind=METHOD)


def no_proof() -> GraphFault:
    return GraphFault(100, "API calls from the server require an appsecret_proof argument", kind=METHOD)


def no_field(name: str, type_name: str) -> GraphFault:
    return bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({type_name})")


def unknown_path(path: str) -> GraphFault:
    return GraphFault(2500, f"Unknown path components: /{path}")
