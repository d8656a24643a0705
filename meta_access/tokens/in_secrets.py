"""Tokens of system users that lie in secrets already, put there by hand or by another tool. Nothing is changed.

Meta lists no tokens of a user, so the secrets are read instead. Meta is asked about a value only where it has the shape
of a token of Meta's: what else lies in secrets is not asked about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from meta_access.errors import AuthError, InvalidRequestError, PermissionDeniedError, SecretStoreError
from meta_access.redaction import hide
from meta_access.tokens import tags
from meta_access.tokens.adopt import KEY
from meta_access.tokens.issuer import SYSTEM_USER
from meta_access.tokens.labels import CURRENT
from meta_access.validation import credential_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.store import Description, SecretStore

_SHAPE = "EAA"
"""How each token of a user begins."""


class Whose(Enum):
    """What is known of a token in a secret."""

    USERS = "a system user's, and of no stack of this tool"
    AMONG_OTHERS = "a system user's, among other values, which a stack would not keep"
    A_STACKS = "kept by a stack of this tool"
    ENDED = "ended at Meta"
    NOT_SHOWN = "of another app, which alone may ask about it"
    NO_SYSTEM_USERS = "of something else than a system user"


@dataclass(frozen=True, slots=True)
class Found:
    """A token in a secret. Holds nothing secret.

    Attributes:
        key: JSON key that it stands under; empty where `token adopt` finds it by itself.
        user: Id of its system user; empty where nobody can tell.
        owner: `project/stack` that keeps it; empty where none does.
    """

    arn: str
    secret: str
    whose: Whose
    key: str = ""
    user: str = ""
    scopes: tuple[str, ...] = ()
    expires: bool = True
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, and by name each secret that was not shown, with why."""

    found: tuple[Found, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()


def look(store: SecretStore, issuer: Issuer, prefix: str) -> Looked:
    """Look into the secrets of a region whose names begin so.

    Raises:
        MetaAccessError: Meta cannot be asked.
    """
    try:
        secrets = store.named(prefix)
    except SecretStoreError as refused:
        return Looked(unread=((f"{prefix}*", str(refused)),))
    found: list[Found] = []
    unread: list[tuple[str, str]] = []
    for one in secrets:
        try:
            found += _in(one, store, issuer)
        except SecretStoreError as refused:
            unread.append((one.name, str(refused)))
    return Looked(tuple(found), tuple(unread))


def _in(secret: Description, store: SecretStore, issuer: Issuer) -> Iterator[Found]:
    if secret.deletes_at is not None:
        return
    if secret.tags.get(tags.MANAGED_BY) == "pulumi":
        user, owner = secret.tags.get(tags.SYSTEM_USER, ""), tags.owner(secret.tags)
        yield Found(secret.arn, secret.name, Whose.A_STACKS, user=user, owner=owner)
        return
    current = next((id_ for id_, labels in secret.stages.items() if CURRENT in labels), None)
    version = store.read(secret.arn, current) if current is not None else None
    fields = _fields(version.text if version is not None else "")
    for key, value in fields.items():
        bare = value.strip() if isinstance(value, str) else ""
        if bare.startswith(_SHAPE) and credential_value(bare) is None:
            hide(bare)
            found = _asked(secret, "" if key == KEY else key, SecretStr(bare), issuer)
            alone = found.whose is not Whose.USERS or len(fields) == 1
            yield found if alone else replace(found, whose=Whose.AMONG_OTHERS)


def _fields(text: str) -> dict[str, Any]:
    """The values of a secret by their JSON keys; of a bare value "" is the key."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    return fields if isinstance(fields, dict) else {"": text}


def _asked(secret: Description, key: str, value: SecretStr, issuer: Issuer) -> Found:
    try:
        facts = issuer.inspect(value)
    except (AuthError, InvalidRequestError, PermissionDeniedError):
        # Meta says the same of a wrong app secret, which is no answer about this token: then this raises.
        issuer.calling_token()
        return Found(secret.arn, secret.name, Whose.NOT_SHOWN, key)
    if not facts.valid:
        return Found(secret.arn, secret.name, Whose.ENDED, key)
    if facts.type != SYSTEM_USER:
        return Found(secret.arn, secret.name, Whose.NO_SYSTEM_USERS, key)
    return Found(
        secret.arn,
        secret.name,
        Whose.USERS,
        key,
        user=facts.user_id,
        scopes=facts.scopes,
        expires=facts.expires_at is not None,
    )
