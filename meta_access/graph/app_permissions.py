"""Permissions that the app got through App Review. Read only; features and access levels are not in it.

Graph: GET /{app-id}/permissions, with the app's token.
Source: https://developers.facebook.com/docs/graph-api/reference/application/permissions, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.graph.client import Auth

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient


def list_(client: GraphClient) -> dict[str, str]:
    """Permission -> status (`live`, `unapproved`) of the connection's app."""
    rows = client.pages(f"{client.connection.app_id}/permissions", auth=Auth.APP)
    return {str(row.get("permission", "")): str(row.get("status", "")) for row in rows}
