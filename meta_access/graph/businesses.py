"""The business portfolio.

Graph: GET /{business-id}.
Source: https://developers.facebook.com/docs/marketing-api/reference/business, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.graph.wire import unusable

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient

_FIELDS = ("id", "name", "verification_status", "two_factor_type")


@dataclass(frozen=True, slots=True)
class BusinessRow:
    """A business, in Meta's words; a field that Meta left out is empty."""

    id: str
    name: str
    verification_status: str
    two_factor_type: str


def get(client: GraphClient) -> BusinessRow:
    """The connection's business."""
    answer = client.get(client.connection.business_id, {"fields": ",".join(_FIELDS)})
    if not isinstance(answer, dict):
        raise unusable("Meta's answer about the business is not one.")
    return BusinessRow(*(str(answer.get(name) or "") for name in _FIELDS))
