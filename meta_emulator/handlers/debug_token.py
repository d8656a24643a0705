"""`GET /debug_token`: what a token is, and whether it still works.

Source: https://developers.facebook.com/docs/graph-api/reference/debug_token, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.caller import check_alive, check_app_token, find_token
from meta_emulator.errors import GraphFault, bad_parameter
from meta_emulator.minting import DATA_ACCESS
from meta_emulator.surface import Param, Route

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Token

NOT_ALLOWED = "You must provide an app access token, or a user access token that is an owner or developer of the app"


def inspect(call: GraphCall) -> Any:
    caller = call.caller
    value = call.request.required("input_token")
    app_id, bar, secret = value.partition("|")
    try:
        if bar:
            app = check_app_token(app_id, secret, call.world, call.keyring)
            _check_caller(call, app.id)
            shown = {"app_id": app.id, "type": "APP", "application": app.name, "is_valid": True, "scopes": []}
            return {"data": shown}
        token = find_token(value, call.world)
    except GraphFault as fault:
        if fault.code != 190:  # noqa: PLR2004 - the error of a token; any other is about the caller
            raise
        return {"data": {"error": _error(fault), "is_valid": False, "scopes": []}}
    _check_caller(call, token.app_id)
    holder = token.system_user_id or token.user_id
    if caller.token is not None and holder not in (
        getattr(caller.user, "id", None),
        getattr(caller.person, "id", None),
    ):
        _check_developer(call)
    return {"data": _describe(call, token)}


def _check_caller(call: GraphCall, app_id: str) -> None:
    if call.caller.app.id != app_id:
        raise bad_parameter(NOT_ALLOWED)


def _check_developer(call: GraphCall) -> None:
    """Another's token: a person has to be an admin or a developer of the app."""
    caller = call.caller
    if caller.person is not None:
        if call.world.role_on_app(caller.person.id, caller.app.id) not in ("administrators", "developers"):
            raise bad_parameter(NOT_ALLOWED)
    elif call.strict:
        # Users report that a system user may look at its own token; at another's, nothing is known.
        raise bad_parameter(NOT_ALLOWED)


def _describe(call: GraphCall, token: Token) -> dict[str, Any]:
    world, app = call.world, call.world.app(token.app_id)
    user = world.system_user(token.system_user_id or "") or world.person(token.user_id or "")
    kind = "PAGE" if token.page_id is not None else "USER" if token.user_id is not None else "SYSTEM_USER"
    data_access = token.issued_at + DATA_ACCESS if token.user_id is not None else None
    targets = {"target_ids": token.target_ids} if token.target_ids else {}
    shown: dict[str, Any] = {
        "app_id": token.app_id,
        "type": kind,
        "application": app.name if app is not None else "",
        "data_access_expires_at": 0 if data_access is None else int(data_access.timestamp()),
        "expires_at": 0 if token.expires_at is None else int(token.expires_at.timestamp()),
        "is_valid": True,
        "issued_at": int(token.issued_at.timestamp()),
        "scopes": token.scopes,
        # No target_ids: a token of the own business reaches every asset its user is assigned.
        "granular_scopes": [{"scope": scope, **targets} for scope in token.scopes],
        "user_id": "" if user is None else world.scoped_id(user, token.app_id),
    }
    if token.page_id is not None:
        shown["profile_id"] = token.page_id
    try:
        check_alive(token, call.now, call.world)
    except GraphFault as fault:
        return {**shown, "error": _error(fault), "is_valid": False, "scopes": [], "granular_scopes": []}
    return shown


def _error(fault: GraphFault) -> dict[str, Any]:
    error: dict[str, Any] = {"code": fault.code, "message": fault.message}
    return error if fault.subcode is None else {**error, "subcode": fault.subcode}


ROUTES = (
    Route(
        "GET",
        "",
        "debug_token",
        inspect,
        "graph-api/reference/debug_token",
        params=(Param("input_token", required=True),),
    ),
)
