"""Ending tokens: by value, one at a time, never the credential in use."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from meta_access.redaction import fingerprint
from meta_access.vault import labels
from meta_access.vault.labels import PENDING, PREVIOUS
from meta_access.vault.payload import Closed, Intent
from meta_access.vault.view import ledger_of, marks, suspects_of

if TYPE_CHECKING:
    from pydantic import SecretStr

    from meta_access.vault.issuer import Issuer
    from meta_access.vault.work import Work


class Ended(Enum):
    """What became of an attempt to end a token."""

    YES = "it is dead"
    IN_USE = "it is the credential in use"
    UNKNOWN = "Meta did not say"


def end_value(issuer: Issuer, token: SecretStr) -> Ended:
    """Revoke a token by value. A token that Meta calls invalid is dead, whatever the revocation answered."""
    try:
        if fingerprint(token.get_secret_value()) == issuer.calling_token()[1]:
            return Ended.IN_USE
        issuer.revoke(token)
    except MetaAccessError:
        try:
            return Ended.UNKNOWN if issuer.inspect(token).valid else Ended.YES
        except MetaAccessError:
            return Ended.UNKNOWN
    return Ended.YES


def end_held(work: Work, generation: int) -> Ended:
    """Revoke T(g); one without a readable token has nothing to end."""
    token = work.secret.token(generation)
    return end_value(work.issuer, token.access_token) if token else Ended.YES


def bury(work: Work, generation: int, reason: str) -> None:
    """Record that T(g) is dead: close its claim if that is the ledger, then drop its labels."""
    secret = work.secret
    version_id, ledger = secret.place(generation), ledger_of(secret)
    if isinstance(ledger, Intent) and ledger.generation == generation and secret.labels.current != version_id:
        work.yielded(secret.close(Closed(generation=generation, reason=reason, suspects=suspects_of(secret))))
    ours = [labels.stamp(generation, at) for at in marks(secret, generation)]
    # AWS's first: once our own label is gone, nothing tells the next run to look here.
    for label in (PREVIOUS, PENDING, *ours, labels.live(generation)):
        if secret.labels.where.get(label) == version_id:
            work.yielded(secret.move(label, source=version_id))
    secret.buried.add(generation)
