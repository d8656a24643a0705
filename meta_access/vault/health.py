"""Whether the token that a secret calls current still lives at Meta.

Metadata cannot tell: a person may have ended the user's tokens, or taken the app off the user, since they were made.
Whoever may read values asks Meta, and notes what has ended in the secret's tags: from then on every look, and so every
preview and every run, knows it without the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from meta_access.vault import payload, tags
from meta_access.vault.payload import Token

if TYPE_CHECKING:
    from meta_access.vault.issuer import Issuer
    from meta_access.vault.store import SecretStore


class Health(Enum):
    """What Meta says. UNKNOWN is never taken for ENDED: an outage would have every token minted anew."""

    LIVES = "lives"
    ENDED = "has ended at Meta"
    UNKNOWN = "could not be asked about"


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of asking about one token.

    Attributes:
        why: For UNKNOWN.
    """

    health: Health
    why: str = ""


def examine(store: SecretStore, issuer: Issuer, arn: str, version_id: str) -> Examined:
    """Ask Meta about the token in one version of a secret, and note its end in the tags.

    One read, one call to Meta and, for a token that has ended, one write.

    Args:
        store: Of its region.
        issuer: Meta.
        arn: Of the secret, which is ours.
        version_id: Of AWSCURRENT.
    """
    try:
        version = store.read(arn, version_id)
        found = payload.parse(version.text, arn=arn, version_id=version_id) if version else None
        if not isinstance(found, Token):
            return Examined(Health.UNKNOWN, "its current version holds no token")
        if issuer.inspect(found.access_token).valid:
            return Examined(Health.LIVES)
        store.tag(arn, tags.missing({}, {tags.ENDED: str(found.generation)}))
    except MetaAccessError as error:
        # It is about the call, or about the secret, and says nothing about the token.
        return Examined(Health.UNKNOWN, str(error))
    return Examined(Health.ENDED)
