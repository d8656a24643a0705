"""Meta as the vault sees it: what mints, looks at and revokes tokens, for a client of Graph."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from meta_access.graph.access_tokens import TokenIssuer

if TYPE_CHECKING:
    from meta_access.graph.client import GraphClient
    from meta_access.vault.issuer import Issuer


@cache
def issuer_of(client: GraphClient) -> Issuer:
    """The issuer of a client.

    Kept, because it remembers whom the credential in use belongs to. Cast, because graph and vault do not know each
    other: what one calls TokenInfo has all that the other asks of TokenFacts.
    """
    return cast("Issuer", TokenIssuer(client))
