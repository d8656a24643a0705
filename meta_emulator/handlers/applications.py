"""Installing an app on a system user: `POST /{system-user-id}/applications`.

Source: https://developers.facebook.com/docs/business-management-apis/system-users/install-apps-and-generate-tokens,
Graph v26.0, read 2026-11. The error of an app in another business is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.errors import bad_parameter
from meta_emulator.surface import Param, Route
from meta_emulator.world import AppAccess, Installation

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import SystemUser


def install(call: GraphCall, user: SystemUser) -> Any:
    call.caller.require_admin(user.business_id)
    app_id = call.request.required("business_app")
    app = call.world.app(app_id)
    if app is None or app.business_id != user.business_id:
        raise bad_parameter("Param business_app must be an app that belongs to the business of the system user.")
    if call.world.installed(user.id, app_id):
        return {"success": True}
    call.world.installations.append(Installation(user.id, app_id))
    # Users report that minting also needs full control of the app, given in Business Manager, where Meta's guide lists
    # no such step: lenient gives it along with the installation, strict waits for a person.
    if not call.strict and not call.world.has_app_access(user.id, app_id):
        call.world.app_access.append(AppAccess(user.id, app_id))
    return {"success": True}


ROUTES = (
    Route(
        "POST",
        "system_user",
        "applications",
        install,
        "business-management-apis/system-users/install-apps-and-generate-tokens",
        params=(Param("business_app", "id", required=True),),
    ),
)
