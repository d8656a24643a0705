"""An app's test users: `/{app-id}/accounts`. Meta makes none at present, so every list is empty.

Source: https://developers.facebook.com/docs/graph-api/reference/application/accounts, Graph v26.0, dated 2026-04-17,
read 2026-11, which says that creation is disabled for the time being; the code and text of that refusal are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.errors import GraphFault
from meta_emulator.paging import page
from meta_emulator.surface import NodeType, Param, Route, fields, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App

TYPE = Param("type", "enum", values=("test-users",))
TEST_ACCOUNT = NodeType("TestAccount", fields(string="id access_token login_url"), ("id", "login_url"))
PAGE = "graph-api/reference/application/accounts"


def list_users(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    return page([], [], call)


def create(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    raise GraphFault(3, "(#3) Creating test users is temporarily disabled.")


def remove(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    raise GraphFault(2902, "(#2902) Cannot remove the test account: it does not belong to the app.")


ROUTES = (
    Route("GET", "app", "accounts", list_users, PAGE, params=(TYPE,), returns=TEST_ACCOUNT, many=True),
    Route(
        "POST",
        "app",
        "accounts",
        create,
        PAGE,
        params=(
            TYPE,
            *params(bool="installed minor", string="name owner_access_token", list_of_string="permissions", id="uid"),
        ),
    ),
    Route("DELETE", "app", "accounts", remove, PAGE, params=(TYPE, Param("uid", "id", required=True))),
)
