"""Installing the app on a system user, which must come before minting a token of it.

Graph: POST /{system-user-id}/applications.
Source: https://developers.facebook.com/docs/business-management-apis/system-users/install-apps-and-generate-tokens,
Graph v26.0, read 2026-11. App and system user must be in the same business. There is no way to take it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.graph.landing import nothing_to_look_at

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient


def install(client: GraphClient, system_user_id: str) -> None:
    """Install the connection's app; installing it again changes nothing."""
    client.post(f"{system_user_id}/applications", {"business_app": client.connection.app_id}, landed=nothing_to_look_at)
