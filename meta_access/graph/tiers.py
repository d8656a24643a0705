"""The app's Marketing API access tier, which Graph tells in response headers only.

Graph: GET /{ad-account-id} with one field, for its headers.
Source: https://developers.facebook.com/docs/marketing-api/overview/rate-limiting, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient


def probe(client: GraphClient, ad_account: str) -> str | None:
    """Make one cheap read and return `ads_api_access_tier` (`development_access`, `standard_access`).

    None means that Meta did not say, which is not the lower tier.
    """
    client.get(ad_account, {"fields": "id"})
    return client.observed_tier_header
