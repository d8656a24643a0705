"""Whether a user may download the leads of a Page: what the Leads Access Manager says. Nothing writes it.

Graph: GET /{page-id}?fields=has_lead_access.user_id({user-id}). The caller's token needs leads_retrieval. Source:
https://developers.facebook.com/docs/graph-api/reference/has-lead-access/ and the specification's HasLeadAccess, Graph
v26.0, read 2026-12-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.graph.wire import unusable
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient


LONGEST_SHOWN = 500
"""Characters of what Meta says."""


@dataclass(frozen=True, slots=True)
class LeadAccess:
    """What Meta says about one user and one Page.

    Attributes:
        allowed: Whether the user may download leads; None when Meta does not say.
        customized: Whether the business chose who may; otherwise every admin of the Page may. None as above.
        why: Meta's reason against it and its remedy, as it words them; empty without.
    """

    allowed: bool | None
    customized: bool | None = None
    why: str = ""


def read(client: GraphClient, page_id: str, user_id: str) -> LeadAccess:
    """What the Leads Access Manager says about a user."""
    answer = client.get(page_id, {"fields": f"has_lead_access.user_id({user_id})"})
    if not isinstance(answer, dict):
        raise unusable("Meta's answer about lead access is no object.")
    found = answer.get("has_lead_access")
    row = found if isinstance(found, dict) else {}
    allowed = row.get("can_access_lead", row.get("user_has_leads_permission"))
    customized = row.get("enabled_lead_access_manager")
    said = (row.get("failure_reason"), row.get("failure_resolution"))
    return LeadAccess(
        allowed if isinstance(allowed, bool) else None,
        customized if isinstance(customized, bool) else None,
        scrub(" ".join(text.strip() for text in said if isinstance(text, str) and text.strip()))[:LONGEST_SHOWN],
    )
