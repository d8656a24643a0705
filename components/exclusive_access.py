"""What is held exclusively: an ExclusiveAccess of each client and each identity that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from meta_access import ExclusiveAccess
from meta_access.stack import plan

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from meta_access.stack.load import Stack
    from meta_access.stack.plan import ExclusivePlan

    from .client_access import ClientAccess
    from .system_identity import SystemIdentity


def declare(
    stack: Stack,
    clients: Mapping[str, ClientAccess],
    identities: Mapping[str, SystemIdentity],
    held: Collection[tuple[str, str]],
) -> None:
    """Declare them, each a child of its client or identity. Nothing depends on one, so that its trouble is its own.

    `held` has the system user's id and asset of each assignment in the state: one that goes is its own resource's to
    take away, and shown once.
    """
    standing = [f"{user}/{asset}" for user, asset in sorted(held)]
    for one in plan.exclusives(stack.spec, stack.rules):
        parent = clients[one.client] if one.client else identities[one.identity]
        declared = [pulumi.Output.concat(identities[key].system_user_id, "/", asset) for key, asset in one.declared]
        ExclusiveAccess(
            one.name,
            connection=one.connection,
            assets=list(one.assets),
            system_user_id=identities[one.identity].system_user_id if one.identity else "",
            # One by one: a user that is not made yet hides none of the others from a preview.
            kept=[*one.kept, *(text for text in standing if _within(text, one)), *declared],
            opts=pulumi.ResourceOptions(parent=parent),
        )


def _within(kept: str, one: ExclusivePlan) -> bool:
    """Whether it is about an asset that is held; of an identity any may be."""
    return not one.assets or kept.rpartition("/")[2] in one.assets
