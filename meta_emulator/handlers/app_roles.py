"""`GET /{app-id}/roles`, with an app token. Writing was removed with v3.3; pending invitations are not shown.

Source: https://developers.facebook.com/docs/graph-api/reference/application/roles, Graph v26.0, read 2026-11. What a
write answers today is not documented; it gets the answer of any call that an object does not take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.fields import Node
from meta_emulator.paging import page
from meta_emulator.surface import NodeType, Route, fields

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App


ROLE = NodeType("AppRole", fields(string="app_id user role"), ("app_id", "user", "role"))


def list_roles(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    held = [row for row in call.world.app_roles if row.app_id == app.id and row.state == "accepted"]
    nodes = [Node(ROLE, {"app_id": row.app_id, "user": row.user_id, "role": row.role}) for row in held]
    return page(nodes, [f"{row.user_id}:{row.role}" for row in held], call)


ROUTES = (Route("GET", "app", "roles", list_roles, "graph-api/reference/application/roles", returns=ROLE, many=True),)
