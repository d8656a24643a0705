"""People with a role on the app. Read only: Meta took writing away in Graph v3.3.

Graph: GET /{app-id}/roles, with the app's token.
Source: https://developers.facebook.com/docs/graph-api/reference/application/roles, Graph v26.0, read 2026-11.
An invited person appears only after accepting; invitations cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.graph.client import Auth

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient

_WORDS = {
    "administrators": "admin",
    "developers": "developer",
    "testers": "tester",
    "insights users": "analytics",
}


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One person's role.

    Attributes:
        user: The person's id.
        role: In Meta's word: `administrators`, `developers`, `testers`, `insights users`.
    """

    user: str
    role: str

    @property
    def word(self) -> str:
        """The role in the word that configurations use: admin, developer, tester, analytics."""
        return _WORDS.get(self.role, self.role)


def list_(client: GraphClient) -> list[RoleRow]:
    """Everybody who has a role on the connection's app."""
    rows = client.pages(f"{client.connection.app_id}/roles", auth=Auth.APP)
    return [RoleRow(str(row.get("user", "")), str(row.get("role", ""))) for row in rows]
