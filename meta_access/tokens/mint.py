"""Claim a generation, mint its token, park it: the one place where a token comes to be.

Between Meta's commit and ours no protocol can save the token's bytes. Here that window is as small as it gets, and the
intent written before it says that a token may exist.
"""

from __future__ import annotations

import contextlib
from datetime import UTC
from typing import TYPE_CHECKING
from uuid import uuid4

from meta_access import audit
from meta_access.errors import (
    EngineGoneError,
    GraphError,
    GraphUnreachableError,
    MetaAccessError,
    SecretScheduledForDeletionError,
    SecretStoreError,
    SecretUnreachableError,
    TransientError,
    VersionExistsError,
)
from meta_access.redaction import fingerprint
from meta_access.tokens import labels
from meta_access.tokens.delete import Ended, end_value
from meta_access.tokens.labels import INTENT, PENDING
from meta_access.tokens.payload import Closed, Intent, Token, intent_id, token_id
from meta_access.tokens.plan import LEASE_S
from meta_access.tokens.secret import last_record, ledger_of, suspects_of
from meta_access.tokens.work import LIFETIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

    from meta_access.tokens.spec import TokenSpec
    from meta_access.tokens.work import Work

MINT_DEADLINE_S = 60.0
# Between the answer to the mint and the promotion: parking, reading back, asking Meta about it.
_AFTER_MINT_S = 30.0

_PARK_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)


def reserve(
    work: Work, spec: TokenSpec, generation: int, engine_alive: Callable[[], bool], *, rotation: str | None = None
) -> float:
    """Put I(g), prove that it can be read, and see that somebody still waits for the result.

    Args:
        work: On the secret.
        spec: What is wanted.
        generation: The one to reserve.
        engine_alive: Whether somebody waits.
        rotation: Id of the version that AWS has made for the token, in a rotation of its own.

    Returns:
        When the lease began, by our own monotonic clock.

    Raises:
        TokenPendingError: Another run owns the generation.
        EngineGoneError: Nobody waits.
        SecretDeniedError: The key lets us write but not read; nothing was minted.
    """
    _check_engine(work, engine_alive)
    began = work.clock.monotonic()
    intent = Intent(
        generation=generation,
        run=str(uuid4()),
        by=spec.owner,
        trigger=spec.trigger,
        expires=spec.expires,
        reason=spec.rotate_now or "asked for",
        suspects=suspects_of(work.secret),
        rotation=rotation,
    )
    version_id = intent_id(work.secret.arn, generation)
    try:
        carried = work.secret.put(version_id, intent, INTENT)
    except VersionExistsError:
        raise _taken(work, generation, version_id) from None
    if INTENT not in carried:
        raise work.pending(f"another run went on from generation {generation}. Nothing was minted.")
    try:
        # A first read, so that decrypting is proven before there is a token to read back.
        if work.secret.record(version_id) != intent:
            raise work.pending(f"the intent of generation {generation} reads back changed. Nothing was minted.")
        _check_engine(work, engine_alive)
    except MetaAccessError:
        give_up(work, generation, "stopped before the mint")
        raise
    work.record("claim", generation, note=intent.reason)
    return began


def mint(work: Work, spec: TokenSpec, generation: int, began: float, *, rotation: str | None = None) -> None:
    """Mint once, and park T(g).

    Raises:
        GraphError: Meta refused; the generation is closed.
        TokenPendingError: Meta did not answer; the intent stays for the next run.
        SecretStoreError: The token could not be parked, and what became of it.
    """
    left = LEASE_S - _AFTER_MINT_S - (work.clock.monotonic() - began)
    if left <= 0:
        give_up(work, generation, "lease over before the mint")
        raise work.pending(f"claiming generation {generation} took too long. Nothing was minted.")
    try:
        token = work.issuer.mint(
            spec.system_user_id, spec.scopes, expires=spec.expires, deadline_s=min(MINT_DEADLINE_S, left)
        )
    except MetaAccessError as error:
        if not _definite(error):
            work.record("unanswered", generation)
            raise work.pending(
                f"Meta did not answer the request for a token of generation {generation} ({error}). A token may exist "
                "that nobody holds.",
                "Run again: the next run waits for this claim to end, lists the generation as a suspect and mints "
                "another.",
            ) from None
        work.record("refused", generation)
        give_up(work, generation, "refused")
        raise
    trace_id = audit.last_trace()
    record = _payload(work, spec, generation, token, rotation)
    park(work, generation, record)
    # Only now: nothing may come between a token and its place in the secret.
    work.record("mint", generation, fingerprint=record.fingerprint, trace_id=trace_id)
    work.record("park", generation, fingerprint=record.fingerprint)


def give_up(work: Work, generation: int, reason: str) -> None:
    """Close our own claim, knowing that nothing was minted. If that fails too, the lease runs out instead."""
    with contextlib.suppress(SecretStoreError):
        work.secret.close(Closed(generation=generation, reason=reason, suspects=suspects_of(work.secret)))


def _check_engine(work: Work, engine_alive: Callable[[], bool]) -> None:
    if not engine_alive():
        raise EngineGoneError(
            f"Secret {work.secret.name}: the engine that started this process is gone. Nothing was minted.",
            next_step="Run again.",
        )


def _taken(work: Work, generation: int, version_id: str) -> SecretStoreError:
    other = work.secret.record(version_id)
    whose = other.whose if isinstance(other, Intent) else "another run"
    work.secret.look()
    ledger = ledger_of(work.secret)
    last = last_record(work.secret, generation) or version_id
    if (ledger.generation if ledger else 0) < generation and work.secret.age_s(last) > LEASE_S:
        # Its label was removed by hand, else the view would have led past it. Without it every run would end here.
        work.secret.move(INTENT, to=last, source=work.secret.labels.where.get(INTENT))
    return work.pending(f"{whose} owns generation {generation}. Nothing was minted.")


def _definite(error: MetaAccessError) -> bool:
    """Whether an error of the mint says that no token exists: an error code does, silence and trouble do not."""
    if isinstance(error, GraphUnreachableError):
        return not error.sent
    # Any other class than Graph's comes from before the request: credentials, configuration.
    return not isinstance(error, TransientError) and not (type(error) is GraphError and error.code == 0)


def _payload(work: Work, spec: TokenSpec, generation: int, token: SecretStr, rotation: str | None) -> Token:
    try:
        issued_at = work.issuer.server_time().astimezone(UTC)
    except Exception:  # noqa: BLE001 - a token is in our hands: nothing about a clock may keep it from being parked
        issued_at = work.secret.now
    return Token(
        generation=generation,
        access_token=token,
        app_id=spec.app_id,
        business_id=spec.business_id,
        system_user_id=spec.system_user_id,
        scope=spec.scope,
        api_version=spec.api_version,
        issued_at=issued_at,
        expires_at=issued_at + LIFETIME if spec.expires else None,
        trigger=spec.trigger,
        fingerprint=fingerprint(token.get_secret_value()),
        rotation=rotation,
    )


def park(work: Work, generation: int, record: Token) -> None:
    """Put T(g) under its own label, for minutes if need be.

    Raises:
        SecretStoreError: It could not be put; the message says what became of the token.
    """
    secret, label = work.secret, labels.live(generation)
    version_id = record.rotation or token_id(secret.arn, generation)
    # AWS's own label is named again where AWS has put it: what a put without it does there is not documented.
    wanted = (label, PENDING) if secret.labels.where.get(PENDING) == version_id else (label,)
    began, attempt = work.clock.monotonic(), 0
    while True:
        try:
            carried = secret.put(version_id, record, *wanted)
            if label not in carried:
                # A repeated put is a no-op that attaches nothing.
                work.yielded(secret.move(label, to=version_id))
        except SecretStoreError as error:
            hopeless = isinstance(error, (SecretScheduledForDeletionError, VersionExistsError))
            if hopeless or work.clock.monotonic() - began > work.park_for_s:
                raise _unparked(work, generation, record, error) from None
            if attempt == 0:
                trouble = "cannot be reached" if isinstance(error, SecretUnreachableError) else "refuses"
                work.say(
                    f"Secrets Manager {trouble} while the token of generation {generation} waits to be stored. "
                    f"Trying for up to {work.park_for_s / 60:.0f} minutes; do not interrupt. ({error})"
                )
            work.clock.sleep(_PARK_PAUSES[min(attempt, len(_PARK_PAUSES) - 1)])
            attempt += 1
        else:
            return


def _unparked(work: Work, generation: int, record: Token, error: SecretStoreError) -> SecretStoreError:
    # A token that cannot be stored must not live on: nobody would hold it, and only its value can end it.
    if end_value(work.issuer, record.access_token) is Ended.YES:
        work.record("revoke", generation, fingerprint=record.fingerprint, note="not stored")
        give_up(work, generation, "not stored, revoked")
        became, advice = "It was revoked at Meta, so that nothing is left behind.", ""
    else:
        became = "It could not be revoked either: the next run lists the generation as a suspect."
        advice = f"End the tokens of system user {record.system_user_id} by hand if that must not be."
    return SecretStoreError(
        f"Secret {work.secret.name}: a token of generation {generation} was minted and could not be stored ({error}). "
        f"{became}",
        next_step=advice,
    )
