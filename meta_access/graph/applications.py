"""The app and a system user: installed by a call, and controlled by a person's hand alone. Minting needs both.

Graph: POST /{system-user-id}/applications, GET /{system-user-id}/assigned_apps, GET /{business-id}/owned_apps.
Source: https://developers.facebook.com/docs/business-management-apis/system-users/install-apps-and-generate-tokens and
https://developers.facebook.com/docs/marketing-api/reference/business, Graph v26.0, read 2026-11. App and system user
must be in the same business. There is no way to take an installation back, and none to give tasks on an app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.graph.landing import nothing_to_look_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.graph.client import GraphClient

EDGE, FIELDS = "assigned_apps", "id,tasks"


def install(client: GraphClient, system_user_id: str) -> None:
    """Install the connection's app; installing it again changes nothing."""
    client.post(f"{system_user_id}/applications", {"business_app": client.connection.app_id}, landed=nothing_to_look_at)


def assigned(client: GraphClient, system_user_id: str) -> dict[str, tuple[str, ...]]:
    """Apps that a system user was given in Business settings: app id -> its tasks, sorted."""
    return entries(client.pages(f"{system_user_id}/{EDGE}", {"fields": FIELDS}))


def entries(rows: Iterable[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Such a list: app id -> tasks, sorted."""
    return {str(row.get("id", "")): tuple(sorted(str(task) for task in row.get("tasks") or ())) for row in rows}


def owned(client: GraphClient) -> set[str]:
    """Ids of the apps that the connection's business has claimed."""
    rows = client.pages(f"{client.connection.business_id}/owned_apps", {"fields": "id"})
    return {str(row.get("id", "")) for row in rows}
