"""Taking over a token that lies in a secret already, put there by hand or by another tool. Nothing is minted or ended.

The token gets a version of the protocol's own in the same secret, and AWSCURRENT moves there; the tags, which make the
secret ours, come last. So whatever dies in between, the secret's readers have a token, and a second run carries on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import SecretStr

from meta_access import validation
from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import (
    AuthError,
    ForeignSecretError,
    InvalidRequestError,
    PermissionDeniedError,
    SecretScheduledForDeletionError,
    SecretStoreError,
)
from meta_access.redaction import fingerprint, hide
from meta_access.tokens import labels, tags
from meta_access.tokens.issuer import faults
from meta_access.tokens.labels import CURRENT
from meta_access.tokens.payload import Closed, Token, token_id
from meta_access.tokens.secret import Secret, suspects_of
from meta_access.tokens.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from meta_access.clock import Clock
    from meta_access.tokens.issuer import Issuer, TokenFacts
    from meta_access.tokens.spec import TokenSpec
    from meta_access.tokens.store import Description, SecretStore

KEY = "access_token"


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """A secret whose token is ours now. Holds nothing secret.

    Attributes:
        changed: False when it was adopted before.
        expires_at: None means never.
    """

    arn: str
    secret_name: str
    generation: int
    fingerprint: str
    expires_at: datetime | None
    changed: bool


def adopt(
    store: SecretStore,
    issuer: Issuer,
    spec: TokenSpec,
    *,
    key: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> Adopted:
    """Make the token in the secret's current version the one that `spec` asks for.

    Args:
        store: Of the secret's region.
        issuer: Meta.
        spec: What the resource will ask for.
        key: Of a JSON object in which the token stands; None means `access_token`, or the whole value when it is none.
        clock: For short waits.
        notify: Gets sentences for the operator.

    Raises:
        ForeignSecretError: The secret is another owner's, or the token is not what is asked for.
        SecretStoreError: There is no token to be found in it, or AWS refuses.
    """
    described = store.describe(spec.secret_name)
    _check(described, spec, store.region)
    work = Work(secret=Secret(store, described, clock), issuer=issuer, clock=clock, notify=notify, owner=spec.owner)
    view, secret = work.settled(), work.secret
    before = secret.labels.where[CURRENT]
    found = secret.record(before)
    value = found.access_token if isinstance(found, Token) else _value(work, before, key)
    facts = _facts(issuer, value, spec, secret.name)
    record = found if isinstance(found, Token) else _record(spec, value, facts, secret.now, view.next_generation)
    wrong = faults(facts, record.model_copy(update=_wanted(spec)))
    if facts.valid and (facts.expires_at is None) == spec.expires:
        wrong.append(
            "it never expires, and lifetime says 60d" if spec.expires else "it expires, and lifetime says never"
        )
    if wrong:
        raise ForeignSecretError(
            f"Adopting the token in secret {secret.name} is refused: {'; '.join(wrong)}. Nothing was changed.",
            next_step="Correct the identity, or let `pulumi up` mint another token into another secret.",
        )
    if not isinstance(found, Token):
        record = _parked(work, record)
        work.yielded(secret.move(CURRENT, to=token_id(secret.arn, record.generation), source=before))
        work.record("adopt", record.generation, fingerprint=record.fingerprint)
    noted = tags.noted(
        described.tags,
        record.generation,
        record.expires_at,
        [suspect.generation for suspect in suspects_of(secret)],
        held=sorted({record.generation, *view.held}),
        fingerprint=record.fingerprint,
        issued_at=record.issued_at,
    )
    # A resource that has the secret already knows it by its claim.
    claim = described.tags.get(tags.CLAIM) or str(uuid4())
    changed = tags.missing(described.tags, {**tags.owned(spec, claim), **noted})
    if changed:
        store.tag(secret.arn, changed)
    return Adopted(
        arn=secret.arn,
        secret_name=secret.name,
        generation=record.generation,
        fingerprint=record.fingerprint,
        expires_at=record.expires_at,
        changed=bool(changed) or not isinstance(found, Token),
    )


def _check(described: Description, spec: TokenSpec, region: str) -> None:
    ours = described.tags.get(tags.MANAGED_BY) == "pulumi"
    if ours and tags.owner(described.tags) != spec.owner:
        raise ForeignSecretError(
            f"Adopting the token in secret {described.name} is refused: it belongs to {tags.owner(described.tags)}, "
            f"and this is {spec.owner}. Nothing was changed.",
            next_step="To take it over, set take_over_from on the identity.",
        )
    if described.deletes_at is not None:
        raise SecretScheduledForDeletionError(
            f"Adopting the token in secret {described.name} is refused: it is being deleted. Nothing was changed.",
            next_step="Restore it first.",
        )
    if described.rotated_by is not None and not ours:
        raise ForeignSecretError(
            f"Adopting the token in secret {described.name} is refused: AWS rotates it, with {described.rotated_by}. "
            "Nothing was changed.",
            next_step="Cancel that rotation first.",
        )
    if described.primary_region not in {None, region}:
        raise ForeignSecretError(
            f"Adopting the token in secret {described.name} is refused: what is in {region} is a replica of the secret "
            f"in {described.primary_region}. Nothing was changed.",
            next_step="Adopt it there.",
        )


def _value(work: Work, version_id: str, key: str | None) -> SecretStr:
    version = work.secret.store.read(work.secret.arn, version_id)
    text = version.text.strip() if version else ""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        value, where = fields.get(key or KEY), f"JSON key {key or KEY!r}"
    else:
        value, where = (None if key else text), (f"JSON key {key!r}" if key else "value")
    value = value.strip() if isinstance(value, str) else ""
    hide(value)
    reason = validation.credential_value(value)
    if not value or reason:
        why = f": it {reason}" if reason else ""
        raise SecretStoreError(
            f"Adopting the token in secret {work.secret.name} failed: its current version has no token as its {where}"
            f"{why}. Nothing was changed.",
            next_step="Say with --key under which JSON key it stands, or store the bare value there.",
        )
    return SecretStr(value)


def _facts(issuer: Issuer, value: SecretStr, spec: TokenSpec, name: str) -> TokenFacts:
    try:
        return issuer.inspect(value)
    except (AuthError, InvalidRequestError, PermissionDeniedError):
        # Meta tells an app about its own tokens alone, and refuses the question about any other. It says the same of a
        # wrong app secret, so that the connection's own credential is asked about: this raises when that is the matter.
        issuer.calling_token()
    raise ForeignSecretError(
        f"Adopting the token in secret {name} is refused: Meta does not tell app {spec.app_id} about it, so it belongs "
        "to another app. Nothing was changed.",
        next_step=(
            "Name a connection of that app for the identity, or let `pulumi up` mint another token into another secret."
        ),
    )


def _record(spec: TokenSpec, value: SecretStr, facts: TokenFacts, now: datetime, generation: int) -> Token:
    return Token(
        generation=generation,
        access_token=value,
        app_id=spec.app_id,
        business_id=spec.business_id,
        system_user_id=spec.system_user_id,
        scope=spec.scope,
        api_version=spec.api_version,
        issued_at=facts.issued_at or now,
        expires_at=facts.expires_at,
        trigger=spec.trigger,
        fingerprint=fingerprint(value.get_secret_value()),
    )


def _lifetime(spec: TokenSpec) -> str:
    return tags.SIXTY_DAYS if spec.expires else tags.NEVER


def _wanted(spec: TokenSpec) -> dict[str, object]:
    """What Meta's facts are compared with: what is asked for, whatever a record says."""
    return {
        "app_id": spec.app_id,
        "system_user_id": spec.system_user_id,
        "scope": spec.scope,
    }


def _parked(work: Work, record: Token) -> Token:
    """Put the token under a generation of its own; where an earlier run has put it already, that one."""
    secret = work.secret
    for generation in sorted(secret.labels.live, reverse=True):
        standing = secret.token(generation)
        if standing is not None and standing.fingerprint == record.fingerprint:
            # A second version of the same token would be retired one day, and the token with it.
            return standing
    # Closed from the start: nothing was minted, so there is nothing to wait for and nothing to suspect.
    work.yielded(secret.close(Closed(generation=record.generation, reason="adopted", suspects=suspects_of(secret))))
    version_id, label = token_id(secret.arn, record.generation), labels.live(record.generation)
    # Not as a minted token is parked: that one is revoked when it cannot be stored, and this one is in use.
    if label not in secret.put(version_id, record, label):
        work.yielded(secret.move(label, to=version_id))
    return record
