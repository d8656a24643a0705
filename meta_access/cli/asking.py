"""What an identity asks of its secret, for the commands that run the token protocol outside an `up`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec.base import seconds
from meta_access.vault.ask import Ask
from meta_access.vault.tags import SIXTY_DAYS

if TYPE_CHECKING:
    from meta_access.connections import Connection
    from meta_access.spec.plan import IdentityPlan


def ask_of(owner: str, identity: IdentityPlan, connection: Connection, system_user_id: str) -> Ask:
    """The same as `pulumi up` asks, so that its next run finds nothing to mint.

    Args:
        owner: `project/stack`.
        identity: Its secret's name is known.
        connection: The identity's.
        system_user_id: Of the identity, as the connection's app sees it.
    """
    project, _, stack = owner.partition("/")
    return Ask(
        project=project,
        stack=stack,
        secret_name=identity.secret,
        app_id=connection.app_id,
        business_id=connection.business_id,
        system_user_id=system_user_id,
        api_version=connection.api_version,
        scopes=identity.scopes,
        expires=identity.lifetime == SIXTY_DAYS,
        keepers=identity.keepers,
        grace_s=seconds(identity.grace),
        rotate_before_s=seconds(identity.rotate_before),
        kms_key=identity.kms_key,
        rotation_owner=identity.rotation_owner,
    )
