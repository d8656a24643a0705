"""`GET /{app-id}/permissions`: permissions that went through review. It knows no features and no standard access.

Source: https://developers.facebook.com/docs/graph-api/reference/application/permissions, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.fields import Node
from meta_emulator.paging import page
from meta_emulator.surface import NodeType, Param, Route, fields, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App


STATUSES = ("live", "unapproved")
PERMISSION = NodeType("ApplicationPermission", fields(string="permission status"), ("permission", "status"))


def list_permissions(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    statuses, names = call.request.texts("status"), call.request.texts("permission")
    rows = [
        (name, status)
        for name, status in sorted(app.permissions.items())
        if (not statuses or status in statuses) and (not names or name in names)
    ]
    nodes = [Node(PERMISSION, {"permission": name, "status": status}) for name, status in rows]
    return page(nodes, [name for name, _ in rows], call)


ROUTES = (
    Route(
        "GET",
        "app",
        "permissions",
        list_permissions,
        "graph-api/reference/application/permissions",
        params=(
            Param("status", "list<enum>", values=STATUSES),
            *params(list_of_string="permission", string="android_key_hash ios_bundle_id", id="proxied_app_id"),
        ),
        returns=PERMISSION,
        many=True,
    ),
)
