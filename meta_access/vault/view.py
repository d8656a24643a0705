"""From labels and payloads to what the plan decides on. Reads no more values than a decision needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.errors import SecretStoreError
from meta_access.vault import payload, tags
from meta_access.vault.labels import INTENT, PREVIOUS, closing
from meta_access.vault.payload import Closed, Foreign, Intent, Suspect, Token
from meta_access.vault.plan import Held, Holds, Ledger, View

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime

    from meta_access.vault.payload import Record
    from meta_access.vault.secret import Secret


def view_of(secret: Secret) -> View:
    """One view of the secret as last looked at.

    Raises:
        SecretStoreError: It has no current version, so that our first intent would become it.
    """
    if secret.labels.current is None:
        raise SecretStoreError(
            f"Secret {secret.name} has no version with the label AWSCURRENT. Nothing was changed; put the label on one "
            "of its versions, or delete the secret and run again."
        )
    current = secret.record(secret.labels.current)
    holds = {Token: Holds.TOKEN, Foreign: Holds.FOREIGN}.get(type(current), Holds.NOTHING)
    ledger = ledger_of(secret)
    known = _tokens(secret, current, ledger)
    # There must have been a token, and no label shows it now: removed by hand, unless a run that died before its end
    # has ended it. Meta knows which.
    past = {*tags.held(secret.tags), *range(current.generation + 1, ledger.generation if ledger else 0)}
    unlabelled = {g for g in past - known - secret.buried if _readable(secret, g)}
    read = {current.generation, max((g for g in known if g in secret.labels.live), default=0)}
    return View(
        now=secret.now,
        current=current.generation,
        holds=holds,
        held={g: _held(secret, g, read=g in read) for g in known}
        | {g: Held(live=False, unlabelled=True) for g in unlabelled},
        ledger=_ledger(secret, ledger, known),
        ledger_hidden=ledger is not None and INTENT not in secret.labels.where,
        leftovers=bool(leftovers(secret)),
        custom_labels=secret.labels.custom,
        condemned=tags.order(secret.tags).through,
    )


def ledger_of(secret: Secret) -> Intent | Closed | None:
    """The newest intent or closed record, also where its label was removed by hand."""
    version_id = secret.labels.where.get(INTENT) or _hidden_ledger(secret)
    found = secret.record(version_id) if version_id else None
    return found if isinstance(found, (Intent, Closed)) else None


def last_record(secret: Secret, generation: int) -> str | None:
    """Version id of the newest intent or closed record of this generation or a later one.

    Generations follow one another, so ids are tried until two in a row are missing.
    """
    newest, at = None, generation
    while True:
        here = next(
            (v for v in (payload.closed_id(secret.arn, at), payload.intent_id(secret.arn, at)) if secret.find(v)), None
        )
        if here is None and at > generation:
            return newest
        newest, at = here or newest, at + 1


def _hidden_ledger(secret: Secret) -> str | None:
    current = secret.record(secret.labels.current).generation if secret.labels.current else 0
    highest = max([current, *secret.labels.live, *secret.labels.stamps])
    # With nothing but a placeholder there has been no claim, or `claim` meets it under the id of its own.
    return last_record(secret, highest) if highest else None


def suspects_of(secret: Secret) -> tuple[Suspect, ...]:
    """The suspects that still are: neither found since nor past the end they would have had."""
    ledger = ledger_of(secret)
    return tuple(
        suspect
        for suspect in (ledger.suspects if ledger else ())
        if not (suspect.until and suspect.until <= secret.now) and secret.token(suspect.generation) is None
    )


def marks(secret: Secret, generation: int) -> tuple[datetime, ...]:
    """When T(g) was stamped."""
    version_id = secret.place(generation)
    return tuple(at for at, where in secret.labels.stamps.get(generation, ()) if where == version_id)


def leftovers(secret: Secret) -> list[tuple[str, str]]:
    """Labels (and their versions) that a closing puts on R(g) for a moment."""
    return [
        (label, version_id)
        for label, version_id in secret.labels.where.items()
        if any(version_id == payload.closed_id(secret.arn, g) and label == closing(g) for g in secret.labels.stamps)
    ]


def _tokens(secret: Secret, current: Record, ledger: Intent | Closed | None) -> set[int]:
    known = {g for g, version_id in secret.labels.live.items() if version_id == secret.place(g)}
    known |= {g for g in secret.labels.stamps if marks(secret, g)}
    known |= {current.generation} if isinstance(current, Token) else set()
    # AWSPREVIOUS alone keeps a token's bytes no longer than the next promotion: one whose own label was removed by hand
    # would be lost with it. Its generation is found by trying, since ids cannot be read backwards.
    previous = secret.labels.where.get(PREVIOUS)
    highest = max([0, *known, ledger.generation if ledger else 0])
    known |= {g for g in range(1, highest + 1) if payload.token_id(secret.arn, g) == previous}
    if previous and tags.ROTATION_OWNER in secret.tags and isinstance(found := secret.find(previous), Token):
        # Under an id that AWS chose for a rotation of its own.
        known.add(found.generation)
    if isinstance(ledger, Intent) and ledger.generation > current.generation and secret.token(ledger.generation):
        # Parked, though Describe does not show it: it may be a write behind, or the label was removed by hand.
        known.add(ledger.generation)
    return known


def _readable(secret: Secret, generation: int) -> bool:
    if tags.ROTATION_OWNER in secret.tags:
        # The intent tells the id that AWS chose for its token.
        secret.find(payload.intent_id(secret.arn, generation))
    return secret.token(generation) is not None


def _held(secret: Secret, generation: int, *, read: bool) -> Held:
    token = secret.token(generation) if read else None
    return Held(
        live=secret.labels.live.get(generation) == secret.place(generation),
        stamps=marks(secret, generation),
        trigger=token.trigger if token else None,
        app_id=token.app_id if token else None,
        expires_at=token.expires_at if token else None,
    )


def _ledger(secret: Secret, ledger: Intent | Closed | None, known: Container[int]) -> Ledger | None:
    if ledger is None:
        return None
    if isinstance(ledger, Closed):
        return Ledger(generation=ledger.generation)
    age = secret.age_s(payload.intent_id(secret.arn, ledger.generation))
    return Ledger(generation=ledger.generation, minting=True, has_token=ledger.generation in known, age_s=age)
