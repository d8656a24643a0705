"""`GET /{app-id}/permissions`: permissions that went through review. It knows no features and no standard access.

Source: https://developers.facebook.com/docs/graph-api/reference/application/permissions, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.emulator.fields import Node
from meta_access.emulator.paging import page

if TYPE_CHECKING:
    from meta_access.emulator.call import GraphCall
    from meta_access.emulator.world import App


def list_permissions(call: GraphCall, app: App) -> Any:
    call.caller.require_app_token(app.id)
    statuses, names = call.request.texts("status"), call.request.texts("permission")
    rows = [
        (name, status)
        for name, status in sorted(app.permissions.items())
        if (not statuses or status in statuses) and (not names or name in names)
    ]
    fields = ("permission", "status")
    nodes = [Node("ApplicationPermission", {"permission": name, "status": status}, fields) for name, status in rows]
    return page(nodes, [name for name, _ in rows], call)


ROUTES = {("GET", "app", "permissions"): list_permissions}
