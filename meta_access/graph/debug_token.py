"""What Meta knows about a token.

Graph: GET /debug_token, sent in a batch because the token is a parameter.
Source: https://developers.facebook.com/docs/graph-api/reference/debug_token, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meta_access.graph.client import Auth
from meta_access.graph.wire import unusable
from meta_access.redaction import scrub
from meta_access.tokens.issuer import TokenFacts

if TYPE_CHECKING:
    from pydantic import SecretStr

    from meta_access.graph.client import GraphClient


def inspect(client: GraphClient, token: SecretStr | Auth) -> TokenFacts:
    """Ask Meta about a token of the connection's app, or about one of the connection's own.

    Raises:
        MetaAccessError: Meta cannot be asked; that says nothing about the token.
    """
    answer = client.get("debug_token", {"input_token": token}, auth=Auth.APP, in_batch=True)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("is_valid"), bool):
        raise unusable("Meta's answer about a token does not say whether it is valid.")
    said = data.get("error")
    error = said if isinstance(said, dict) and not data["is_valid"] else {}
    return TokenFacts(
        valid=data["is_valid"],
        app_id=str(data.get("app_id", "")),
        user_id=str(data.get("user_id", "")),
        type=str(data.get("type", "")),
        scopes=tuple(sorted(str(scope) for scope in data.get("scopes") or [])),
        issued_at=_moment(data.get("issued_at")),
        expires_at=_moment(data.get("expires_at")),
        problem=scrub(str(error.get("message") or "")),
        narrowed=_narrowed(data.get("granular_scopes")),
        data_access_ends_at=_moment(data.get("data_access_expires_at")),
        code=_number(error.get("code")),
        subcode=_number(error.get("subcode")),
    )


def _narrowed(rows: object) -> dict[str, tuple[str, ...]]:
    """Meta: "If permission applies to all, targets will not be shown." (the same page, read 2026-12-01)."""
    found = {}
    for row in rows if isinstance(rows, list) else ():
        targets = row.get("target_ids") if isinstance(row, dict) else None
        if isinstance(targets, list) and targets:
            found[str(row.get("scope", ""))] = tuple(sorted(scrub(str(target)) for target in targets))
    return found


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _moment(epoch: object) -> datetime | None:
    # 0 means "never" or "not known".
    return datetime.fromtimestamp(epoch, UTC) if isinstance(epoch, int) and epoch > 0 else None
