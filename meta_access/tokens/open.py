"""Steps 0 and 1: find the secret or create it, see that it is ours, and mark it so."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4, uuid5

from meta_access import audit
from meta_access.errors import (
    ForeignSecretError,
    SecretNotFoundError,
    SecretScheduledForDeletionError,
    VersionExistsError,
)
from meta_access.tokens import labels, payload, previous_users, tags
from meta_access.tokens.secret import Secret
from meta_access.tokens.spec import LAMBDA, PULUMI

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.clock import Clock
    from meta_access.tokens.spec import TokenSpec
    from meta_access.tokens.store import Description, SecretStore

DEFAULT_KEY = "alias/aws/secretsmanager"

# After a forced deletion AWS keeps the name for some seconds.
_NAME_SETTLES = (2.0, 4.0, 8.0)


def open_secret(
    store: SecretStore, spec: TokenSpec, *, claim: str | None, clock: Clock, notify: Callable[[str], None]
) -> tuple[Secret, str]:
    """Open the secret for writing, creating or restoring it if need be.

    Args:
        store: Of its region.
        spec: What is wanted.
        clock: For short waits.
        notify: Gets sentences for the operator.
        claim: The one in our outputs. None, when Pulumi creates the resource: then a new claim is made, so that a
            twin's trailing delete finds another claim than its own and leaves the secret alone.

    Returns:
        The secret, and the claim that its tags now hold.

    Raises:
        ForeignSecretError: It is not ours.
    """
    ours = claim or str(uuid4())
    described, created = _found_or_created(store, spec, ours, clock)
    record = _recorder(store, described, spec.owner, notify)
    if created:
        record("create", None)
    else:
        _check_region(store, described)
        tags.check_owner(described.name, described.tags, spec, claim=claim, in_use=_in_use(described))
        handed_back = _rotation(described, spec)
        if described.deletes_at is not None:
            store.restore(described.arn)
            notify(f"Secret {described.name}: it was scheduled for deletion, and is restored.")
            record("restore", None)
        if handed_back and described.rotated_by is not None:
            # Before the tag says so: a run that dies in between finds the hand-over unfinished, and repeats it.
            store.stop_rotation(described.arn)
            notify(f"Secret {described.name}: AWS's rotation by {described.rotated_by} is cancelled; Pulumi rotates.")
        owner = {tags.ROTATION_OWNER: PULUMI} if handed_back else {}
        # In one write with the new user: no crash leaves a user behind that nobody knows of.
        left = previous_users.left_for(described.tags, spec.system_user_id)
        if changed := tags.missing(described.tags, {**tags.owned(spec, ours), **owner, **left}):
            store.tag(described.arn, changed)
            if (before := tags.owner(described.tags)) != spec.owner:
                record("take over", f"from {before}")
        key = spec.kms_key or DEFAULT_KEY
        if not _same_key(described.kms_key or DEFAULT_KEY, key):
            store.use_key(described.arn, key)
    return Secret(store, described, clock, created=created), ours


def check_secret(store: SecretStore, spec: TokenSpec) -> None:
    """Refuse, without writing, what `open_secret` would refuse to a new token.

    Args:
        store: Of its region.
        spec: What is wanted; its system user is empty where nobody knows it yet, as in a preview of both.

    Raises:
        ForeignSecretError: There is such a secret, and it is not ours.
    """
    try:
        described = store.describe(spec.secret_name)
    except SecretNotFoundError:
        return
    _check_region(store, described)
    in_use = bool(spec.system_user_id) and _in_use(described)
    tags.check_owner(described.name, described.tags, spec, claim=None, in_use=in_use)
    _rotation(described, spec)


def _in_use(described: Description) -> bool:
    found = labels.read(labels.where(described.stages))
    return bool(found.live or found.stamps)


def _check_region(store: SecretStore, described: Description) -> None:
    if described.primary_region not in {None, store.region}:
        raise ForeignSecretError(
            f"Using secret {described.name} is refused: what is in {store.region} is a replica of the secret in "
            f"{described.primary_region}, and AWS lets nobody write to a replica. Nothing was changed.",
            next_step=f"Name another secret, or set aws.region of the connection to {described.primary_region}.",
        )


def _rotation(described: Description, spec: TokenSpec) -> bool:
    """Whether AWS's own rotation is being handed back to Pulumi.

    Raises:
        ForeignSecretError: AWS rotates the secret, and nobody asked for that here.
    """
    if spec.rotation_owner == LAMBDA:
        return False
    if described.tags.get(tags.ROTATION_OWNER) == LAMBDA:
        return True
    if described.rotated_by is not None:
        raise ForeignSecretError(
            f"Using secret {described.name} is refused: AWS rotates it by itself, with {described.rotated_by}, and two "
            "that rotate would end each other's tokens. Nothing was minted, revoked or changed; the current token "
            "stays.",
            next_step=(
                "Cancel that rotation (aws secretsmanager cancel-rotate-secret), or, if the function is this tool's, "
                "set rotation_owner: lambda."
            ),
        )
    return False


def _found_or_created(store: SecretStore, spec: TokenSpec, claim: str, clock: Clock) -> tuple[Description, bool]:
    for pause in (*_NAME_SETTLES, None):
        try:
            return store.describe(spec.secret_name), False
        except SecretNotFoundError:
            pass
        try:
            return _create(store, spec, claim), True
        except (VersionExistsError, SecretScheduledForDeletionError):
            # Another run's creation that Describe does not show yet, or a name that is not free yet.
            if pause is None:
                raise
            clock.sleep(pause)
    raise AssertionError("the last round returns or raises")


def _create(store: SecretStore, spec: TokenSpec, claim: str) -> Description:
    return store.create(
        spec.secret_name,
        # A current version from the start: the first value ever put becomes current whatever label is asked for.
        payload.PLACEHOLDER,
        token=str(uuid5(payload.NAMESPACE, f"{spec.secret_name}|{claim}")),
        tags=tags.owned(spec, claim),
        description=(
            f"Meta system-user token, app {spec.app_id}, system user {spec.system_user_id}. Managed by Pulumi "
            f"{spec.owner}; manual edits abandon a pending rotation. Schema {payload.SCHEMA}."
        ),
        kms_key=spec.kms_key,
    )


def _recorder(
    store: SecretStore, described: Description, owner: str, notify: Callable[[str], None]
) -> Callable[[str, str | None], None]:
    def record(step: str, note: str | None) -> None:
        name, arn = described.name, described.arn
        audit.write(step, at=store.now(), stack=owner, secret=name, arn=arn, notify=notify, note=note)

    return record


def _same_key(shown: str, asked: str) -> bool:
    """AWS shows a key as it was given, or as the ARN of that."""
    return shown == asked or shown.endswith((f":{asked}", f":key/{asked}"))
