"""ClientAccess: the assets of one client, shared by it, each assigned to the identities that work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from meta_access import AssetAssignment, AssetShare, LeadAccess
from meta_access.stack import gate_names, plan

from .renames import called_before

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.stack.load import Stack
    from meta_access.stack.plan import IdentityPlan

    from .gate_board import GateBoard
    from .system_identity import SystemIdentity


class ClientAccess(pulumi.ComponentResource):
    """One client of `meta:clients`. Its trouble stays its own: no other client's assignment depends on one of these."""

    def __init__(
        self,
        name: str,
        *,
        stack: Stack,
        plans: Mapping[str, IdentityPlan],
        identities: Mapping[str, SystemIdentity],
        board: GateBoard,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("meta:access:ClientAccess", name, None, opts)
        child, spec = pulumi.ResourceOptions(parent=self), stack.spec
        shares = plan.shares(spec, stack.rules, name)
        for share in shares.values():
            gate = AssetShare(
                share.name,
                owner_business=share.owner_business,
                asset=share.asset,
                tasks=list(share.tasks),
                **board.given(share.name, share.connection),
                opts=child,
            )
            board.add(share.name, gate)
        asks_leads = set(plan.leads(spec, stack.rules, name))
        for assignment in plan.assignments(spec, stack.rules, name):
            user = plans[assignment.identity]
            shared = shares.get((assignment.asset, spec.connections[user.connection].business))
            assigned = AssetAssignment(
                assignment.key,
                connection=user.connection,
                system_user_id=identities[assignment.identity].system_user_id,
                asset=assignment.asset,
                tasks=list(assignment.tasks),
                replace_existing=assignment.replace_existing,
                access=spec.clients[name].access,
                requires=board.for_work(user, *([shared.name] if shared is not None else [])),
                opts=called_before(child, assignment.key_of(user.renamed_from) if user.renamed_from else None),
            )
            if assignment in asks_leads:
                leads, before = gate_names.lead_access(assignment.identity, assignment.asset), user.renamed_from
                access = LeadAccess(
                    leads,
                    system_user_id=identities[assignment.identity].system_user_id,
                    page=assignment.asset,
                    **board.given(leads, user.connection),
                    # Nobody can be given leads of a Page that was not assigned.
                    opts=called_before(
                        pulumi.ResourceOptions(parent=self, depends_on=[assigned]),
                        before and gate_names.lead_access(before, assignment.asset),
                    ),
                )
                board.add(leads, access)
        self.register_outputs({})
