"""ClientAccess: the assets of one client, each assigned to the identities that work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from meta_access import AssetAssignment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from components.gate_board import GateBoard
    from components.system_identity import SystemIdentity
    from meta_access.spec.plan import AssignmentPlan, IdentityPlan


class ClientAccess(pulumi.ComponentResource):
    """One client of `meta:clients`. Its trouble stays its own: no other client's assignment depends on one of these."""

    def __init__(
        self,
        name: str,
        *,
        assignments: Iterable[AssignmentPlan],
        plans: Mapping[str, IdentityPlan],
        identities: Mapping[str, SystemIdentity],
        board: GateBoard,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("meta:access:ClientAccess", name, None, opts)
        for assignment in assignments:
            plan = plans[assignment.identity]
            AssetAssignment(
                assignment.key,
                connection=plan.connection,
                system_user_id=identities[assignment.identity].system_user_id,
                asset=assignment.asset,
                tasks=list(assignment.tasks),
                requires=board.for_work(plan),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
